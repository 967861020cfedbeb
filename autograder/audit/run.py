"""The audit: plan every assignment, grade what was planned, judge it, count."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from autograder.audit.count import count
from autograder.audit.judge import judge
from autograder.audit.model import AssignmentAudit, AuditReport, Progress
from autograder.audit.plan import Plan, make_plan
from autograder.course import Assignment, Course
from autograder.engine import Engine
from autograder.errors import UsageError
from autograder.results import SubmissionResult

OnProgress = Callable[[Progress], None]


def audit(
    course: Course,
    names: Sequence[str] = (),
    workers: int = 2,
    on_progress: OnProgress = lambda _: None,
    *,
    questions: Collection[str] = (),
    isolation: str = "bubblewrap",
) -> AuditReport:
    """Measure the hidden suites of some assignments, by default of all.

    Args:
        names: the assignments.
        workers: how many notebooks are graded at a time.
        on_progress: called before the workers of an assignment start, and after each notebook.
        questions: audit these alone; assignments that have none of them are left out.
        isolation: as for grading.

    Raises:
        UsageError: an assignment or a question does not exist.
        ConfigurationError, AuthoringError, SuiteError, IsolationError: something the instructor wrote
            cannot be used, or there is no sandbox.
    """
    start = time.perf_counter()
    assignments = [course.assignment(name) for name in dict.fromkeys(names or course.assignment_names)]
    plans = [make_plan(a, questions or None) for a in with_questions(assignments, questions)]
    watch = _Watch(on_progress, sum(len(plan.jobs) for plan in plans))
    audits = tuple(_measure(course, plan, workers, isolation, watch) for plan in plans)
    return AuditReport(isolation, audits, time.perf_counter() - start)


@dataclass
class _Watch:
    """Counts notebooks over all assignments."""

    on_progress: OnProgress
    total: int
    done: int = 0

    def tell(self, assignment: str, finished: int) -> None:
        self.done += finished
        self.on_progress(Progress(assignment, self.done, self.total))


def with_questions(assignments: list[Assignment], questions: Collection[str]) -> list[Assignment]:
    known = {name for assignment in assignments for name in assignment.question_names}
    unknown = sorted(set(questions) - known)
    if unknown:
        raise UsageError(f"There is no question {', '.join(unknown)}. There are: {', '.join(sorted(known))}.")
    return [a for a in assignments if not questions or set(questions) & set(a.question_names)]


def _measure(course: Course, plan: Plan, workers: int, isolation: str, watch: _Watch) -> AssignmentAudit:
    start = time.perf_counter()
    results = _grade(course, plan, workers, isolation, watch)
    judged = [judge(case, results[case.key], plan.places) for case in plan.cases]
    findings = (*plan.findings, *(finding for one in judged for finding in one.findings))
    rows = tuple(count(plan, name, results, judged, findings) for name in plan.questions)
    return AssignmentAudit(plan.assignment.name, rows, findings, len(plan.jobs), time.perf_counter() - start)


def _grade(course: Course, plan: Plan, workers: int, isolation: str, watch: _Watch) -> dict[str, SubmissionResult]:
    """Key of a job -> its result."""
    results: dict[str, SubmissionResult] = {}
    watch.tell(plan.assignment.name, 0)
    with Engine(course, plan.assignment, workers=workers, isolation=isolation) as engine:
        for job, result in engine.run(plan.jobs):
            results[job.student] = result
            watch.tell(plan.assignment.name, 1)
    return results
