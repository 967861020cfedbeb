"""A user namespace with two users in it, for graders that run as root.

An ordinary user's sandbox holds that one user, mapped to itself. Root's would hold root: a
process in it, though without capabilities, would still own root's files, and the kernel exempts
it from RLIMIT_NPROC. So root's sandbox maps `nobody` as well, and the student's process becomes it.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.errors import IsolationError

NOBODY = 65534
MAP = f"0 0 1\n{NOBODY} {NOBODY} 1\n"
START_TIMEOUT_S = 10.0
FAILED = "A user namespace for the sandbox cannot be made"


@contextmanager
def root_and_nobody() -> Iterator[int]:
    """A descriptor of a new user namespace in which root and nobody exist, both mapped to themselves.

    Raises:
        IsolationError: the kernel does not allow it.
    """
    try:
        descriptor = _new_namespace()
    except _Killed:  # from outside, which says nothing about this machine: once more
        descriptor = _new_namespace()
    try:
        yield descriptor
    finally:
        os.close(descriptor)


class _Killed(IsolationError):
    """A signal ended the process in which the namespace was made."""


def _new_namespace() -> int:
    """A descriptor of it; the process that it was made in has ended."""
    holder = subprocess.Popen(["unshare", "--user", "cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        _wait_for_namespace(holder)
        for name in ("uid_map", "gid_map"):
            Path(f"/proc/{holder.pid}/{name}").write_text(MAP)
        return os.open(f"/proc/{holder.pid}/ns/user", os.O_RDONLY)
    except OSError as error:
        reason = str(error)
    finally:
        holder.communicate()
    if holder.returncode < 0:
        raise _Killed(f"{FAILED}: `unshare` was ended twice by signal {-holder.returncode}, from outside.")
    raise IsolationError(f"{FAILED}: {reason}.")


def _wait_for_namespace(holder: subprocess.Popen[bytes]) -> None:
    own = os.readlink("/proc/self/ns/user")
    deadline = time.monotonic() + START_TIMEOUT_S
    while os.readlink(f"/proc/{holder.pid}/ns/user") == own:
        if holder.poll() is not None or time.monotonic() > deadline:
            raise OSError("`unshare --user` fails")
        time.sleep(0.001)
