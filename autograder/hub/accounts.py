"""Accounts of this machine for a hub's server mode: who is staff, who is a student, who grades; and work done as one.

Names follow the course: the groups <course>-staff and <course>-students, and the account <course>-grader, which owns
the course's folder and the class, and as which everything of the staff's runs. Nobody logs in as it.
"""

from __future__ import annotations

import grp
import os
import pwd
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import AutograderError, UsageError

NAME = re.compile(r"[a-z_][a-z0-9_.-]{0,31}")  # what nbgrader's exchange can hold: no +, no *


@dataclass(frozen=True, slots=True)
class Accounts:
    """Names of accounts. `uid` and `gid` are the grader's."""

    staff: tuple[str, ...]
    students: tuple[str, ...]
    grader: str
    uid: int
    gid: int

    @property
    def homes(self) -> list[Path]:
        """Of everybody but the grader."""
        return [Path(pwd.getpwnam(name).pw_dir) for name in (*self.staff, *self.students)]


def read_accounts(course_id: str) -> Accounts:
    """Those of this machine, now.

    Raises:
        UsageError: one of the groups or the account is not there, or a group has nobody; with the commands to run.
    """
    grader, staff, students = (f"{course_id}-{role}" for role in ("grader", "staff", "students"))
    missing = (
        []
        if _account(grader)
        else [f"useradd --system --shell /usr/sbin/nologin --create-home --home-dir /var/lib/{grader} {grader}"]
    )
    missing += [f"groupadd {name}" for name in (staff, students) if _group(name) is None]
    if missing:
        raise UsageError("This machine has no accounts for the course yet. Run:\n  " + "\n  ".join(missing))
    members = {name: _members(name) for name in (staff, students)}
    empty = [f"usermod --append --groups {name} ACCOUNT" for name, found in members.items() if not found]
    if empty:
        raise UsageError("Nobody is in the course yet. For each account, run:\n  " + "\n  ".join(empty))
    if both := sorted({*members[staff]} & {*members[students]}):
        raise UsageError(f"{', '.join(both)}: in {staff} and in {students}; take the account out of one of them.")
    if strange := [name for found in members.values() for name in found if not NAME.fullmatch(name)]:
        raise UsageError(f"{strange[0]!r} cannot be a name in nbgrader's exchange; rename the account.")
    entry = pwd.getpwnam(grader)
    if not os.path.isdir(entry.pw_dir) or os.stat(entry.pw_dir).st_uid != entry.pw_uid:
        make = f"install -d -m 700 -o {grader} -g {entry.pw_gid} {entry.pw_dir}"
        raise UsageError(f"{grader} has no home, where Jupyter keeps its state. Run:\n  {make}")
    return Accounts(members[staff], members[students], grader, entry.pw_uid, entry.pw_gid)


def as_account(name: str, work: Callable[[], None]) -> None:
    """Do something in a child process that is this account for good, and wait for it.

    Raises:
        AutograderError: what it raised, in words.
    """
    entry = pwd.getpwnam(name)
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        status = 1
        try:
            os.initgroups(name, entry.pw_gid)
            os.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
            os.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)
            os.environ.update(HOME=entry.pw_dir, USER=name, LOGNAME=name)
            os.umask(0o077)
            work()
            status = 0
        except BaseException as error:
            os.write(writer, f"{type(error).__name__}: {error}"[:4000].encode(errors="replace"))
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read().decode()
    if os.waitpid(pid, 0)[1] != 0:
        raise AutograderError(f"As {name}: {said or 'ended without a word'}")


def _account(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _group(name: str) -> grp.struct_group | None:
    try:
        return grp.getgrnam(name)
    except KeyError:
        return None


def _members(name: str) -> tuple[str, ...]:
    """Also those whose first group it is."""
    group = grp.getgrnam(name)
    first = [entry.pw_name for entry in pwd.getpwall() if entry.pw_gid == group.gr_gid]
    return tuple(sorted({*group.gr_mem, *first}))
