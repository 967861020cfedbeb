"""A course of two assignments and some external marks, with a gradebook that nbgrader itself has written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.course import Course, find_course
from autograder.course_grades import ClassList, load_class
from autograder.gradebook.store import open_gradebook

COURSE = """schema = 1
id = "tiny"
title = "A tiny course"
assignments = ["sums", "means"]

[gradebook.late]
percent_per_day = 10
slip_days = 1

[[gradebook.component]]
name = "work"
weight = 40
items = ["sums", "means"]

[[gradebook.component]]
name = "exam"
weight = 60
items = ["exam"]
out_of = { exam = 60 }

[gradebook.letters]
B = 75
A = 90
"""

ASSIGNMENT = """schema = 1
title = "{0}"
reference = "{0}"
due = {1}

[[question]]
name = "double"
points = 90

[[written]]
name = "why"
points = 10
"""

DUE = {"sums": "2027-03-01T12:00:00+00:00", "means": "2027-04-01T12:00:00+02:00"}
AFTER = datetime(2027, 5, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Classroom:
    """The course on disk, and its database in nbgrader's own hands."""

    course: Course

    @property
    def data(self) -> Path:
        return self.course.data

    def write(self, name: str, *lines: str) -> Path:
        path = self.data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def open(self) -> Gradebook:
        return open_gradebook(self.course)

    def load(self, as_of: datetime = AFTER) -> ClassList:
        return load_class(self.course, as_of)

    def hand_in(self, student: str, assignment: str, at: str, auto: float, by_hand: float | None = None) -> None:
        """As nbgrader records it; without a score by hand the written part is still open."""
        with self.open() as gradebook:
            moment = datetime.fromisoformat(at).astimezone(UTC).replace(tzinfo=None)
            gradebook.update_or_create_student(student)
            submission = gradebook.update_or_create_submission(assignment, student, timestamp=moment)
            (notebook,) = submission.notebooks
            for grade in notebook.grades:
                if grade.name == "why":
                    grade.manual_score, grade.needs_manual_grade = by_hand, by_hand is None
                else:
                    grade.auto_score, grade.needs_manual_grade = auto, False
            gradebook.db.commit()


@pytest.fixture
def classroom(tmp_path: Path) -> Classroom:
    """Nobody has handed in yet."""
    root = tmp_path / "course"
    for name, due in DUE.items():
        (root / "assignments" / name).mkdir(parents=True)
        (root / "assignments" / name / "assignment.toml").write_text(ASSIGNMENT.format(name, due))
    (root / "assignments" / "course.toml").write_text(COURSE)
    (tmp_path / "class").mkdir()
    made = Classroom(find_course(root, tmp_path / "class"))
    with made.open() as gradebook:
        for name, due in DUE.items():
            gradebook.update_or_create_assignment(name, duedate=due, course_id="tiny")
            gradebook.update_or_create_notebook(name, name)
            gradebook.update_or_create_grade_cell("test_double", name, name, max_score=90, cell_type="code")
            gradebook.update_or_create_grade_cell("why", name, name, max_score=10, cell_type="markdown")
            gradebook.update_or_create_solution_cell("why", name, name)
    return made


@pytest.fixture
def full(classroom: Classroom) -> Classroom:
    """Three students; of one of them little is known."""
    with classroom.open() as gradebook:
        gradebook.update_or_create_student(
            "ada", first_name="Ada", last_name="Lovelace", email="ada@example.org", lms_user_id="1815"
        )
        gradebook.update_or_create_student("bilal", first_name="=1+1", last_name="Haddad")
    classroom.hand_in("ada", "sums", "2027-03-01T11:00:00+00:00", auto=81, by_hand=9)
    classroom.hand_in("ada", "means", "2027-04-02T09:00:00+00:00", auto=90, by_hand=10)  # 23 hours late: the slip day
    classroom.hand_in("bilal", "sums", "2027-03-03T13:00:00+00:00", auto=60)  # 49 hours: 3 days, one of them paid
    classroom.hand_in("chen", "means", "2027-03-20T00:00:00+00:00", auto=45, by_hand=5)
    classroom.write("marks/exam.csv", "student,exam", "ada,57", "bilal,absent", "chen,")
    return classroom
