"""The jobs that workers are on. Nothing is lost: a job whose worker dies is tried again once.

With one worker jobs run one after the other, in the order given.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from multiprocessing.connection import wait
from typing import Any

from autograder.course import Assignment, Course
from autograder.engine.crew import Crew, Worker
from autograder.engine.job import Job
from autograder.engine.unread import unread_result
from autograder.results import SubmissionResult

SPARE_S = 120.0  # beyond a submission's own limit before its worker is taken for hung
MAX_TRIES = 2


class Engine:
    """Grades notebooks of one assignment. Use as a context manager.

    Args:
        crew: workers that are there already, and stay; without it, `workers` are started, and end with the engine.

    Raises:
        IsolationError, SuiteError, ...: when entered, where the workers cannot start.
    """

    def __init__(
        self,
        course: Course,
        assignment: Assignment,
        *,
        workers: int = 1,
        isolation: str = "bubblewrap",
        crew: Crew | None = None,
    ) -> None:
        self.assignment = assignment
        self.tests: dict[str, int] = {}
        self._crew = crew or Crew(course, workers, isolation)
        self._borrowed = crew is not None

    def __enter__(self) -> Engine:
        try:
            if not self._borrowed:
                self._crew.__enter__()
            self.tests = self._crew.take_up(self.assignment)
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
        idle = [self._replace(worker) if worker.connection.closed else worker for worker in self.workers]
        busy: dict[Worker, tuple[Job, int]] = {}
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
        if not self._borrowed:
            self._crew.close()

    @property
    def workers(self) -> tuple[Worker, ...]:
        """Who grades at present; one that is replaced is no longer among them."""
        return tuple(self._crew.workers)

    def _replace(self, worker: Worker) -> Worker:
        return self._crew.replace(worker, self.assignment)

    def _result(self, job: Job, kind: str, value: Any) -> SubmissionResult:
        if kind == "result":
            return value  # type: ignore[no-any-return]
        return self._lost(
            job, f"The grader met an error of its own on this submission: {value.strip().splitlines()[-1]}"
        )

    def _lost(self, job: Job, why: str) -> SubmissionResult:
        problem = f"{why}; grade it by hand and report this as a fault of the grader."
        return unread_result(self.assignment, job.student, (*job.problems, problem), job.questions)


def _finished(busy: dict[Worker, tuple[Job, int]]) -> list[Worker]:
    """Workers that have sent something, died, or overrun their deadline; waits for the first."""
    nearest = min(worker.deadline for worker in busy)
    ready = set(wait([worker.connection for worker in busy], timeout=max(0.0, nearest - time.monotonic())))
    now = time.monotonic()
    return [worker for worker in busy if worker.connection in ready or worker.deadline <= now]
