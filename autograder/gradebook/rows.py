"""The rows of students' submissions, loaded for a whole batch at once.

nbgrader's own `update_or_create_submission` commits, and reads every row by itself: 20 ms a
student. Loaded together it is a handful of queries for the class.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nbgrader.api import Assignment as AssignmentRow
from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)

from autograder.errors import GradebookError

CHUNK = 400  # SQLite allows 999 variables in a query


@dataclass(frozen=True, slots=True)
class CellRows:
    """The rows of one submission by grade_id."""

    grades: dict[str, Any]
    comments: dict[str, Any]


class SubmissionRows:
    """Finds or makes the rows of a submission. Nothing is committed here."""

    def __init__(self, gradebook: Gradebook, assignment: Any) -> None:
        self._db = gradebook.db
        self._assignment = assignment
        self._notebook = assignment.notebooks[0]
        self._grade_cells = {cell.name: cell for cell in self._notebook.grade_cells}
        self._solution_cells = {cell.name: cell for cell in self._notebook.solution_cells}
        self._students: set[str] = set()
        self._submissions: dict[str, Any] = {}
        self._cells: dict[str, CellRows] = {}

    @classmethod
    def load(cls, gradebook: Gradebook, assignment: str, students: Sequence[str]) -> SubmissionRows:
        """Read what there is about these students.

        Raises:
            GradebookError: the assignment is not registered.
        """
        row = gradebook.db.query(AssignmentRow).filter(AssignmentRow.name == assignment).one_or_none()
        if row is None or not row.notebooks:
            raise GradebookError(
                f"The gradebook does not know {assignment!r} yet; run `autograder build {assignment}`."
            )
        rows = cls(gradebook, row)
        for chunk in _chunks(students):
            rows._load_chunk(chunk)
        return rows

    def of(self, student: str, timestamp: datetime | None) -> tuple[Any, bool]:
        """The student's submission, made where there is none, and whether it was made."""
        if student in self._submissions:
            return self._submissions[student], False
        if student not in self._students:
            self._db.add(Student(id=student))
            self._students.add(student)
        submission = SubmittedAssignment(assignment=self._assignment, student_id=student, timestamp=timestamp)
        notebook = SubmittedNotebook(notebook=self._notebook, assignment=submission)
        self._db.add_all([submission, notebook])
        self._submissions[student] = submission
        return submission, True

    def cells_of(self, submission: Any) -> CellRows:
        """The grades and comments of a submission; rows that are missing are made."""
        rows = self._cells.setdefault(submission.student_id, CellRows({}, {}))
        notebook = next(item for item in submission.notebooks if item.notebook is self._notebook)
        for name, cell in self._grade_cells.items():
            if name not in rows.grades:
                rows.grades[name] = Grade(cell_id=cell.id, notebook=notebook)
                self._db.add(rows.grades[name])
        for name, cell in self._solution_cells.items():
            if name not in rows.comments:
                rows.comments[name] = Comment(cell_id=cell.id, notebook=notebook)
                self._db.add(rows.comments[name])
        return rows

    def _load_chunk(self, students: Sequence[str]) -> None:
        self._students.update(row[0] for row in self._db.query(Student.id).filter(Student.id.in_(students)))
        submissions = self._db.query(SubmittedAssignment).filter(
            SubmittedAssignment.assignment_id == self._assignment.id, SubmittedAssignment.student_id.in_(students)
        )
        self._submissions.update({row.student_id: row for row in submissions})
        names = {cell.id: name for name, cell in (*self._grade_cells.items(), *self._solution_cells.items())}
        for student, grade in self._rows(Grade, students):
            if grade.cell_id in names:
                self._cells.setdefault(student, CellRows({}, {})).grades[names[grade.cell_id]] = grade
        for student, comment in self._rows(Comment, students):
            if comment.cell_id in names:
                self._cells.setdefault(student, CellRows({}, {})).comments[names[comment.cell_id]] = comment

    def _rows(self, table: Any, students: Sequence[str]) -> Iterator[Any]:
        query = self._db.query(SubmittedAssignment.student_id, table)
        query = query.join(SubmittedNotebook, SubmittedNotebook.id == table.notebook_id)
        query = query.join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        yield from query.filter(
            SubmittedNotebook.notebook_id == self._notebook.id, SubmittedAssignment.student_id.in_(students)
        )


def _chunks(students: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(students), CHUNK):
        yield students[start : start + CHUNK]
