"""The staff's own book, .autograder/staff.db: who has which duty, what was settled, rubric items given, appeals, deeds.

Deeds are only ever added: who did what, when. Points themselves live in nbgrader's gradebook.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from autograder.course import Course
from autograder.private_database import private_database
from autograder.staff.duties import Duty, Kind
from autograder.staff.split import Place

SCHEMA = """
CREATE TABLE IF NOT EXISTS duty (assignment TEXT, student TEXT, kind TEXT, cell TEXT, grader TEXT, place REAL,
    PRIMARY KEY (assignment, student, kind, cell));
CREATE TABLE IF NOT EXISTS settled (assignment TEXT, student TEXT, kind TEXT, cell TEXT, about TEXT,
    PRIMARY KEY (assignment, student, kind, cell));
CREATE TABLE IF NOT EXISTS given (assignment TEXT, student TEXT, cell TEXT, item TEXT, share REAL,
    PRIMARY KEY (assignment, student, cell, item));
CREATE TABLE IF NOT EXISTS mark (assignment TEXT, student TEXT, cell TEXT, score REAL, comment TEXT,
    PRIMARY KEY (assignment, student, cell));
CREATE TABLE IF NOT EXISTS appeal (assignment TEXT, student TEXT, question TEXT, at TEXT, words TEXT,
    PRIMARY KEY (assignment, student, question, at));
CREATE TABLE IF NOT EXISTS deed (number INTEGER PRIMARY KEY, at TEXT, who TEXT, what TEXT, assignment TEXT,
    student TEXT, cell TEXT, words TEXT);
"""


@dataclass(frozen=True, slots=True)
class Deed:
    """Who did what, when (ISO 8601, UTC)."""

    at: str
    who: str
    what: str
    assignment: str
    student: str
    cell: str
    words: str


@dataclass(frozen=True, slots=True)
class Appeal:
    """What a student objects to. `at` is ISO 8601, UTC."""

    student: str
    question: str
    at: str
    words: str


@dataclass(frozen=True, slots=True)
class Marked:
    """One written answer marked by rubric: the share of each item's points that was given (0..1), and the sum then."""

    student: str
    cell: str
    score: float
    comment: str
    shares: Mapping[str, float]


class Book:
    """An open book. Get one from `open_book`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    @contextmanager
    def writing(self) -> Iterator[None]:
        """All of what is written inside, or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def places(self, assignment: str) -> dict[Duty, Place]:
        """Every duty that was ever dealt out."""
        rows = self._db.execute("SELECT * FROM duty WHERE assignment = ?", (assignment,))
        return {Duty(a, s, Kind(k), c): Place(grader, order) for a, s, k, c, grader, order in rows}

    def put(self, places: Mapping[Duty, Place]) -> None:
        rows = [(d.assignment, d.student, d.kind, d.cell, p.grader, p.order) for d, p in places.items()]
        self._db.executemany("INSERT OR REPLACE INTO duty VALUES (?, ?, ?, ?, ?, ?)", rows)

    def settled(self, assignment: str) -> dict[Duty, str]:
        """Settled duties, with what they were about then."""
        rows = self._db.execute("SELECT * FROM settled WHERE assignment = ?", (assignment,))
        return {Duty(a, s, Kind(k), c): about for a, s, k, c, about in rows}

    def settle(self, duty: Duty, about: str, who: str, words: str) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO settled VALUES (?, ?, ?, ?, ?)",
            (duty.assignment, duty.student, duty.kind, duty.cell, about),
        )
        self.note(who, f"settled: {duty.kind}", duty.assignment, duty.student, duty.cell, words)

    def marked(self, assignment: str) -> list[Marked]:
        """Every written answer that was marked by rubric."""
        shares: dict[tuple[str, str], dict[str, float]] = {}
        rows = self._db.execute("SELECT student, cell, item, share FROM given WHERE assignment = ?", (assignment,))
        for student, cell, item, share in rows:
            shares.setdefault((student, cell), {})[item] = share
        marks = self._db.execute(
            "SELECT student, cell, score, comment FROM mark WHERE assignment = ? ORDER BY cell, student", (assignment,)
        )
        return [Marked(s, c, score, comment, shares.get((s, c), {})) for s, c, score, comment in marks]

    def give(
        self, assignment: str, student: str, cell: str, shares: Mapping[str, float], score: float, comment: str
    ) -> None:
        """Replace what was given for one written answer."""
        of = (assignment, student, cell)
        self._db.execute("DELETE FROM given WHERE assignment = ? AND student = ? AND cell = ?", of)
        rows = [(*of, item, share) for item, share in shares.items()]
        self._db.executemany("INSERT INTO given VALUES (?, ?, ?, ?, ?)", rows)
        self._db.execute("INSERT OR REPLACE INTO mark VALUES (?, ?, ?, ?, ?)", (*of, score, comment))

    def appeals(self, assignment: str) -> list[Appeal]:
        """All of them, the oldest first."""
        rows = self._db.execute(
            "SELECT student, question, at, words FROM appeal WHERE assignment = ? ORDER BY at", (assignment,)
        )
        return [Appeal(*row) for row in rows]

    def appeal(self, assignment: str, student: str, question: str, words: str) -> None:
        self._db.execute("INSERT INTO appeal VALUES (?, ?, ?, ?, ?)", (assignment, student, question, _now(), words))
        self.note(student, "appealed", assignment, student, question, words)

    def note(self, who: str, what: str, assignment: str, student: str, cell: str, words: str) -> None:
        self._db.execute(
            "INSERT INTO deed (at, who, what, assignment, student, cell, words) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (_now(), who, what, assignment, student, cell, words),
        )

    def deeds(self, assignment: str, student: str = "") -> list[Deed]:
        """What was done, in order; of one student, or of all."""
        rows = self._db.execute(
            "SELECT at, who, what, assignment, student, cell, words FROM deed "
            "WHERE assignment = ? AND (? = '' OR student = ?) ORDER BY number",
            (assignment, student, student),
        )
        return [Deed(*row) for row in rows]


@contextmanager
def open_book(course: Course) -> Iterator[Book]:
    """The course's book, made where there is none.

    Raises:
        GradebookError: it is damaged, or another program holds it.
        OSError: its folder cannot be written.
    """
    with private_database(course.state / "staff.db", SCHEMA) as connection:
        yield Book(connection)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
