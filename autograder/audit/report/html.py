"""An audit as one page that loads nothing: figures of every question, a matrix of mutants and tests, tolerances.

Rendered by jinja2 with autoescape; the page runs no script, and a Content-Security-Policy forbids any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from autograder.audit.measured import Fate, Measured, MutantCount, MutantOutcome, TestWorth, flaky_per_10000
from autograder.audit.model import AuditReport
from autograder.audit.report.trials_table import described, room
from autograder.audit.whole import Checked

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Matrix:
    """The mutants of one question and the tests that they meet, in the suite's order.

    `groups` are the mutants by the statement that they change; a row of cells says which tests catch a mutant.
    """

    count: MutantCount
    tests: tuple[TestWorth, ...]
    groups: tuple[tuple[str, str, tuple[MutantOutcome, ...]], ...]

    def caught(self, outcome: MutantOutcome) -> list[bool]:
        names = {name.partition("[")[0] for name in outcome.killed_by}
        return [test.test in names for test in self.tests]


def render(report: AuditReport | None, checked: Sequence[Checked]) -> str:
    """The whole page."""
    style = (TEMPLATES / "audit.css").read_text(encoding="utf-8")
    return (
        _environment()
        .get_template("audit.html")
        .render(
            report=report,
            checked=checked,
            style=Markup(style),  # our own file, not data
            Fate=Fate,
            matrices=_matrices,
            described=described,
            rate=flaky_per_10000,
        )
    )


def _matrices(measured: Measured) -> list[Matrix]:
    return [_matrix(measured, count) for count in measured.mutants]


def _matrix(measured: Measured, count: MutantCount) -> Matrix:
    tests = tuple(test for test in measured.tests if test.question == count.question)
    ordered = sorted(count.outcomes, key=lambda outcome: (outcome.mutant.where, outcome.mutant.was))
    groups = groupby(ordered, key=lambda outcome: (outcome.mutant.where, outcome.mutant.was))
    return Matrix(count, tests, tuple((where, was, tuple(outcomes)) for (where, was), outcomes in groups))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["by_room"] = lambda tolerances: sorted(tolerances, key=room)
    return environment
