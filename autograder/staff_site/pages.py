"""Pages that show: the course, an assignment's queue, one matter at a time, students, reports."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from types import MappingProxyType

from tornado.web import HTTPError

from autograder.course import Assignment
from autograder.grading.records import load_run
from autograder.reports import write_report
from autograder.reports.answers import read_written
from autograder.reports.student import student_page
from autograder.staff.book import Deed, open_book
from autograder.staff.duties import Kind
from autograder.staff.marking import marked_before, rubric_of
from autograder.staff.queue import Entry
from autograder.staff_site.page import StaffPage
from autograder.staff_site.site import modified_ns

MOST_ROWS = 100


class Home(StaffPage):
    """How much is open in each assignment."""

    async def get(self) -> None:
        rows = await self.apart(self._rows)
        self.show("home.html", rows=rows, kinds=list(Kind))

    def _rows(self) -> list[tuple[Assignment, Counter[Kind], int, int]]:
        """Each assignment, what is open by kind, how much of it falls to the reader, how many were graded."""
        rows = []
        for assignment in self.site.assignments():
            entries = self.site.queue(assignment)
            mine = sum(entry.grader == self.who for entry in entries)
            kinds = Counter(entry.duty.kind for entry in entries)
            rows.append((assignment, kinds, mine, len(self.site.records(assignment))))
        return rows


class Queue(StaffPage):
    """What is open in one assignment, of one grader or of all."""

    async def get(self, name: str) -> None:
        assignment = self.assignment(name)
        entries = await self.apart(self.site.queue, assignment)
        graders = Counter(entry.grader for entry in entries)
        grader = self.get_query_argument("grader", self.who if self.who in graders else "")
        if grader not in ("", "*"):
            entries = [entry for entry in entries if entry.grader == grader]
        self.show(
            "queue.html", assignment=assignment, entries=entries[:MOST_ROWS], left=len(entries[MOST_ROWS:]),
            graders=graders, grader=grader or "*",
            parts=(*assignment.question_names, *(part.name for part in assignment.written)),
        )  # fmt: skip


class Next(StaffPage):
    """To the first matter of a grader's queue."""

    async def get(self, name: str) -> None:
        assignment, grader = self.assignment(name), self.get_query_argument("grader", "*")
        entries = await self.apart(self.site.queue, assignment)
        mine = [entry for entry in entries if grader in ("*", entry.grader)]
        self.redirect(
            address(self, mine[0], grader) if mine else self.site.url("queue", name, grader=grader), status=303
        )


class Matter(StaffPage):
    """One matter: what is known of it, and a form to settle it or to mark it."""

    async def get(self, name: str, student: str) -> None:
        assignment = self.assignment(name)
        kind, cell = kind_of(self), self.get_query_argument("cell", "")
        entries = await self.apart(self.site.queue, assignment)
        found = [e for e in entries if (e.duty.student, e.duty.kind, e.duty.cell) == (student, kind, cell)]
        if kind is Kind.WRITTEN:
            await self._written(assignment, student, cell, found, entries)
        elif found:
            deeds = await self.apart(self._deeds, assignment, student)
            self.show("matter.html", assignment=assignment, entry=found[0], deeds=deeds, **self._around(entries))
        else:
            raise HTTPError(404, f"This matter of {student} is not open any more.")

    async def _written(
        self, assignment: Assignment, student: str, cell: str, found: Sequence[Entry], entries: Sequence[Entry]
    ) -> None:
        """Also where it has been marked: a mark can be corrected."""
        items = rubric_of(assignment, cell)
        answer = (await self.apart(read_written, self.site.course, assignment, student)).get(cell)
        if answer is None and not found:
            raise HTTPError(404, f"{student} has handed in no answer to {cell}.")
        deeds = await self.apart(self._deeds, assignment, student)
        before = await self.apart(marked_before, self.site.course, assignment, cell, student)
        self.show(
            "mark.html", assignment=assignment, student=student, cell=cell, items=items, answer=answer, before=before,
            waits=bool(found), deeds=deeds, **self._around(entries),
        )  # fmt: skip

    def _around(self, entries: Sequence[Entry]) -> dict[str, object]:
        grader = self.get_query_argument("grader", "*")
        return {"grader": grader, "open_count": sum(grader in ("*", entry.grader) for entry in entries)}

    def _deeds(self, assignment: Assignment, student: str) -> list[Deed]:
        with open_book(self.site.course) as book:
            return book.deeds(assignment.name, student)


class Student(StaffPage):
    """All about one submission."""

    async def get(self, name: str, student: str) -> None:
        assignment = self.assignment(name)
        pages = [
            (self.site.url("queue", name), "What needs a person"),
            (self.site.url("report", name, "index.html"), "The whole class"),
        ]
        text = await self.apart(student_page, self.site.course, assignment, student, pages)
        self.finish(text.encode("utf-8", errors="backslashreplace"))


class Report(StaffPage):
    """A file of reports/<assignment>/; the report itself is made anew where grading has gone on since."""

    FILES = MappingProxyType(
        {"index.html": "text/html", "similar.html": "text/html", "scores.csv": "text/csv; charset=utf-8"}
    )
    _making = asyncio.Lock()

    async def get(self, name: str, file: str) -> None:
        assignment = self.assignment(name)
        if file not in self.FILES:
            raise HTTPError(404, f"There are {', '.join(self.FILES)}.")
        path = self.site.course.reports / assignment.name / file
        async with self._making:
            if file != "similar.html" and modified_ns(path) <= self.site.graded_ns(assignment):
                run = await self.apart(load_run, self.site.course, assignment)
                if run.submissions:
                    await self.apart(write_report, self.site.course, assignment, run)
        try:
            content = await self.apart(path.read_bytes)
        except FileNotFoundError:
            verb = "similar" if file == "similar.html" else "grade"
            raise HTTPError(404, f"There is none yet. Run `autograder {verb} {name}` first.") from None
        self.set_header("Content-Type", self.FILES[file])
        self.finish(content)


def address(page: StaffPage, entry: Entry, grader: str) -> str:
    """Of the page of one matter."""
    duty = entry.duty
    return page.site.url(
        "matter", duty.assignment, duty.student, kind=duty.kind, cell=duty.cell, grader=grader if grader != "*" else ""
    )


def kind_of(page: StaffPage) -> Kind:
    """Which kind of matter the address names; HTTPError 404 where there is none such."""
    try:
        return Kind(page.get_query_argument("kind"))
    except ValueError:
        raise HTTPError(404, "There is no such kind of matter.") from None
