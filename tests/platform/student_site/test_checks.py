"""The book of checks: order, fairness, restarts, and who may read what."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.course import Course
from autograder.student_site.checks import Checks, Refused, State, open_checks
from tests.platform.student_site.conftest import with_checks

DONE = {"status": "graded", "problems": [], "questions": []}


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return with_checks(tmp_path)


def ask(course: Course, book: Checks, *students: str) -> list[str]:
    """Names of their checks."""
    return [book.ask(course.assignment("tiny"), student, student.encode()).name for student in students]


def test_the_queue_is_in_order_of_asking(course: Course) -> None:
    with open_checks(course) as book:
        names = ask(course, book, "ada", "bo", "cy")
        found = [book.find(name, student) for name, student in zip(names, ("ada", "bo", "cy"), strict=True)]
        assert [check.ahead for check in found if check] == [0, 1, 2]
        assert [(job.student, job.notebook) for job in book.take(2)] == [("ada", b"ada"), ("bo", b"bo")]
        assert [job.student for job in book.take(2)] == ["cy"]
        assert book.take(2) == []


def test_who_runs_is_before_you_until_answered(course: Course) -> None:
    with open_checks(course) as book:
        _, bo = ask(course, book, "ada", "bo")
        (job,) = book.take(1)
        assert book.find(bo, "bo").ahead == 1  # type: ignore[union-attr]
        book.finish(job.number, DONE, counts=True)
        assert book.find(bo, "bo").ahead == 0  # type: ignore[union-attr]


def test_nobody_stands_in_the_queue_twice(course: Course) -> None:
    with open_checks(course) as book:
        ask(course, book, "ada")
        with pytest.raises(Refused, match="in the queue already"):
            ask(course, book, "ada")
        book.take(1)
        with pytest.raises(Refused, match="in the queue already"):
            ask(course, book, "ada")
        assert len(book.of("ada", "tiny")) == 1


def test_what_ran_when_the_service_ended_has_its_old_place(course: Course) -> None:
    with open_checks(course) as book:
        ask(course, book, "ada", "bo")
        book.take(1)
    with open_checks(course) as book:
        book.put_back()
        assert [job.student for job in book.take(5)] == ["ada", "bo"]


def test_only_counted_answers_use_up_attempts(course: Course) -> None:
    tiny = course.assignment("tiny")
    with open_checks(course) as book:
        for counts, left in ((True, 2), (False, 2), (True, 1), (True, 0)):
            ask(course, book, "ada")
            (job,) = book.take(1)
            book.finish(job.number, DONE, counts=counts)
            assert book.allowance(tiny, "ada").left == left
        with pytest.raises(Refused, match="All 3 checks of Tiny are used"):
            ask(course, book, "ada")
        assert book.allowance(tiny, "bo").left == 3


def test_an_answer_is_for_its_student_alone(course: Course) -> None:
    with open_checks(course) as book:
        (name,) = ask(course, book, "ada")
        assert book.find(name, "bo") is None
        assert book.find("", "ada") is None
        assert book.of("bo", "tiny") == []


def test_the_notebook_is_not_kept_after_the_answer(course: Course) -> None:
    with open_checks(course) as book:
        (name,) = ask(course, book, "ada")
        book.finish(book.take(1)[0].number, DONE, counts=True)
        check = book.find(name, "ada")
        assert check is not None
        assert (check.state, check.answer) == (State.DONE, DONE)
    assert (course.state / "checks.db").stat().st_mode & 0o077 == 0


def test_a_batch_is_of_one_assignment_and_leaves_nobody_out(tmp_path: Path) -> None:
    course = with_checks(tmp_path)
    with open_checks(course) as book:
        ask(course, book, "ada", "bo", "cy")
        book._db.execute("UPDATE checks SET assignment = 'other' WHERE student = 'bo'")
        assert [job.student for job in book.take(5)] == ["ada"]
        assert [job.student for job in book.take(5)] == ["bo"]
        assert [job.student for job in book.take(5)] == ["cy"]
