"""A machine of its own for a hub with real accounts: a mount namespace with its own /etc, /home and /srv.

Accounts are made there, and the course is a copy in the place of the checkout, so that nothing of the machine that the
tests run on is changed. Network and processes are shared, so that a browser reaches the hub.
"""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
PARTS = ("assignments", "autograder", "reference", "release", "tests", "nbgrader_config.py", "pyproject.toml")
PASSWORDS = {"maria": "of-maria-1", "ada": "of-ada-1", "bo": "of-bo-1"}
SCRIPT = """
set -eu
own=$1 root=$2 python=$3 closed=$4
shift 4
mount --bind "$own/etc" /etc
mount -t tmpfs -o mode=755 none /home
mount -t tmpfs -o mode=755 none /srv
mount --bind "$root/.venv" "$own/venv"
mount --bind "$python" "$own/python"
for folder in $closed; do mount -t tmpfs -o mode=755 none "$folder"; done
mkdir -p "$root" "$python"
mount --bind "$own/course" "$root"
mount --bind "$own/venv" "$root/.venv"
if [ -n "$closed" ]; then mount --bind "$own/python" "$python"; fi
cd /
groupadd genai-staff
groupadd genai-students
useradd --system --shell /usr/sbin/nologin --create-home --home-dir /home/genai-grader genai-grader
useradd --create-home --shell /bin/bash --groups genai-staff maria
useradd --create-home --shell /bin/bash --groups genai-students ada
useradd --create-home --shell /bin/bash --groups genai-students bo
chmod 700 /home/*
chpasswd <<EOF
maria:of-maria-1
ada:of-ada-1
bo:of-bo-1
EOF
exec "$@"
"""


@dataclass(frozen=True)
class Machine:
    """A running hub on a machine of its own."""

    process: subprocess.Popen[str]
    said: str

    def path(self, path: str) -> Path:
        """A path of that machine, as root sees it from outside."""
        return Path(f"/proc/{self.process.pid}/root") / path.lstrip("/")

    def run_as(self, account: str, *command: str) -> subprocess.CompletedProcess[str]:
        """A command of an account there."""
        inside = ["nsenter", f"--target={self.process.pid}", "--mount", "--wd=/", "runuser", "-u", account, "--"]
        return subprocess.run([*inside, *command], capture_output=True, text=True, timeout=120, check=False)


@contextmanager
def own_machine(folder: Path, *arguments: str) -> Iterator[Machine]:
    """`autograder hub --server` on a machine of its own, until the block ends."""
    etc, course = folder / "etc", folder / "course"
    for path in (etc, course, folder / "venv", folder / "python"):
        path.mkdir(parents=True)
    subprocess.run(["cp", "-a", "/etc/.", str(etc)], check=True)
    for part in PARTS:
        subprocess.run(["cp", "-a", str(ROOT / part), str(course / part)], check=True)
    (course / ".git").mkdir()  # as in a checkout: what it holds has all of the hidden tests
    (course / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (course / ".venv").mkdir()
    (course / "tests" / "platform" / "hub" / "own_machine.py").unlink()  # passwords
    hub = [sys.executable, "-m", "autograder.cli.main", "--course", str(ROOT), "hub", "--server", "--port", "0"]
    script = ["sh", "-c", SCRIPT, "sh", str(folder), str(ROOT), sys.base_prefix, _closed(), *hub, *arguments]
    with subprocess.Popen(["unshare", "--mount", *script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if line.startswith("Ctrl-C"):
                break
        try:
            assert "http://" in said, f"it did not start: {said}"
            yield Machine(process, said)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait(90)


def cannot() -> str:
    """Why there can be no machine of its own here; "" where there can."""
    if os.geteuid() != 0:
        return "a hub with real accounts needs root"
    missing = [name for name in ("unshare", "nsenter", "runuser", "useradd", "chpasswd") if shutil.which(name) is None]
    if missing:
        return f"no {missing[0]} to make a machine of its own with"
    tried = subprocess.run(
        ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/srv"], capture_output=True, check=False
    )
    return "this container may not mount anything" if tried.returncode else ""


def _closed() -> str:
    """Folders above the checkout and above Python that other accounts cannot pass, the first of each, if any."""
    found = set()
    for place in (ROOT, Path(sys.base_prefix)):
        above = [parent for parent in reversed(place.parents) if not stat.S_IMODE(os.stat(parent).st_mode) & 0o001]
        found |= {str(parent) for parent in above[:1]}
    return " ".join(sorted(found))
