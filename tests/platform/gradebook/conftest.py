"""A course with one small assignment, on disk, and helpers to grade into it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from autograder.authoring.spec import ReleaseSpec
from autograder.course import Assignment, Course, find_course
from autograder.gradebook.autograded import AutogradedWriter
from autograder.gradebook.autograded_folder import files_beside
from autograder.gradebook.store import Marked, open_gradebook, register_assignment, write_results
from autograder.results import Outcome, QuestionResult, Status, SubmissionResult, TestResult, score_question
from autograder.submissions.find import find_submissions
from autograder.submissions.parse import parse_submission
from tests.platform.submissions.small_release import answered, as_bytes, release

STAMP = "2027-02-12 21:30:00.123456 UTC"
SECRET_DETAIL = "expected 31.41592"

COURSE = 'schema = 1\nid = "genai"\ntitle = "Generative AI"\nassignments = ["small"]\n'
ASSIGNMENT = """schema = 1
title = "Small"
reference = "small"
due = 2027-02-12T23:59:00+01:00
[[question]]
name = "double"
points = 60
[[question]]
name = "halve"
points = 30
depends_on = ["double"]
[[written]]
name = "written_why"
points = 10
"""


@dataclass(frozen=True)
class Classroom:
    """A course, its assignment, and what it takes to hand in and grade."""

    course: Course
    assignment: Assignment
    spec: ReleaseSpec

    def hand_in(self, student: str, notebook: dict[str, Any] | bytes | None = None, timestamp: str = STAMP) -> None:
        """Put a notebook into submitted/."""
        folder = self.course.submitted / student / "small"
        folder.mkdir(parents=True, exist_ok=True)
        content = notebook if isinstance(notebook, bytes) else as_bytes(notebook or answered())
        (folder / "small.ipynb").write_bytes(content)
        if timestamp:
            (folder / "timestamp.txt").write_text(timestamp)

    def grade(self, **passed: dict[str, bool]) -> dict[str, Marked]:
        """Write results for everybody who handed in: question -> passed, by student; default all passed."""
        batch = []
        writer = AutogradedWriter(self.course, self.assignment, self.spec)
        for found in find_submissions(self.course.submitted, "small").submissions:
            data, _ = found.read(2**24)
            parsed = parse_submission(data, found.student, self.spec)
            result = make_result(found.student, passed.get(found.student, {}))
            if not parsed.readable:
                result = unreadable(found.student, parsed.problems)
            writer.write(result, parsed, files_beside(found))
            batch.append(Marked(result, parsed, found.timestamp))
        with open_gradebook(self.course) as gradebook:
            register_assignment(gradebook, self.course, self.assignment, self.spec)
            write_results(gradebook, self.assignment, self.spec, batch)
        return {item.result.student: item for item in batch}

    def autograded(self, student: str) -> dict[str, Any]:
        """The autograded notebook."""
        path = self.course.autograded / student / "small" / "small.ipynb"
        content: dict[str, Any] = json.loads(path.read_bytes())
        return content


def unreadable(student: str, problems: tuple[str, ...]) -> SubmissionResult:
    """What the engine says of a notebook that cannot be read."""
    questions = (QuestionResult("double", 60.0, 0.0), QuestionResult("halve", 30.0, 0.0))
    return SubmissionResult(student, Status.UNREADABLE, 0.0, 90.0, problems=problems, questions=questions)


def make_result(student: str, passed: dict[str, bool] | None = None) -> SubmissionResult:
    """Two tests a question; where `passed` says so, the second one fails."""
    questions = []
    for name, points in (("double", 60.0), ("halve", 30.0)):
        right = (passed or {}).get(name, True)
        tests = (
            TestResult(f"test_{name}_shape", "It has the **right** shape.", Outcome.PASSED, 1.0),
            TestResult(
                f"test_{name}_value",
                "It has the right value.",
                Outcome.PASSED if right else Outcome.FAILED,
                2.0,
                hint="" if right else "Think of `x + x` <b>again</b>.",
                detail="" if right else SECRET_DETAIL,
            ),
        )
        carried = ("double",) if name == "halve" and not (passed or {}).get("double", True) else ()
        questions.append(QuestionResult(name, points, score_question(points, tests), carried, tests))
    score = sum(question.score for question in questions)
    return SubmissionResult(student, Status.GRADED, score, 90.0, 0.1, ("staff only",), tuple(questions))


@pytest.fixture
def classroom(tmp_path: Path) -> Classroom:
    """An empty class of the small course."""
    root = tmp_path / "course"
    (root / "assignments" / "small").mkdir(parents=True)
    (root / "assignments" / "course.toml").write_text(COURSE)
    (root / "assignments" / "small" / "assignment.toml").write_text(ASSIGNMENT)
    (root / "release" / "small").mkdir(parents=True)
    (root / "release" / "small" / "small.ipynb").write_bytes(as_bytes(release()))
    data = tmp_path / "class"
    (data / "submitted").mkdir(parents=True)
    course = find_course(root, data)
    assignment = course.assignment("small")
    return Classroom(course, assignment, ReleaseSpec.load(assignment.release_path))
