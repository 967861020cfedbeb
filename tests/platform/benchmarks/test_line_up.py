"""The benchmark can begin on the real course: who takes part, and who is compared with whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.course import find_course
from benchmarks.bench import Bench, Plan

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
def test_every_engine_takes_part_once_and_stock_is_compared_with_each_of_ours(tmp_path: Path) -> None:
    plan = Plan((1, 2), rounds=3, stock_rounds=1, otter_rounds=0, profiled=False)
    lineup = Bench(find_course(ROOT), "vae", (2, 4), tmp_path)._line_up(plan)
    names = [engine.name for engine in lineup.rounds_of]
    assert len(names) == len(set(names)) == 5
    assert sorted(lineup.rounds_of.values()) == [1, 3, 3, 3, 3]
    stock = next(name for name in names if "nbgrader" in name)
    assert len([pair for pair in lineup.pairs if pair[0].name == stock]) == 2
    assert len(lineup.pairs) == 4
