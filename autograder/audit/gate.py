"""Hold what was measured against the thresholds of course.toml, question by question."""

from __future__ import annotations

from collections.abc import Iterator

from autograder.audit.measured import Fate, Measured, MutantCount, Steadiness, Tolerance, flaky_per_10000
from autograder.course.course import AuditSettings


def shortfalls(measured: Measured, thresholds: AuditSettings) -> tuple[str, ...]:
    """What is below a threshold, or contradicts itself: a sentence each, for one assignment."""
    return (
        *_of_mutants(measured.mutants, thresholds),
        *_of_steadiness(measured.steadiness, thresholds),
        *_of_tolerances(measured.tolerances, thresholds),
        *(f"equivalent.toml lists a mutant that there is not: {text}" for text in measured.outdated),
        *measured.broken,
    )


def _of_mutants(counts: tuple[MutantCount, ...], thresholds: AuditSettings) -> Iterator[str]:
    for count in counts:
        if count.killed_share < thresholds.mutants_killed:
            survived, killed = len(count.of(Fate.SURVIVED)), len(count.of(Fate.KILLED))
            yield (
                f"{count.question}: {killed} of {killed + survived} mutants killed, "
                f"{count.killed_share:.1%}; at least {thresholds.mutants_killed:.1%} is asked for"
            )
        for outcome in count.outcomes:
            if outcome.contradiction:
                mutant = outcome.mutant
                yield f"{count.question}: mutant {mutant.name} ({mutant.becomes}): {outcome.contradiction}"


def _of_steadiness(questions: tuple[Steadiness, ...], thresholds: AuditSettings) -> Iterator[str]:
    for steadiness in questions:
        rate = flaky_per_10000([steadiness])
        if rate > thresholds.flaky_per_10000:
            tests = ", ".join(sorted({flake.test for flake in steadiness.flakes}))
            yield (
                f"{steadiness.question}: {rate:.2f} flaky outcomes in 10 000 test runs, at {tests}; "
                f"at most {thresholds.flaky_per_10000:g} are asked for"
            )


def _of_tolerances(tolerances: tuple[Tolerance, ...], thresholds: AuditSettings) -> Iterator[str]:
    for tolerance in tolerances:
        place = f"{tolerance.question}: {tolerance.test}, line {tolerance.line}, {tolerance.name}"
        if tolerance.largest_right > thresholds.largest_right:
            yield (
                f"{place}: {tolerance.right} comes to {tolerance.largest_right:.0%} of the tolerance; "
                f"at most {thresholds.largest_right:.0%} is asked for"
            )
        if tolerance.smallest_wrong is not None and tolerance.smallest_wrong < thresholds.smallest_wrong:
            yield (
                f"{place}: {tolerance.wrong} is only {tolerance.smallest_wrong:.3g} times the tolerance off; "
                f"at least {thresholds.smallest_wrong:g} times is asked for"
            )
