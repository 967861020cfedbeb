"""`autograder doctor`: what it says about this machine, and about one that cannot isolate."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.sandbox.selftest import BARRIERS
from tests.platform.cli.running import ROOT, autograder

pytestmark = pytest.mark.slow


def test_on_a_machine_that_can_grade(tmp_path: Path) -> None:
    """Every barrier was tried in a real sandbox and holds; outside of any course."""
    ran = autograder("doctor", cwd=tmp_path)
    assert ran.status == 0, ran.out
    assert "This machine can grade." in ran.out
    for barrier in BARRIERS:
        line = next(line for line in ran.out.splitlines() if barrier in line)
        assert "✓" in line, line
    assert "torch" in ran.out


def test_on_a_machine_without_bubblewrap(tmp_path: Path) -> None:
    """Exit status 2, and the command that mends it."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "autograder.cli.main", "doctor"], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "bubblewrap" in done.stdout
    assert "apt-get install" in done.stdout
    assert "Nothing can be graded safely" in done.stdout
