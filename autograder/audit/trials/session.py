"""Collect a suite in a pytest session of its own, and run trials in the place of its tests."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence

import pytest
import torch

from autograder.audit.trials.child import Bench
from autograder.audit.trials.loop import run_trials
from autograder.audit.trials.model import Trial, TrialResult
from autograder.audit.trials.record import Recorder
from autograder.authoring.reference import Reference
from autograder.course import Assignment, Course
from autograder.engine.suite_items import ItemRunner, read_items
from autograder.engine.worker import INI
from autograder.errors import SuiteError

CALLS_A_TEST = 3  # that come close to their limit, before a test of a mutant is given up
Report = Callable[[TrialResult], None]


def serve_trials(course: Course, assignment: Assignment, trials: Sequence[Trial], workers: int, report: Report) -> None:
    """Run all trials. Ends early, by an exception, where `report` raises one.

    Raises:
        SuiteError: the suite cannot be collected.
    """
    torch.set_num_threads(1)
    sys.path.insert(0, str(course.root))
    for module in course.settings.sandbox.preload:
        importlib.import_module(module)  # once here, and not in each of thousands of processes
    recorder = Recorder(assignment.suite_folder)
    recorder.install()
    loop = _TrialLoop(assignment, trials, workers, report, recorder)
    folder = str(assignment.suite_folder)
    arguments = ["-c", str(INI), "--rootdir", str(course.root), "-p", "autograder.suite.plugin", folder]
    pytest.main(arguments, plugins=[loop, loop.runner])
    if loop.error is not None:
        raise loop.error
    if not loop.started:
        errors = "\n".join(loop.collection_errors)[-4000:] or "pytest found no tests there."
        raise SuiteError(f"The hidden suite in {folder} cannot be collected.\n{errors}")


class _TrialLoop:
    """The pytest plugin whose test loop runs trials."""

    def __init__(
        self, assignment: Assignment, trials: Sequence[Trial], workers: int, report: Report, recorder: Recorder
    ) -> None:
        self.assignment = assignment
        self.trials = trials
        self.workers = workers
        self.report = report
        self.recorder = recorder
        self.runner = ItemRunner()
        self.started = False
        self.error: Exception | None = None
        self.collection_errors: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.collection_errors.append(f"{report.nodeid}: {report.longrepr}")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if self.collection_errors:
            return True
        self.started = True
        try:
            for result in run_trials(self._bench(session), self.trials, self.workers):
                self.report(result)
        except Exception as error:  # pytest would swallow it
            self.error = error
        return True

    def _bench(self, session: pytest.Session) -> Bench:
        path = self.assignment.reference_path
        reference = Reference.load(path, self.assignment.question_names)
        suite = read_items(session.items, self.assignment)
        limit_s = CALLS_A_TEST * self.assignment.limits.call_timeout_s
        return Bench(reference, path.read_text(encoding="utf-8"), suite, self.runner, self.recorder, limit_s)
