"""What became of every mutant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from autograder.audit.measured import Fate, MutantCount, MutantOutcome
from autograder.audit.mutants.equivalent import Entry
from autograder.audit.mutants.model import Mutant
from autograder.audit.trials.model import TrialResult
from autograder.audit.tried import Trials


def count_mutants(trials: Trials) -> Iterator[MutantCount]:
    """The mutants of each question."""
    for question, generated in trials.mutants.items():
        outcomes = [
            _outcome(tried.mutant, result, trials.entries)
            for tried, result in trials.results_of(question)
            if tried.mutant is not None
        ]
        yield MutantCount(question, len(generated), tuple(outcomes))


def _outcome(mutant: Mutant, result: TrialResult, entries: Sequence[Entry]) -> MutantOutcome:
    killed_by = result.failed
    by_value = any(run.by_value for run in result.runs)
    entry = next((entry for entry in entries if entry.covers(mutant)), None)
    if entry is None:
        return MutantOutcome(mutant, Fate.KILLED if killed_by else Fate.SURVIVED, killed_by, by_value)
    contradiction = f"it is listed as {entry.verdict}, but {', '.join(killed_by)} caught it" if killed_by else ""
    return MutantOutcome(mutant, Fate(entry.verdict), killed_by, by_value, entry.reason, contradiction)
