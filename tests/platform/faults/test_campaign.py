"""A campaign ends when its last trial has: no job waits for one that never comes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.platform.faults.grader import REPOSITORY

NO_SCENE = """
from pathlib import Path
import sys
from tests.platform.faults.campaign import KINDS, run_campaign, tasks_of
tasks = tasks_of(KINDS[:1], 3, [])
for result in run_campaign(None, tasks, 1, Path(sys.argv[1]), jobs=int(sys.argv[2])):
    print(result.kind, result.moment, "the trial itself broke" in result.findings[0].text)
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_jobs_end_with_the_campaign(jobs: int, tmp_path: object) -> None:
    """Each trial breaks here, having no class to grade; that is told, and then everything ends."""
    command = [sys.executable, "-c", NO_SCENE, str(tmp_path), str(jobs)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == [f"grader-killed {moment} True" for moment in range(3)]
