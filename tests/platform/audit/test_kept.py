"""What was measured is kept as it was, and holds no longer than what it was measured with."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.audit.kept import keep, kept
from autograder.audit.measured import (
    Effort,
    Fate,
    Flake,
    Measured,
    MutantCount,
    MutantOutcome,
    Steadiness,
    TestWorth,
    Tolerance,
)
from autograder.audit.mutants.model import Mutant
from autograder.course import Course
from tests.platform.audit.trials_course import make_course

EFFORT = Effort(("mutants", "steadiness"), None, 24)
MUTANT = Mutant("blind", "drop term", "blind", "return x * 2 + 1", "return x * 2", "def blind(x): ...")
MEASURED = Measured(
    assignment="tensors",
    effort=EFFORT,
    mutants=(MutantCount("blind", 3, (MutantOutcome(MUTANT, Fate.SURVIVED, (), False, "a reason"),)),),
    steadiness=(Steadiness("scaled", 7, 2, (Flake("scaled", "t", "reference", 2, True, (3, 5), 24, "why"),), ("u",)),),
    tolerances=(Tolerance("scaled", "t", 12, "the result", 0.5, "reference", None, "", 0),),
    tests=(TestWorth("blind", "t", 0.25, None, None),),
    outdated=("gone",),
    broken=(),
    trials=9,
    seconds=1.5,
)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    course = make_course(tmp_path)
    keep(course, course.assignment("tensors"), MEASURED)
    return course


def test_it_comes_back_as_it_was(course: Course) -> None:
    assert kept(course, course.assignment("tensors"), EFFORT) == MEASURED


@pytest.mark.parametrize("changed", ["reference/tensors.py", "tests/hidden/tensors/test_tensors.py"])
def test_it_holds_until_reference_or_suite_change(course: Course, changed: str) -> None:
    path = course.root / changed
    path.write_text(path.read_text() + "\n# another thought\n")
    assert kept(course, course.assignment("tensors"), EFFORT) is None


@pytest.mark.parametrize("effort", [Effort(EFFORT.parts, None, 200), Effort(("mutants",), None, 24)])
def test_it_is_of_that_effort_alone(course: Course, effort: Effort) -> None:
    assert kept(course, course.assignment("tensors"), effort) is None


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'{"fingerprint": 1, "measured": 2}', b"\xff"])
def test_a_damaged_file_is_none(course: Course, content: bytes) -> None:
    (path,) = (course.state / "audit").glob("*.measured.json")
    path.write_bytes(content)
    assert kept(course, course.assignment("tensors"), EFFORT) is None
