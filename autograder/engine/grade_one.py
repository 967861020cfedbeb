"""Grade one notebook: parse, load, test, carry forward, score.

Covered: every path ends in a `SubmissionResult`; what could not be determined earns nothing and
says so. The student's processes are killed when `grade` returns, and gone before the next one starts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from autograder.authoring.reference import Reference
from autograder.authoring.spec import ReleaseSpec
from autograder.course import Assignment
from autograder.engine.job import Job
from autograder.engine.suite_items import ItemRunner, SuiteItem, not_run
from autograder.results import Outcome, QuestionResult, Status, SubmissionResult, TestResult, score_question
from autograder.sandbox.process import SandboxDied, StudentProcess
from autograder.sandbox.session import CellFailure, CodeCell, Session, SessionLimits
from autograder.submissions.parse import Kind, ParsedSubmission, parse_submission
from autograder.suite.sandboxed import SandboxBackend

MAX_TIMEOUTS_PER_QUESTION = 2
MAX_SANDBOXES = 3  # a submission is graded anew where the sandbox itself dies: no answer may pay for that
MAX_PROBLEMS = 250
MAX_FAILURES = 20  # described one by one: what was noticed must find room below them


@dataclass(frozen=True)
class Grader:
    """Everything that stays the same from one submission to the next."""

    assignment: Assignment
    spec: ReleaseSpec
    reference: Reference
    suite: Mapping[str, tuple[SuiteItem, ...]]
    runner: ItemRunner
    start_process: Callable[[Mapping[str, int]], StudentProcess]

    def grade(self, job: Job) -> SubmissionResult:
        """Grade one notebook. Never raises for anything that a submission contains.

        Raises:
            SandboxDied: the machine does not let a sandbox live; nothing can be said about the submission.
        """
        start = time.perf_counter()
        parsed = parse_submission(job.notebook, job.student, self.spec, self.assignment.limits)
        wanted = [q for q in self.assignment.question_names if job.questions is None or q in job.questions]
        if not parsed.readable:
            questions = tuple(self._unread(name) for name in wanted)
            return self._result(job, parsed, Status.UNREADABLE, questions, (), start)
        for _ in range(MAX_SANDBOXES):
            attempt = _Attempt(self, parsed, start)
            try:
                return attempt.grade(job, wanted)
            except SandboxDied:
                start = time.perf_counter()
            finally:
                attempt.close()
        raise SandboxDied(f"the sandbox died {MAX_SANDBOXES} times while this submission was graded")

    def limits(self) -> SessionLimits:
        limits = self.assignment.limits
        process = limits.model_dump(include={"memory_mib", "disk_mib", "processes", "output_kib"})
        return SessionLimits(limits.cell_timeout_s, limits.call_timeout_s, limits.submission_timeout_s / 2, process)

    def _unread(self, name: str) -> QuestionResult:
        tests = tuple(not_run(t, Outcome.SKIPPED, "The notebook could not be read.") for t in self.suite[name])
        return QuestionResult(name, self.assignment.question(name).points, 0.0, tests=tests)

    def _result(
        self,
        job: Job,
        parsed: ParsedSubmission,
        status: Status,
        questions: tuple[QuestionResult, ...],
        problems: tuple[str, ...],
        start: float,
    ) -> SubmissionResult:
        return SubmissionResult(
            student=job.student,
            status=status,
            score=round(sum(q.score for q in questions), 4),
            max_score=sum(q.points for q in questions),
            seconds=time.perf_counter() - start,
            problems=(*job.problems, *parsed.problems, *problems)[:MAX_PROBLEMS],
            questions=questions,
        )


@dataclass
class _Attempt:
    """One submission on its way through: its sessions and what has been found so far."""

    grader: Grader
    parsed: ParsedSubmission
    start: float
    sessions: dict[frozenset[str], Session] = field(default_factory=dict)
    backends: dict[frozenset[str], SandboxBackend] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)
    results: dict[str, QuestionResult] = field(default_factory=dict)

    def grade(self, job: Job, wanted: list[str]) -> SubmissionResult:
        for name in self._with_dependencies(wanted):
            self.results[name] = self._question(name)
        session = self._session(frozenset())
        noticed = session.noticed()
        questions = tuple(self.results[name] for name in wanted)
        failures = tuple(session.failures[index] for index in sorted(session.failures))
        problems = (
            *_shortened([_describe(failure) for failure in failures], "cells failed"),
            *_shortened([f"Cell {index + 1}: {note}." for index, note in _notes(session)], "notes"),
            *dict.fromkeys(self.ended),
            *(
                f"Noticed inside the sandbox: {text} ({count}×). A person should look."
                for text, count in noticed.items()
            ),
        )
        needs_person = any(f.defines for f in failures) or self.ended or noticed or _has_broken_test(questions)
        # A cell that is no answer, and whose process was ended: by itself, or by a machine short of memory. What it was
        # to define is missing.
        needs_person = needs_person or (
            any(f.kind == "crashed" for f in failures) and any(q.score < q.points for q in questions)
        )
        status = Status.PARTIAL if needs_person or self._a_question_is_missing() else Status.GRADED
        return self.grader._result(job, self.parsed, status, questions, problems, self.start)

    def close(self) -> None:
        for session in self.sessions.values():
            session.close(wait=False)

    def _with_dependencies(self, wanted: list[str]) -> list[str]:
        """Dependencies first: whether one is wrong must be known before what builds on it."""
        order: dict[str, None] = {}
        for name in wanted:
            for dependency in self.grader.assignment.all_dependencies(name):
                order.setdefault(dependency)
            order.setdefault(name)
        return list(order)

    def _question(self, name: str) -> QuestionResult:
        points = self.grader.assignment.question(name).points
        tests = self._run(name, frozenset(), self.grader.suite[name])
        carried: tuple[str, ...] = ()
        if name not in self.parsed.unanswered and any(t.outcome is not Outcome.PASSED for t in tests if t.weight > 0):
            carried = self._wrong_dependencies(name)
        if carried:
            # All of its tests: what a wrong dependency hid must come out. The better of the two whole runs counts.
            again = self._run(name, frozenset(carried), self.grader.suite[name])
            tests = max(again, tests, key=lambda run: score_question(points, run))
        return QuestionResult(name, points, score_question(points, tests), carried, tests)

    def _wrong_dependencies(self, name: str) -> tuple[str, ...]:
        dependencies = self.grader.assignment.all_dependencies(name)
        return tuple(d for d in dependencies if self.results[d].score < self.results[d].points)

    def _run(self, name: str, put_in: frozenset[str], tests: tuple[SuiteItem, ...]) -> tuple[TestResult, ...]:
        backend = self._backend(put_in)
        results: list[TestResult] = []
        for test in tests:
            timeouts = sum(r.outcome is Outcome.TIMEOUT for r in results)
            if timeouts >= MAX_TIMEOUTS_PER_QUESTION:
                hint = f"Not run: {timeouts} tests of this question had run out of time before."
                results.append(not_run(test, Outcome.TIMEOUT, hint))
            elif time.perf_counter() - self.start > self.grader.assignment.limits.submission_timeout_s:
                results.append(not_run(test, Outcome.TIMEOUT, "Not run: the submission's time was used up."))
            else:
                results.append(self.grader.runner.run(test, backend, self._label))
            if results[-1].outcome is Outcome.CRASHED:
                self.ended.append(
                    f"{name}: a test ended the student's process ({results[-1].detail.partition(': ')[2]})."
                )
        return tuple(self._explain(name, result) for result in results)

    def _explain(self, name: str, result: TestResult) -> TestResult:
        """Where the question's own cell did not run, that is what the student must read."""
        failure = next((f for f in self._session(frozenset()).failures.values() if f.defines == name), None)
        if failure is None or result.outcome in (Outcome.PASSED, Outcome.SKIPPED):
            return result
        return replace(result, hint=f"{_describe(failure)} Until it runs, no test of {name} can pass.")

    def _session(self, put_in: frozenset[str]) -> Session:
        if put_in not in self.sessions:
            sources = {name: self.grader.reference.carry_source(name) for name in put_in}
            cells = [
                CodeCell(cell.index, cell.source, cell.name if cell.kind is Kind.QUESTION else "")
                for cell in self.parsed.cells
                if cell.kind is not Kind.SKIP
            ]
            leave_out = self.sessions[frozenset()].unrunnable if put_in else frozenset()
            start = self.grader.start_process if put_in else self._start_alone
            left_s = self.grader.assignment.limits.submission_timeout_s - (time.perf_counter() - self.start)
            deadline = time.monotonic() + left_s
            self.sessions[put_in] = Session(start, cells, self.grader.limits(), sources, leave_out, deadline)
        return self.sessions[put_in]

    def _start_alone(self, limits: Mapping[str, int]) -> StudentProcess:
        """A process for the student's own version, whose cells' errors are shown to the student.

        A process with the reference's version put in would have things to tell it over a socket.
        """
        for put_in, session in self.sessions.items():
            if put_in:
                session.close()
        return self.grader.start_process(limits)

    def _backend(self, put_in: frozenset[str]) -> SandboxBackend:
        if put_in not in self.backends:
            self.backends[put_in] = SandboxBackend(self._session(put_in))
        return self.backends[put_in]

    def _label(self, index: int) -> str:
        cell = next((c for c in self.parsed.cells if c.index == index and index >= 0), None)
        if cell is None:
            return ""
        return f"the cell of {cell.name}" if cell.name else f"cell {index + 1}"

    def _a_question_is_missing(self) -> bool:
        answered = {cell.name for cell in self.parsed.cells if cell.kind is Kind.QUESTION}
        return any(name not in answered for name in self.grader.assignment.question_names)


def _notes(session: Session) -> list[tuple[int, str]]:
    return [(index, note) for index, notes in sorted(session.notes.items()) if index >= 0 for note in notes]


def _shortened(lines: list[str], what: str) -> list[str]:
    """At most `MAX_FAILURES` lines, and how many more there were."""
    more = len(lines) - MAX_FAILURES
    return lines if more <= 0 else [*lines[:MAX_FAILURES], f"… and {more} more {what}."]


def _describe(failure: CellFailure) -> str:
    """A failed cell in one line. It failed while it was loaded, before any hidden input was there to leak."""
    place = f"Cell {failure.index + 1}" + (f", the answer to {failure.defines}," if failure.defines else "")
    if failure.kind == "skipped":
        return f"{place} was not run: {failure.message}."
    if failure.kind == "timeout":
        line = f" in line {failure.line}" if failure.line else ""
        return f"{place} did not finish in time{line} ({failure.message}) and was stopped."
    if failure.kind == "crashed":
        return f"{place} ended the Python process and was left out: {failure.message}."
    line = f" in line {failure.line}" if failure.line else ""
    first = failure.message.partition("\n")[0][:300]
    return f"{place} raised {failure.type_name}{line}{': ' if first else ''}{first}".rstrip(".") + "."


def _has_broken_test(questions: tuple[QuestionResult, ...]) -> bool:
    return any(test.outcome is Outcome.ERROR for question in questions for test in question.tests)
