"""Where each tolerance lies between what right answers do and what wrong ones do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from autograder.audit.measured import Tolerance
from autograder.audit.tried import Trials
from autograder.results import Outcome

NOTICEABLE = 10.0  # an error this many times the largest of any right answer is another answer, not rounding
NEGLIGIBLE = 1e-4  # of the tolerance: rounding, where right answers happen to be exact

Site = tuple[str, int, str]  # test, line, name
Errors = dict[Site, list[tuple[float, str]]]  # (error in multiples of the tolerance, whose)


def compare_tolerances(trials: Trials) -> Iterator[Tolerance]:
    """Every comparison that right and wrong answers have met; needs the trials of both."""
    if not {"mutants", "steadiness"} <= set(trials.effort.parts):
        return
    for question in trials.questions:
        right, wrong = _errors(trials, question)
        for site, errors in sorted(right.items()):
            yield _tolerance(question, site, max(errors), wrong.get(site, []))


def _errors(trials: Trials, question: str) -> tuple[Errors, Errors]:
    right: Errors = defaultdict(list)
    wrong: Errors = defaultdict(list)
    for tried, result in trials.results_of(question):
        for run in result.runs:
            if tried.right and run.outcome is not Outcome.PASSED:
                continue  # counted as a flake, or the test asks for float32
            for margin in run.margins:
                site = (run.test.partition("[")[0], margin.line, margin.name)
                (right if tried.right else wrong)[site].append((margin.ratio, tried.name))
    return right, wrong


def _tolerance(question: str, site: Site, largest: tuple[float, str], wrong: list[tuple[float, str]]) -> Tolerance:
    bound = max(largest[0] * NOTICEABLE if largest[0] < 1 / NOTICEABLE else largest[0], NEGLIGIBLE)
    noticed = sorted((error, whose) for error, whose in wrong if error > bound)
    caught = [pair for pair in noticed if pair[0] > 1]
    smallest, whose = caught[0] if caught else (None, "")
    return Tolerance(question, *site, largest[0], largest[1], smallest, whose, len(noticed) - len(caught))
