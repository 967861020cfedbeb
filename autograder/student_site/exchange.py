"""nbgrader's exchange, reached through the service: what is handed out, taking in what is handed in, feedback.

For hubs where students' servers share no folder with the grader, as in containers. The folder is nbgrader's own, and
the grader's alone: what it takes in lies where `nbgrader collect` looks, what it gives out is what `nbgrader release`
put there. The client's part is `autograder/in_exchange.py`.

Covered: the student's name is the hub's and the time is this machine's, so neither can be made up; names of files are
checked, and no other part of a path comes from outside; sizes and numbers are bounded. What is taken in is written
beside its place and renamed, and is on the disk before it is acknowledged: a receipt is never of half a submission.
A feedback page is given to nobody but the student whose submission it is of.
Not covered: what is in the files, which is hostile until grading has read it.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from nbgrader.utils import notebook_hash

from autograder.errors import UsageError
from autograder.student_site.received import FORMAT, LEFT_OUT, MOST_FILES, Receipt, ReceivedFile
from autograder.submissions.safe_open import RefusedError, open_folder, read_file

LONGEST_NAME = 200  # bytes
SECRET_BYTES = 64
MOST_SECRET_BYTES = 1024
BETWEEN = "+"  # student+assignment+time+random, in the names of folders
NOTEBOOK = ".ipynb"


def handed_out(outbound: Path, assignment: str) -> dict[str, Path]:
    """Path in the assignment -> file, of all that was handed out; empty where it was not yet. Staff wrote them."""
    folder = outbound / assignment
    found = {}
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder)
        if path.is_file() and not path.is_symlink() and not any(part.startswith(".") for part in inner.parts):
            found[inner.as_posix()] = path
    return found


def check_files(files: Mapping[str, bytes], most_mib: int) -> None:
    """Whether they can be taken in.

    Raises:
        UsageError: a name is none of a plain file, nothing is a notebook, or there is too much; in words for students.
    """
    for name in files:
        if not _is_plain(name):
            raise UsageError(f"{name!r} is no name for a file that is handed in.")
    if not any(name.endswith(NOTEBOOK) and content for name, content in files.items()):
        raise UsageError("There is no notebook among the files. Save it first; its name ends in .ipynb.")
    if len(files) > MOST_FILES:
        raise UsageError(f"More than {MOST_FILES} files. Hand in what belongs to the assignment.")
    if sum(map(len, files.values())) > most_mib * 2**20:
        raise UsageError(f"More than {most_mib} MiB together. Clear the outputs, save, and try again.")


def take_in(inbound: Path, student: str, assignment: str, files: Mapping[str, bytes], now: datetime) -> Receipt:
    """Put a submission where nbgrader collects from. Once this returns, a crash or a power failure loses nothing.

    Args:
        files: as `check_files` lets pass.
        now: with a time zone; the time that counts.

    Raises:
        UsageError: the account's name cannot be part of a folder's.
        OSError: it could not be written, and nothing was taken in.
    """
    if not _is_plain(student) or BETWEEN in student:
        raise UsageError(f"nbgrader cannot take work from an account that is called {student!r}. Tell your instructor.")
    at = now.astimezone(UTC)
    stamp = at.strftime(FORMAT)
    name = BETWEEN.join((student, assignment, stamp, secrets.token_urlsafe(9)))
    inbound.mkdir(parents=True, exist_ok=True)
    ready = inbound / f".{secrets.token_hex(16)}.coming"
    ready.mkdir(mode=0o700)
    try:
        own = {"timestamp.txt": stamp.encode(), "submission_secret.txt": secrets.token_hex(SECRET_BYTES).encode()}
        for file, content in {**files, **own}.items():
            _write(ready / file, content)
        _sync(ready)
        ready.rename(inbound / name)
    except BaseException:
        shutil.rmtree(ready, ignore_errors=True)
        raise
    _sync(inbound)
    held = (ReceivedFile(file, len(data), hashlib.sha256(data).hexdigest()) for file, data in sorted(files.items()))
    return Receipt(name, at, tuple(held))


def feedback_pages(exchange: Path, receipt: Receipt) -> dict[str, Path]:
    """Notebook's name, without its ending -> the page that `nbgrader release_feedback` made of it.

    Args:
        exchange: the course's folder in the exchange.
        receipt: one of the student's own.
    """
    try:
        with open_folder(exchange / "inbound", receipt.folder) as folder:
            secret = read_file("submission_secret.txt", folder, MOST_SECRET_BYTES)[0].decode()
    except (RefusedError, UnicodeDecodeError):
        return {}
    return dict(_pages(exchange / "feedback", receipt, secret))


def _pages(feedback: Path, receipt: Receipt, secret: str) -> Iterator[tuple[str, Path]]:
    for file in receipt.files:
        notebook = file.name.removesuffix(NOTEBOOK)
        page = feedback / f"{notebook_hash(secret=secret, notebook_id=notebook)}.html"
        if notebook != file.name and page.is_file():
            yield notebook, page


def _is_plain(name: str) -> bool:
    """One part of a path, nothing hidden, nothing of the exchange's own."""
    try:
        encoded = name.encode()
    except UnicodeEncodeError:
        return False
    return (
        0 < len(encoded) <= LONGEST_NAME
        and not name.startswith(".")
        and name not in LEFT_OUT
        and name.isprintable()
        and not {"/", "\\"} & set(name)
    )


def _write(path: Path, content: bytes) -> None:
    with open(path, "xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
