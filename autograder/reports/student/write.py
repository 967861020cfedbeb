"""All about one student's submission on one page; reports/<assignment>/students/<student>.html."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from autograder.authoring.spec import ReleaseSpec, Role
from autograder.course import Assignment, Course
from autograder.errors import UsageError
from autograder.gradebook.whole_file import write_file
from autograder.grading.records import Past, Record, read_record
from autograder.reports.answers import read_answers, read_written
from autograder.reports.html import render_template
from autograder.reports.student.diff import Row, beside_stub
from autograder.reports.student.marks import Marks, read_marks
from autograder.reports.write import MODE
from autograder.results import QuestionResult


@dataclass(frozen=True, slots=True)
class Answer:
    """One question: how it was graded, and the code beside the stub (no rows where no code could be read)."""

    result: QuestionResult
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class StudentPage:
    """What the template reads."""

    student: str
    record: Record
    answers: tuple[Answer, ...]
    written: Mapping[str, str]  # written part -> the student's text
    marks: Marks | None
    pages: tuple[tuple[str, str], ...]  # (address, name) of pages to go on to

    @property
    def late(self) -> bool:
        return self.marks is not None and self.marks.late_penalty > 0

    @property
    def history(self) -> tuple[Past, ...]:
        """Earlier grades, the latest first."""
        return tuple(reversed(self.record.history))


def write_student(course: Course, assignment: Assignment, student: str, made_at: datetime | None = None) -> Path:
    """Write the page of `student_page` into the reports folder.

    Raises:
        OSError: the reports folder cannot be written; and what `student_page` raises.
    """
    text = student_page(course, assignment, student, [("../index.html", "The whole class")], made_at)
    path = course.reports / assignment.name / "students" / f"{student}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, text.encode("utf-8", errors="backslashreplace"), MODE)
    return path


def student_page(
    course: Course,
    assignment: Assignment,
    student: str,
    pages: Sequence[tuple[str, str]] = (),
    made_at: datetime | None = None,
) -> str:
    """All that is known of one submission, as HTML.

    Args:
        pages: (address, name) of pages to go on to; formgrader's comes last where course.toml says where that is.
        made_at: the time printed on the page, with a time zone; default: now, here.

    Raises:
        UsageError: nothing of this student has been graded.
        ConfigurationError: there is no release.
        GradebookError: the gradebook cannot be read.
    """
    record = read_record(course, assignment, student)
    if record is None:
        raise nothing_graded(student, assignment)
    spec = ReleaseSpec.load(assignment.release_path)
    stubs = {cell.name: cell.source for cell in spec.cells if cell.role is Role.QUESTION}
    code = read_answers(course, assignment, student)
    marks = read_marks(course.gradebook, assignment.name, student)
    page = StudentPage(
        student=student,
        record=record,
        answers=tuple(
            Answer(q, beside_stub(stubs.get(q.name, ""), code[q.name]) if q.name in code else ())
            for q in record.result.questions
        ),
        written=read_written(course, assignment, student),
        marks=marks,
        pages=(*pages, *_formgrader(course, marks)),
    )
    about = {"page": page, "assignment": assignment, "course": course.settings.title}
    return render_template("student.html", about | {"made_at": made_at or datetime.now().astimezone()})


def nothing_graded(student: str, assignment: Assignment) -> UsageError:
    """What is said of a student without a record."""
    return UsageError(
        f"Nothing of {student!r} has been graded in {assignment.name!r}. "
        f"Run `autograder grade {assignment.name}`, or check the name."
    )


def _formgrader(course: Course, marks: Marks | None) -> Iterator[tuple[str, str]]:
    """Formgrader's page, where course.toml says where formgrader is."""
    base = course.settings.formgrader_url.rstrip("/")
    if base and marks:
        address = f"{base}/submissions/{quote(os.fsencode(marks.notebook_id), safe='')}/"
        yield address, "Grade by hand in formgrader"
