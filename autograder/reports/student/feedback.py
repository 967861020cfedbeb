"""What a student is told, on one page that can be sent; reports/<assignment>/feedback/<student>.html.

Shown: points, titles and hints of the tests, where to read, what people wrote, lateness. Never shown: a test's details
or its code, what was noticed in the sandbox, notes between staff, anybody else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from autograder.authoring.spec import TEST_PREFIX, ReleaseSpec
from autograder.course import Assignment, Course
from autograder.gradebook.comments import advice
from autograder.gradebook.whole_file import write_file
from autograder.grading.records import read_record
from autograder.reports.html import render_template
from autograder.reports.statistics import FULL_MARKS_TOLERANCE
from autograder.reports.student.marks import Mark, Marks, read_marks
from autograder.reports.student.reading import Reading, where_to_read
from autograder.reports.student.write import nothing_graded
from autograder.reports.write import MODE
from autograder.results import Outcome, QuestionResult, Status, SubmissionResult


@dataclass(frozen=True, slots=True)
class ToldQuestion:
    """One question as its student sees it.

    Attributes:
        score: as the gradebook has it, where a person may have given something else than the tests.
        missed: hint -> titles of the tests that did not pass and gave it, in the suite's order.
        comment: what a person wrote.
    """

    name: str
    score: float
    points: float
    passed: int
    tests: int
    carried_forward: tuple[str, ...]
    missed: Mapping[str, Sequence[str]]
    reading: Reading | None
    comment: str

    @property
    def is_right(self) -> bool:
        return self.score >= self.points - FULL_MARKS_TOLERANCE and not self.missed


@dataclass(frozen=True, slots=True)
class ToldPart:
    """A written part: `score` is None while nobody has read it."""

    name: str
    score: float | None
    points: float
    comment: str


@dataclass(frozen=True, slots=True)
class Told:
    """What the template reads."""

    student: str
    status: Status
    score: float
    max_score: float
    submitted_at: datetime | None
    late_penalty: float
    problems: tuple[str, ...]
    questions: tuple[ToldQuestion, ...]
    written: tuple[ToldPart, ...]

    @property
    def wrong(self) -> tuple[ToldQuestion, ...]:
        return tuple(question for question in self.questions if not question.is_right)

    @property
    def right(self) -> tuple[ToldQuestion, ...]:
        return tuple(question for question in self.questions if question.is_right)

    @property
    def waits(self) -> bool:
        """Whether a person has still something to do, so that the score may rise."""
        return self.status is not Status.GRADED or any(part.score is None for part in self.written)


def write_feedback(course: Course, assignment: Assignment, student: str, made_at: datetime | None = None) -> Path:
    """Write the page.

    Args:
        made_at: the time printed on the page, with a time zone; default: now, here.

    Raises:
        UsageError: nothing of this student has been graded.
        AuthoringError: there is no release.
        GradebookError: the gradebook cannot be read.
        OSError: the reports folder cannot be written.
    """
    record = read_record(course, assignment, student)
    if record is None:
        raise nothing_graded(student, assignment)
    spec = ReleaseSpec.load(assignment.release_path)
    told = tell(record.result, spec, read_marks(course.gradebook, assignment.name, student))
    about = {"told": told, "assignment": assignment, "course": course.settings.title}
    text = render_template("feedback.html", about | {"made_at": made_at or datetime.now().astimezone()})
    path = course.reports / assignment.name / "feedback" / f"{student}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, text.encode("utf-8", errors="backslashreplace"), MODE)
    return path


def tell(result: SubmissionResult, spec: ReleaseSpec, marks: Marks | None) -> Told:
    """Choose what the student may know.

    Args:
        marks: None where the gradebook does not know the submission: then the tests' points stand alone.
    """
    given = {mark.cell: mark for mark in marks.marks} if marks else {}
    comments = dict(marks.comments) if marks else {}
    reading = where_to_read(spec)
    questions = tuple(_question(q, given.get(TEST_PREFIX + q.name), reading, comments) for q in result.questions)
    written = tuple(
        ToldPart(name, _written_score(given.get(name)), cell.points, comments.get(name, ""))
        for name, cell in spec.written.items()
    )
    return Told(
        student=result.student,
        status=result.status,
        score=marks.score if marks else result.score,
        max_score=marks.max_score if marks else result.max_score,
        submitted_at=marks.submitted_at if marks else None,
        late_penalty=marks.late_penalty if marks else 0.0,
        # Of a submission that ran, a problem may tell of hidden tests.
        problems=result.problems if result.status is Status.UNREADABLE else (),
        questions=questions,
        written=written,
    )


def _question(
    question: QuestionResult, mark: Mark | None, reading: Mapping[str, Reading], comments: Mapping[str, str]
) -> ToldQuestion:
    failed = [test for test in question.tests if test.outcome is not Outcome.PASSED]
    missed: dict[str, list[str]] = {}
    for test in failed:
        missed.setdefault(advice(test), []).append(test.title)
    written = (comments.get(cell, "") for cell in (question.name, TEST_PREFIX + question.name))
    return ToldQuestion(
        name=question.name,
        score=question.score if mark is None else mark.score,
        points=question.points,
        passed=len(question.tests) - len(failed),
        tests=len(question.tests),
        carried_forward=question.carried_forward,
        missed=missed,
        reading=reading.get(question.name),
        comment="\n\n".join(filter(None, written)),
    )


def _written_score(mark: Mark | None) -> float | None:
    return None if mark is None or mark.needs_person or (mark.manual is None and mark.auto is None) else mark.score
