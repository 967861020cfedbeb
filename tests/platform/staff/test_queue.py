"""What needs a person is in the queue until a person has seen to it, and again where it has changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autograder.course import Course
from autograder.course.course import StaffSettings
from autograder.errors import UsageError
from autograder.gradebook.store import open_gradebook
from autograder.grading.records import read_record, write_record
from autograder.staff.book import Book, open_book
from autograder.staff.duties import Kind
from autograder.staff.queue import ANYBODY, appeal, open_queue, settle
from tests.platform.gradebook.conftest import Classroom
from tests.platform.staff.conftest import record


def with_graders(course: Course, *names: str) -> Course:
    settings = course.settings.model_copy(update={"staff": StaffSettings(graders=names)})
    return replace(course, settings=settings)


def kinds(classroom: Classroom) -> dict[str, set[str]]:
    """student -> what is open."""
    found: dict[str, set[str]] = {}
    for entry in open_queue(classroom.course, classroom.assignment):
        found.setdefault(entry.duty.student, set()).add(entry.duty.kind)
    return found


def test_all_that_needs_a_person_is_there(graded: Classroom) -> None:
    found = kinds(graded)
    assert found["cy"] == {Kind.UNREADABLE, Kind.WRITTEN}
    assert found["ada"] == {Kind.FLAGGED, Kind.WRITTEN}
    assert found.keys() == {"ada", "bo", "cy", "di", "ed", "flo"}
    assert {entry.grader for entry in open_queue(graded.course, graded.assignment)} == {ANYBODY}


def test_the_pressing_comes_first_and_the_order_stays(graded: Classroom) -> None:
    first = open_queue(graded.course, graded.assignment)
    order = [list(Kind).index(entry.duty.kind) for entry in first]
    assert order == sorted(order)
    assert open_queue(graded.course, graded.assignment) == first


def test_it_is_shared_out_among_the_graders_of_the_course(graded: Classroom) -> None:
    course = with_graders(graded.course, "maria", "tom")
    entries = open_queue(course, graded.assignment)
    flagged = [entry.grader for entry in entries if entry.duty.kind is Kind.FLAGGED]
    assert sorted([flagged.count("maria"), flagged.count("tom")]) == [2, 3]
    alone = open_queue(with_graders(graded.course, "tom"), graded.assignment)
    assert {entry.grader for entry in alone} == {"tom"}


def test_what_was_settled_is_gone_and_comes_back_with_another_notebook(graded: Classroom) -> None:
    done = settle(graded.course, graded.assignment, "cy", "maria", "asked by mail")
    assert done.duty.kind is Kind.UNREADABLE
    assert Kind.UNREADABLE not in kinds(graded).get("cy", set())
    record(graded, {"cy": "b" * 64})
    assert Kind.UNREADABLE in kinds(graded)["cy"]


def test_what_was_settled_comes_back_with_other_problems_of_the_same_notebook(graded: Classroom) -> None:
    settle(graded.course, graded.assignment, "ada", "maria", "fine", Kind.FLAGGED)
    assert Kind.FLAGGED not in kinds(graded)["ada"]
    before = read_record(graded.course, graded.assignment, "ada")
    assert before is not None
    result = replace(before.result, problems=("Something else was noticed.",))
    write_record(graded.course, graded.assignment, replace(before, result=result))
    assert Kind.FLAGGED in kinds(graded)["ada"]


def test_who_did_what_when_is_kept(graded: Classroom) -> None:
    settle(graded.course, graded.assignment, "ada", "maria", "fine", Kind.FLAGGED)
    with open_book(graded.course) as book:
        (deed,) = book.deeds("small", "ada")
    assert (deed.who, deed.what, deed.words) == ("maria", "settled: flagged", "fine")
    assert deed.at.endswith("+00:00")


def test_an_appeal_is_open_until_it_is_settled_and_again_when_it_is_repeated(graded: Classroom) -> None:
    appeal(graded.course, graded.assignment, "bo", "halve", "Mine is right.")
    entry = next(e for e in open_queue(graded.course, graded.assignment) if e.duty.kind is Kind.APPEAL)
    assert (entry.duty.student, entry.duty.cell, entry.due.why) == ("bo", "halve", "“Mine is right.”")
    settle(graded.course, graded.assignment, "bo", "tom", "no", Kind.APPEAL)
    assert Kind.APPEAL not in kinds(graded)["bo"]
    appeal(graded.course, graded.assignment, "bo", "halve", "Look again.")
    assert Kind.APPEAL in kinds(graded)["bo"]


def test_a_written_answer_is_done_when_it_has_been_graded(graded: Classroom) -> None:
    with open_gradebook(graded.course) as gradebook:
        grade = gradebook.find_grade("written_why", "small", "small", "ada")
        grade.manual_score, grade.needs_manual_grade = 5.0, False
        gradebook.db.commit()
    assert kinds(graded)["ada"] == {Kind.FLAGGED}


def test_what_cannot_be_settled_is_said(graded: Classroom) -> None:
    with pytest.raises(UsageError, match="nothing of 'zoe' is open"):
        settle(graded.course, graded.assignment, "zoe", "maria", "")
    appeal(graded.course, graded.assignment, "ada", "double", "Why?")
    with pytest.raises(UsageError, match="--kind: appeal, flagged"):
        settle(graded.course, graded.assignment, "ada", "maria", "")
    with pytest.raises(UsageError, match="no unreadable of 'ada'"):
        settle(graded.course, graded.assignment, "ada", "maria", "", Kind.UNREADABLE)


@pytest.mark.parametrize(
    ("student", "question", "words", "message"),
    [
        ("ada", "triple", "x", "no question 'triple'"),
        ("zoe", "double", "x", "Nothing of 'zoe'"),
        ("ada", "double", " ", "Say what"),
    ],
)
def test_an_appeal_that_leads_nowhere_is_refused(
    graded: Classroom, student: str, question: str, words: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        appeal(graded.course, graded.assignment, student, question, words)


def test_the_book_is_for_staff_alone(graded: Classroom) -> None:
    open_queue(graded.course, graded.assignment)
    assert (graded.course.state / "staff.db").stat().st_mode & 0o077 == 0


def test_a_failure_half_way_leaves_the_book_as_it_was(graded: Classroom) -> None:
    def fail_half_way(book: Book) -> None:
        with book.writing():
            book.note("maria", "looked", "small", "ada", "", "")
            raise RuntimeError

    with open_book(graded.course) as book:
        with pytest.raises(RuntimeError):
            fail_half_way(book)
        assert book.deeds("small") == []
