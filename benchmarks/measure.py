"""Time a whole command: wall clock, processor seconds of everything it started, and, apart from that, its memory."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

from benchmarks.process_tree import cpu_s, memory_bytes, process_tree

SAMPLE_EVERY_S = 0.25
MIB = 2**20


class CommandFailed(Exception):
    """A benchmarked command ended with an error; carries the end of what it printed."""


@dataclass(frozen=True)
class Timing:
    """One run of one command.

    Attributes:
        wall_s: from start to end of the whole command.
        cpu_s: user and system time of the command and all its descendants, but for the last quarter of a second.
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
    load = os.getloadavg()[0]
    wall_s, cpu = _run_with_peak(command, folder, environment, log, cpu_s)
    return Timing(wall_s, cpu, load)


def peak_memory_mib(command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path) -> float:
    """Largest memory of the command and its descendants together, in MiB.

    Not for a timed run: reading it takes the kernel longer than reading processor time.

    Raises:
        CommandFailed: its exit status is not 0.
    """
    return _run_with_peak(command, folder, environment, log, memory_bytes)[1] / MIB


def total(root: int, of_process: Callable[[int], float]) -> float:
    """The sum of `of_process` over a process and all its descendants."""
    return sum(of_process(pid) for pid in process_tree(root))


def run_watched(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    log: Path,
    watch: Callable[[int], None],
    every_s: float = SAMPLE_EVERY_S,
    accepted: Collection[int] = (0,),
) -> float:
    """Run to the end, and call `watch` with the process's id all along; seconds from start to end.

    Raises:
        CommandFailed: its exit status is not among the accepted ones.
    """
    done = Event()
    with log.open("wb") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )

    def keep_watching() -> None:
        while not done.wait(every_s):
            watch(process.pid)

    watcher = Thread(target=keep_watching)
    watcher.start()
    try:
        status = process.wait()
        wall_s = time.perf_counter() - start
    finally:
        process.kill()  # of no effect on one that has ended; after Ctrl-C nothing may go on
        done.set()
        watcher.join()
    if status not in accepted:
        tail = log.read_text(encoding="utf-8", errors="replace")[-3000:]
        raise CommandFailed(f"exit status {status} from {' '.join(command)}\n{tail}")
    return wall_s


def _run_with_peak(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path, of_process: Callable[[int], float]
) -> tuple[float, float]:
    """Seconds from start to end, and the largest sum of `of_process` over all processes at one time."""
    peak = [0.0]

    def watch(root: int) -> None:
        peak[0] = max(peak[0], total(root, of_process))

    wall_s = run_watched(command, folder, environment, log, watch)
    return wall_s, peak[0]
