"""The page that is sent to a student: what helps, and nothing that is not the student's to see."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner

from autograder.authoring.spec import ReleaseSpec
from autograder.cli.feedback import feedback
from autograder.course import find_course
from autograder.errors import UsageError
from autograder.gradebook.store import open_gradebook
from autograder.grading.records import Record, write_record
from autograder.reports.student import write_feedback
from autograder.reports.student.feedback import tell
from autograder.reports.student.reading import Reading, where_to_read
from autograder.results import Outcome, QuestionResult, Status, SubmissionResult, TestResult
from tests.platform.accessibility import look, needs_browser
from tests.platform.gradebook.conftest import SECRET_DETAIL, Classroom
from tests.platform.submissions.small_release import answered

ROOT = Path(__file__).parents[3]
EVIL = "</code><script>document.title='stolen'</script><img src=x onerror=evil(1)>"


def graded(classroom: Classroom, *students: str, **passed: bool) -> None:
    """Everybody handed in and was graded, with a note that is for staff alone."""
    for student in students:
        classroom.hand_in(student, answered())
    for student, marked in classroom.grade(**dict.fromkeys(students, passed)).items():
        record = Record(
            marked.result, "a" * 64, "2027-02-12T21:30:00", "f" * 64, "bubblewrap", "e" * 64,
            "2027-02-14T08:00:00+00:00", {"suite": "d" * 64}, (), "a note between staff",
        )  # fmt: skip
        assert record.result.student == student
        write_record(classroom.course, classroom.assignment, record)


def page(classroom: Classroom, student: str = "ada") -> BeautifulSoup:
    return BeautifulSoup(write_feedback(classroom.course, classroom.assignment, student).read_text(), "html.parser")


def test_what_went_wrong_is_told_with_its_hint_and_what_was_right_without(classroom: Classroom) -> None:
    graded(classroom, "ada", double=False)
    soup = page(classroom)
    (missed,) = soup.find(id="double").select(".hints li")
    assert missed.select_one(".hint").get_text() == "Think of `x + x` <b>again</b>."
    assert missed.select_one(".where").get_text() == "It has the right value."
    assert soup.find(id="double").h2.get_text(" ", strip=True) == "double 20 of 60"
    assert "halve : all 2 tests passed" in soup.select_one("section[aria-labelledby=right]").get_text(" ", strip=True)


def test_a_hint_of_several_tests_is_told_once_with_what_they_tried() -> None:
    tests = [TestResult(f"test_{n}", f"Title {n}.", Outcome.FAILED, 1.0, "Same." if n else "Other.") for n in range(3)]
    result = SubmissionResult("ada", Status.GRADED, 0, 9, questions=(QuestionResult("f", 9, 0, (), tuple(tests)),))
    (question,) = tell(result, ReleaseSpec(()), None).questions
    assert dict(question.missed) == {"Other.": ["Title 0."], "Same.": ["Title 1.", "Title 2."]}
    assert (question.passed, question.tests, question.is_right) == (0, 3, False)


def test_nothing_is_told_that_is_for_staff(classroom: Classroom) -> None:
    graded(classroom, "ada", "grace", double=False)
    text = page(classroom).get_text(" ")
    for secret in (SECRET_DETAIL, "staff only", "a note between staff", "test_double_value", "grace", "d" * 64):
        assert secret not in text


def test_what_people_gave_and_wrote_is_told(classroom: Classroom) -> None:
    """As nbgrader adds it up; a person's points stand in place of the tests'."""
    graded(classroom, "ada", double=False)
    assert "So far" in page(classroom).get_text()
    assert "not read yet" in page(classroom).select_one("section[aria-labelledby=written]").get_text()
    with open_gradebook(classroom.course) as gradebook:
        written = gradebook.find_grade("written_why", "small", "small", "ada")
        written.manual_score, written.needs_manual_grade = 6.5, False
        gradebook.find_grade("test_double", "small", "small", "ada").manual_score = 55
        gradebook.find_comment("double", "small", "small", "ada").manual_comment = f"Nearly.\n{EVIL}"
        gradebook.find_comment("written_why", "small", "small", "ada").manual_comment = "Well put."
        gradebook.find_submission_notebook("small", "small", "ada").late_submission_penalty = 3.5
        gradebook.db.commit()
        submission = gradebook.find_submission("small", "ada")
        expected = submission.score - submission.late_submission_penalty
    soup = page(classroom)
    tiles = {tile.dt.get_text(): tile.dd.get_text(" ", strip=True) for tile in soup.select(".tiles > div")}
    assert tiles["In all"].startswith(f"{expected:g} of ")
    assert tiles["Taken off for lateness"] == "3.5"
    assert soup.find(id="double").h2.get_text(" ", strip=True) == "double 55 of 60"
    assert soup.find(id="double").select_one(".said").get_text() == f"Nearly.\n{EVIL}"
    assert soup.select_one("section[aria-labelledby=written]").get_text(" ", strip=True).endswith("Well put.")
    assert soup.find(["script", "img"]) is None


def test_a_notebook_that_cannot_be_read_is_told_why(classroom: Classroom) -> None:
    classroom.hand_in("ada", b"no notebook")
    result = classroom.grade()["ada"].result
    record = Record(result, "a" * 64, None, "f" * 64, "bubblewrap", "e" * 64, "2027-02-14T08:00:00+00:00", {}, (), "")
    write_record(classroom.course, classroom.assignment, record)
    said = page(classroom).select_one(".callout").get_text(" ", strip=True)
    assert said.startswith("This notebook could not be read")
    assert "not valid JSON" in said


def test_without_a_gradebook_the_tests_points_are_told(classroom: Classroom) -> None:
    graded(classroom, "ada", double=False)
    classroom.course.gradebook.unlink()
    assert "50 of 90" in page(classroom).select_one(".tiles").get_text(" ", strip=True)


@pytest.mark.parametrize("name", ["zoe", "../ada", ""])
def test_who_was_not_graded_has_no_page(classroom: Classroom, name: str) -> None:
    graded(classroom, "ada")
    with pytest.raises(UsageError, match=r"Nothing of .* has been graded in 'small'"):
        write_feedback(classroom.course, classroom.assignment, name)


def test_the_command_writes_a_page_for_everybody(classroom: Classroom) -> None:
    graded(classroom, "ada", "grace")
    done = CliRunner().invoke(feedback, ["small", "--all"], obj=classroom.course)
    assert done.exit_code == 0, done.output
    folder = classroom.course.reports / "small" / "feedback"
    assert sorted(path.name for path in folder.iterdir()) == ["ada.html", "grace.html"]
    assert (folder / "ada.html").stat().st_mode & 0o007 == 0
    assert f"2 pages in {folder}" in done.output
    assert isinstance(CliRunner().invoke(feedback, ["small"], obj=classroom.course).exception, UsageError)


def test_where_to_read_is_the_section_above_and_the_docstring_s_first_words() -> None:
    about = {"nbgrader": {"grade": False, "solution": True, "locked": False, "schema_version": 3, "cell_type": "code"}}
    stub = 'def f(x):\n    """Twice x\n    (Ada 1843, note G).\n\n    More.\n    """\n    raise NotImplementedError\n'
    texts = ["# Title\n\n## 1  Doubling ##\n", "### Question 1: why\n\n```python\n# no heading\n```\n"]
    cells = [{"id": f"m{n}", "cell_type": "markdown", "metadata": {}, "source": text} for n, text in enumerate(texts)]
    about["nbgrader"]["grade_id"] = "f"
    cells.append({"id": "f", "cell_type": "code", "metadata": about, "source": stub})
    spec = ReleaseSpec.parse(json.dumps({"cells": cells}).encode())
    assert where_to_read(spec) == {"f": Reading("1  Doubling", "Question 1: why", "Twice x (Ada 1843, note G).")}


def test_every_question_of_the_course_has_something_to_read() -> None:
    course = find_course(ROOT)
    for name in course.assignment_names:
        assignment = course.assignment(name)
        found = where_to_read(ReleaseSpec.load(assignment.release_path))
        assert list(found) == list(assignment.question_names)
        assert [q for q, r in found.items() if not (r.chapter and r.section.startswith("Question") and r.asked)] == []


@pytest.mark.slow
@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_loaded(classroom: Classroom, scheme: str) -> None:
    graded(classroom, "ada", double=False)
    looked = look(write_feedback(classroom.course, classroom.assignment, "ada"), scheme)
    assert looked.findings == ()
    assert looked.loaded == ()
