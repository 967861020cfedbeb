"""Worker processes and the jobs they are on. Nothing is lost: a job whose worker dies is tried again once.

With one worker jobs run one after the other, in the order given. The pool does not import torch;
a fork server imports it once for all workers.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import time
from collections import deque
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection, wait
from typing import Any

from autograder.course import Assignment, Course
from autograder.engine.job import Job
from autograder.engine.start import run_worker, without_main
from autograder.engine.unread import unread_result
from autograder.errors import AutograderError, IsolationError
from autograder.results import SubmissionResult

START_TIMEOUT_S = 300.0
SPARE_S = 120.0  # beyond a submission's own limit before its worker is taken for hung
MAX_TRIES = 2


class Engine:
    """Grades notebooks of one assignment. Use as a context manager.

    Raises:
        IsolationError, SuiteError, ...: when entered, where the workers cannot start.
    """

    def __init__(
        self, course: Course, assignment: Assignment, *, workers: int = 1, isolation: str = "bubblewrap"
    ) -> None:
        self.course = course
        self.assignment = assignment
        self.isolation = isolation
        self.count = max(1, workers)
        self.tests: dict[str, int] = {}
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["autograder.engine.worker"])
        self._workers: list[_Worker] = []

    def __enter__(self) -> Engine:
        try:
            self._workers = [self._start() for _ in range(self.count)]
            for worker in self._workers:
                self.tests = worker.wait_until_ready()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, SubmissionResult]]:
        """Grade the jobs; each comes back once, in order of completion."""
        waiting = deque((job, 1) for job in jobs)
        # A caller that left its last run early has left behind workers that were stopped in the middle of a job.
        idle = [self._replace(worker) if worker.connection.closed else worker for worker in list(self._workers)]
        busy: dict[_Worker, tuple[Job, int]] = {}
        try:
            while waiting or busy:
                while waiting and idle:
                    worker = idle.pop()
                    busy[worker] = waiting.popleft()
                    worker.give(busy[worker][0], self.assignment.limits.submission_timeout_s + SPARE_S)
                for worker in _finished(busy):
                    job, tries = busy.pop(worker)
                    outcome = worker.take()
                    if outcome is not None:
                        idle.append(worker)
                        yield job, self._result(job, *outcome)
                        continue
                    idle.append(self._replace(worker))
                    if tries < MAX_TRIES:
                        waiting.append((job, tries + 1))
                    else:
                        yield job, self._lost(job, "The grading process died twice on this submission")
        finally:
            for worker in busy:  # the caller stopped early: these workers are in the middle of something
                worker.stop(kill=True)

    def close(self) -> None:
        for worker in self._workers:
            worker.connection.close()  # ends its loop; all of them at once
        for worker in self._workers:
            worker.stop()
        self._workers = []

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        arguments = (self.course, self.assignment, self.isolation, theirs)
        process = self._context.Process(target=run_worker, args=arguments, daemon=True)
        with without_main():
            process.start()
        theirs.close()
        return _Worker(process, ours)

    def _replace(self, worker: _Worker) -> _Worker:
        worker.stop(kill=True)
        fresh = self._start()
        self._workers[self._workers.index(worker)] = fresh
        fresh.wait_until_ready()
        return fresh

    def _result(self, job: Job, kind: str, value: Any) -> SubmissionResult:
        if kind == "result":
            return value  # type: ignore[no-any-return]
        return self._lost(
            job, f"The grader met an error of its own on this submission: {value.strip().splitlines()[-1]}"
        )

    def _lost(self, job: Job, why: str) -> SubmissionResult:
        problem = f"{why}; grade it by hand and report this as a fault of the grader."
        return unread_result(self.assignment, job.student, (*job.problems, problem), job.questions)


class _Worker:
    """One worker process as the pool sees it."""

    def __init__(self, process: Any, connection: Connection) -> None:
        self.process = process
        self.connection = connection
        self.deadline = 0.0

    def wait_until_ready(self) -> dict[str, int]:
        try:
            if not self.connection.poll(START_TIMEOUT_S):
                raise IsolationError(f"A grading worker did not start within {START_TIMEOUT_S:g} s.")
            kind, value = self.connection.recv()
        except (EOFError, ConnectionError):
            raise IsolationError("A grading worker died while it started; `autograder doctor` may say why.") from None
        if kind == "broken":
            raise value if isinstance(value, AutograderError) else IsolationError(str(value))
        return dict(value)

    def give(self, job: Job, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds
        with contextlib.suppress(OSError):  # it is dead; `take` will find out
            self.connection.send(job)

    def take(self) -> tuple[str, Any] | None:
        """What it sent, or None where it is dead or hung."""
        try:
            return self.connection.recv() if self.connection.poll() else None
        except (EOFError, OSError):
            return None

    def stop(self, *, kill: bool = False) -> None:
        self.connection.close()  # ends its loop
        if kill:
            self.process.kill()
        self.process.join(timeout=5)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def _finished(busy: dict[_Worker, tuple[Job, int]]) -> list[_Worker]:
    """Workers that have sent something, died, or overrun their deadline; waits for the first."""
    nearest = min(worker.deadline for worker in busy)
    ready = set(wait([worker.connection for worker in busy], timeout=max(0.0, nearest - time.monotonic())))
    now = time.monotonic()
    return [worker for worker in busy if worker.connection in ready or worker.deadline <= now]
