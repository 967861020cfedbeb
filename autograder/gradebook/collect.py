"""Collect what students handed in through nbgrader's exchange: only what is theirs, and only plain files.

The inbound folder is one that all students write to, and what lies in it keeps its student as owner. nbgrader's own
collect believes the name of a folder (it warns of another owner, and takes it all the same), takes the latest by name,
and follows links with the rights of whoever collects.

Covered: a folder whose name says one student and whose owner is another is no submission, and hides none; nor does a
folder whose name cannot be read, which would end nbgrader's run. A link, a pipe or a device is left out, and named in
the log. Sizes and numbers of files are bounded, and where a bound is passed nothing of the submission is cut off: the
student's folder is left in the exchange, the others are collected, and the log names it. What is collected takes the
place of the student's last submission by a rename, once it is whole.
A name's time is the student's own word: where the kernel's says that the folder was changed later, the log says so.
Not covered: where all accounts are one account of the machine (`c.ExchangeCollect.check_owner = False`), as in a demo,
a name is all there is.
"""

from __future__ import annotations

import errno
import fnmatch
import os
import pwd
import shutil
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.exchange.default import ExchangeCollect
from nbgrader.utils import parse_utc

from autograder.submissions.safe_open import RefusedError, kind_of, list_folder, open_folder, read_file

MOST_FILES = 500
MOST_DEPTH = 8
MOST_BYTES = 256 * 2**20  # of one submission
LATER_S = 300.0  # a name's time and the kernel's may differ so much


class SafeCollect(ExchangeCollect):  # type: ignore[misc]
    """Takes the place of nbgrader's own: `c.ExchangeFactory.collect`."""

    def init_src(self) -> None:
        """Find each student's submission: the latest, or the latest before the deadline, as nbgrader does.

        Raises:
            ExchangeError: there is no such course in the exchange, or it cannot be read.
        """
        if not self.coursedir.course_id:
            self.fail("No course id specified. Re-run with --course flag.")
        self.inbound_path = os.path.join(self.root, self.coursedir.course_id, "inbound")
        try:
            names = sorted(os.listdir(self.inbound_path))
        except OSError as error:
            self.fail(f"{self.inbound_path} cannot be read: {error.strerror}")
        wanted = self.coursedir.student_id or "*"
        by_student: dict[str, list[dict[str, Any]]] = {}
        for name in names:
            record = self._record(name)
            if record is not None and fnmatch.fnmatchcase(record["username"], wanted) and self._is_own(record):
                by_student.setdefault(record["username"], []).append(record)
        due = self._due() if self.before_duedate else None
        self.src_records = [_latest(records, due) for _, records in sorted(by_student.items())]

    def copy_files(self) -> None:
        """Collect them; one that cannot be is named, and the others go on.

        Raises:
            ExchangeError: at the end, where some could not be collected.
        """
        left = []
        count, name = len(self.src_records), self.coursedir.assignment_id
        if count:
            self.log.info("Processing %d submissions of '%s' for course '%s'", count, name, self.coursedir.course_id)
        else:
            self.log.warning("No submissions of '%s' for course '%s' to collect", name, self.coursedir.course_id)
        for record in self.src_records:
            try:
                self._collect(record)
            except (RefusedError, OSError) as error:
                if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
                    raise  # the disk, and not the submission
                left.append(record["username"])
                self.log.error("%s was not collected and is still in the exchange: %s", record["filename"], error)
        if left:
            self.fail(f"Not collected: {', '.join(left)}. The log says why; all others were.")

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Plain files alone, beside their place first, and then by a rename.

        Raises:
            RefusedError: it is too large, or is no folder.
        """
        parent, name = os.path.split(src)
        ready = Path(dest).with_name(f".{Path(dest).name}.collecting")
        shutil.rmtree(ready, ignore_errors=True)
        try:
            with open_folder(Path(parent), name) as folder:
                self._copy(folder, name, ready, _Bounds(), 0)
            shutil.rmtree(dest, ignore_errors=True)
            ready.rename(dest)
        finally:
            shutil.rmtree(ready, ignore_errors=True)

    def _record(self, name: str) -> dict[str, Any] | None:
        """None where the name is not one of this assignment's: user+assignment+time, and a random part if any."""
        parts = name.rsplit("+", 3) if self._has_random_part(name) else name.rsplit("+", 2)
        if len(parts) < 3 or parts[1] != self.coursedir.assignment_id:
            return None
        try:
            return {"username": parts[0], "filename": name, "timestamp": parse_utc(parts[2])}
        except ValueError:
            self.log.warning("%s: its name says no time; it was left out", name)
            return None

    def _has_random_part(self, name: str) -> bool:
        parts = name.rsplit("+", 3)
        return len(parts) == 4 and parts[1] == self.coursedir.assignment_id

    def _is_own(self, record: dict[str, Any]) -> bool:
        """Whether it is a folder, and belongs to the account whose name it bears."""
        try:
            status = os.lstat(os.path.join(self.inbound_path, record["filename"]))
        except OSError:
            return False
        if not stat.S_ISDIR(status.st_mode):
            self.log.error("%s is no folder; it was left out", record["filename"])
            return False
        if not self.check_owner:
            return True
        try:
            owner = pwd.getpwuid(status.st_uid).pw_name
        except KeyError:
            owner = f"account {status.st_uid}"
        if owner != record["username"]:
            self.log.error(
                "%s claims to be from %s but belongs to %s: no submission of %s; it was left out, and is a matter for "
                "the staff", record["filename"], record["username"], owner, record["username"],
            )  # fmt: skip
            return False
        changed = datetime.fromtimestamp(status.st_ctime, UTC).replace(tzinfo=None)
        if (changed - record["timestamp"]).total_seconds() > LATER_S:
            self.log.warning(
                "%s says %s UTC, but was changed at %s UTC; look at it where that makes a difference",
                record["filename"], record["timestamp"], changed,
            )  # fmt: skip
        return True

    def _due(self) -> datetime | None:
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
            try:
                due: datetime | None = gradebook.find_assignment(self.coursedir.assignment_id).duedate
            except MissingEntry:
                return None
            return due

    def _collect(self, record: dict[str, Any]) -> None:
        student, name = record["username"], self.coursedir.assignment_id
        source = os.path.join(self.inbound_path, record["filename"])
        dest = self.coursedir.format_path(self.coursedir.submitted_directory, student, name)
        if os.path.isdir(dest):
            there = self.coursedir.get_existing_timestamp(dest)
            newer = self.update and (there is None or record["timestamp"] > there)
            if not newer and not (self.before_duedate and there != record["timestamp"]):
                kept = "No newer submission to collect" if self.update else "Submission already exists, use --update"
                self.log.info("%s: %s %s", kept, student, name)
                return
            self.log.info("Updating submission: %s %s", student, name)
        else:
            self.log.info("Collecting submission: %s %s", student, name)
        os.makedirs(os.path.dirname(dest), exist_ok=True)
        self.do_copy(source, dest)

    def _copy(self, folder: int, label: str, to: Path, bounds: _Bounds, depth: int) -> None:
        if depth > MOST_DEPTH:
            raise RefusedError(f"{label} is nested more than {MOST_DEPTH} folders deep")
        to.mkdir()
        for name in list_folder(folder):
            inner, kind = f"{label}/{name}", kind_of(name, folder)
            if any(fnmatch.fnmatch(name, pattern) for pattern in self.coursedir.ignore):
                continue
            if kind == "folder":
                descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
                try:
                    self._copy(descriptor, inner, to / name, bounds, depth + 1)
                finally:
                    os.close(descriptor)
            elif kind == "file":
                content, changed = read_file(name, folder, bounds.bytes_left)
                bounds.use(inner, len(content))
                (to / name).write_bytes(content)
                os.utime(to / name, (changed, changed))
            else:
                self.log.error("%s is a %s; it was left out", inner, kind)


class _Bounds:
    """What one submission may still hold."""

    def __init__(self) -> None:
        self.bytes_left, self.files_left = MOST_BYTES, MOST_FILES

    def use(self, label: str, size: int) -> None:
        self.bytes_left -= size
        self.files_left -= 1
        if self.files_left < 0:
            raise RefusedError(f"{label} is one of more than {MOST_FILES} files")


def _latest(records: list[dict[str, Any]], due: datetime | None) -> dict[str, Any]:
    """The latest before the deadline, if there is one and something was handed in by then."""
    in_time = [record for record in records if due is not None and record["timestamp"] <= due]
    return max(in_time or records, key=lambda record: record["timestamp"])
