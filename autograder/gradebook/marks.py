"""What one result means for the gradebook's rows: scores, who must look, and comments.

A person's work is never touched. A row is marked for a person to look at where only a person can
decide: answered written parts, submissions that could not be read, questions that a person had
graded before the student handed in again, and a hand-set score whose automatic one has changed.
"""

from __future__ import annotations

import math

from autograder.authoring.spec import ReleaseSpec
from autograder.gradebook.comments import NO_RESPONSE, question_comment
from autograder.gradebook.rows import CellRows
from autograder.results import QuestionResult, Status, SubmissionResult
from autograder.submissions.parse import ParsedSubmission


def write_marks(
    rows: CellRows, spec: ReleaseSpec, result: SubmissionResult, parsed: ParsedSubmission, *, resubmitted: bool
) -> None:
    """Set automatic scores and comments of one submission. Nothing is committed here."""
    by_name = {question.name: question for question in result.questions}
    readable = result.status is not Status.UNREADABLE
    for name, cell in spec.tests.items():
        _mark_question(rows, cell.grade_id, cell.points, by_name.get(name), readable, resubmitted)
    for name, cell in spec.questions.items():
        text = question_comment(by_name[name]) if name in by_name and readable else None
        rows.comments[cell.grade_id].auto_comment = NO_RESPONSE if name in parsed.unanswered else text
    for name, cell in spec.written.items():
        unanswered = readable and name in parsed.unanswered
        _mark_written(rows, cell.grade_id, unanswered, resubmitted)


def _mark_question(
    rows: CellRows, grade_id: str, points: float, question: QuestionResult | None, readable: bool, resubmitted: bool
) -> None:
    grade = rows.grades[grade_id]
    if question is None and readable and grade.auto_score is not None and not resubmitted:
        return  # not graded in this run: what an earlier run found stands
    before, grade.auto_score = grade.auto_score, _score(question, points) if readable else 0.0
    decided = question is not None and readable
    overridden = grade.manual_score is not None and (before != grade.auto_score or grade.needs_manual_grade)
    grade.needs_manual_grade = not decided or overridden


def _mark_written(rows: CellRows, grade_id: str, unanswered: bool, resubmitted: bool) -> None:
    grade = rows.grades[grade_id]
    rows.comments[grade_id].auto_comment = NO_RESPONSE if unanswered else None
    grade.auto_score = 0.0 if unanswered else None
    if grade.manual_score is None:
        grade.needs_manual_grade = not unanswered
    elif resubmitted:
        grade.needs_manual_grade = True


def _score(question: QuestionResult | None, points: float) -> float:
    """Scaled to the cell's points, and never outside them, whatever the result says."""
    if question is None or not math.isfinite(question.score) or not question.points > 0:
        return 0.0
    return min(max(question.score * points / question.points, 0.0), points)
