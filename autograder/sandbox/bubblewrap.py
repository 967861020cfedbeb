"""Isolation by bubblewrap (Debian package `bubblewrap`).

Covered: no network, namespaces of its own for pid, ipc, uts, user and cgroup; the file system is
the system's libraries and the Python environment, read-only, and nothing of the course, the users
or the machine's configuration; environment cleared; dies with the grader; student code never runs as
root. The zygote keeps a few capabilities *over its own user namespace only*, to give each child
namespaces of its own; a child gives them up before student code runs (`inside.confine`).
Not covered: flaws of the kernel itself; time and memory, which limits and deadlines bound.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from autograder.errors import IsolationError
from autograder.sandbox.launched import Launched
from autograder.sandbox.user_namespace import NOBODY, root_and_nobody

SYSTEM_FOLDERS = ("/usr", "/lib", "/lib32", "/lib64", "/libx32", "/bin", "/sbin")
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime")
PROBE_TIMEOUT_S = 20
SIGNALLED = 128  # and the signal's number
# Namespaces and mounts, dropping the bounding set, becoming another user: for the zygote's children to lose.
# CAP_KILL: to end children that have become another user.
CAPABILITIES = ("CAP_SYS_ADMIN", "CAP_SETPCAP", "CAP_SETUID", "CAP_SETGID", "CAP_KILL")


class Bubblewrap:
    """Runs the zygote under `bwrap`."""

    name = "bubblewrap"
    confined = True

    def missing(self) -> list[str]:
        """Run a real sandbox once: what matters is whether it works, not which settings the kernel shows."""
        if shutil.which("bwrap") is None:
            return ["bwrap is not installed; run: sudo apt-get install -y bubblewrap"]
        try:
            status, printed = self._probe()
            if _signal(status):  # ended from outside, which says nothing about this machine: once more
                status, printed = self._probe()
        except (OSError, IsolationError) as error:
            return [f"bwrap does not start: {error}"]
        if status == 0:
            return []
        if signal := _signal(status):
            return [
                f"bwrap was ended twice by signal {signal}, from outside: where the machine is short of "
                "memory it does that. See to that, and run this again."
            ]
        return [
            f"bwrap fails: {printed or f'exit status {status}'}. Unprivileged user namespaces may be switched off "
            "(sysctl kernel.unprivileged_userns_clone=1, or user.max_user_namespaces above 0), "
            "or an outer container forbids them."
        ]

    @property
    def student_uid(self) -> int | None:
        return NOBODY if os.geteuid() == 0 else None

    def _probe(self) -> tuple[int, str]:
        """How it ended, and what it printed."""
        with self.launch(["/bin/true"], [], {}) as (command, descriptors), Launched(command, descriptors) as probe:
            if not probe.ended_within(PROBE_TIMEOUT_S):
                raise IsolationError(f"it has not ended after {PROBE_TIMEOUT_S} s")
            return probe.bury(), probe.printed()

    @contextmanager
    def launch(
        self, python: Sequence[str], readable: Sequence[Path], environment: dict[str, str]
    ) -> Iterator[tuple[list[str], tuple[int, ...]]]:
        if self.student_uid is None:
            yield self._command(["--unshare-user"], python, readable, environment), ()
            return
        closed = [str(path) for path in readable if path.stat().st_mode & 0o005 != 0o005]
        if closed:
            raise IsolationError(
                f"{', '.join(closed)} must be readable by all users; run: chmod -R o+rX {' '.join(closed)}"
            )
        with root_and_nobody() as namespace:
            yield self._command(["--userns", str(namespace)], python, readable, environment), (namespace,)

    def _command(
        self, user: list[str], python: Sequence[str], readable: Sequence[Path], environment: dict[str, str]
    ) -> list[str]:
        command = ["bwrap", *user, "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
        command += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--clearenv"]
        command += ["--hostname", "sandbox", "--cap-drop", "ALL"]
        for capability in CAPABILITIES:
            command += ["--cap-add", capability]
        for folder in SYSTEM_FOLDERS:
            path = Path(folder)
            if path.is_symlink():
                command += ["--symlink", os.readlink(path), folder]
            elif path.is_dir():
                command += ["--ro-bind", folder, folder]
        for file in SYSTEM_FILES:
            command += ["--ro-bind-try", file, file]
        command += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--dir", "/dev/shm"]
        paths = _outermost(readable)
        for parent in sorted({parent for path in paths for parent in path.parents if parent != Path("/")}):
            if not any(parent.is_relative_to(shown) for shown in SYSTEM_FOLDERS):
                command += ["--perms", "0755", "--dir", str(parent)]  # else made for the zygote's user alone
        for path in paths:
            command += ["--ro-bind", str(path), str(path)]
        for device in sorted(Path("/dev").glob("nvidia*")):
            command += ["--dev-bind-try", str(device), str(device)]
        for key, value in environment.items():
            command += ["--setenv", key, value]
        return [*command, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp", "--", *python]


def _signal(status: int) -> int:
    """The number of the signal that ended bwrap or, which its exit status says, what it ran; 0: none did."""
    return max(0, -status, status - SIGNALLED)


def _outermost(paths: Sequence[Path]) -> list[Path]:
    """Without doubles, without those inside others, and without what /usr shows already."""
    unique = sorted(set(paths))
    shown = [Path(folder) for folder in SYSTEM_FOLDERS]
    return [
        p
        for p in unique
        if not any(o != p and p.is_relative_to(o) for o in unique) and not any(p.is_relative_to(s) for s in shown)
    ]
