"""Is this file a gradebook that the installed nbgrader can use? Looked at before nbgrader touches it.

nbgrader itself checks nothing: it adds missing tables to whatever it finds, which makes a later
`nbgrader db upgrade` fail. So the file is first looked at, and left alone where it does not fit; only what a
killed process left half done in it is undone, from its journal.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from alembic.script import ScriptDirectory
from nbgrader.api import Base
from nbgrader.dbutil import ALEMBIC_DIR
from sqlalchemy import URL, create_engine, text

from autograder.errors import GradebookError, database_cure
from autograder.gradebook.quick_look import reading

_MAGIC = b"SQLite format 3\x00"


def check_gradebook(path: Path) -> None:
    """Look at an existing gradebook without changing it.

    Raises:
        GradebookError: it is no database, is damaged, or has the schema of another nbgrader.
    """
    try:
        with path.open("rb") as file:
            start = file.read(len(_MAGIC))
    except OSError as error:
        raise GradebookError(f"{path} cannot be read ({error.strerror}). Correct its permissions.") from None
    if start != _MAGIC:
        raise GradebookError(
            f"{path} is not an SQLite database, so it is no gradebook. It was left as it is. "
            "Restore it from a backup, or move it away to start with an empty one."
        )
    missing = _missing_columns(path)
    if missing:
        some = ", ".join(missing[:4]) + (" …" if len(missing) > 4 else "")
        raise GradebookError(
            f"{path} has the schema of another nbgrader version ({some} missing). It was left as it is. "
            f"Make a copy of it, then run `nbgrader db upgrade` in {path.parent}."
        )


def create_tables(url: URL) -> None:
    """Make an empty gradebook, stamped with the revision of the installed nbgrader's schema.

    nbgrader would do the same, but starts `alembic` by its name for the stamp, which takes seconds
    and fails where the scripts of this Python are not on PATH.
    """
    revision = ScriptDirectory(ALEMBIC_DIR).get_current_head()
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            Base.metadata.create_all(connection)
            connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
            connection.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision})
    finally:
        engine.dispose()


def _missing_columns(path: Path) -> list[str]:
    """Columns that this nbgrader needs and the file lacks, as table.column."""
    try:
        with reading(path) as connection:
            found = {
                table: {row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')}
                for table in Base.metadata.tables
            }
            stamped = bool(list(connection.execute("PRAGMA table_info(alembic_version)")))
    except sqlite3.Error as error:
        cure = database_cure(str(error)).capitalize()
        raise GradebookError(
            f"{path} cannot be used ({error}). It was left as it is. {cure}, and run this again."
        ) from None
    missing = [
        f"{name}.{column.name}"
        for name, table in Base.metadata.tables.items()
        for column in table.columns
        if column.name not in found[name]
    ]
    return missing if stamped else ["alembic_version", *missing]
