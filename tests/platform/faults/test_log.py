"""A campaign that was stopped goes on where it was, under the same seed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.platform.faults.campaign import KINDS, Result, tasks_of
from tests.platform.faults.check import Fault, Finding
from tests.platform.faults.log import Log

ONE = Result(KINDS[0].name, 0, True, (Finding(Fault.LOST, "ada: grades are missing"),), 1.5)
OTHER = Result(KINDS[1].name, 3, False, (), 2.0)


def test_what_was_run_is_kept_with_its_seed_and_findings(tmp_path: Path) -> None:
    log = Log(tmp_path / "new" / "log.jsonl", seed=7)
    log.add(ONE)
    log.add(OTHER)
    again = Log(tmp_path / "new" / "log.jsonl", seed=8)
    assert (again.seed, again.results) == (7, [ONE, OTHER])


def test_a_line_that_a_kill_has_cut_is_run_again(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    for result in (ONE, OTHER):
        Log(path, seed=7).add(result)
    path.write_text(path.read_text()[:-5])
    log = Log(path, seed=8)
    assert log.results == [ONE]
    log.add(OTHER)
    assert Log(path, seed=8).results == [ONE, OTHER]


def test_what_is_done_is_left_out_and_the_rest_goes_moment_by_moment() -> None:
    tasks = [(kind.name, moment) for kind, moment in tasks_of(KINDS[:2], 4, [ONE, OTHER])]
    first, second = KINDS[0].name, KINDS[1].name
    assert tasks == [(second, 0), (first, 1), (second, 1), (first, 2), (second, 2), (first, 3)]


@pytest.mark.parametrize("content", ["", "[]\n", '{"seed": 1}\n{"kind": "x"}\n', "no JSON\n"])
def test_another_file_is_left_as_it_is(tmp_path: Path, content: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(content)
    with pytest.raises(ValueError, match="is no log of faults"):
        Log(path, seed=1)
    assert path.read_text() == content
