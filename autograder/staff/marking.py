"""Points for written answers, by the rubric of the master notebook, into nbgrader's gradebook.

What is kept is the share of each item that was given, so that everything can be scored anew where an item's points
change. A mark that somebody has changed in formgrader since is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nbgrader.api import Gradebook, MissingEntry

from autograder.authoring.master import read_master
from autograder.authoring.rubric import RubricItem, rubrics
from autograder.course import Assignment, Course
from autograder.errors import UsageError
from autograder.gradebook.store import open_gradebook
from autograder.staff.book import Marked, open_book

TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Change:
    """What scoring anew does to one mark. `why` says why it is left alone, or is ""."""

    student: str
    cell: str
    before: float
    after: float
    why: str = ""


def rubric_of(assignment: Assignment, cell: str) -> tuple[RubricItem, ...]:
    """The items of one written part.

    Raises:
        UsageError: there is no such part.
        ConfigurationError: the master notebook or a rubric in it is wrong.
    """
    parts = [part.name for part in assignment.written]
    if cell not in parts:
        raise UsageError(f"{assignment.name!r} has no written part {cell!r}. It has: {', '.join(parts) or 'none'}.")
    return rubrics(read_master(assignment.master_path)).get(cell, ())


def mark(
    course: Course,
    assignment: Assignment,
    cell: str,
    student: str,
    who: str,
    points: Mapping[str, float],
    comment: str = "",
) -> float:
    """Give points for a written answer, item by item; those not named get none. What was given before is replaced.

    Returns:
        The points of the answer.

    Raises:
        UsageError: no such part, item or submission, or more points than an item has.
        GradebookError: the gradebook or the staff's book cannot be used; then nothing has been changed.
    """
    items = rubric_of(assignment, cell)
    shares = _shares(items, points)
    score = _score(assignment, cell, items, shares)
    with open_book(course) as book, book.writing(), open_gradebook(course) as gradebook:
        grade, said = _rows(gradebook, assignment, cell, student)
        grade.manual_score, grade.needs_manual_grade = score, False
        said.manual_comment = _comment(items, shares, comment)
        book.give(assignment.name, student, cell, shares, score, comment)
        book.note(who, f"marked: {score:g} points", assignment.name, student, cell, comment)
        gradebook.db.commit()
    return score


def marked_before(course: Course, assignment: Assignment, cell: str, student: str) -> Marked | None:
    """What was given for a written answer by rubric, if anything was."""
    with open_book(course) as book:
        return next((m for m in book.marked(assignment.name) if (m.student, m.cell) == (student, cell)), None)


def rescore(course: Course, assignment: Assignment, who: str, *, apply: bool) -> list[Change]:
    """Score everything that was marked by rubric with today's points; what changes, by student.

    Args:
        apply: write it, all in one transaction; else it is only shown.
    """
    changes: list[Change] = []
    with open_book(course) as book, book.writing(), open_gradebook(course) as gradebook:
        for marked in book.marked(assignment.name):
            items = rubric_of(assignment, marked.cell)
            after = _score(assignment, marked.cell, items, marked.shares)
            grade, said = _rows(gradebook, assignment, marked.cell, marked.student)
            before = grade.manual_score
            by_hand = before is None or abs(before - marked.score) > TOLERANCE
            if not by_hand and abs(after - marked.score) <= TOLERANCE:
                continue
            why = "changed in formgrader since" if by_hand else ""
            changes.append(Change(marked.student, marked.cell, before or 0.0, after, why))
            if apply and not by_hand:
                grade.manual_score, said.manual_comment = after, _comment(items, marked.shares, marked.comment)
                book.give(assignment.name, marked.student, marked.cell, marked.shares, after, marked.comment)
                book.note(who, f"scored anew: {after:g} points", assignment.name, marked.student, marked.cell, "")
        if apply:
            gradebook.db.commit()
    return sorted(changes, key=lambda change: (change.cell, change.student))


def _shares(items: Sequence[RubricItem], points: Mapping[str, float]) -> dict[str, float]:
    worth = {item.name: item.points for item in items}
    for name, given in points.items():
        if name not in worth:
            raise UsageError(f"The rubric has no item {name!r}. It has: {', '.join(worth)}.")
        if not 0 <= given <= worth[name]:
            raise UsageError(f"{name!r} is worth 0 to {worth[name]:g} points, not {given:g}.")
    return {name: points.get(name, 0.0) / worth[name] for name in worth}


def _score(assignment: Assignment, cell: str, items: Sequence[RubricItem], shares: Mapping[str, float]) -> float:
    most = next(part.points for part in assignment.written if part.name == cell)
    return round(min(most, sum(item.points * shares.get(item.name, 0.0) for item in items)), 4)


def _comment(items: Sequence[RubricItem], shares: Mapping[str, float], comment: str) -> str:
    """What the student reads: names of the items, never what earns their points."""
    lines = [f"{item.name}: {item.points * shares.get(item.name, 0.0):g} of {item.points:g}" for item in items]
    return "\n".join([*lines, *(["", comment] if comment else [])])


def _rows(gradebook: Gradebook, assignment: Assignment, cell: str, student: str) -> tuple[Any, Any]:
    try:
        return (
            gradebook.find_grade(cell, assignment.name, assignment.name, student),
            gradebook.find_comment(cell, assignment.name, assignment.name, student),
        )
    except MissingEntry:
        raise UsageError(
            f"The gradebook has no answer of {student!r} to {cell!r}. Run `autograder grade {assignment.name}`, "
            "or check the name."
        ) from None
