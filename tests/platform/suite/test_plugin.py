"""The pytest plugin, as an author of a suite uses it: --against the reference, or any file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.slow  # pytest and torch start anew each time

COURSE = 'schema = 1\nid = "tiny"\ntitle = "T"\nassignments = ["sums"]\n'
ASSIGNMENT = """schema = 1
title = "Sums"
reference = "sums"
due = 2030-01-01T12:00:00+00:00
[[question]]
name = "double"
points = 100
"""
REFERENCE = "import torch\n\ndef double(x):\n    return x + x\n"
SUITE = """import pytest
import torch

from autograder.suite import assert_close

pytestmark = pytest.mark.question("double")
DRAWN = []


@pytest.mark.hint("h")
@pytest.mark.weight(2)
def test_value(student):
    assert_close(student.double(torch.ones(2)), torch.full((2,), 2.0))


@pytest.mark.parametrize("again", [1, 2])
def test_seed(student, again):
    DRAWN.append(torch.rand(1).item())
    assert len(set(DRAWN)) == len(DRAWN)


@pytest.mark.gpu
def test_on_a_gpu(student):
    assert student.double(torch.ones(1)) is not None


def test_drawn(student):
    print("DRAWN", DRAWN, torch.rand(1).item())
"""


@pytest.fixture
def course(tmp_path: Path) -> Path:
    for name, text in (
        ("assignments/course.toml", COURSE), ("assignments/sums/assignment.toml", ASSIGNMENT),
        ("reference/sums.py", REFERENCE), ("tests/hidden/sums/test_sums.py", SUITE),
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def run(course: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "pytest", "-p", "autograder.suite.plugin", "tests/hidden/sums", "-q", "-rA", "-s",
               "--strict-markers", "-p", "no:cacheprovider", *arguments]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True, timeout=300)
    return done.stdout + done.stderr


def test_against_the_reference(course: Path) -> None:
    """The one that the tests' assignment names; markers are known, GPU tests are skipped without a GPU."""
    out = run(course, "--against", "reference")
    assert "4 passed, 1 skipped" in out, out
    assert "needs a CUDA device" in out


def test_against_a_file(course: Path) -> None:
    """Whose wrong answer fails, with the message for staff."""
    (course / "wrong.py").write_text("def double(x): return 3 * x\n")
    out = run(course, "--against", "wrong.py")
    assert "FAILED tests/hidden/sums/test_sums.py::test_value" in out
    assert "3 where 2 was expected" in out


def test_against_nothing(course: Path) -> None:
    """The message says what to do."""
    assert "--against reference" in run(course)


def test_seeds_are_fixed_per_test_and_differ_between_tests(course: Path) -> None:
    """The same today and tomorrow; each parametrisation has its own."""
    whole, alone = run(course, "--against", "reference"), run(course, "--against", "reference", "-k", "drawn")

    def drawn(out: str) -> str:
        return next(line for line in out.splitlines() if "DRAWN" in line).split()[-1]

    assert "4 passed" in whole
    assert drawn(whole) == drawn(alone)
