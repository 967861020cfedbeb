"""Trials of several assignments, each held against the thresholds of the course."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from autograder.audit.gate import shortfalls
from autograder.audit.kept import keep, kept
from autograder.audit.measure import measure, plan_trials
from autograder.audit.measured import Effort, Measured
from autograder.audit.model import Progress
from autograder.audit.record import write_record
from autograder.audit.run import with_questions
from autograder.course import Course

OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Checked:
    """One assignment, measured, and what is below a threshold. `before`: it was measured by an earlier run."""

    measured: Measured
    shortfalls: tuple[str, ...]
    before: bool = False


def measure_all(
    course: Course,
    names: Sequence[str],
    effort: Effort,
    workers: int,
    on_progress: OnProgress,
    *,
    questions: Collection[str] = (),
    again: bool = False,
) -> list[Checked]:
    """Measure some assignments by trials, by default all; keep the result of each that was measured whole.

    Args:
        again: also what an earlier run has measured, and what has not changed since.

    Raises:
        UsageError: an assignment or a question does not exist, or cosmic-ray is not installed.
        ConfigurationError, SuiteError: something the instructor wrote cannot be used.
    """
    assignments = [course.assignment(name) for name in dict.fromkeys(names or course.assignment_names)]
    chosen = with_questions(assignments, questions)
    whole = effort.whole and not questions
    earlier = {a.name: kept(course, a, effort) for a in chosen} if whole and not again else {}
    plans = [plan_trials(a, effort, questions) for a in chosen if earlier.get(a.name) is None]
    total = sum(len(plan.trials) for plan in plans)
    done = 0
    checked: dict[str, Checked] = {}
    for plan in plans:
        name = plan.assignment.name
        on_progress(Progress(name, done, total))

        def see(name: str = name) -> None:
            nonlocal done
            done += 1
            on_progress(Progress(name, done, total))

        measured = measure(course, plan, workers, see)
        checked[name] = Checked(measured, shortfalls(measured, course.settings.audit))
        if whole:
            keep(course, plan.assignment, measured)
            write_record(course, plan.assignment, checked[name].shortfalls, effort)
    for name, one in earlier.items():
        if one is not None:
            checked[name] = Checked(one, shortfalls(one, course.settings.audit), before=True)
    return [checked[a.name] for a in chosen]
