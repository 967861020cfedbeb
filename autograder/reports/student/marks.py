"""What the gradebook says of one submission beyond the automatic scores: what people gave and wrote, and lateness."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from autograder.gradebook.quick_look import reading_gradebook, utc

SUBMISSION = """
    SELECT notebook.id, submitted.timestamp, notebook.late_submission_penalty
    FROM submitted_notebook AS notebook
    JOIN submitted_assignment AS submitted ON submitted.id = notebook.assignment_id
    JOIN assignment ON assignment.id = submitted.assignment_id
    WHERE assignment.name = ? AND submitted.student_id = ?
"""
GRADES = """
    SELECT base.name, COALESCE(cell.max_score, task.max_score, 0), grade.auto_score, grade.manual_score,
           grade.extra_credit, grade.needs_manual_grade
    FROM grade JOIN base_cell AS base ON base.id = grade.cell_id
    LEFT JOIN grade_cells AS cell ON cell.id = grade.cell_id
    LEFT JOIN task_cells AS task ON task.id = grade.cell_id
    WHERE grade.notebook_id = ? ORDER BY base.rowid
"""
COMMENTS = """
    SELECT base.name, comment.manual_comment
    FROM comment JOIN base_cell AS base ON base.id = comment.cell_id
    WHERE comment.notebook_id = ? AND comment.manual_comment IS NOT NULL AND comment.manual_comment != ''
    ORDER BY base.rowid
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """One graded cell. `manual` is what a person gave in place of `auto`; both None where nobody has yet."""

    cell: str
    points: float
    auto: float | None
    manual: float | None
    extra_credit: float
    needs_person: bool

    @property
    def score(self) -> float:
        """As nbgrader adds up: what a person gave before what was given automatically, extra credit on top."""
        given = self.auto if self.manual is None else self.manual
        return 0.0 if given is None else given + self.extra_credit


@dataclass(frozen=True, slots=True)
class Marks:
    """One submission in the gradebook.

    Attributes:
        notebook_id: formgrader's address ends with it.
        comments: (cell, text) that people wrote.
    """

    notebook_id: str
    submitted_at: datetime | None
    late_penalty: float
    marks: tuple[Mark, ...]
    comments: tuple[tuple[str, str], ...]

    @property
    def score(self) -> float:
        return sum(mark.score for mark in self.marks) - self.late_penalty

    @property
    def max_score(self) -> float:
        return sum(mark.points for mark in self.marks)


def read_marks(path: Path, assignment: str, student: str) -> Marks | None:
    """None where the gradebook does not know the submission.

    Raises:
        GradebookError: the file is no gradebook, or another program holds it.
    """
    if not path.exists():
        return None
    with reading_gradebook(path) as connection:
        found = connection.execute(SUBMISSION, (assignment, student)).fetchone()
        if found is None:
            return None
        grades = connection.execute(GRADES, found[:1]).fetchall()
        comments = connection.execute(COMMENTS, found[:1]).fetchall()
    marks = tuple(Mark(n, p, auto, manual, extra or 0.0, bool(needs)) for n, p, auto, manual, extra, needs in grades)
    return Marks(found[0], utc(found[1]), found[2] or 0.0, marks, tuple((n, text) for n, text in comments))
