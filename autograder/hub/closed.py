"""Who may read what, in a hub's server mode: the course's folder and the class are the grader's alone.

Covered: hidden tests, references, master notebooks, version control, gradebook, submissions and records are closed to
all other accounts but root's; nbgrader's exchange is as nbgrader wants it, so that students write to it and cannot
list it. What students' servers run from, the virtual environment and the `autograder` package, stays open, and is
root's or the grader's: no student can change it.
Not covered: copies elsewhere (an instructor's own checkout, backups); what the course's network or disks allow.
"""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from shlex import quote

from autograder.course import Course
from autograder.errors import UsageError
from autograder.hub.accounts import Accounts
from autograder.hub.place import Place

OPEN = frozenset({"autograder", ".venv"})  # what students' servers run from


def make_folders(place: Place, accounts: Accounts) -> None:
    """The hub's folders, each with its owner and mode."""
    place.root.mkdir(parents=True, exist_ok=True)
    place.root.chmod(0o755)
    for folder, mode, owned in (
        (place.state, 0o700, False),
        (place.data, 0o700, True),
        # All must be able to write to it, says nbgrader; sticky, so that nobody takes away what is another's.
        (place.exchange, 0o1777, True),
        (place.root / "config", 0o755, False),
        (place.jupyter, 0o755, False),
    ):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(mode)
        if owned:
            os.chown(folder, accounts.uid, accounts.gid)


def close_course(course: Course, accounts: Accounts) -> list[Path]:
    """Give the course's folder to the grader, and close it; the entries that were open or another's.

    Instructors who edit it there join the grader's group.
    """
    changed = []
    for entry in sorted(course.root.iterdir()):
        status = entry.lstat()
        if entry.name in OPEN or entry.is_symlink():
            continue
        if status.st_uid != accounts.uid or status.st_mode & 0o007:
            changed.append(entry)
        if status.st_uid != accounts.uid:
            _give(entry, accounts)
        entry.chmod(stat.S_IMODE(status.st_mode) & ~0o007)
    return changed


def check_reach(course: Course, place: Place, accounts: Accounts, program: str) -> None:
    """Students can run what their servers run, and read nothing that is closed.

    Raises:
        UsageError: not so, with the cure.
    """
    student = accounts.students[0]
    if not _can(student, [program, "--version"]):
        above = [*reversed(Path(program).parents), *reversed(Path(sys.executable).resolve().parents)]
        hidden = next((parent for parent in above if not _open_to_all(parent)), None)
        cure = f" {hidden} is closed to others: put the course, and Python, below /srv or /opt, say." if hidden else ""
        raise UsageError(f"The account {student} cannot run {program}, which students' servers run.{cure}")
    secrets = [course.root / "tests" / "hidden", course.root / "reference", course.root / "assignments", place.data]
    for path in secrets:
        if _can(student, ["ls", str(path)]):
            raise UsageError(f"The account {student} can read {path}; correct its permissions (chmod o-rwx).")


def check_homes(homes: Iterable[Path]) -> None:
    """Students' homes, where their work lies until it is handed in and after, are closed to one another.

    Raises:
        UsageError: some are open; with the command to run.
    """
    wide = [str(home) for home in homes if home.is_dir() and home.stat().st_mode & 0o077]
    if wide:
        raise UsageError(f"Students can read each other's homes. Run:\n  chmod go-rwx {' '.join(map(quote, wide))}")


def _give(path: Path, accounts: Accounts) -> None:
    os.chown(path, accounts.uid, accounts.gid, follow_symlinks=False)
    if path.is_dir() and not path.is_symlink():
        for folder, folders, files in os.walk(path):
            for name in (*folders, *files):
                os.chown(os.path.join(folder, name), accounts.uid, accounts.gid, follow_symlinks=False)


def _can(account: str, command: list[str]) -> bool:
    try:
        done = subprocess.run(
            command, user=account, group=_first_group(account), extra_groups=[], cwd="/", env={"PATH": os.defpath},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
        )  # fmt: skip
    except PermissionError:
        return False
    return done.returncode == 0


def _first_group(account: str) -> int:
    return pwd.getpwnam(account).pw_gid


def _open_to_all(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o001)
