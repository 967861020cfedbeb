"""The result of a submission that could not be graded at all: nothing earned, and it says why."""

from __future__ import annotations

from collections.abc import Collection

from autograder.course import Assignment
from autograder.results import QuestionResult, Status, SubmissionResult


def unread_result(
    assignment: Assignment, student: str, problems: tuple[str, ...], questions: Collection[str] | None = None
) -> SubmissionResult:
    """An `unreadable` result with every question (or those of `questions`) at 0.

    A submission is never dropped: this stands in the results until a person has looked.
    """
    wanted = [q for q in assignment.questions if questions is None or q.name in questions]
    return SubmissionResult(
        student=student,
        status=Status.UNREADABLE,
        score=0.0,
        max_score=sum(q.points for q in wanted),
        problems=problems,
        questions=tuple(QuestionResult(q.name, q.points, 0.0) for q in wanted),
    )
