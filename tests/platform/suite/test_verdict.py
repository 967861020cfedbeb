"""Outcome, hint and detail: what the student reads never carries text of student code."""

from __future__ import annotations

import pytest

from autograder.results import Outcome
from autograder.suite import StudentError, WrongAnswer
from autograder.suite.student import StudentCrashed, StudentTimeout
from autograder.suite.verdict import MAX_DETAIL, Verdict, judge

SECRET = "31.41592"
HINT = "Think of the sign."


def label(index: int) -> str:
    return {4: "the cell of f", 7: "cell 8"}.get(index, "")


def verdict(error: BaseException | None, *, in_setup: bool = False) -> Verdict:
    return judge(error, HINT, label, in_setup=in_setup)


def test_passed() -> None:
    """Nothing was raised, nothing is said."""
    assert verdict(None) == Verdict(Outcome.PASSED)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (StudentTimeout(SECRET), Outcome.TIMEOUT), (StudentCrashed(SECRET), Outcome.CRASHED),
        (StudentError("ValueError", SECRET), Outcome.FAILED), (WrongAnswer(SECRET), Outcome.FAILED),
        (AssertionError(SECRET), Outcome.FAILED), (TypeError(SECRET), Outcome.FAILED),
        (KeyboardInterrupt(SECRET), Outcome.FAILED), (RecursionError(SECRET), Outcome.FAILED),
        (StudentError(SECRET, SECRET, (SECRET,)), Outcome.FAILED),
        (StudentError("MissingName", SECRET, ("MissingName",)), Outcome.FAILED),
        (StudentError("NotImplementedError", SECRET), Outcome.FAILED),
    ],
    ids=repr,
)  # fmt: skip
def test_every_error_has_its_outcome_and_no_message_for_the_student(error: BaseException, outcome: Outcome) -> None:
    """The message is in the detail, for staff."""
    found = verdict(error)
    assert found.outcome is outcome
    assert found.outcome is not Outcome.PASSED
    assert SECRET in found.detail
    assert SECRET not in found.hint
    assert found.hint


def test_an_error_in_the_setup_is_the_tests_own() -> None:
    """It earns nothing and calls for an instructor; but a student's error there is the student's."""
    assert verdict(RuntimeError("fixture"), in_setup=True).outcome is Outcome.ERROR
    assert verdict(StudentError("ValueError", "x"), in_setup=True).outcome is Outcome.FAILED
    assert verdict(StudentCrashed("x"), in_setup=True).outcome is Outcome.CRASHED


def test_a_skipped_test_says_so() -> None:
    """With pytest's reason for staff."""
    with pytest.raises(pytest.skip.Exception) as skipped:
        pytest.skip("needs a CUDA device")
    found = verdict(skipped.value, in_setup=True)
    assert (found.outcome, found.detail) == (Outcome.SKIPPED, "needs a CUDA device")


def test_the_hint_of_the_answer_comes_before_that_of_the_test() -> None:
    """A named mistake says more than the test's marker."""
    assert verdict(WrongAnswer("m", "You took the half.")).hint == "You took the half."
    assert verdict(WrongAnswer("m")).hint == HINT


def test_an_exception_is_placed_where_the_cell_is_the_students() -> None:
    """Type, line and cell, then the test's hint."""
    assert verdict(StudentError("ValueError", SECRET, cell=4, line=3)).hint == (
        f"Your code raised ValueError in line 3 of the cell of f. {HINT}"
    )
    assert verdict(StudentError("ValueError", SECRET, cell=99, line=3)).hint == f"Your code raised ValueError. {HINT}"
    assert (
        verdict(StudentError("ValueError", SECRET, cell=7, line=10**9)).hint == f"Your code raised ValueError. {HINT}"
    )
    assert verdict(StudentError("ValueError", SECRET, cell=7, line=-1)).hint == f"Your code raised ValueError. {HINT}"


def test_only_pythons_own_exceptions_are_named() -> None:
    """The name of a class is text of the student's too."""
    assert verdict(StudentError(f"E{SECRET}", "")).hint == f"Your code raised an exception. {HINT}"
    assert verdict(StudentError("ValueError\n# Full marks", "")).hint == f"Your code raised an exception. {HINT}"


def test_what_is_missing_is_named_as_the_test_asked_for_it() -> None:
    """In its own case, and never by the process's message."""
    found = verdict(StudentError("MissingName", SECRET, missing="ConditionalVAE"))
    assert found.hint == "The notebook does not define 'ConditionalVAE'. Did its cell run without an error?"
    forged = verdict(StudentError("MissingName", SECRET, ("MissingName", "Exception"), cell=4, line=1))
    assert forged.hint == f"Your code raised an exception in line 1 of the cell of f. {HINT}"


def test_a_blank_answer_is_told_kindly() -> None:
    """Where its cell is known, with its name."""
    blank = StudentError("NotImplementedError", "", ("NotImplementedError", "RuntimeError"), cell=4, line=3)
    assert verdict(blank).hint == "Not implemented yet: the cell of f raises NotImplementedError."


def test_details_are_bounded() -> None:
    """However much the student's code had to say."""
    for error in (WrongAnswer("x" * 10**6), StudentError("E", "x" * 10**6), AssertionError("x" * 10**6)):
        assert len(verdict(error).detail) <= MAX_DETAIL
