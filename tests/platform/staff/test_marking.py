"""Points by rubric reach nbgrader's gradebook, and can be scored anew."""

from __future__ import annotations

from typing import Any

import pytest

from autograder.errors import UsageError
from autograder.gradebook.store import open_gradebook
from autograder.staff.book import open_book
from autograder.staff.marking import Change, mark, rescore, rubric_of
from tests.platform.gradebook.conftest import Classroom
from tests.platform.staff.conftest import MASTER

CELL = "written_why"


def row(classroom: Classroom, student: str = "ada") -> tuple[float | None, bool, str | None]:
    with open_gradebook(classroom.course) as gradebook:
        grade: Any = gradebook.find_grade(CELL, "small", "small", student)
        comment: Any = gradebook.find_comment(CELL, "small", "small", student)
        return grade.manual_score, grade.needs_manual_grade, comment.manual_comment


def give(classroom: Classroom, student: str = "ada", comment: str = "", **points: float) -> float:
    return mark(classroom.course, classroom.assignment, CELL, student, "maria", points, comment)


def test_points_and_comment_reach_the_gradebook(graded: Classroom) -> None:
    assert give(graded, Cause=4.5, Example=4, comment="Well argued.") == 8.5
    score, waits, comment = row(graded)
    assert (score, waits) == (8.5, False)
    assert comment == "Cause: 4.5 of 6\nExample: 4 of 4\n\nWell argued."
    assert "Names the cause" not in comment  # what earns the points is for staff


def test_items_that_are_not_named_get_nothing_and_a_second_mark_replaces_the_first(graded: Classroom) -> None:
    give(graded, Cause=6, Example=4)
    assert give(graded, Cause=3) == 3
    assert row(graded)[0] == 3
    with open_book(graded.course) as book:
        assert [deed.what for deed in book.deeds("small", "ada")] == ["marked: 10 points", "marked: 3 points"]


@pytest.mark.parametrize(
    ("student", "points", "message"),
    [
        ("ada", {"Reason": 1.0}, "no item 'Reason'. It has: Cause, Example"),
        ("ada", {"Cause": 7.0}, "worth 0 to 6 points, not 7"),
        ("ada", {"Cause": -1.0}, "worth 0 to 6 points"),
        ("ada", {"Cause": float("nan")}, "worth 0 to 6 points"),
        ("zoe", {"Cause": 1.0}, "no answer of 'zoe'"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(
    graded: Classroom, student: str, points: dict[str, float], message: str
) -> None:
    before = row(graded)
    with pytest.raises(UsageError, match=message):
        mark(graded.course, graded.assignment, CELL, student, "maria", points)
    assert row(graded) == before
    with open_book(graded.course) as book:
        assert (book.deeds("small"), book.marked("small")) == ([], [])


def test_an_unknown_part_is_named(graded: Classroom) -> None:
    with pytest.raises(UsageError, match=r"no written part 'written_how'\. It has: written_why"):
        rubric_of(graded.assignment, "written_how")


def test_scoring_anew_keeps_the_shares(graded: Classroom) -> None:
    """The cause is now worth 4, the example 6: half of the one and all of the other."""
    give(graded, Cause=3, Example=4)
    give(graded, "bo", Cause=6, Example=4)
    (graded.assignment.master_path).write_text(
        MASTER.replace("Cause | 6", "Cause | 4").replace("Example | 4", "Example | 6")
    )
    expected = [Change("ada", CELL, 7.0, 8.0)]
    assert rescore(graded.course, graded.assignment, "maria", apply=False) == expected
    assert row(graded)[0] == 7.0
    assert rescore(graded.course, graded.assignment, "maria", apply=True) == expected
    assert row(graded)[0] == 8.0
    assert row(graded)[2] == "Cause: 2 of 4\nExample: 6 of 6"
    assert rescore(graded.course, graded.assignment, "maria", apply=True) == []


def test_a_mark_that_was_changed_in_formgrader_is_left_alone(graded: Classroom) -> None:
    give(graded, Cause=3)
    with open_gradebook(graded.course) as gradebook:
        gradebook.find_grade(CELL, "small", "small", "ada").manual_score = 9.0
        gradebook.db.commit()
    (graded.assignment.master_path).write_text(MASTER.replace("Cause | 6", "Cause | 4"))
    (change,) = rescore(graded.course, graded.assignment, "maria", apply=True)
    assert (change.why, row(graded)[0]) == ("changed in formgrader since", 9.0)


def test_never_more_than_the_answer_is_worth(graded: Classroom) -> None:
    (graded.assignment.master_path).write_text(MASTER.replace("Cause | 6", "Cause | 60"))
    assert give(graded, Cause=60, Example=4) == 10
