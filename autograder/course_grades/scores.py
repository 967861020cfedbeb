"""Read nbgrader's gradebook: who is in the class, and each submission's score, in two queries.

nbgrader's own models take 16 s for 300 students and five assignments where each is asked for its score. Here SQLite
adds up. The scores are nbgrader's: what a person gave counts before what was given automatically, and extra credit
comes on top. Nothing is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from autograder.gradebook.quick_look import reading_gradebook, utc

EPOCH = datetime(1970, 1, 1)  # what nbgrader stores a time span as: so long after this

STUDENTS = "SELECT id, first_name, last_name, email, lms_user_id FROM student ORDER BY id"
SUBMISSIONS = """
    SELECT assignment.name, submitted.student_id, submitted.timestamp, submitted.extension,
           COALESCE(SUM(COALESCE(grade.manual_score, grade.auto_score, 0)
                        + CASE WHEN grade.manual_score IS NULL AND grade.auto_score IS NULL THEN 0
                               ELSE COALESCE(grade.extra_credit, 0) END), 0),
           COALESCE(MAX(grade.needs_manual_grade), 0),
           COALESCE(SUM(CASE WHEN grade.needs_manual_grade
                             THEN MAX(0, COALESCE(cell.max_score, task.max_score, 0)
                                         - COALESCE(grade.manual_score, grade.auto_score, 0)) ELSE 0 END), 0)
    FROM submitted_assignment AS submitted
    JOIN assignment ON assignment.id = submitted.assignment_id
    LEFT JOIN submitted_notebook AS notebook ON notebook.assignment_id = submitted.id
    LEFT JOIN grade ON grade.notebook_id = notebook.id
    LEFT JOIN grade_cells AS cell ON cell.id = grade.cell_id
    LEFT JOIN task_cells AS task ON task.id = grade.cell_id
    GROUP BY submitted.id
"""


@dataclass(frozen=True, slots=True)
class Person:
    """A student as nbgrader knows them. `lms_id` is the number that the learning platform uses; "" where unknown."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_id: str = ""

    @property
    def sortable_name(self) -> str:
        """Last name, first name; the id where there are none."""
        return ", ".join(part for part in (self.last_name, self.first_name) if part) or self.id


@dataclass(frozen=True, slots=True)
class Score:
    """What one submission got.

    Attributes:
        points: of nbgrader's gradebook, manual scores and extra credit included.
        submitted_at: with a time zone, or None where no time is known.
        extension: what formgrader's database grants this student for this assignment.
        needs_person: whether a part of it still has to be graded by hand.
        open_points: what that part can still add.
    """

    points: float
    submitted_at: datetime | None
    extension: timedelta
    needs_person: bool
    open_points: float = 0.0


def read_gradebook(path: Path) -> tuple[list[Person], dict[tuple[str, str], Score]]:
    """The students, and (student, assignment) -> score; nothing where there is no gradebook yet.

    Raises:
        GradebookError: the file is no gradebook, or another program holds it.
    """
    if not path.exists():
        return [], {}
    with reading_gradebook(path) as connection:
        people = [Person(*(value or "" for value in row)) for row in connection.execute(STUDENTS)]
        scores = {
            (student, assignment): Score(float(points), utc(stamp), _span(extension), bool(pending), open_)
            for assignment, student, stamp, extension, points, pending, open_ in connection.execute(SUBMISSIONS)
        }
    return people, scores


def _span(extension: str | None) -> timedelta:
    return datetime.fromisoformat(extension) - EPOCH if extension else timedelta()
