"""What an audit tries of one assignment, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from autograder.audit.measured import Effort
from autograder.audit.mutants.equivalent import Entry
from autograder.audit.mutants.model import Mutant
from autograder.audit.trials.model import Trial, TrialResult
from autograder.course import Assignment


@dataclass(frozen=True)
class Tried:
    """One answer that was tried: a mutant, a variant of known worth, or the reference."""

    question: str
    name: str
    right: bool
    mutant: Mutant | None = None


@dataclass
class Trials:
    """What is to be tried, what each trial is of, and what came of it."""

    assignment: Assignment
    questions: tuple[str, ...]
    effort: Effort
    entries: tuple[Entry, ...]
    mutants: dict[str, tuple[Mutant, ...]] = field(default_factory=dict)
    trials: list[Trial] = field(default_factory=list)
    of: list[Tried] = field(default_factory=list)
    results: list[tuple[Tried, TrialResult]] = field(default_factory=list)

    def add(self, tried: Tried, trial: Trial) -> None:
        self.trials.append(replace(trial, key=len(self.trials)))
        self.of.append(tried)

    def results_of(self, question: str) -> list[tuple[Tried, TrialResult]]:
        return [(tried, result) for tried, result in self.results if tried.question == question]
