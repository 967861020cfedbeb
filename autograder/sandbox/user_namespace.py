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


@contextmanager
def root_and_nobody() -> Iterator[int]:
    """A descriptor of a new user namespace in which root and nobody exist, both mapped to themselves.

    Raises:
        IsolationError: the kernel does not allow it.
    """
    holder = subprocess.Popen(["unshare", "--user", "cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        _wait_for_namespace(holder)
        for name in ("uid_map", "gid_map"):
            Path(f"/proc/{holder.pid}/{name}").write_text(MAP)
        descriptor = os.open(f"/proc/{holder.pid}/ns/user", os.O_RDONLY)
    except OSError as error:
        raise IsolationError(f"A user namespace for the sandbox cannot be made: {error}.") from None
    finally:
        holder.communicate()
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _wait_for_namespace(holder: subprocess.Popen[bytes]) -> None:
    own = os.readlink("/proc/self/ns/user")
    deadline = time.monotonic() + START_TIMEOUT_S
    while os.readlink(f"/proc/{holder.pid}/ns/user") == own:
        if holder.poll() is not None or time.monotonic() > deadline:
            raise IsolationError("A user namespace for the sandbox cannot be made: `unshare --user` fails.")
        time.sleep(0.001)
