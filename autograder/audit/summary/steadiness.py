"""Right answers under many seeds: which tests sometimes do not pass them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from autograder.audit.measured import Flake, Steadiness
from autograder.audit.model import Kind
from autograder.audit.trials.model import TestRun, TrialResult
from autograder.audit.tried import Trials
from autograder.results import Outcome


def count_flakes(trials: Trials) -> Iterator[Steadiness]:
    """The steadiness of each question's tests."""
    if "steadiness" not in trials.effort.parts:
        return
    for question in trials.questions:
        right = [(t.name, result) for t, result in trials.results_of(question) if t.right and t.mutant is None]
        single = _single_alone([result for name, result in right if name == Kind.REFERENCE])
        runs = same = 0
        flakes: list[Flake] = []
        for answer, result in right:
            for test, tried in _by_test(result).items():
                if result.trial.double and test in single:
                    continue
                runs += len(tried)
                same += 0 if tried[-1].random else len(result.trial.seeds) - len(tried)
                flakes += _flakes(answer, result, test, tried)
        yield Steadiness(question, runs, same, tuple(flakes), tuple(sorted(single)))


def _by_test(result: TrialResult) -> dict[str, list[TestRun]]:
    found: dict[str, list[TestRun]] = defaultdict(list)
    for run in result.runs:
        if run.outcome is not Outcome.SKIPPED:
            found[run.test].append(run)
    return found


def _single_alone(results: list[TrialResult]) -> set[str]:
    """Tests that the reference fails under every seed where float64 is the default, and passes otherwise."""
    by_double: dict[bool, dict[str, list[bool]]] = {True: defaultdict(list), False: defaultdict(list)}
    for result in results:
        for test, runs in _by_test(result).items():
            by_double[result.trial.double][test] += [run.outcome is Outcome.PASSED for run in runs]
    return {test for test, passed in by_double[True].items() if not any(passed) and all(by_double[False][test])}


def _flakes(answer: str, result: TrialResult, test: str, tried: list[TestRun]) -> Iterator[Flake]:
    failed = [run for run in tried if run.outcome is not Outcome.PASSED]
    if failed:
        trial = result.trial
        seeds = tuple(run.seed for run in failed)
        detail = f"{failed[0].outcome}: {failed[0].detail}"
        yield Flake(trial.question, test, answer, trial.threads, trial.double, seeds, len(tried), detail)
