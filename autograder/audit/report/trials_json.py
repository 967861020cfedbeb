"""The JSON of trials, one object for each assignment in a list under "trials".

    {"assignment": "vae", "parts": ["mutants", "steadiness"], "mutants_a_question": null, "seeds": 200,
     "trials": 3140, "seconds": 610.2, "shortfalls": [],
     "questions": [{"name": "reparameterize", "generated": 56, "killed": 53, "survived": 0, "equivalent": 2,
       "allowed": 1, "killed_share": 1.0, "killed_by_value": 40, "test_runs": 12800, "same_runs": 3000,
       "flaky_runs": 0, "float32_alone": []}],
     "mutants": [{"question": ..., "name": ..., "operator": ..., "where": ..., "was": ..., "becomes": ...,
       "fate": "killed", "killed_by": [...], "by_value": true, "reason": "", "contradiction": ""}],
     "flakes": [...], "tolerances": [...], "tests": [...], "outdated": [], "broken": []}

`fate` is killed, survived, equivalent or allowed. The rest has the fields of `autograder.audit.measured`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from autograder.audit.measured import Fate, Measured, MutantOutcome


def trials_to_json(measured: Measured, shortfalls: Sequence[str]) -> dict[str, Any]:
    """One assignment's trials as plain data for `json.dumps`."""
    return {
        "assignment": measured.assignment,
        "parts": list(measured.effort.parts),
        "mutants_a_question": measured.effort.mutants,
        "seeds": measured.effort.seeds,
        "trials": measured.trials,
        "seconds": round(measured.seconds, 3),
        "shortfalls": list(shortfalls),
        "questions": [_question(measured, name) for name in dict.fromkeys(test.question for test in measured.tests)],
        "mutants": [_mutant(outcome) for count in measured.mutants for outcome in count.outcomes],
        "flakes": [dataclasses.asdict(flake) for one in measured.steadiness for flake in one.flakes],
        "tolerances": [dataclasses.asdict(tolerance) for tolerance in measured.tolerances],
        "tests": [dataclasses.asdict(test) for test in measured.tests],
        "outdated": list(measured.outdated),
        "broken": list(measured.broken),
    }


def _question(measured: Measured, name: str) -> dict[str, Any]:
    plain: dict[str, Any] = {"name": name}
    count = measured.mutants_of(name)
    if count is not None:
        plain |= {"generated": count.generated, **{str(fate): len(count.of(fate)) for fate in Fate}}
        plain |= {"killed_share": count.killed_share, "killed_by_value": count.killed_by_value}
    steadiness = measured.steadiness_of(name)
    if steadiness is not None:
        plain |= {"test_runs": steadiness.runs, "same_runs": steadiness.same, "flaky_runs": steadiness.flaky_runs}
        plain["float32_alone"] = list(steadiness.single_alone)
    return plain


def _mutant(outcome: MutantOutcome) -> dict[str, Any]:
    mutant = outcome.mutant
    return {
        "question": mutant.question,
        "name": mutant.name,
        "operator": mutant.operator,
        "where": mutant.where,
        "was": mutant.was,
        "becomes": mutant.becomes,
        "fate": str(outcome.fate),
        "killed_by": list(outcome.killed_by),
        "by_value": outcome.by_value,
        "reason": outcome.reason,
        "contradiction": outcome.contradiction,
    }
