"""How one test ended: the outcome, what the student reads, and what teaching staff reads.

What the student reads never contains text that student code could have written after it saw a
hidden input: an exception's type and line are shown, its message is for staff.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from autograder.results import NOT_DEFINED, NOT_IMPLEMENTED, Outcome
from autograder.suite.checks import WrongAnswer
from autograder.suite.student import StudentCrashed, StudentError, StudentTimeout

MAX_DETAIL = 1500
KNOWN_ERRORS = frozenset(
    name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, BaseException)
)
# What no answer of a student can make a test's own code raise. A KeyError, TypeError or RuntimeError, say, may come
# from using an answer that is not what the test expects, and counts as a failed test.
BROKEN = (NameError, ImportError, SyntaxError, MemoryError)
CellLabel = Callable[[int], str]  # index of a notebook cell -> how a student knows it, "" where it is not theirs


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome, hint (for the student) and detail (for staff) of one test."""

    outcome: Outcome
    hint: str = ""
    detail: str = ""


def judge(error: BaseException | None, hint: str, cell_label: CellLabel, *, in_setup: bool = False) -> Verdict:
    """The verdict on what a test raised.

    Args:
        error: what the test raised; None where it passed.
        hint: the text of its `hint` marker.
        cell_label: names the cells of the student's notebook.
        in_setup: whether it was raised before the test's own code, which is no fault of the student.
    """
    if error is None:
        return Verdict(Outcome.PASSED)
    detail = f"{type(error).__name__}: {error}"[:MAX_DETAIL]
    if isinstance(error, pytest.skip.Exception):
        return Verdict(Outcome.SKIPPED, "This test was not run.", str(error)[:MAX_DETAIL])
    if isinstance(error, StudentTimeout):
        return Verdict(Outcome.TIMEOUT, "Your code did not finish in time. Look for a loop that never ends.", detail)
    if isinstance(error, StudentCrashed):
        return Verdict(
            Outcome.CRASHED,
            "Your code ended the Python process. Look for exit(), os._exit() or too much memory.",
            detail,
        )
    if isinstance(error, StudentError):
        return Verdict(
            Outcome.FAILED, _about_exception(error, hint, cell_label), f"{error} (line {error.line})"[:MAX_DETAIL]
        )
    if in_setup or isinstance(error, BROKEN):
        return Verdict(
            Outcome.ERROR, "The test itself is broken. This is not your fault; it will be looked at.", detail
        )
    if isinstance(error, WrongAnswer):
        return Verdict(Outcome.FAILED, error.hint or hint, str(error)[:MAX_DETAIL])
    return Verdict(Outcome.FAILED, hint, detail)


def _about_exception(error: StudentError, hint: str, cell_label: CellLabel) -> str:
    if error.missing:
        return f"{NOT_DEFINED} {error.missing!r}. Did its cell run without an error?"
    label = cell_label(error.cell)
    if error.is_a("NotImplementedError"):
        return f"{NOT_IMPLEMENTED}: {label or 'a function'} raises NotImplementedError."
    name = error.type_name if error.type_name in KNOWN_ERRORS else "an exception"
    place = f" in line {error.line} of {label}" if label and 0 < error.line < 100_000 else ""
    return f"Your code raised {name}{place}. {hint}".strip()
