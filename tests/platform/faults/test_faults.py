"""Every kind of fault at one random moment; `python -m tests.platform.faults` takes twenty of each."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.platform.faults.campaign import KINDS
from tests.platform.faults.grader import REPOSITORY

pytestmark = pytest.mark.slow
ROOT = os.geteuid() == 0


def faults(*words: str) -> subprocess.CompletedProcess[str]:
    """The command with these arguments."""
    return subprocess.run(
        [sys.executable, "-m", "tests.platform.faults", *words], cwd=REPOSITORY, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """kind -> its run, and under "printed" what the command said."""
    path = tmp_path_factory.mktemp("faults") / "log.jsonl"
    names = [kind.name for kind in KINDS if ROOT or not kind.mounts]
    seed = str(random.randrange(10**6))
    done = faults("--moments", "1", "--jobs", "2", "--seed", seed, "--log", str(path), "--kinds", *names)
    assert path.is_file(), done.stdout + done.stderr
    runs = [json.loads(line) for line in path.read_text().splitlines()[1:]]
    return {**{run["kind"]: run for run in runs}, "printed": done.stdout}


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS if ROOT or not kind.mounts])
def test_nothing_is_lost_doubled_or_half_written(results: dict[str, Any], kind: str) -> None:
    """After the fault a run completes, and everything is as if nothing had happened."""
    assert results[kind]["findings"] == [], results["printed"].splitlines()[0]


def test_the_faults_strike_commands_at_work(results: dict[str, Any]) -> None:
    """Most of them: a moment that is drawn may come after the end, but not nearly always."""
    runs = [run for name, run in results.items() if name != "printed"]
    assert sum(run["struck"] for run in runs) > 0.6 * len(runs), results["printed"]


def test_the_table_says_it_all(results: dict[str, Any]) -> None:
    """One line a kind, and the sums."""
    names = [name for name in results if name != "printed"]
    assert len(names) >= 12
    assert all(any(line.startswith(name) for line in results["printed"].splitlines()) for name in names)
    assert "0 lost, 0 duplicated, 0 inconsistent, 0 half-written" in results["printed"]


@pytest.mark.skipif(not ROOT, reason="becoming another user needs root")
def test_without_root_it_says_how_to_run_it() -> None:
    """Mounting a small disk needs root; the kinds that do without are named."""
    code = "import os, runpy; os.setuid(65534); runpy.run_module('tests.platform.faults', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 2
    assert "sudo" in done.stderr
    assert "--kinds grader-killed " in done.stderr
    assert "disk-full" not in done.stderr


def test_kinds_by_name(tmp_path: Path) -> None:
    """A word that no kind has is answered with those there are."""
    done = faults("--kinds", "earthquake")
    assert done.returncode == 1
    assert "grader-killed" in done.stderr
