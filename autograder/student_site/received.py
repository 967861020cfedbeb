"""What the exchange has received of a student: the receipt. Read from where nbgrader puts what is handed in.

Folders there are the students' own: nothing is followed, nothing is trusted, sizes are bounded. Where accounts are
those of the system, a folder must belong to the student whose name it bears, as for nbgrader's own collect.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from autograder.submissions.safe_open import RefusedError, list_folder, open_folder, read_file

MOST_FILES = 50
MOST_FOLDERS = 50  # of one student and assignment; the latest
MOST_BYTES = 64 * 2**20
LEFT_OUT = frozenset({"timestamp.txt", "submission_secret.txt", ".ipynb_checkpoints"})
FORMAT = "%Y-%m-%d %H:%M:%S.%f %Z"


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """Size in bytes; hash in hexadecimal digits, or what is wrong with the file."""

    name: str
    size: int
    sha256: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """One time that something was handed in.

    Attributes:
        folder: its name in the exchange.
        at: the time that counts, UTC.
    """

    folder: str
    at: datetime
    files: tuple[ReceivedFile, ...]


def received(inbound: Path, student: str, assignment: str, *, check_owner: bool) -> list[Receipt]:
    """All receipts of one student for one assignment, the latest first.

    Args:
        inbound: the folder of the exchange.
        check_owner: leave out folders that do not belong to the account of the student's name.
    """
    try:
        names = os.listdir(inbound)
    except OSError:
        return []
    start = f"{student}+{assignment}+"
    times = [(at, name) for name in names if name.startswith(start) and (at := _time(name[len(start) :])) is not None]
    owner = _uid(student) if check_owner else None
    if check_owner and owner is None:
        return []
    receipts = []
    for at, name in sorted(times, reverse=True)[:MOST_FOLDERS]:
        files = _files(inbound, name, owner)
        if files is not None:
            receipts.append(Receipt(name, at, files))
    return receipts


def _files(inbound: Path, folder: str, owner: int | None) -> tuple[ReceivedFile, ...] | None:
    """None where this is no folder of the student's."""
    try:
        with open_folder(inbound, folder) as descriptor:
            status = os.fstat(descriptor)
            if not stat.S_ISDIR(status.st_mode) or (owner is not None and status.st_uid != owner):
                return None
            names = [name for name in list_folder(descriptor) if name not in LEFT_OUT]
            return tuple(_file(name, descriptor) for name in names[:MOST_FILES])
    except RefusedError:
        return None


def _file(name: str, folder: int) -> ReceivedFile:
    try:
        data, _ = read_file(name, folder, MOST_BYTES)
    except RefusedError as refused:
        return ReceivedFile(name, 0, "", str(refused))
    return ReceivedFile(name, len(data), hashlib.sha256(data).hexdigest())


def _time(rest: str) -> datetime | None:
    """Of `2027-02-12 20:15:03.123456 UTC+random`."""
    try:
        return datetime.strptime(rest.split("+")[0], FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None


def _uid(student: str) -> int | None:
    try:
        return pwd.getpwnam(student).pw_uid
    except KeyError:
        return None
