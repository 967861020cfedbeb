"""scores.csv: one row a student, safe to open in a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from autograder.results import GradeRun
from autograder.spreadsheet import csv_text


def scores_csv(run: GradeRun, questions: Sequence[str]) -> str:
    """The table as text. Questions that a submission has no result for are left empty.

    Args:
        run: what was graded.
        questions: names of the columns, in order.
    """
    return csv_text(_rows(run, questions))


def _rows(run: GradeRun, questions: Sequence[str]) -> Iterator[list[str | int]]:
    yield ["student", "status", "score", "max_score", *questions, "problems"]
    for submission in run.submissions:
        scores = {q.name: q.score for q in submission.questions}
        yield [
            submission.student,
            str(submission.status),
            _number(submission.score),
            _number(submission.max_score),
            *(_number(scores[name]) if name in scores else "" for name in questions),
            len(submission.problems),
        ]


def _number(value: float) -> str:
    return f"{round(value, 4):.10g}"
