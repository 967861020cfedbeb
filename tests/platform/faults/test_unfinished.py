"""What a killed process leaves half done: undone, never read, and removed by the next."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.errors import GradebookError
from autograder.gradebook import store
from autograder.gradebook.schema import check_gradebook, create_tables
from autograder.gradebook.whole_file import UNFINISHED, remove_unfinished, write_file
from autograder.private_database import private_database
from tests.platform.faults.grader import REPOSITORY

# Few pages are kept in memory, so that SQLite writes to the file before the transaction ends.
DIES_IN_TRANSACTION = """
import os, signal, sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("pragma cache_size = 1")
database.execute("begin immediate")
for number in range(2000):
    database.execute("insert into student (id, first_name) values (?, ?)", (f"half-done-{number}", "x" * 500))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def killed_in_transaction(tmp_path: Path) -> Path:
    """A gradebook with one student, and a journal of a transaction that nobody will end."""
    path = tmp_path / "gradebook.db"
    create_tables(store.URL.create("sqlite", database=str(path)))
    with sqlite3.connect(path) as database:
        database.execute("insert into student (id) values ('ada')")
    database.close()
    done = subprocess.run([sys.executable, "-c", DIES_IN_TRANSACTION, str(path)])
    assert done.returncode == -signal.SIGKILL
    assert path.with_name("gradebook.db-journal").stat().st_size > 0
    return path


def test_a_transaction_of_a_killed_process_is_undone(killed_in_transaction: Path) -> None:
    """The gradebook can be opened at once, and holds what it held before; it asks for no backup."""
    check_gradebook(killed_in_transaction)
    assert not killed_in_transaction.with_name("gradebook.db-journal").exists()
    with Gradebook(f"sqlite:///{killed_in_transaction}") as gradebook:
        assert [student.id for student in gradebook.students] == ["ada"]


def test_a_gradebook_without_a_journal_is_not_written_to(tmp_path: Path) -> None:
    """It is looked at, no more."""
    path = tmp_path / "gradebook.db"
    create_tables(store.URL.create("sqlite", database=str(path)))
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    check_gradebook(path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


@pytest.mark.parametrize(
    ("reason", "cure"),
    [
        ("database is locked", "close the program"),
        ("attempt to write a readonly database", "writable"),
        ("unable to open database file", "writable"),
        ("database or disk is full", "see whether the disk is full"),
        ("[Errno 28] No space left on device", "see whether the disk is full"),
        ("disk I/O error", "see whether the disk is full"),
        ("database disk image is malformed", "from a backup"),
        ("file is not a database", "from a backup"),
        ("UNIQUE constraint failed: student.id", "whole and the disk has room"),
    ],
)
def test_the_cure_fits_the_reason(tmp_path: Path, reason: str, cure: str) -> None:
    """Each refusal of SQLite's has a cure of its own, and nobody is sent to a backup by a full disk."""
    with pytest.raises(GradebookError, match=cure), store._as_gradebook_error(tmp_path / "gradebook.db"):
        raise OSError(reason)


def test_a_full_disk_sends_nobody_to_a_backup_of_a_private_database(tmp_path: Path) -> None:
    """What staff wrote since that backup would be lost."""
    path = tmp_path / "book.db"
    full = pytest.raises(GradebookError, match=r"book\.db: database or disk is full\. See whether the disk is full")
    with full, private_database(path, "CREATE TABLE IF NOT EXISTS note (text)") as connection:
        connection.execute("PRAGMA max_page_count = 1")
        connection.execute("INSERT INTO note VALUES (?)", ("a" * 100_000,))


def test_a_gradebook_that_was_half_made_is_made_again(tmp_path: Path) -> None:
    """What a killed grader left beside its place goes, and no lock is left behind."""
    path = tmp_path / "gradebook.db"
    (tmp_path / f".gradebook.db{UNFINISHED}").write_bytes(b"half")
    (tmp_path / f".gradebook.db{UNFINISHED}-journal").write_bytes(b"half")
    store._create(path)
    assert [p.name for p in tmp_path.iterdir()] == ["gradebook.db"]
    check_gradebook(path)


FULL_FILE = """
import resource, signal, sys
from pathlib import Path
from autograder.gradebook.whole_file import write_file
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_file(Path(sys.argv[1]), b"n" * 5000)
except OSError as error:
    print(error.errno, error.filename)
"""


def test_a_file_that_finds_no_room_leaves_the_old_one(tmp_path: Path) -> None:
    """The error names the file, the old content stays, and nothing is left beside it."""
    path = tmp_path / "grades.json"
    write_file(path, b"old")
    done = subprocess.run([sys.executable, "-c", FULL_FILE, str(path)], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.stdout.split() == [str(errno.EFBIG), str(path)], done.stderr
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["grades.json"]


def test_unfinished_files_alone_are_removed(tmp_path: Path) -> None:
    """Not what is whole, and nothing in folders below."""
    kept = ["ada.json", ".hidden", f"ada{UNFINISHED}"]
    for name in (*kept, f".ada.json.x1{UNFINISHED}"):
        (tmp_path / name).write_text("x")
    remove_unfinished(tmp_path)
    remove_unfinished(tmp_path / "there-is-no-such-folder")
    assert sorted(os.listdir(tmp_path)) == sorted(kept)
