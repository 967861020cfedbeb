"""The loop over trials: forks a process for each, several at a time, and reads what they send.

It runs inside pytest's own session, which has collected the suite, and computes nothing itself: autograd's threads
would not survive a fork.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import signal
import struct
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from autograder.audit.trials.child import Bench, run_trial
from autograder.audit.trials.model import TestRun, Trial, TrialResult
from autograder.engine.suite_items import SuiteItem
from autograder.results import Outcome

TEST_TIMEOUT_S = 40.0  # of the clock, for one test: the slowest takes a second or two on an idle machine
LENGTH = struct.Struct("<I")


@dataclass
class _Running:
    """A trial's process, its pipe, and what has come out of it."""

    trial: Trial
    tests: list[SuiteItem]
    pid: int
    pipe: int
    deadline: float
    received: bytearray = field(default_factory=bytearray)
    runs: list[TestRun] = field(default_factory=list)

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
            self.deadline = time.monotonic() + TEST_TIMEOUT_S
        return bool(data)


def run_trials(bench: Bench, trials: Iterable[Trial], workers: int) -> Iterator[TrialResult]:
    """Run the trials, `workers` at a time; each comes back once, in order of completion.

    The tests that have caught most so far come first: where only the first is wanted, that saves the others.
    """
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
    return _Running(trial, tests, pid, reader, time.monotonic() + TEST_TIMEOUT_S)


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
    return ended + [one for one in running.values() if one not in ended and one.deadline <= time.monotonic()]


def _result(one: _Running) -> TrialResult:
    """What it sent. Where it ended in the middle, the test that was running ends the trial."""
    overrun = one.deadline <= time.monotonic()
    status = _end(one)
    if status == 0 and not overrun:
        return TrialResult(one.trial, tuple(one.runs))
    done = {(run.test, run.seed) for run in one.runs}
    steady = {run.test for run in one.runs if not run.random}
    test, seed = next(
        (t.name, s) for t in one.tests for s in one.trial.seeds if t.name not in steady and (t.name, s) not in done
    )
    outcome = Outcome.TIMEOUT if overrun else Outcome.CRASHED
    why = f"still running after {TEST_TIMEOUT_S:g} s" if overrun else f"its process ended with status {status}"
    last = TestRun(test, seed, outcome, False, True, TEST_TIMEOUT_S if overrun else 0.0, why)
    return TrialResult(one.trial, (*one.runs, last), f"{test}: {why}")


def _end(one: _Running) -> int:
    """Stop and reap the process; its status, 0 where it ended by itself and well."""
    os.close(one.pipe)
    if one.deadline <= time.monotonic():
        with contextlib.suppress(ProcessLookupError):
            os.kill(one.pid, signal.SIGKILL)
    return os.waitpid(one.pid, 0)[1]
