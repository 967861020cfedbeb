"""A campaign ends when its last trial has, and what its trials set in the grader is still there to be set."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

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


SETTING = re.compile(r'"(autograder(?:\.\w+)+)\.([A-Z_]+)"')
FOUND = sorted({match for path in Path(__file__).parent.glob("*.py") for match in SETTING.findall(path.read_text())})


@pytest.mark.parametrize(("module", "name"), FOUND)
def test_a_setting_that_a_trial_changes_is_there(module: str, name: str) -> None:
    """`make faults` runs for hours, and rarely: a name that has moved must not wait for it."""
    assert hasattr(importlib.import_module(module), name)


def test_there_are_such_settings() -> None:
    assert len(FOUND) >= 4
