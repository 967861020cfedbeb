"""What trials by the thousand find out about a suite: frozen dataclasses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from autograder.audit.mutants.model import Mutant


class Fate(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    EQUIVALENT = "equivalent"
    ALLOWED = "allowed"


@dataclass(frozen=True, slots=True)
class MutantOutcome:
    """One mutant, tested.

    Attributes:
        killed_by: the tests that took points off; all of them unless the trial stopped at the first.
        by_value: whether one of them met a wrong answer, and not merely an exception.
        reason: why it is no mistake, from equivalent.toml.
        contradiction: why its entry in equivalent.toml cannot be right; "" where nothing contradicts it.
    """

    mutant: Mutant
    fate: Fate
    killed_by: tuple[str, ...]
    by_value: bool
    reason: str = ""
    contradiction: str = ""


@dataclass(frozen=True, slots=True)
class MutantCount:
    """The mutants of one question. `generated` of them exist, of which all or a sample were tried."""

    question: str
    generated: int
    outcomes: tuple[MutantOutcome, ...]

    def of(self, fate: Fate) -> tuple[MutantOutcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.fate is fate)

    @property
    def killed_share(self) -> float:
        """Of those that are mistakes; 1 where none is."""
        killed, survived = len(self.of(Fate.KILLED)), len(self.of(Fate.SURVIVED))
        return killed / (killed + survived) if killed + survived else 1.0

    @property
    def killed_by_value(self) -> int:
        return sum(outcome.by_value for outcome in self.of(Fate.KILLED))


@dataclass(frozen=True, slots=True)
class Flake:
    """A right answer that a test did not pass, under some seeds.

    Attributes:
        answer: "reference" or the name of an alternative.
        seeds: those under which it did not pass, of the `tried` in this setting.
    """

    question: str
    test: str
    answer: str
    threads: int
    double: bool
    seeds: tuple[int, ...]
    tried: int
    detail: str


@dataclass(frozen=True, slots=True)
class Steadiness:
    """Right answers to one question under many seeds.

    Attributes:
        runs: how often a test was run.
        same: runs that were left out, because nothing in the test is random and it had passed in that setting.
        single_alone: tests that ask for float32, and so cannot run where float64 is the default.
    """

    question: str
    runs: int
    same: int
    flakes: tuple[Flake, ...]
    single_alone: tuple[str, ...] = ()

    @property
    def flaky_runs(self) -> int:
        return sum(len(flake.seeds) for flake in self.flakes)


@dataclass(frozen=True, slots=True)
class Tolerance:
    """One comparison of a suite. Errors are in multiples of what it allows: 1 is the threshold.

    Attributes:
        largest_right: the largest error of any right answer, and `right` is whose.
        smallest_wrong: the smallest error of any wrong answer that this comparison tells from the right ones, and
            `wrong` is whose; None where there is none.
        let_through: wrong answers that are further off than every right one and yet pass here.
    """

    question: str
    test: str
    line: int
    name: str
    largest_right: float
    right: str
    smallest_wrong: float | None
    wrong: str
    let_through: int


@dataclass(frozen=True, slots=True)
class TestWorth:
    """What one test costs and what it is good for.

    Attributes:
        seconds: the mean of its runs against the reference.
        catches: how many wrong answers (mutants and known mistakes) it does not pass.
        alone: how many of them no other test catches.
    """

    __test__ = False  # for pytest: this is no test class

    question: str
    test: str
    seconds: float
    catches: int | None
    alone: int | None


@dataclass(frozen=True, slots=True)
class Effort:
    """How much was tried: `mutants` a question (None: all), `seeds` for each right answer."""

    parts: tuple[str, ...]
    mutants: int | None
    seeds: int

    @property
    def whole(self) -> bool:
        return self.mutants is None


@dataclass(frozen=True, slots=True)
class Measured:
    """One suite, measured by trials. A part that was not asked for is empty."""

    assignment: str
    effort: Effort
    mutants: tuple[MutantCount, ...]
    steadiness: tuple[Steadiness, ...]
    tolerances: tuple[Tolerance, ...]
    tests: tuple[TestWorth, ...]
    outdated: tuple[str, ...]
    broken: tuple[str, ...]
    trials: int
    seconds: float

    def mutants_of(self, question: str) -> MutantCount | None:
        return next((count for count in self.mutants if count.question == question), None)

    def steadiness_of(self, question: str) -> Steadiness | None:
        return next((steadiness for steadiness in self.steadiness if steadiness.question == question), None)


def flaky_per_10000(steadiness: Iterable[Steadiness]) -> float:
    """Flaky outcomes in 10 000 test runs, those that were left out because they would end the same included."""
    listed = tuple(steadiness)
    runs = sum(one.runs + one.same for one in listed)
    return 10_000 * sum(one.flaky_runs for one in listed) / runs if runs else 0.0
