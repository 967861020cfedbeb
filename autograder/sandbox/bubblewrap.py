"""Isolation by bubblewrap (Debian package `bubblewrap`).

Covered: no network, namespaces of its own for pid, ipc, uts, user and cgroup; the file system is
the system's libraries and the Python environment, read-only, and nothing of the course, the users
or the machine's configuration; environment cleared; dies with the grader. The zygote keeps
CAP_SYS_ADMIN and CAP_SETPCAP *over its own user namespace only*, to give each child namespaces of
its own; a child gives them up before student code runs (`inside.confine`).
Not covered: flaws of the kernel itself; time and memory, which limits and deadlines bound.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

SYSTEM_FOLDERS = ("/usr", "/lib", "/lib32", "/lib64", "/libx32", "/bin", "/sbin")
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime")
PROBE_TIMEOUT_S = 20


class Bubblewrap:
    """Runs the zygote under `bwrap`."""

    name = "bubblewrap"
    confined = True

    def missing(self) -> list[str]:
        """Run a real sandbox once: what matters is whether it works, not which settings the kernel shows."""
        if shutil.which("bwrap") is None:
            return ["bwrap is not installed; run: sudo apt-get install -y bubblewrap"]
        command = self.command(["/bin/true"], [], {})
        try:
            probe = subprocess.run(command, capture_output=True, text=True, timeout=PROBE_TIMEOUT_S)
        except (OSError, subprocess.TimeoutExpired) as error:
            return [f"bwrap does not start: {error}"]
        if probe.returncode == 0:
            return []
        reason = probe.stderr.strip() or f"exit status {probe.returncode}"
        return [
            f"bwrap fails: {reason}. Unprivileged user namespaces may be switched off "
            "(sysctl kernel.unprivileged_userns_clone=1, or user.max_user_namespaces above 0), "
            "or an outer container forbids them."
        ]

    def command(self, python: Sequence[str], readable: Sequence[Path], environment: dict[str, str]) -> list[str]:
        command = ["bwrap", "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--clearenv"]
        command += ["--hostname", "sandbox"]
        command += ["--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN", "--cap-add", "CAP_SETPCAP"]
        for folder in SYSTEM_FOLDERS:
            path = Path(folder)
            if path.is_symlink():
                command += ["--symlink", os.readlink(path), folder]
            elif path.is_dir():
                command += ["--ro-bind", folder, folder]
        for file in SYSTEM_FILES:
            command += ["--ro-bind-try", file, file]
        for path in _outermost(readable):
            command += ["--ro-bind", str(path), str(path)]
        command += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--dir", "/dev/shm"]
        for device in sorted(Path("/dev").glob("nvidia*")):
            command += ["--dev-bind-try", str(device), str(device)]
        for key, value in environment.items():
            command += ["--setenv", key, value]
        return [*command, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp", "--", *python]


def _outermost(paths: Sequence[Path]) -> list[Path]:
    """Without doubles, without those inside others, and without what /usr shows already."""
    unique = sorted(set(paths))
    shown = [Path(folder) for folder in SYSTEM_FOLDERS]
    return [
        p
        for p in unique
        if not any(o != p and p.is_relative_to(o) for o in unique) and not any(p.is_relative_to(s) for s in shown)
    ]
