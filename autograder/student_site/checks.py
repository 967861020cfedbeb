"""The book of checks, .autograder/checks.db: who asked for what, the queue, the answers. It survives a restart.

The queue is in order of asking, and nobody stands in it twice. A notebook is kept until it is answered, an answer for
good. An attempt counts once it is answered, unless the answer is that nothing could be graded.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from autograder.course import Assignment, Course
from autograder.errors import AutograderError
from autograder.private_database import private_database
from autograder.student_site.allowance import Allowance, allowance

NAME_BYTES = 12
SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS checks (number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, student TEXT,
    assignment TEXT, asked TEXT, state TEXT, answered TEXT, counts INTEGER DEFAULT 0, notebook BLOB, answer TEXT);
CREATE INDEX IF NOT EXISTS of_student ON checks (student, assignment);
CREATE INDEX IF NOT EXISTS by_state ON checks (state, number);
"""


class State(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"


class Refused(AutograderError):
    """A check that is not to be had, or not now. The words are for the student.

    Attributes:
        allowance: what is left.
    """

    def __init__(self, words: str, allowance: Allowance) -> None:
        super().__init__(words)
        self.allowance = allowance


@dataclass(frozen=True, slots=True)
class Check:
    """One that was asked for. Times are UTC.

    Attributes:
        number: its place in order of asking.
        name: cannot be guessed.
        ahead: how many are before it; 0 where it runs or is done.
        answer: see `answer.py`; empty until it is done.
    """

    number: int
    name: str
    student: str
    assignment: str
    asked: datetime
    state: State
    ahead: int
    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToGrade:
    """What the examiner takes from the queue."""

    number: int
    student: str
    assignment: str
    notebook: bytes


class Checks:
    """An open book. Get one from `open_checks`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def allowance(self, assignment: Assignment, student: str, now: datetime | None = None) -> Allowance:
        """What is left to a student."""
        rows = self._db.execute(
            "SELECT asked FROM checks WHERE student = ? AND assignment = ? AND counts", (student, assignment.name)
        )
        used = [datetime.fromisoformat(asked) for (asked,) in rows]
        waits = "SELECT 1 FROM checks WHERE student = ? AND state != 'done'"
        waiting = self._db.execute(waits, (student,)).fetchone() is not None
        return allowance(assignment.content.check_work, used, waiting, now or _now())

    def ask(self, assignment: Assignment, student: str, notebook: bytes) -> Check:
        """Put a notebook into the queue.

        Raises:
            Refused: the student may not, or not now.
        """
        self._db.execute("BEGIN IMMEDIATE")
        try:
            left = self.allowance(assignment, student)
            if not left.open:
                raise Refused(_why_not(assignment, left), left)
            name = secrets.token_urlsafe(NAME_BYTES)
            self._db.execute(
                "INSERT INTO checks (name, student, assignment, asked, state, notebook) VALUES (?, ?, ?, ?, ?, ?)",
                (name, student, assignment.name, _now().isoformat(), State.WAITING, notebook),
            )
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
        check = self.find(name, student)
        assert check is not None
        return check

    def find(self, name: str, student: str) -> Check | None:
        """A student's own check."""
        found = self._read("name = ? AND student = ?", name, student)
        return found[0] if found else None

    def of(self, student: str, assignment: str) -> list[Check]:
        """All of one student, the latest first."""
        return self._read("student = ? AND assignment = ?", student, assignment)

    def take(self, most: int) -> list[ToGrade]:
        """The first of the queue, and those right behind it that are of the same assignment; they are running now."""
        self._db.execute("BEGIN IMMEDIATE")
        rows = self._db.execute(
            "SELECT number, student, assignment, notebook FROM checks WHERE state = 'waiting' ORDER BY number LIMIT ?",
            (most,),
        ).fetchall()
        taken = []
        for row in rows:
            if row[2] != rows[0][2]:
                break
            taken.append(ToGrade(*row))
        self._db.executemany("UPDATE checks SET state = 'running' WHERE number = ?", [(job.number,) for job in taken])
        self._db.execute("COMMIT")
        return taken

    def finish(self, number: int, answer: Mapping[str, Any], *, counts: bool) -> None:
        """Keep the answer; the notebook is not needed any more."""
        self._db.execute(
            "UPDATE checks SET state = 'done', answered = ?, counts = ?, notebook = NULL, answer = ? WHERE number = ?",
            (_now().isoformat(), counts, json.dumps(answer), number),
        )

    def put_back(self) -> None:
        """What ran when the service ended waits again, at its old place."""
        self._db.execute("UPDATE checks SET state = 'waiting' WHERE state = 'running'")

    def _read(self, where: str, *values: str) -> list[Check]:
        rows = self._db.execute(
            "SELECT number, name, student, assignment, asked, state, answer, (SELECT count(*) FROM checks AS c "
            "WHERE c.state != 'done' AND c.number < checks.number AND checks.state = 'waiting') "
            f"FROM checks WHERE {where} ORDER BY number DESC",
            values,
        )
        return [
            Check(number, name, student, assignment, datetime.fromisoformat(asked), State(state), ahead,
                  json.loads(answer or "{}"))
            for number, name, student, assignment, asked, state, answer, ahead in rows
        ]  # fmt: skip


@contextmanager
def open_checks(course: Course) -> Iterator[Checks]:
    """The course's book, made where there is none.

    Raises:
        GradebookError: it is damaged, or another program holds it.
        OSError: its folder cannot be written.
    """
    with private_database(course.state / "checks.db", SCHEMA) as connection:
        yield Checks(connection)


def _why_not(assignment: Assignment, left: Allowance) -> str:
    rules = assignment.content.check_work
    if not rules.attempts:
        return f"Work for {assignment.title} is not checked before it is handed in."
    if left.waiting:
        return "You have a check in the queue already; wait for its answer."
    if not left.left:
        return f"All {rules.attempts} checks of {assignment.title} are used. Hand in what you have; it is graded alike."
    assert left.opens is not None
    return f"The next check of {assignment.title} is possible at {left.opens:%H:%M:%S} UTC."


def _now() -> datetime:
    return datetime.now(UTC)
