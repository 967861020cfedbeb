"""Loading mistakes and alternatives: wherever they are written, and whatever is wrong with them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from autograder.audit.load import load_variants
from autograder.course import Assignment, Course
from autograder.errors import SuiteError

ONE = """from autograder.suite import Mistake

MISTAKES = [Mistake(question='{}', name='a', caught_by='t', hint='', source='1')]
"""


@pytest.fixture
def assignment(numbers: Course, tmp_path: Path) -> Assignment:
    """Assignment `numbers`, its suite's folder elsewhere and empty."""
    loaded = numbers.assignment("numbers")
    loaded.suite_folder = tmp_path
    return loaded


def test_siblings_can_be_imported_and_leave_nothing_behind(numbers: Course) -> None:
    path = list(sys.path)
    variants = load_variants(numbers.assignment("numbers"))
    assert [m.name for m in variants.mistakes if m.question == "double"] == ["tripled", "absolute", "raises"]
    assert "made_up" not in sys.modules
    assert sys.path == path


def test_the_siblings_of_another_suite_are_its_own(numbers: Course, assignment: Assignment) -> None:
    load_variants(numbers.assignment("numbers"))
    (assignment.suite_folder / "made_up.py").write_text("LISTED = ()")
    (assignment.suite_folder / "mistakes.py").write_text("from made_up import LISTED as MISTAKES")
    assert load_variants(assignment).mistakes == ()


def test_a_file_that_is_not_there_lists_nothing(assignment: Assignment) -> None:
    variants = load_variants(assignment)
    assert (variants.mistakes, variants.alternatives) == ((), ())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("MISTAKES = 1 / 0", "ZeroDivisionError"),
        ("MISTAKES = (", "SyntaxError"),
        ("import no_such_sibling", "ModuleNotFoundError"),
        ("MISTAKES = {}['question']", "KeyError: 'question'"),
        ("", "defines no MISTAKES"),
        ("MISTAKES = 'mistakes'", "must be a tuple of Mistake"),
        ("MISTAKES = (1,)", "must be a tuple of Mistake"),
        (ONE.format("nothing"), "Mistake 'a' is of question 'nothing'"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_file(assignment: Assignment, text: str, message: str) -> None:
    path = assignment.suite_folder / "mistakes.py"
    path.write_text(text)
    with pytest.raises(SuiteError) as caught:
        load_variants(assignment)
    assert message in str(caught.value)
    assert str(assignment.suite_folder) in str(caught.value)


def test_an_instructors_error_is_shown_at_the_instructors_line(assignment: Assignment) -> None:
    (assignment.suite_folder / "mistakes.py").write_text("\n\nMISTAKES = 1 / 0")
    with pytest.raises(SuiteError, match=r'mistakes\.py", line 3'):
        load_variants(assignment)
