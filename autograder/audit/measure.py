"""Measure a suite by trials: mutants and known mistakes once, right answers under many seeds."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

from autograder.audit.load import Variants, load_variants
from autograder.audit.measured import Effort, Measured
from autograder.audit.model import Kind
from autograder.audit.mutants.equivalent import load_entries, unused
from autograder.audit.mutants.generate import mutants_of, sample
from autograder.audit.summary.mutation import count_mutants
from autograder.audit.summary.steadiness import count_flakes
from autograder.audit.summary.tolerances import compare_tolerances
from autograder.audit.summary.worth import weigh_tests
from autograder.audit.trials.model import Trial
from autograder.audit.trials.run import try_all
from autograder.audit.tried import Trials, Tried
from autograder.authoring.reference import Reference
from autograder.course import Assignment, Course
from autograder.errors import SuiteError
from autograder.suite.variants import Variant

SETTINGS = ((1, False), (2, False), (1, True), (2, True))  # threads, float64 as default; seeds are dealt out to them


def plan_trials(assignment: Assignment, effort: Effort, questions: Collection[str] = ()) -> Trials:
    """Everything that is to be tried; the slowest parts first.

    Raises:
        SuiteError, ConfigurationError: the suite, the reference or equivalent.toml cannot be used.
        UsageError: cosmic-ray is not installed.
    """
    wanted = tuple(name for name in assignment.question_names if not questions or name in questions)
    reference = Reference.load(assignment.reference_path, assignment.question_names)
    variants = load_variants(assignment)
    trials = Trials(assignment, wanted, effort, load_entries(assignment))
    for name in wanted:
        source = reference.source_of(name)
        if "steadiness" in effort.parts:
            _add_right_answers(trials, name, source, variants)
        elif "mutants" in effort.parts:
            trials.add(Tried(name, str(Kind.REFERENCE), True), Trial(0, name))
        if "mutants" in effort.parts:
            trials.mutants[name] = mutants_of(name, source)
            _add_wrong_answers(trials, name, source, variants)
    return trials


def measure(course: Course, trials: Trials, workers: int, on_result: Callable[[], None] = lambda: None) -> Measured:
    """Run the trials and sum them up. `on_result` is called after each.

    Raises:
        SuiteError: the suite cannot be collected.
    """
    start = time.perf_counter()
    for result in try_all(course, trials.assignment, trials.trials, workers):
        trials.results.append((trials.of[result.trial.key], result))
        on_result()
    trials.results.sort(key=lambda pair: pair[1].trial.key)
    generated = [mutant for mutants in trials.mutants.values() for mutant in mutants]
    listed = [entry for entry in trials.entries if entry.question in trials.mutants]
    return Measured(
        trials.assignment.name,
        trials.effort,
        tuple(count_mutants(trials)),
        tuple(count_flakes(trials)),
        tuple(compare_tolerances(trials)),
        tuple(weigh_tests(trials)),
        tuple(f"{entry.question}: {old!r} -> {new!r}" for entry, (old, new) in unused(listed, generated)),
        tuple(_broken(trials)),
        len(trials.trials),
        time.perf_counter() - start,
    )


def _add_right_answers(trials: Trials, question: str, source: str, variants: Variants) -> None:
    """The reference and the alternatives, the seeds dealt out to the settings."""
    answers = [(str(Kind.REFERENCE), Trial(0, question))]
    for alternative in _of(variants.alternatives, question):
        answers.append((alternative.name, _trial(alternative, source)))
    for name, trial in answers:
        for index, (threads, double) in enumerate(SETTINGS):
            seeds = tuple(range(index, trials.effort.seeds, len(SETTINGS)))
            if seeds:
                trials.add(Tried(question, name, True), replace(trial, seeds=seeds, threads=threads, double=double))


def _add_wrong_answers(trials: Trials, question: str, source: str, variants: Variants) -> None:
    """The known mistakes, and the mutants or a sample of them."""
    chosen = trials.mutants[question]
    if trials.effort.mutants is not None:
        chosen = sample(chosen, trials.effort.mutants)
    else:  # for the worth of tests and for tolerances; whether they are caught is the sandbox's to say
        for mistake in _of(variants.mistakes, question):
            trials.add(Tried(question, mistake.name, False), _trial(mistake, source))
    for mutant in chosen:
        right = any(entry.covers(mutant) for entry in trials.entries)
        # Which tests catch a mutant is told of all of them; of a sample only whether any does.
        trial = Trial(0, question, mutant.source, stop_at_first=not trials.effort.whole)
        trials.add(Tried(question, f"mutant: {mutant.becomes or 'line left out'}", right, mutant), trial)


def _of(variants: tuple[Variant, ...], question: str) -> Iterator[Variant]:
    return (variant for variant in variants if variant.question == question)


def _trial(variant: Variant, source: str) -> Trial:
    try:
        return Trial(0, variant.question, variant.apply(source), variant.helpers)
    except ValueError as error:
        raise SuiteError(f"{error}; adapt the edit") from None


def _broken(trials: Trials) -> Iterator[str]:
    """Tests that broke on an answer, which then is neither right nor wrong."""
    for tried, result in trials.results:
        for run in result.runs:
            if run.test in result.broken and run.detail:
                yield f"{tried.question}: {run.test} broke on {tried.name}: {run.detail}"
