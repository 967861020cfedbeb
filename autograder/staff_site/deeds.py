"""What changes something: a matter settled, an answer marked, an appeal entered. Each goes on to the next matter."""

from __future__ import annotations

import math

from autograder.errors import UsageError
from autograder.staff.marking import mark, rubric_of
from autograder.staff.queue import appeal, settle
from autograder.staff_site.page import StaffPage
from autograder.staff_site.pages import kind_of

LONGEST_WORDS = 10_000  # characters


class Settle(StaffPage):
    """A person has seen to it."""

    async def post(self, name: str, student: str) -> None:
        assignment, kind, words = self.assignment(name), kind_of(self), words_of(self, "note")
        await self.apart(settle, self.site.course, assignment, student, self.who, words, kind)
        self.go_on(_next(self, name), f"Settled: {kind} of {student}.")


class Mark(StaffPage):
    """Points for a written answer, item by item."""

    async def post(self, name: str, student: str) -> None:
        assignment, cell, comment = self.assignment(name), self.get_query_argument("cell"), words_of(self, "comment")
        items = rubric_of(assignment, cell)
        points = {
            item.name: _points(item.name, self.get_body_argument(f"item-{n}", "")) for n, item in enumerate(items)
        }
        given = await self.apart(mark, self.site.course, assignment, cell, student, self.who, points, comment)
        self.go_on(_next(self, name), f"{student}: {given:g} points for {cell}.")


class Appeal(StaffPage):
    """A student objects, and somebody of the staff enters it."""

    async def post(self, name: str) -> None:
        assignment, student = self.assignment(name), self.get_body_argument("student").strip()
        question, words = self.get_body_argument("question"), words_of(self, "words")
        await self.apart(appeal, self.site.course, assignment, student, question, words)
        self.go_on(self.site.url("queue", name, grader="*"), f"Entered: {student} on {question}.")


def words_of(page: StaffPage, field: str) -> str:
    """What was written into a field.

    Raises:
        UsageError: it is too long to be kept.
    """
    words = page.get_body_argument(field, "").replace("\r\n", "\n").strip().encode(errors="replace").decode()
    if len(words) > LONGEST_WORDS:
        raise UsageError(
            f"That is {len(words):,} characters; at most {LONGEST_WORDS:,} are kept. Go back, and shorten it."
        )
    return words


def _points(item: str, text: str) -> float:
    """An empty field is no points."""
    try:
        points = float(text.replace(",", ".") or 0)
    except ValueError:
        points = math.nan
    if not math.isfinite(points):
        raise UsageError(f"{text!r} is no number of points for {item!r}. Go back, and correct it.")
    return points


def _next(page: StaffPage, name: str) -> str:
    return page.site.url("next", name, grader=page.get_query_argument("grader", "*"))
