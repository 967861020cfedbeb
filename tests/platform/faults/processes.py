"""A grader's processes, by what they are, and those that outlive it.

A grader starts a fork server, that forks the workers; a worker starts bwrap, below which there are a process 1, one
that waits, and the zygote, that forks the students' processes. Before that, a worker tries a sandbox once.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
ENDED_WITHIN_S = 120.0  # the machine may be busy with other things; an orphan worker may finish its submission


@dataclass(frozen=True)
class Family:
    """Process numbers of one grader's descendants."""

    fork_servers: list[int]
    workers: list[int]
    sandboxes: list[int]  # bwrap, as its worker started it
    zygotes: list[int]
    students: list[int]
    helpers: list[int]  # all but the students


def family(grader: int) -> Family:
    """Who lives now. Processes may be gone, or new ones there, by the time of reading."""
    parents, lines = _table()
    children: dict[int, list[int]] = defaultdict(list)
    for pid, parent in parents.items():
        children[parent].append(pid)

    def below(pids: list[int]) -> list[int]:
        return [child for pid in pids for child in children[pid]]

    servers = [pid for pid in children[grader] if "multiprocessing.forkserver" in lines[pid]]
    workers = below(servers)
    sandboxes = below(workers)
    zygotes = below(below(below(sandboxes)))
    students = below(zygotes)
    students += below(students)
    everybody: list[int] = []
    generation = children[grader]
    while generation:
        everybody += generation
        generation = below(generation)
    helpers = [pid for pid in everybody if pid not in students]
    return Family(servers, workers, sandboxes, zygotes, students, helpers)


def end(pid: int, sign: signal.Signals = signal.SIGKILL) -> bool:
    """Send the signal; False where there is no such process any more."""
    try:
        os.kill(pid, sign)
    except ProcessLookupError:
        return False
    return True


def catches(pid: int, sign: signal.Signals) -> bool:
    """Whether it has a handler for the signal; before that, it has not begun to do anything, and just ends."""
    with contextlib.suppress(OSError, StopIteration):
        lines = (Path("/proc") / str(pid) / "status").read_text().splitlines()
        caught = next(line for line in lines if line.startswith("SigCgt:")).split()[1]
        return bool(int(caught, 16) >> (sign - 1) & 1)
    return False


@contextlib.contextmanager
def adopting_orphans() -> Iterator[None]:
    """Inside the block, processes whose parents die become children of this one, so that none can hide."""
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def remaining() -> list[str]:
    """Command lines of this process's children that do not end in time; they are ended then."""
    deadline = time.monotonic() + ENDED_WITHIN_S
    while True:
        _bury()
        parents, lines = _table()
        alive = [pid for pid, parent in parents.items() if parent == os.getpid()]
        if not alive:
            return []
        if time.monotonic() > deadline:
            for pid in alive:
                end(pid)
            return [lines[pid] for pid in alive]
        time.sleep(0.02)


def _bury() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _table() -> tuple[dict[int, int], dict[int, str]]:
    """pid -> parent, pid -> command line, of all processes but zombies."""
    parents: dict[int, int] = {}
    lines: dict[int, str] = defaultdict(str)
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
                if state != "Z":
                    parents[int(folder.name)] = int(parent)
                    lines[int(folder.name)] = (
                        (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    )
    return parents, lines
