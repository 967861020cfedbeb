"""What is tried, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.results import Outcome


@dataclass(frozen=True, slots=True)
class Trial:
    """One answer to one question, tested one or several times.

    Attributes:
        key: tells the trials of one run apart.
        question: whose tests are run.
        source: the answer that takes the place of the reference's; "" for the reference's own.
        helpers: what stands before it.
        seeds: each test runs once with each of them. 0 is the one that grades.
        threads: how many torch may use.
        double: whether torch's default dtype is float64.
        stop_at_first: whether the tests that follow one that did not pass are left out.
    """

    key: int
    question: str
    source: str = ""
    helpers: str = ""
    seeds: tuple[int, ...] = (0,)
    threads: int = 1
    double: bool = False
    stop_at_first: bool = False


@dataclass(frozen=True, slots=True)
class Margin:
    """How far from its tolerance one comparison was.

    Attributes:
        line: where the comparison stands in the suite's file.
        name: what is compared, in the test's words.
        ratio: the largest |actual − expected| / (atol + rtol |expected|); more than 1 does not pass.
    """

    line: int
    name: str
    ratio: float


@dataclass(frozen=True, slots=True)
class TestRun:
    """One test run once.

    Attributes:
        by_value: whether it failed because of a wrong answer, and not because the answer raised an exception.
        random: whether it or the answer drew random numbers, so that another seed may end otherwise.
    """

    __test__ = False  # for pytest: this is no test class

    test: str
    seed: int
    outcome: Outcome
    by_value: bool
    random: bool
    seconds: float
    detail: str = ""
    margins: tuple[Margin, ...] = ()


@dataclass(frozen=True, slots=True)
class TrialResult:
    """Everything that one trial gave. `unfinished` says why runs are missing at its end; "" where none is."""

    trial: Trial
    runs: tuple[TestRun, ...]
    unfinished: str = ""

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the tests that took points off, each once."""
        caught = (Outcome.FAILED, Outcome.TIMEOUT, Outcome.CRASHED)
        return tuple(dict.fromkeys(run.test for run in self.runs if run.outcome in caught))

    @property
    def broken(self) -> tuple[str, ...]:
        """Names of the tests that broke themselves."""
        return tuple(dict.fromkeys(run.test for run in self.runs if run.outcome is Outcome.ERROR))
