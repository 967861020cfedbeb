"""Worker processes, each with a zygote that has imported torch: slow to start, so one crew can serve many assignments.

The crew does not import torch; a fork server imports it once for all workers.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import threading
import time
from multiprocessing.connection import Connection
from typing import Any

from autograder.course import Assignment, Course
from autograder.engine.core import cores_for
from autograder.engine.job import Job
from autograder.engine.start import run_worker, without_main
from autograder.errors import AutograderError, IsolationError

START_TIMEOUT_S = 300.0


class WorkerGone(IsolationError):
    """A worker was ended, or hung, as it started: by a machine short of memory, by a person, or by a fault of ours."""


class Crew:
    """`count` workers of one course. Use as a context manager; they start at once, and are waited for in `take_up`.

    They start in a thread: before the first one there is, the fork server has to import torch, and the caller may
    have something else to do meanwhile.
    """

    def __init__(self, course: Course, count: int, isolation: str = "bubblewrap") -> None:
        self.course = course
        self.isolation = isolation
        self.count = max(1, count)
        self.workers: list[Worker] = []
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["autograder.engine.worker"])
        self._cores = cores_for(self.count)
        self._starting: threading.Thread | None = None
        self._broken: BaseException | None = None

    def __enter__(self) -> Crew:
        self._starting = threading.Thread(target=self._start_all)
        self._starting.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def take_up(self, assignment: Assignment) -> dict[str, int]:
        """Have all workers collect the assignment's hidden suite; question -> how many tests it has.

        Raises:
            IsolationError, SuiteError, ...: a worker cannot start, or cannot use the suite. One that was ended or
                hung as it started is no such worker yet: another takes its place, once.
        """
        self._wait_for_start()
        # A run that was left early has left behind workers that were stopped in the middle of a job.
        self.workers = [self._start(w.core) if w.connection.closed else w for w in self.workers]
        for worker in self.workers:
            worker.tell(assignment)
        tests: dict[str, int] = {}
        broken = None
        for worker in tuple(self.workers):  # all are heard, so that no answer is left for the next question
            try:
                tests = self._until_ready(worker, assignment).tests
            except AutograderError as error:
                broken = broken or error
        if broken is not None:
            raise broken
        return tests

    def replace(self, worker: Worker, assignment: Assignment) -> Worker:
        """End a worker that is dead, hung or in the middle of something; another takes its place, and is ready."""
        return self._until_ready(self._put_in_place_of(worker, assignment), assignment)

    def close(self) -> None:
        if self._starting is not None:
            self._starting.join()
        for worker in self.workers:
            worker.connection.close()  # ends its loop; all of them at once
        for worker in self.workers:
            worker.stop()
        self.workers = []

    def _start_all(self) -> None:
        try:
            for core in self._cores:
                self.workers.append(self._start(core))
        except BaseException as error:  # whoever waits for them hears of it
            self._broken = error

    def _wait_for_start(self) -> None:
        if self._starting is not None:
            self._starting.join()
        if self._broken is not None:
            raise self._broken

    def _until_ready(self, worker: Worker, assignment: Assignment) -> Worker:
        """This worker, or the one that takes its place, once, where it is gone before it is ready."""
        try:
            worker.wait_until_ready()
        except WorkerGone:
            worker = self._put_in_place_of(worker, assignment)
            worker.wait_until_ready()
        return worker

    def _put_in_place_of(self, worker: Worker, assignment: Assignment) -> Worker:
        """One that has been told what to collect, and is still to be waited for."""
        worker.stop(kill=True)
        fresh = self._start(worker.core)
        self.workers[self.workers.index(worker)] = fresh
        fresh.tell(assignment)
        return fresh

    def _start(self, core: int | None) -> Worker:
        ours, theirs = self._context.Pipe()
        arguments = (self.course, self.isolation, core, theirs)
        process = self._context.Process(target=run_worker, args=arguments, daemon=True)
        with without_main():
            try:
                process.start()
            except (EOFError, OSError):  # the fork server has been killed, and is started again
                process.start()
        theirs.close()
        return Worker(process, ours, core)


class Worker:
    """One worker process as the trusted side sees it.

    Attributes:
        tests: question -> how many tests it has, once the worker has collected them.
    """

    def __init__(self, process: Any, connection: Connection, core: int | None) -> None:
        self.process = process
        self.connection = connection
        self.core = core
        self.deadline = 0.0
        self.tests: dict[str, int] = {}

    def wait_until_ready(self) -> None:
        """Until it has collected the suite.

        Raises:
            WorkerGone: it was ended, or hung.
            IsolationError, SuiteError, ...: it cannot serve.
        """
        try:
            if not self.connection.poll(START_TIMEOUT_S):
                raise WorkerGone(
                    f"A grading worker did not start within {START_TIMEOUT_S:g} s: see whether the machine has "
                    "memory and processors to spare, and run this again."
                )
            kind, value = self.connection.recv()
        except (EOFError, OSError):
            raise WorkerGone("A grading worker died while it started; `autograder doctor` may say why.") from None
        if kind == "broken":
            raise value if isinstance(value, AutograderError) else IsolationError(str(value))
        self.tests = dict(value)

    def give(self, job: Job, seconds: float) -> None:
        """Have it grade a notebook; it is taken for hung after so many seconds."""
        self.deadline = time.monotonic() + seconds
        self.tell(job)

    def take(self) -> tuple[str, Any] | None:
        """What it sent, or None where it is dead or hung."""
        try:
            return self.connection.recv() if self.connection.poll() else None
        except (EOFError, OSError):
            return None

    def tell(self, message: Assignment | Job) -> None:
        """Send; a dead worker is found out when it is heard."""
        with contextlib.suppress(OSError):
            self.connection.send(message)

    def stop(self, *, kill: bool = False) -> None:
        self.connection.close()  # ends its loop
        if kill:
            self.process.kill()
        self.process.join(timeout=5)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
