"""Run one case, bounded: by processor time, so that a busy machine is no finding, and generously by the clock."""

from __future__ import annotations

import resource
import signal
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from tests.platform.fuzz.corpus import Corpus

CPU_S = 10.0
CLOCK_S = 120.0


class TooSlow(BaseException):
    """A case took too long. No Exception: the code under test may catch those."""


@dataclass(frozen=True, slots=True)
class Observation:
    """How one case ended. `finding` is "" where all is well, else what was wrong, with the traceback."""

    outcome: str
    seconds: float
    finding: str = ""


def observe(corpus: Corpus, data: bytes, cpu_s: float = CPU_S) -> Observation:
    """Give a case to the trusted side. Call it from a process's main thread: it takes the alarm signals."""
    start = time.process_time()
    try:
        with _alarms(cpu_s):
            outcome = corpus.check(data)
    except TooSlow:
        finding = f"not done after {cpu_s:g} s of processor time, or {CLOCK_S:g} s\n{traceback.format_exc()}"
        return Observation("TOO SLOW", time.process_time() - start, finding)
    except Exception as error:
        return Observation(f"RAISED {type(error).__name__}", time.process_time() - start, traceback.format_exc())
    return Observation(outcome, time.process_time() - start)


def peak_mib() -> float:
    """The most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def _alarms(cpu_s: float) -> Iterator[None]:
    before = {number: signal.signal(number, _ring) for number in (signal.SIGPROF, signal.SIGALRM)}
    signal.setitimer(signal.ITIMER_PROF, cpu_s)
    signal.setitimer(signal.ITIMER_REAL, CLOCK_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def _ring(number: int, frame: FrameType | None) -> None:
    raise TooSlow
