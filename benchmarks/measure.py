"""Time a whole command: wall clock, processor seconds of everything it started, and, apart from that, its memory."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SAMPLE_EVERY_S = 0.25
MIB = 2**20
ORPHANS_END_WITHIN_S = 10.0
PR_SET_CHILD_SUBREAPER = 36  # <linux/prctl.h>


class CommandFailed(Exception):
    """A benchmarked command ended with an error; carries the end of what it printed."""


@dataclass(frozen=True)
class Timing:
    """One run of one command.

    Attributes:
        wall_s: from start to end of the whole command.
        cpu_s: user and system time of the command and all its descendants.
        load: the machine's load average over one minute, when it started.
    """

    wall_s: float
    cpu_s: float
    load: float


def run_timed(command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path) -> Timing:
    """Run to the end and time it.

    Raises:
        CommandFailed: its exit status is not 0.
    """
    _adopt_orphans()
    load, before = os.getloadavg()[0], _cpu_of_children_s()
    start = time.perf_counter()
    with _started(command, folder, environment, log) as process:
        status = process.wait()
    wall_s = time.perf_counter() - start
    _reap_orphans()
    _check(status, command, log)
    return Timing(wall_s, _cpu_of_children_s() - before, load)


def peak_memory_mib(command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path) -> float:
    """Largest memory of the command and its descendants together, in MiB, sampled: not for a timed run.

    Shared pages are counted once (PSS), as forked processes share most of theirs.
    """
    peak = 0.0
    with _started(command, folder, environment, log) as process:
        while (status := process.poll()) is None:
            peak = max(peak, sum(map(_memory_of, _tree(process.pid))))
            time.sleep(SAMPLE_EVERY_S)
    _check(status, command, log)
    return peak / MIB


def _started(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )


def _check(status: int, command: Sequence[str], log: Path) -> None:
    if status != 0:
        tail = log.read_text(encoding="utf-8", errors="replace")[-3000:]
        raise CommandFailed(f"exit status {status} from {' '.join(command)}\n{tail}")


def _cpu_of_children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _adopt_orphans() -> None:
    """Make what a command leaves behind when it ends (a fork server, say) a child of this process.

    Otherwise its processor time would be lost, and the command look cheaper than it is.
    """
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _reap_orphans() -> None:
    """Wait for all that the command left behind; a process that stays is no part of the measurement."""
    deadline = time.monotonic() + ORPHANS_END_WITHIN_S
    with contextlib.suppress(ChildProcessError):
        while time.monotonic() < deadline:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.02)


def _tree(root: int) -> list[int]:
    """`root` and its descendants. Those inside a pid namespace are seen from here, too."""
    parents: dict[int, int] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # it has ended
                parents[int(entry.name)] = _parent_of(entry.name)
    found = [root]
    for pid in found:  # grows while it is gone through
        found.extend(child for child, parent in parents.items() if parent == pid)
    return found


def _parent_of(pid: str) -> int:
    after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
    return int(after_name.split()[1])


def _memory_of(pid: int) -> float:
    """PSS in bytes; where that may not be read, resident minus shared pages, which is a little too low."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines():
            if line.startswith("Pss:"):
                return float(line.split()[1]) * 1024
    with contextlib.suppress(OSError):
        _, resident, shared = Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[:3]
        return float(os.sysconf("SC_PAGE_SIZE") * (int(resident) - int(shared)))
    return 0.0
