"""The loop over trials: forks a process for each, several at a time, and reads what they send.

It runs inside pytest's own session, which has collected the suite, and computes nothing itself: autograd's threads
would not survive a fork.
"""

from __future__ import annotations

import gc
import os
import pickle
import select
import signal
import struct
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from autograder.audit.trials.child import Bench, run_trial
from autograder.audit.trials.model import TestRun, Trial, TrialResult
from autograder.engine.suite_items import SuiteItem
from autograder.results import Outcome

LOOK_S = 1.0  # how often to look what a test has computed that is over its time by the clock
# Limits are of processor time. By the clock there is far more, since the machine may be busy. Looks are counted and
# not seconds: where this process was stopped for a while, so were those that it waits for.
MAX_LOOKS = 150
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
LENGTH = struct.Struct("<I")


@dataclass
class _Running:
    """A trial's process, its pipe, and what has come out of it. A test may take `limit_s`."""

    trial: Trial
    tests: list[SuiteItem]
    pid: int
    pipe: int
    limit_s: float
    deadline: float = 0.0  # when to look how much it has computed
    looks: int = 0
    spent_s: float = 0.0  # processor time until then
    received: bytearray = field(default_factory=bytearray)
    runs: list[TestRun] = field(default_factory=list)
    overdue: bool = False

    def __post_init__(self) -> None:
        self.hear()

    def hear(self) -> None:
        """It has just begun or sent something: its next test has all the time there is."""
        self.looks = 0
        self.deadline = time.monotonic() + self.limit_s
        self.spent_s = _processor_s(self.pid)

    def take(self) -> bool:
        """Read what is there; False at the end."""
        data = os.read(self.pipe, 1 << 16)
        self.received += data
        while len(self.received) >= LENGTH.size:
            (length,) = LENGTH.unpack_from(self.received)
            if len(self.received) < LENGTH.size + length:
                break
            self.runs.append(pickle.loads(self.received[LENGTH.size : LENGTH.size + length]))
            del self.received[: LENGTH.size + length]
            self.hear()
        return bool(data)

    def is_overdue(self) -> bool:
        """Whether its test has used up its time. Where it has only waited for a processor, it gets more."""
        now = time.monotonic()
        if now < self.deadline:
            return False
        self.looks += 1
        if _processor_s(self.pid) - self.spent_s >= self.limit_s or self.looks >= MAX_LOOKS:
            return True
        self.deadline = now + LOOK_S
        return False


def _processor_s(pid: int) -> float:
    """Processor time of a process that has not been waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def run_trials(bench: Bench, trials: Iterable[Trial], workers: int) -> Iterator[TrialResult]:
    """Run the trials, `workers` at a time; each comes back once, in order of completion.

    The tests that have caught most so far come first: where only the first is wanted, that saves the others.
    """
    gc.collect()
    gc.freeze()  # else each process would copy most pages, for collecting garbage that is not its own
    waiting = deque(trials)
    running: dict[int, _Running] = {}
    catches: Counter[str] = Counter()
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                one = _start(bench, waiting.popleft(), catches)
                running[one.pipe] = one
            for one in _finished(running):
                del running[one.pipe]
                result = _result(one)
                catches.update(result.failed)
                yield result
    finally:
        for one in running.values():
            os.kill(one.pid, signal.SIGKILL)
            _end(one)


def _start(bench: Bench, trial: Trial, catches: Counter[str]) -> _Running:
    tests = sorted(bench.suite[trial.question], key=lambda test: -catches[test.name])
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        status = 1
        try:
            run_trial(bench, trial, tests, lambda run: _send(writer, run))
            status = 0
        finally:
            os._exit(status)  # without torch's and pytest's tidying up
    os.close(writer)
    return _Running(trial, tests, pid, reader, bench.test_timeout_s)


def _send(pipe: int, run: TestRun) -> None:
    data = pickle.dumps(run)
    remaining = memoryview(LENGTH.pack(len(data)) + data)
    while remaining:
        remaining = remaining[os.write(pipe, remaining) :]


def _finished(running: dict[int, _Running]) -> list[_Running]:
    """Those that have closed their pipe or overrun their time; waits for a little while."""
    nearest = min(one.deadline for one in running.values())
    ready, _, _ = select.select(list(running), [], [], max(0.0, nearest - time.monotonic()))
    ended = [running[pipe] for pipe in ready if not running[pipe].take()]
    overdue = [one for one in running.values() if one not in ended and one.is_overdue()]
    for one in overdue:
        one.overdue = True
        os.kill(one.pid, signal.SIGKILL)
    return ended + overdue


def _result(one: _Running) -> TrialResult:
    """What it sent. Where it ended in the middle, the test that was running ends the trial."""
    status = _end(one)
    if status == 0:
        return TrialResult(one.trial, tuple(one.runs))
    done = {(run.test, run.seed) for run in one.runs}
    steady = {run.test for run in one.runs if not run.random}
    test, seed = next(
        (t.name, s) for t in one.tests for s in one.trial.seeds if t.name not in steady and (t.name, s) not in done
    )
    outcome = Outcome.TIMEOUT if one.overdue else Outcome.CRASHED
    why = f"still running after {one.limit_s:g} s" if one.overdue else f"its process ended with status {status}"
    last = TestRun(test, seed, outcome, False, True, one.limit_s if one.overdue else 0.0, why)
    return TrialResult(one.trial, (*one.runs, last), f"{test}: {why}")


def _end(one: _Running) -> int:
    """Reap the process, which has closed its pipe or been killed; 0 where it ended well."""
    os.close(one.pipe)
    return os.waitpid(one.pid, 0)[1]
