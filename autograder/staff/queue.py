"""The queue of one assignment: what is open, whose it is, in which order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.course import Assignment, Course
from autograder.errors import UsageError
from autograder.grading.records import Record, load_records, read_record
from autograder.staff.book import Book, open_book
from autograder.staff.duties import Due, Duty, Kind, duties
from autograder.staff.split import deal

ANYBODY = "staff"  # whose a duty is where course.toml names no graders


@dataclass(frozen=True, slots=True)
class Entry:
    """One open duty, and whose it is."""

    due: Due
    grader: str

    @property
    def duty(self) -> Duty:
        return self.due.duty


def open_queue(course: Course, assignment: Assignment, records: Sequence[Record] | None = None) -> list[Entry]:
    """Everything open, each grader's in their order, kinds that press first. New duties are dealt out and kept.

    Args:
        records: of everybody who was graded; default: they are read.

    Raises:
        GradebookError: the gradebook or the staff's book cannot be used.
        OSError: the book cannot be written.
    """
    records = load_records(course, assignment) if records is None else records
    with open_book(course) as book, book.writing():
        found = [*duties(assignment, records, course.gradebook), *_appeals(assignment, book)]
        settled = book.settled(assignment.name)
        open_ = [due for due in found if settled.get(due.duty) != due.about or due.duty.kind is Kind.WRITTEN]
        graders = course.settings.staff.graders or (ANYBODY,)
        places = book.places(assignment.name)
        seed = f"{course.settings.id}/{assignment.name}/{len(places)}"
        new = deal([due.duty for due in open_], graders, places, random.Random(seed))
        book.put(new)
    places |= new
    kinds = list(Kind)
    entries = [Entry(due, places[due.duty].grader) for due in open_]
    return sorted(entries, key=lambda e: (e.grader, kinds.index(e.duty.kind), places[e.duty].order))


def settle(course: Course, assignment: Assignment, student: str, who: str, words: str, kind: Kind | None = None) -> Due:
    """Say that a person has seen to it.

    Raises:
        UsageError: nothing of this student is open that can be settled so, or more than one thing is.
    """
    can = [
        entry.due for entry in open_queue(course, assignment)
        if entry.duty.student == student and entry.duty.kind is not Kind.WRITTEN and kind in (None, entry.duty.kind)
    ]  # fmt: skip
    if not can:
        what = f"no {kind}" if kind else "nothing"
        raise UsageError(
            f"{what} of {student!r} is open in {assignment.name!r}; written answers are settled by marking them."
        )
    if len(can) > 1:
        kinds = ", ".join(sorted({due.duty.kind for due in can}))
        raise UsageError(f"Several things of {student!r} are open; say which with --kind: {kinds}.")
    with open_book(course) as book, book.writing():
        book.settle(can[0].duty, can[0].about, who, words)
    return can[0]


def appeal(course: Course, assignment: Assignment, student: str, question: str, words: str) -> None:
    """Enter a student's objection to the grade of a question.

    Raises:
        UsageError: nothing of this student was graded, there is no such question, or nothing was said.
    """
    known: Sequence[str] = (*assignment.question_names, *(part.name for part in assignment.written))
    if question not in known:
        raise UsageError(f"{assignment.name!r} has no question {question!r}. It has: {', '.join(known)}.")
    if read_record(course, assignment, student) is None:
        raise UsageError(
            f"Nothing of {student!r} has been graded in {assignment.name!r}, so there is nothing to appeal."
        )
    if not words.strip():
        raise UsageError("Say what the appeal is about.")
    with open_book(course) as book, book.writing():
        book.appeal(assignment.name, student, question, words)


def _appeals(assignment: Assignment, book: Book) -> list[Due]:
    """The latest of each student and question; a settled one is open again where the student appeals once more."""
    latest = {(a.student, a.question): a for a in book.appeals(assignment.name)}
    return [
        Due(Duty(assignment.name, student, Kind.APPEAL, question), f"“{a.words}”", a.at)
        for (student, question), a in latest.items()
    ]
