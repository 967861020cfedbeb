"""What each test costs, and which wrong answers it alone catches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from statistics import fmean

from autograder.audit.measured import TestWorth
from autograder.audit.model import Kind
from autograder.audit.tried import Trials


def weigh_tests(trials: Trials) -> Iterator[TestWorth]:
    """Every test that was run against the reference. Several parametrised ones count as one."""
    has_matrix = "mutants" in trials.effort.parts and trials.effort.whole
    for question in trials.questions:
        seconds: dict[str, list[float]] = defaultdict(list)
        caught_by: list[set[str]] = []
        for tried, result in trials.results_of(question):
            if tried.name == Kind.REFERENCE:
                for run in result.runs:
                    seconds[_bare(run.test)].append(run.seconds)
            elif not tried.right and not result.unfinished:
                caught_by.append({_bare(test) for test in result.failed})
        for test, times in seconds.items():
            catches = sum(test in tests for tests in caught_by) if has_matrix else None
            alone = sum(tests == {test} for tests in caught_by) if has_matrix else None
            yield TestWorth(question, test, fmean(times), catches, alone)


def _bare(test: str) -> str:
    return test.partition("[")[0]
