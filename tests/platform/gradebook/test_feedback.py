"""Feedback pages are nbgrader's, show what they may, and are made only when something changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from nbconvert.exporters import HTMLExporter
from nbgrader.preprocessors import GetGrades

from autograder.errors import GradebookError
from autograder.gradebook.feedback import generate_feedback
from autograder.gradebook.feedback_exporter import ADDED, MATHJAX
from autograder.gradebook.store import open_gradebook
from tests.platform.accessibility import look, needs_browser
from tests.platform.gradebook.conftest import SECRET_DETAIL, Classroom
from tests.platform.submissions.small_release import answered


def page(classroom: Classroom, student: str) -> str:
    return (classroom.course.feedback / student / "small" / "small.html").read_text()


def test_a_page_has_the_table_and_the_hint_and_no_detail(classroom: Classroom) -> None:
    classroom.hand_in("ada")
    classroom.grade(ada={"double": False})
    seen: list[tuple[int, int]] = []
    (path,) = generate_feedback(
        classroom.course, "small", ["ada"], workers=1, progress=lambda done, total: seen.append((done, total))
    )
    assert path == classroom.course.feedback / "ada" / "small" / "small.html"
    assert seen == [(0, 1), (1, 1)]
    soup = BeautifulSoup(path.read_text(), "html.parser")
    first = soup.select(".autograder-results")[0].get_text(" ", strip=True)
    assert "double : 20 of 60 points" in first
    assert "✗ not passed" in first
    assert "Think of x + x <b>again</b>." in first
    assert "Score: 50.0 / 100.0" in soup.get_text()
    assert SECRET_DETAIL not in path.read_text()
    assert "staff only" not in path.read_text()


def test_links_of_the_overview_lead_to_the_cells(classroom: Classroom) -> None:
    classroom.hand_in("ada")
    classroom.grade()
    generate_feedback(classroom.course, "small", ["ada"], workers=1)
    soup = BeautifulSoup(page(classroom, "ada"), "html.parser")
    links = [str(link["href"]) for link in soup.select(".autograder-overview a")]
    names = {anchor["name"] for anchor in soup.select("a[name]")}
    assert len(links) == 3
    assert {link.removeprefix("#") for link in links} <= names


def test_nothing_that_a_student_wrote_is_active(classroom: Classroom) -> None:
    evil = "<img src=x onerror=evil(1)><script>evil(2)</script>[x](javascript:evil(3))"
    notebook = answered(written_why=evil, double=f"def double(x):\n    '''{evil}'''")
    html = {"output_type": "display_data", "metadata": {}, "data": {"text/html": evil, "image/svg+xml": evil}}
    stream = {"output_type": "stream", "name": "stdout", "text": evil}
    for cell in notebook["cells"]:
        cell["metadata"]["tags"] = [evil]
        if cell["cell_type"] == "code":
            cell["outputs"] = [html, stream]
    notebook["cells"].append({"cell_type": "raw", "metadata": {"raw_mimetype": "text/html"}, "source": evil})
    notebook["metadata"]["title"] = evil
    classroom.hand_in("ada", notebook)
    classroom.grade()
    generate_feedback(classroom.course, "small", ["ada"], workers=1)
    soup = BeautifulSoup(page(classroom, "ada"), "html.parser")
    assert [tag for tag in soup.find_all(True) if any(name.startswith("on") for name in tag.attrs)] == []
    assert [script for script in soup.find_all("script") if "evil" in script.get_text()] == []
    assert [link for link in soup.find_all(href=True) if str(link["href"]).startswith("javascript")] == []
    assert "evil(2)" in soup.get_text()


def test_only_what_changed_is_made_again(classroom: Classroom) -> None:
    for student in ("ada", "bob"):
        classroom.hand_in(student)
    classroom.grade()
    pages = generate_feedback(classroom.course, "small", ["ada", "bob"], workers=1)
    for path in pages:
        os.utime(path, (1, 1))
    assert generate_feedback(classroom.course, "small", ["ada", "bob"], workers=1) == pages
    assert [path.stat().st_mtime for path in pages] == [1, 1]
    with open_gradebook(classroom.course) as gradebook:
        gradebook.find_comment("double", "small", "small", "bob").manual_comment = "Very good"
        gradebook.db.commit()
    generate_feedback(classroom.course, "small", ["ada", "bob"], workers=1)
    assert pages[0].stat().st_mtime == 1
    assert "Very good" in page(classroom, "bob")
    generate_feedback(classroom.course, "small", ["ada"], workers=1, force=True)
    assert pages[0].stat().st_mtime > 1


def test_students_who_were_not_graded_are_left_out(classroom: Classroom) -> None:
    classroom.hand_in("ada")
    classroom.grade()
    assert len(generate_feedback(classroom.course, "small", ["ada", "zoe"], workers=1)) == 1


def test_an_unreadable_submission_gets_a_page_that_says_so(classroom: Classroom) -> None:
    classroom.hand_in("ada", b"")
    classroom.grade()
    generate_feedback(classroom.course, "small", ["ada"], workers=1)
    assert "could not be read" in page(classroom, "ada")
    assert "The notebook file is empty" in page(classroom, "ada")


def test_one_page_that_cannot_be_made_does_not_stop_the_others(classroom: Classroom) -> None:
    for student in ("ada", "bob"):
        classroom.hand_in(student)
    classroom.grade()
    (classroom.course.autograded / "ada" / "small" / "small.ipynb").write_text("{}")
    with pytest.raises(GradebookError, match=r"for ada\. See .*feedback\.log"):
        generate_feedback(classroom.course, "small", ["ada", "bob"], workers=1)
    assert "Results" in page(classroom, "bob")
    assert "ada" in (classroom.course.state / "logs" / "feedback.log").read_text()


def test_the_working_folder_is_what_it_was(classroom: Classroom) -> None:
    classroom.hand_in("ada")
    classroom.grade()
    before = Path.cwd()
    generate_feedback(classroom.course, "small", ["ada"], workers=1)
    assert Path.cwd() == before


def test_a_cell_that_the_gradebook_does_not_know_is_named(classroom: Classroom) -> None:
    classroom.hand_in("ada")
    classroom.grade()
    with open_gradebook(classroom.course) as gradebook:
        gradebook.db.delete(gradebook.find_grade("written_why", "small", "small", "ada"))
        gradebook.db.commit()
    with pytest.raises(GradebookError, match="for ada"):
        generate_feedback(classroom.course, "small", ["ada"], workers=1)
    assert "No such grade: small/small/written_why" in (classroom.course.state / "logs" / "feedback.log").read_text()


def test_a_gradebook_that_took_the_place_of_another_is_the_one_that_is_read(classroom: Classroom) -> None:
    """A backup put back between two runs of one process."""
    classroom.hand_in("ada")
    classroom.grade(ada={"halve": False})
    backup = classroom.course.gradebook.read_bytes()
    classroom.grade()
    generate_feedback(classroom.course, "small", ["ada"], workers=1)
    assert "Score: 90.0" in page(classroom, "ada")
    classroom.course.gradebook.with_suffix(".old").write_bytes(backup)
    classroom.course.gradebook.with_suffix(".old").replace(classroom.course.gradebook)
    generate_feedback(classroom.course, "small", ["ada"], workers=1, force=True)
    assert "Score: 70.0" in page(classroom, "ada")


@pytest.mark.slow
def test_processes_make_the_same_pages(classroom: Classroom) -> None:
    students = [f"student{n:02d}" for n in range(24)]
    for student in students:
        classroom.hand_in(student)
    classroom.grade()
    generate_feedback(classroom.course, "small", students, workers=1)
    alone = {student: page(classroom, student) for student in students}
    assert len(generate_feedback(classroom.course, "small", students, workers=2, force=True)) == 24
    assert {student: page(classroom, student) for student in students} == alone


@pytest.mark.slow
def test_a_page_is_what_nbgrader_itself_makes(classroom: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for how formulas are drawn, and what is added, the page is that of `nbgrader generate_feedback`."""
    classroom.hand_in("ada", timestamp="2027-02-14 21:30:00.123456 UTC")
    classroom.grade(ada={"halve": False})
    with open_gradebook(classroom.course) as gradebook:
        written = gradebook.find_grade("written_why", "small", "small", "ada")
        written.manual_score, written.extra_credit = 6.5, 1.25
        gradebook.find_comment("double", "small", "small", "ada").manual_comment = "Very good"
        gradebook.find_submission_notebook("small", "small", "ada").late_submission_penalty = 3.5
        gradebook.db.commit()
    monkeypatch.setattr("autograder.gradebook.feedback_exporter.mathml", lambda *_, **__: None)
    generate_feedback(classroom.course, "small", ["ada"], workers=1)
    ours = page(classroom, "ada")
    assert "Score: 74.25 / 100.0" in ours
    monkeypatch.setattr("autograder.gradebook.feedback_process.FeedbackExporter", HTMLExporter)
    monkeypatch.setattr("autograder.gradebook.feedback_process.PageGrades", GetGrades)
    from autograder.gradebook import feedback_process

    feedback_process._converter.cache_clear()
    generate_feedback(classroom.course, "small", ["ada"], workers=1, force=True)
    feedback_process._converter.cache_clear()
    stock = page(classroom, "ada")

    assert MATHJAX.search(stock)
    stock = MATHJAX.sub("", stock, count=1)
    for old, new in ADDED:
        assert old in stock
        stock = stock.replace(old, new, 1)

    def normal(text: str) -> str:
        return str(BeautifulSoup(text, "html.parser")).replace("hl-python", "hl-ipython3")

    assert normal(ours) == normal(stock)


@pytest.mark.slow
@needs_browser
def test_a_page_has_no_serious_obstacle(classroom: Classroom) -> None:
    classroom.hand_in(
        "ada", answered(double="# twice\ndef double(x):\n    assert x is not None, OSError\n    return x + x")
    )
    classroom.grade(ada={"halve": False})
    (path,) = generate_feedback(classroom.course, "small", ["ada"], workers=1)
    looked = look(path)
    assert looked.serious == ()
    assert looked.loaded == ()
