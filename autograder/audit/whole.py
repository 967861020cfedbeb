"""Trials of several assignments, each held against the thresholds of the course."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from autograder.audit.gate import shortfalls
from autograder.audit.measure import measure, plan_trials
from autograder.audit.measured import Effort, Measured
from autograder.audit.model import Progress
from autograder.audit.record import write_record
from autograder.audit.run import with_questions
from autograder.course import Course

OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Checked:
    """One assignment, measured, and what is below a threshold."""

    measured: Measured
    shortfalls: tuple[str, ...]


def measure_all(
    course: Course,
    names: Sequence[str],
    effort: Effort,
    workers: int,
    on_progress: OnProgress,
    *,
    questions: Collection[str] = (),
) -> list[Checked]:
    """Measure some assignments by trials, by default all; keep the result of each that was measured whole.

    Raises:
        UsageError: an assignment or a question does not exist, or cosmic-ray is not installed.
        ConfigurationError, SuiteError: something the instructor wrote cannot be used.
    """
    assignments = [course.assignment(name) for name in dict.fromkeys(names or course.assignment_names)]
    plans = [plan_trials(assignment, effort, questions) for assignment in with_questions(assignments, questions)]
    total = sum(len(plan.trials) for plan in plans)
    done = 0
    checked = []
    for plan in plans:
        name = plan.assignment.name
        on_progress(Progress(name, done, total))

        def see(name: str = name) -> None:
            nonlocal done
            done += 1
            on_progress(Progress(name, done, total))

        measured = measure(course, plan, workers, see)
        checked.append(Checked(measured, shortfalls(measured, course.settings.audit)))
        if effort.whole and not questions:
            write_record(course, plan.assignment, checked[-1].shortfalls, effort)
    return checked
