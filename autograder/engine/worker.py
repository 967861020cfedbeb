"""A worker process: a zygote, a hidden suite collected once, and a loop over notebooks.

The loop runs inside pytest's own session (`pytest_runtestloop`), so collection, fixtures and
assertion rewriting are pytest's and are paid for once. Messages to and from the pool are pickled;
both sides are trusted, and nothing of a student's is in them but bytes and checked results.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
import torch

from autograder.authoring.reference import Reference
from autograder.authoring.spec import ReleaseSpec
from autograder.course import Assignment, Course
from autograder.engine.grade_one import Grader
from autograder.engine.job import Job
from autograder.engine.own_memory import limit_own_memory
from autograder.engine.suite_items import ItemRunner, read_items
from autograder.errors import AutograderError, IsolationError, SuiteError
from autograder.sandbox.isolation import get_isolation
from autograder.sandbox.process import ProcessEnded, StudentProcess
from autograder.sandbox.zygote import Zygote, ZygoteDied

INI = Path(__file__).with_name("pytest.ini")


@dataclass(frozen=True)
class WorkerSettings:
    """What a worker needs to know when it starts."""

    course: Course
    isolation: str


def work(settings: WorkerSettings, connection: Connection) -> None:
    """Serve one assignment after the other from `connection` until it closes.

    For each it sends ("ready", tests) or ("broken", error), and then a result for each job.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the pool decides when to stop
    torch.set_num_threads(1)
    limit_own_memory()
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115  (for the process's whole life)
    sys.path.insert(0, str(settings.course.root))
    supply = None
    try:
        supply = ZygoteSupply(settings)
        assignment = _next(connection)
        while isinstance(assignment, Assignment):
            assignment = _serve_assignment(settings.course, assignment, connection, supply)
    except Exception as error:  # nothing can be served here: who waits for an answer hears why
        with contextlib.suppress(OSError):
            connection.send(("broken", _as_known(error)))
    finally:
        if supply is not None:
            supply.close()


def _next(connection: Connection) -> Assignment | Job | None:
    """What comes next; None where the other side has gone."""
    try:
        message: Assignment | Job | None = connection.recv()
    except EOFError:
        return None
    return message


def _serve_assignment(
    course: Course, assignment: Assignment, connection: Connection, supply: ZygoteSupply
) -> Assignment | Job | None:
    """Collect the suite and grade what comes; the next assignment, or None where there is none."""
    loop = GradingLoop(assignment, connection, supply)
    folder = str(assignment.suite_folder)
    arguments = ["-c", str(INI), "--rootdir", str(course.root), "-p", "autograder.suite.plugin", folder]
    try:
        pytest.main(arguments, plugins=[loop, loop.runner])
        if not loop.started:
            raise SuiteError(f"The hidden suite in {folder} cannot be collected.\n{loop.collection_errors()}")
    except Exception as error:
        connection.send(("broken", _as_known(error)))
    return loop.next if loop.served else _next(connection)


def _as_known(error: Exception) -> AutograderError:
    """An error that the pool can show: ours as it is, any other with where it came from."""
    if isinstance(error, AutograderError):
        return error
    return SuiteError(f"A grading worker broke:\n{''.join(traceback.format_exception(error))}")


class ZygoteSupply:
    """A living zygote at all times: where it died, another is started."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._isolation = get_isolation(settings.isolation)
        self._preload = settings.course.settings.sandbox.preload
        self._zygote = Zygote(self._isolation, self._preload)

    def close(self) -> None:
        self._zygote.close()

    def start_process(self, limits: Mapping[str, int]) -> StudentProcess:
        """Fork a student process, from a new zygote where the old one is gone."""
        try:
            process = StudentProcess(self._zygote, limits)
        except (ZygoteDied, ProcessEnded):
            self._renew()
            self.wait_until_ready()
            process = StudentProcess(self._zygote, limits)
        with contextlib.suppress(ZygoteDied):  # the next call will find out
            self._zygote.fork_ahead(limits)
        return process

    def wait_until_ready(self) -> None:
        """Until it can fork; where it was ended as it started, another is tried, once.

        Raises:
            IsolationError: neither came up.
        """
        if self._zygote.ready:
            return
        try:
            self._zygote.wait_until_ready()
        except IsolationError:
            self._renew()
            self._zygote.wait_until_ready()

    def _renew(self) -> None:
        self._zygote.close()
        self._zygote = Zygote(self._isolation, self._preload)


class GradingLoop:
    """The pytest plugin whose test loop grades notebooks."""

    def __init__(self, assignment: Assignment, connection: Connection, supply: ZygoteSupply) -> None:
        self.assignment = assignment
        self.connection = connection
        self.supply = supply
        self.runner = ItemRunner()
        self.started = False  # whether pytest came as far as the loop
        self.served = False  # whether jobs were waited for, until something else came: `next`
        self.next: Assignment | Job | None = None
        self._errors: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._errors.append(f"{report.nodeid}: {report.longrepr}")

    def collection_errors(self) -> str:
        return "\n".join(self._errors)[-4000:] or "pytest found no tests there."

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if self._errors:
            return True
        self.started = True
        try:
            grader = self._prepare(session)
        except Exception as error:  # pytest would swallow it
            self.connection.send(("broken", _as_known(error)))
            return True
        self._serve(grader)
        return True

    def _prepare(self, session: pytest.Session) -> Grader:
        assignment = self.assignment
        spec = ReleaseSpec.load(assignment.release_path)
        reference = Reference.load(assignment.reference_path, assignment.question_names)
        suite = read_items(session.items, assignment)
        self.supply.wait_until_ready()
        self.connection.send(("ready", {name: len(tests) for name, tests in suite.items()}))
        return Grader(assignment, spec, reference, suite, self.runner, self.supply.start_process)

    def _serve(self, grader: Grader) -> None:
        gc.freeze()  # what is there now stays: later collections need not look at it
        self.served = True
        while isinstance(job := _next(self.connection), Job):
            try:
                self.connection.send(("result", grader.grade(job)))
            except Exception:
                self.connection.send(("failed", traceback.format_exc()))
        self.next = job
