"""The collected hidden suite, and how one of its tests is run against one notebook."""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from _pytest.runner import runtestprotocol

from autograder.course import Assignment
from autograder.engine.plain_item import plain_call
from autograder.errors import SuiteError
from autograder.results import Outcome, TestResult
from autograder.sandbox.process import SandboxDied
from autograder.suite.plugin import backend_key, question_of
from autograder.suite.student import Backend
from autograder.suite.verdict import CellLabel, judge


@dataclass(frozen=True)
class SuiteItem:
    """One hidden test with what its markers say."""

    item: pytest.Item
    name: str
    title: str
    question: str
    weight: float
    hint: str
    counts: bool  # False for a GPU test where there is no GPU
    call: Callable[[], Any] | None = None  # runs it without pytest's protocol, where that makes no difference


def read_items(items: Sequence[pytest.Item], assignment: Assignment) -> dict[str, tuple[SuiteItem, ...]]:
    """Question -> its tests.

    Raises:
        SuiteError: a test without a question, of an unknown one or with a weight that is no number above 0,
            two tests of one name in a question, or a question without a test.
    """
    problems = []
    found: dict[str, list[SuiteItem]] = {name: [] for name in assignment.question_names}
    for item in items:
        name = question_of(item)
        weight = item.get_closest_marker("weight")
        twin = next((test.item for test in found.get(name, ()) if test.name == item.name), None)
        if weight and not _is_weight(weight.args):
            problems.append(f"{item.nodeid}: a weight is one number above 0, as in @pytest.mark.weight(2)")
        elif twin is not None:
            problems.append(f"{item.nodeid}: {twin.nodeid} has the same name and question; rename one of them")
        elif name in found:
            found[name].append(_read(item, name))
        else:
            what = (
                f"belongs to question {name!r}, which {assignment.config_path.name} does not list"
                if name
                else "has no question"
            )
            problems.append(f"{item.nodeid}: {what}; mark it with @pytest.mark.question(...)")
    problems += [
        f"{assignment.suite_folder}: question {name!r} has no test" for name, tests in found.items() if not tests
    ]
    if problems:
        raise SuiteError("\n".join(problems))
    return {name: tuple(tests) for name, tests in found.items()}


def _is_weight(arguments: tuple[object, ...]) -> bool:
    return len(arguments) == 1 and type(arguments[0]) in (int, float) and 0 < float(str(arguments[0])) < math.inf


def _read(item: pytest.Item, question: str) -> SuiteItem:
    weight = item.get_closest_marker("weight")
    hint = item.get_closest_marker("hint")
    doc = inspect.getdoc(getattr(item, "function", None)) or item.name
    counts = item.get_closest_marker("gpu") is None or torch.cuda.is_available()
    return SuiteItem(
        item=item,
        name=item.name,
        title=" ".join(doc.split("\n\n")[0].split()),
        question=question,
        weight=float(weight.args[0]) if weight else 1.0,
        hint=str(hint.args[0]) if hint else "",
        counts=counts,
        call=plain_call(item),
    )


class ItemRunner:
    """A pytest plugin that runs single items and keeps what they raised."""

    def __init__(self) -> None:
        self._raised: tuple[str, BaseException] | None = None

    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        if call.excinfo is not None and self._raised is None:
            self._raised = (call.when, call.excinfo.value)

    def run(self, test: SuiteItem, backend: Backend, cell_label: CellLabel) -> TestResult:
        """Run one test against whoever `backend` is.

        Raises:
            SandboxDied: the test could not be run to its end, and says nothing about the answer.
        """
        self._raised = None
        test.item.config.stash[backend_key] = lambda _: backend
        start = time.perf_counter()
        if test.call is None:
            runtestprotocol(test.item, log=False, nextitem=None)
        else:
            self._raised = _raised_by(test.call)
        seconds = time.perf_counter() - start
        when, error = self._raised or ("call", None)
        if isinstance(error, SandboxDied):
            raise error
        verdict = judge(error, test.hint, cell_label, in_setup=when != "call")
        return TestResult(
            name=test.name,
            title=test.title,
            outcome=verdict.outcome,
            weight=test.weight if test.counts else 0.0,
            hint=verdict.hint,
            seconds=seconds,
            detail=verdict.detail,
        )


def _raised_by(call: Callable[[], Any]) -> tuple[str, BaseException] | None:
    try:
        call()
    except (KeyboardInterrupt, pytest.exit.Exception):
        raise
    except BaseException as error:  # pytest.skip's, for one, is no Exception
        return "call", error
    return None


def not_run(test: SuiteItem, outcome: Outcome, hint: str) -> TestResult:
    """The result of a test that was not even started."""
    return TestResult(test.name, test.title, outcome, test.weight if test.counts else 0.0, hint)
