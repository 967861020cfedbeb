"""scores.csv: one row a student, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from autograder.results import GradeRun

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A spreadsheet takes a cell that begins so for a formula: https://owasp.org/www-community/attacks/CSV_Injection"""


def scores_csv(run: GradeRun, questions: Sequence[str]) -> str:
    """The table as text. Questions that a submission has no result for are left empty.

    Args:
        run: what was graded.
        questions: names of the columns, in order.
    """
    out = io.StringIO()
    # Before Python 3.13 csv quotes only the characters of the line end itself: with "\n" alone,
    # a student's name holding "\r" would begin a row of its own.
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(guarded(c) for c in ("student", "status", "score", "max_score", *questions, "problems"))
    for submission in run.submissions:
        scores = {q.name: q.score for q in submission.questions}
        writer.writerow(
            [
                guarded(submission.student),
                str(submission.status),
                _number(submission.score),
                _number(submission.max_score),
                *(_number(scores[name]) if name in scores else "" for name in questions),
                len(submission.problems),
            ]
        )
    return out.getvalue()


def guarded(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would run it as a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text


def _number(value: float) -> str:
    return f"{round(value, 4):.10g}"
