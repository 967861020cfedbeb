"""Read gradebook.db with SQLite alone: importing nbgrader takes longer than most questions to it.

Nothing is written, and nothing is checked: whoever writes goes through `store`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from autograder.errors import GradebookError, database_cure

BUSY_TIMEOUT_S = 30  # how long to wait while another process holds the gradebook
GLANCE_S = 2


@dataclass(frozen=True, slots=True)
class Known:
    """What the gradebook knows of an assignment: its deadline, and who has a submission in it."""

    due: datetime | None
    students: frozenset[str]


@contextmanager
def reading(path: Path, timeout_s: float | None = None) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write.

    Args:
        timeout_s: how long to wait for whoever holds it; `BUSY_TIMEOUT_S` where it is not said.

    Raises:
        sqlite3.Error: the file is no database, or another program holds it.
    """
    # A journal may be that of a process killed while it wrote: SQLite undoes it, and must be allowed to write for that.
    mode = "rw" if path.with_name(f"{path.name}-journal").exists() else "ro"
    uri = f"{path.resolve().as_uri()}?mode={mode}"
    with closing(
        sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S if timeout_s is None else timeout_s)
    ) as connection:
        yield connection


@contextmanager
def reading_gradebook(path: Path) -> Iterator[sqlite3.Connection]:
    """As `reading`, for whoever needs the gradebook to go on.

    Raises:
        GradebookError: the file is no gradebook, or another program holds it.
    """
    try:
        with reading(path) as connection:
            yield connection
    except sqlite3.Error as error:
        cure = database_cure(str(error)).capitalize()
        raise GradebookError(f"{path} cannot be read as a gradebook: {error}. {cure}, and run this again.") from None


def look_up(path: Path, assignment: str) -> Known | None:
    """What is known of an assignment; None where it is unknown, or there is no gradebook yet.

    Raises:
        sqlite3.Error: the file is no gradebook, or is held: not to be taken for one that knows nobody.
    """
    if not path.exists():
        return None
    with reading(path, GLANCE_S) as connection:
        found = connection.execute("SELECT id, duedate FROM assignment WHERE name = ?", (assignment,)).fetchone()
        if found is None:
            return None
        of = "SELECT student_id FROM submitted_assignment WHERE assignment_id = ?"
        return Known(utc(found[1]), frozenset(row[0] for row in connection.execute(of, found[:1])))


def utc(stamp: str | None) -> datetime | None:
    """nbgrader's times are UTC, and say so nowhere."""
    return datetime.fromisoformat(stamp).replace(tzinfo=UTC) if stamp else None
