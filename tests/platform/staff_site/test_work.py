"""What staff do on the site reaches the book, the gradebook and the next person."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autograder.gradebook.store import open_gradebook
from autograder.grading.records import read_record, write_record
from autograder.staff.book import open_book
from autograder.staff.queue import open_queue
from tests.platform.gradebook.conftest import Classroom
from tests.platform.staff.conftest import record
from tests.platform.staff_site.conftest import Served


def open_of(classroom: Classroom, student: str) -> set[str]:
    entries = open_queue(classroom.course, classroom.assignment)
    return {str(entry.duty.kind) for entry in entries if entry.duty.student == student}


def test_the_first_page_counts_what_is_open(served: Served) -> None:
    text = served.staff().get("/").text
    assert "Small" in text
    assert '<td class="num">6</td>' in text  # graded, and written answers


def test_the_queue_shows_ones_own_first(served: Served) -> None:
    client = served.staff()
    mine, all_ = client.get("/queue/small").text, client.get("/queue/small?grader=*").text
    assert mine.count("<tr>") < all_.count("<tr>") == 13
    assert "maria’s" in mine


def test_settling_is_recorded_and_goes_on_to_the_next(served: Served, graded: Classroom) -> None:
    client = served.staff()
    path = "/matter/small/cy?kind=unreadable"
    answer = client.post("/settle/small/cy?kind=unreadable&grader=*", client.token(path), note="asked\r\nby mail")
    assert answer.status == 200
    assert "/matter/small/" in answer.url
    assert "Settled: unreadable of cy." in answer.text
    assert "Settled: unreadable of cy." not in client.get("/queue/small").text  # said once
    assert open_of(graded, "cy") == {"written"}
    with open_book(graded.course) as book:
        deed = book.deeds("small", "cy")[-1]
    assert (deed.who, deed.what, deed.words) == ("maria", "settled: unreadable", "asked\nby mail")
    assert client.get(path).status == 404


def test_a_mark_reaches_the_gradebook_and_can_be_corrected(served: Served, graded: Classroom) -> None:
    client = served.staff()
    path = "/matter/small/ada?kind=written&cell=written_why"
    page = client.get(path).text
    assert "Names the cause" in page
    fields = {"item-0": "4,5", "item-1": "", "comment": "Why?"}
    answer = client.post("/mark/small/ada?cell=written_why&grader=maria", client.token(path), **fields)
    assert "ada: 4.5 points for written_why." in answer.text
    with open_gradebook(graded.course) as gradebook:
        assert gradebook.find_grade("written_why", "small", "small", "ada").manual_score == 4.5
        comment = gradebook.find_comment("written_why", "small", "small", "ada").manual_comment
    assert comment == "Cause: 4.5 of 6\nExample: 0 of 4\n\nWhy?"
    assert open_of(graded, "ada") == {"flagged"}
    again = client.get(path).text
    assert 'value="4.5"' in again
    assert "Marked before: 4.5 points" in again
    assert "marked: 4.5 points" in again


@pytest.mark.parametrize(
    ("points", "words"), [("7", "worth 0 to 6"), ("much", "no number"), ("nan", "no number"), ("-1", "0 to 6")]
)
def test_points_that_cannot_be_are_refused(served: Served, graded: Classroom, points: str, words: str) -> None:
    client = served.staff()
    token = client.token("/matter/small/ada?kind=written&cell=written_why")
    answer = client.post("/mark/small/ada?cell=written_why", token, **{"item-0": points})
    assert answer.status == 400
    assert words in answer.text
    with open_gradebook(graded.course) as gradebook:
        assert gradebook.find_grade("written_why", "small", "small", "ada").manual_score is None


def test_an_appeal_enters_the_queue(served: Served, graded: Classroom) -> None:
    client = served.staff()
    answer = client.post(
        "/appeal/small", client.token("/queue/small"), student="bo", question="double", words="See <b>cell 3</b>."
    )
    assert "Entered: bo on double." in answer.text
    assert open_of(graded, "bo") == {"flagged", "appeal", "written"}
    page = client.get("/matter/small/bo?kind=appeal&cell=double").text
    assert "See &lt;b&gt;cell 3&lt;/b&gt;." in page
    refused = client.post("/appeal/small", client.token("/queue/small"), student="nobody", question="double", words="x")
    assert refused.status == 400
    assert "Nothing of &#39;nobody&#39; has been graded" in refused.text


def test_the_report_follows_the_grading(served: Served, graded: Classroom) -> None:
    """It is made where there is none, and again where somebody was graded since."""
    client = served.staff()
    assert "ada" in client.get("/report/small/index.html").text
    assert "newcomer" not in client.get("/report/small/index.html").text
    graded.hand_in("newcomer")
    record(graded)
    assert "newcomer" in client.get("/report/small/index.html").text
    assert "newcomer" in client.get("/queue/small?grader=*").text


def test_a_submission_is_shown_with_ways_back(served: Served) -> None:
    text = served.staff().get("/student/small/ada").text
    assert 'href="/queue/small"' in text
    assert "Handed in" in text
    assert served.staff().get("/student/small/nobody").status == 400


def test_names_of_any_kind_have_pages(served: Served, graded: Classroom) -> None:
    """Spaces, signs and letters of addresses and of HTML."""
    strange = "o'brien & <b>söhne #1 ?"
    known = read_record(graded.course, graded.assignment, "ada")
    assert known is not None
    write_record(graded.course, graded.assignment, replace(known, result=replace(known.result, student=strange)))
    client = served.staff()
    assert "<b>söhne" not in client.get("/queue/small?grader=*").text
    path = served.site.url("matter", "small", strange, kind="flagged")
    assert client.get(path).status == 200
    settle = served.site.url("settle", "small", strange, kind="flagged")
    assert "Settled: flagged" in client.post(settle, client.token(path), note="").text
