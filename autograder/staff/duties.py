"""What needs a person, from the records of grading and nbgrader's gradebook. Nothing is written here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from autograder.course import Assignment
from autograder.gradebook.quick_look import reading_gradebook
from autograder.grading.records import Record
from autograder.results import Status

WAITING = """
    SELECT submitted.student_id, base.name
    FROM grade
    JOIN base_cell AS base ON base.id = grade.cell_id
    JOIN submitted_notebook AS notebook ON notebook.id = grade.notebook_id
    JOIN submitted_assignment AS submitted ON submitted.id = notebook.assignment_id
    JOIN assignment ON assignment.id = submitted.assignment_id
    WHERE assignment.name = ? AND grade.needs_manual_grade
"""


class Kind(StrEnum):
    """Why a person is needed, the most pressing first."""

    UNREADABLE = "unreadable"
    PARTIAL = "partial"
    FLAGGED = "flagged"  # graded, with problems that were noticed
    APPEAL = "appeal"
    WRITTEN = "written"


@dataclass(frozen=True, slots=True, order=True)
class Duty:
    """One thing to do. `cell` is the written part or the question appealed against, "" for a whole submission."""

    assignment: str
    student: str
    kind: Kind
    cell: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """A duty with what to know about it.

    Attributes:
        why: in words.
        about: changes where the matter does (a new notebook, other problems): what was settled then is open again.
    """

    duty: Duty
    why: str
    about: str = ""


def duties(assignment: Assignment, records: Sequence[Record], gradebook: Path) -> list[Due]:
    """All that needs a person in one assignment, appeals aside.

    Args:
        records: of everybody who was graded.

    Raises:
        GradebookError: the gradebook cannot be read.
    """
    return [*_submissions(assignment, records), *_written(assignment, gradebook)]


def _submissions(assignment: Assignment, records: Sequence[Record]) -> Iterator[Due]:
    kinds = {Status.UNREADABLE: Kind.UNREADABLE, Status.PARTIAL: Kind.PARTIAL, Status.GRADED: Kind.FLAGGED}
    for record in records:
        result = record.result
        if result.problems or result.status is not Status.GRADED:
            why = " ".join(result.problems) or "No reason was recorded."
            about = hashlib.sha256(f"{record.notebook_sha256} {why}".encode(errors="backslashreplace")).hexdigest()
            yield Due(Duty(assignment.name, result.student, kinds[result.status]), why, about)


def _written(assignment: Assignment, gradebook: Path) -> Iterator[Due]:
    parts = {part.name: part.points for part in assignment.written}
    if not gradebook.exists():
        return
    with reading_gradebook(gradebook) as connection:
        waiting = connection.execute(WAITING, (assignment.name,)).fetchall()
    for student, cell in waiting:
        if cell in parts:
            yield Due(Duty(assignment.name, student, Kind.WRITTEN, cell), f"Written answer, {parts[cell]:g} points.")
