"""What a student is told of a check: how many tests passed, and hints; as plain data that JSON can hold.

Like feedback, and less: no title of a test, no output, no points; and of a submission that ran only those problems that
parsing found, since the run's may tell of hidden tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograder.gradebook.comments import advice
from autograder.results import Outcome, QuestionResult, Status, SubmissionResult

MOST_HINTS = 5


def answer_of(result: SubmissionResult, found_wrong: Sequence[str]) -> dict[str, Any]:
    """The answer.

    Args:
        found_wrong: what parsing found.
    """
    unreadable = result.status is Status.UNREADABLE
    if unreadable and not found_wrong:
        return broken_answer()
    return {
        "status": str(result.status),
        "problems": list(found_wrong),
        "questions": [] if unreadable else [_question(question) for question in result.questions],
    }


def broken_answer() -> dict[str, Any]:
    """Where the grader itself could not do it."""
    words = "The grader could not check this: a fault of ours, and no attempt of yours was used. The staff can see it."
    return {"status": str(Status.UNREADABLE), "problems": [words], "questions": []}


def _question(question: QuestionResult) -> dict[str, Any]:
    missed = [test for test in question.tests if test.outcome is not Outcome.PASSED]
    hints = list(dict.fromkeys(advice(test) for test in missed))
    return {
        "name": question.name,
        "tests": len(question.tests),
        "passed": len(question.tests) - len(missed),
        "hints": hints[:MOST_HINTS],
        "more_hints": len(hints[MOST_HINTS:]),
        "carried_forward": list(question.carried_forward),
    }
