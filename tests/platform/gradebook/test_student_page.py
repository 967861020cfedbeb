"""One student's page for staff: everything that is known, from the record, the gradebook and the notebook."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from autograder.course import Course
from autograder.errors import UsageError
from autograder.gradebook.store import open_gradebook
from autograder.grading.records import Past, Record, write_record
from autograder.reports.student import write_student
from autograder.reports.student.diff import beside_stub
from autograder.reports.student.marks import read_marks
from tests.platform.accessibility import look, needs_browser
from tests.platform.gradebook.conftest import SECRET_DETAIL, Classroom
from tests.platform.submissions.small_release import answered

EVIL = "</code><script>document.title='stolen'</script><img src=x onerror=evil(1)>"


def graded(classroom: Classroom, note: str = "", **answers: str) -> None:
    """Ada handed in, her `halve` is wrong, and she was graded once before."""
    classroom.hand_in("ada", answered(**answers))
    result = classroom.grade(ada={"halve": False, "double": False})["ada"].result
    past = Past("2027-02-13T08:00:00+00:00", 12.5, "b" * 64, "c" * 64)
    record = Record(
        result, "a" * 64, "2027-02-12T21:30:00", "f" * 64, "bubblewrap", "e" * 64, "2027-02-14T08:00:00+00:00",
        {"suite": "d" * 64}, (past,), note,
    )  # fmt: skip
    write_record(classroom.course, classroom.assignment, record)


def page(classroom: Classroom, course: Course | None = None) -> BeautifulSoup:
    path = write_student(course or classroom.course, classroom.assignment, "ada")
    return BeautifulSoup(path.read_text(), "html.parser")


def test_the_page_has_tests_with_hints_and_details(classroom: Classroom) -> None:
    graded(classroom)
    rows = page(classroom).find(id="double").select("tbody tr")
    failed = next(row for row in rows if "flagged" in row.get("class", []))
    assert "failed" in failed.th.get_text()
    assert "Think of `x + x` <b>again</b>." in failed.get_text()
    assert SECRET_DETAIL in failed.get_text()


def test_code_stands_beside_the_stub(classroom: Classroom) -> None:
    graded(classroom, double="def double(x):\n    return x + x + 1")
    rows = page(classroom).find(id="double").select("table.diff tbody tr")
    assert "return x + x + 1" in [row.ins.get_text() for row in rows if row.ins][-1].strip()
    assert any("same" in row.get("class", []) for row in rows)


def test_what_was_written_is_shown_as_it_was_typed(classroom: Classroom) -> None:
    graded(classroom, written_why=f"Because *it* doubles.\n{EVIL}")
    shown = page(classroom).select_one("section[aria-labelledby=written] .said").get_text()
    assert shown.startswith("Because *it* doubles.")


def test_carried_questions_problems_note_and_history_are_shown(classroom: Classroom) -> None:
    graded(classroom, note="A regrade would have given 3 points less.")
    soup = page(classroom)
    assert "reference’s version of double" in soup.find(id="halve").get_text()
    text = soup.get_text(" ", strip=True)
    for piece in ("staff only", "A regrade would have given 3 points less.", "(another notebook)", "12.5", "d" * 64):
        assert piece in text


def test_what_people_gave_and_wrote_and_lateness_are_nbgrader_s_figures(classroom: Classroom) -> None:
    graded(classroom)
    with open_gradebook(classroom.course) as gradebook:
        written = gradebook.find_grade("written_why", "small", "small", "ada")
        written.manual_score, written.extra_credit, written.needs_manual_grade = 6.5, 1.25, False
        gradebook.find_comment("double", "small", "small", "ada").manual_comment = f"See me.\n{EVIL}"
        gradebook.find_submission_notebook("small", "small", "ada").late_submission_penalty = 3.5
        gradebook.db.commit()
        submission = gradebook.find_submission("small", "ada")
        expected = submission.score - submission.late_submission_penalty, submission.max_score
    marks = read_marks(classroom.course.gradebook, "small", "ada")
    assert marks is not None
    assert (marks.score, marks.max_score) == pytest.approx(expected)
    soup = page(classroom)
    tiles = {tile.dt.get_text(): tile.dd.get_text(" ", strip=True) for tile in soup.select(".tiles > div")}
    assert tiles["Late penalty"] == "3.5"
    assert tiles["In the gradebook"].startswith(f"{expected[0]:.2f}".rstrip("0").rstrip("."))
    assert soup.select_one("dd.said").get_text() == f"See me.\n{EVIL}"


def test_what_waits_for_a_person_is_said(classroom: Classroom) -> None:
    graded(classroom)
    assert "Still to be graded by hand: written_why" in page(classroom).get_text(" ", strip=True)


def test_a_link_leads_to_formgrader_where_the_course_says_where_that_is(classroom: Classroom) -> None:
    graded(classroom)
    assert page(classroom).select("nav a")[-1]["href"] == "../index.html"
    settings = classroom.course.settings.model_copy(update={"formgrader_url": "http://127.0.0.1:8000/formgrader/"})
    link = page(classroom, replace(classroom.course, settings=settings)).select("nav a")[-1]["href"]
    with open_gradebook(classroom.course) as gradebook:
        known = gradebook.find_submission_notebook("small", "small", "ada").id
    assert link == f"http://127.0.0.1:8000/formgrader/submissions/{known}/"


def test_nothing_that_a_student_wrote_is_active(classroom: Classroom) -> None:
    graded(classroom, double=f"def double(x):\n    return {EVIL!r}")
    soup = page(classroom)
    assert soup.find(["script", "img"]) is None
    assert EVIL in soup.find(id="double").get_text()


def test_without_a_gradebook_or_a_notebook_the_rest_is_shown(classroom: Classroom) -> None:
    graded(classroom)
    classroom.course.gradebook.unlink()
    (classroom.course.autograded / "ada" / "small" / "small.ipynb").unlink()
    text = page(classroom).get_text(" ", strip=True)
    assert "The gradebook does not know this submission." in text
    assert text.count("No code of this question could be read.") == 2


@pytest.mark.parametrize("name", ["zoe", "../ada", ""])
def test_who_was_not_graded_has_no_page(classroom: Classroom, name: str) -> None:
    graded(classroom)
    with pytest.raises(UsageError, match=r"Nothing of .* has been graded in 'small'"):
        write_student(classroom.course, classroom.assignment, name)


def test_the_page_is_for_staff_alone(classroom: Classroom) -> None:
    graded(classroom)
    path: Path = write_student(classroom.course, classroom.assignment, "ada")
    assert path == classroom.course.reports / "small" / "students" / "ada.html"
    assert path.stat().st_mode & 0o007 == 0


def test_lines_that_stayed_stand_beside_each_other() -> None:
    rows = beside_stub("a\nb\nraise NotImplementedError\n", "a\nx = 1\nreturn x\nextra")
    assert [(row.stub, row.answer, row.same) for row in rows] == [
        ("a", "a", True), ("b", "x = 1", False), ("raise NotImplementedError", "return x", False),
        (None, "extra", False),
    ]  # fmt: skip
    assert beside_stub("", "") == ()


@pytest.mark.slow
@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_loaded(classroom: Classroom, scheme: str) -> None:
    graded(classroom, note="Kept.")
    looked = look(write_student(classroom.course, classroom.assignment, "ada"), scheme)
    assert looked.findings == ()
    assert looked.loaded == ()
