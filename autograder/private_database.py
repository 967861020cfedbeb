"""An SQLite file that its owner alone can read, for what the course's staff and services keep about people."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from autograder.errors import GradebookError, database_cure

BUSY_TIMEOUT_S = 30


@contextmanager
def private_database(path: Path, schema: str) -> Iterator[sqlite3.Connection]:
    """A connection in autocommit mode; the file, its folder and its tables are made where there are none.

    Args:
        schema: SQL that may be run again on a file that has the tables.

    Raises:
        GradebookError: it is damaged, or another program holds it; also where that happens while it is used.
        OSError: its folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)) as connection:
            connection.executescript(schema)
            yield connection
    except sqlite3.Error as error:
        cure = database_cure(str(error)).capitalize()
        raise GradebookError(f"{path}: {error}. {cure}, and start this again.") from None
