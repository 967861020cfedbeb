"""Regrade after a test was mended: first see who gains and who loses, and why; then write it, all at once.

Only work that has a grade and has not changed since is graded again. The new results wait in `.autograder/regrade/`,
so that what was seen is what is written, and a run that is stopped goes on where it was. Nobody's grade falls without
`allow_lower`: whoever would lose keeps the old result, and the record says so; `autograder grade` then leaves it
alone, and a later regrade shows it again.

The order of writing is that of grading: autograded notebooks, the gradebook in one transaction, records. A run that
is killed in between leaves records of the old grades, so the same command writes the same results again.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import zip_longest

from autograder.authoring.spec import ReleaseSpec
from autograder.course import Assignment, Course
from autograder.grading.fingerprint import fingerprint, provenance
from autograder.grading.grade import GradeOptions, Progress, Writer, grade_planned, registered, same_work
from autograder.grading.lock import only_grader
from autograder.grading.planned import Planned, read_submission
from autograder.grading.records import Record, read_record, record_path, tidy_records, write_record
from autograder.results import Outcome, QuestionResult, SubmissionResult, TestResult
from autograder.submissions.find import find_submissions

SAME = 1e-6  # points
ABSENT = "absent"  # in place of an outcome: the test was not there


@dataclass(frozen=True, slots=True)
class TestChange:
    """One test that ended differently. `before` and `after` are outcomes, or ABSENT."""

    __test__ = False  # not a pytest class

    question: str
    test: str
    title: str
    before: str
    after: str

    @property
    def is_gain(self) -> bool:
        return self.after == Outcome.PASSED


@dataclass(frozen=True, slots=True)
class Change:
    """One student's grade, before and after."""

    before: SubmissionResult
    after: SubmissionResult
    tests: tuple[TestChange, ...]
    reweighted: tuple[str, ...]  # questions of which no test ended differently, but whose points or weights changed

    @property
    def student(self) -> str:
        return self.after.student

    @property
    def difference(self) -> float:
        """In points; above 0 for whoever gains."""
        return self.after.score - self.before.score

    @property
    def falls(self) -> bool:
        return self.difference < -SAME

    @property
    def rises(self) -> bool:
        return self.difference > SAME


@dataclass(frozen=True, slots=True)
class Regrade:
    """What came of it.

    Attributes:
        changes: every student whose result was looked at again, in the order of their ids.
        current: how many grades are of the present suite already.
        not_graded: students whose work is new or has changed: `autograder grade` is for them.
        applied: whether the grades were written.
        kept: of those, who would have lost and kept the old grade.
    """

    assignment: str
    changes: tuple[Change, ...]
    current: int
    not_graded: tuple[str, ...]
    applied: bool = False
    kept: tuple[str, ...] = ()

    @property
    def rising(self) -> tuple[Change, ...]:
        return tuple(sorted((c for c in self.changes if c.rises), key=lambda c: (-c.difference, c.student)))

    @property
    def falling(self) -> tuple[Change, ...]:
        return tuple(sorted((c for c in self.changes if c.falls), key=lambda c: (c.difference, c.student)))


def regrade(
    course: Course,
    assignment: Assignment,
    options: GradeOptions | None = None,
    progress: Progress | None = None,
    *,
    apply: bool = False,
    allow_lower: bool = False,
) -> Regrade:
    """Grade again what was graded with another suite, reference, release or engine; write it where `apply` says so.

    Args:
        options: `force` has no meaning here.
        allow_lower: with `apply`, also write grades that fall.

    Raises:
        AutograderError: of the course, the suite, the sandbox or the gradebook; never of a submission.
    """
    options, progress = options or GradeOptions(), progress or Progress()
    with only_grader(course, assignment):
        tidy_records(course, assignment)
        sources = provenance(course, assignment, options.isolation)
        run = _Run(course, assignment, sources)
        run.look(options, progress)
        run.grade(options, progress)
        changes = tuple(compare(run.records[s].result, run.results[s]) for s in sorted(run.results))
        kept: tuple[str, ...] = ()
        if apply:
            kept = tuple(c.student for c in changes if c.falls and not allow_lower)
            run.apply(frozenset(kept))
        return Regrade(assignment.name, changes, run.current, tuple(run.not_graded), apply, kept)


def compare(before: SubmissionResult, after: SubmissionResult) -> Change:
    """The change of one student, test by test."""
    old, new = ({q.name: q for q in result.questions} for result in (before, after))
    tests: list[TestChange] = []
    reweighted = []
    for name in dict.fromkeys([*old, *new]):
        found = _test_changes(name, old.get(name), new.get(name))
        tests += found
        scores = [table[name].score if name in table else 0.0 for table in (old, new)]
        if not found and abs(scores[0] - scores[1]) > SAME:
            reweighted.append(name)
    return Change(before, after, tuple(tests), tuple(reweighted))


def _test_changes(question: str, old: QuestionResult | None, new: QuestionResult | None) -> list[TestChange]:
    before, after = (_by_name(found) for found in (old, new))
    changes = []
    for name in dict.fromkeys([*before, *after]):
        runs = zip_longest(before.get(name, ()), after.get(name, ()))
        for was, now in runs:
            outcomes = tuple(ABSENT if run is None else str(run.outcome) for run in (was, now))
            if outcomes[0] != outcomes[1]:
                either = now if now is not None else was
                title = either.title if either is not None else ""
                changes.append(TestChange(question, name, title, *outcomes))
    return changes


def _by_name(question: QuestionResult | None) -> dict[str, list[TestResult]]:
    tests: dict[str, list[TestResult]] = {}
    for test in question.tests if question is not None else ():
        tests.setdefault(test.name, []).append(test)
    return tests


class _Run:
    """One regrade at work."""

    def __init__(self, course: Course, assignment: Assignment, sources: Mapping[str, str]) -> None:
        self.course, self.assignment, self.sources = course, assignment, sources
        self.known = fingerprint(sources)
        self.records: dict[str, Record] = {}
        self.planned: dict[str, Planned] = {}
        self.results: dict[str, SubmissionResult] = {}
        self.to_grade: list[Planned] = []
        self.not_graded: list[str] = []
        self.current = 0

    def look(self, options: GradeOptions, progress: Progress) -> None:
        """Which submissions have a grade that may change, and which of their new results are there already."""
        found = find_submissions(
            options.submitted or self.course.submitted, self.assignment.name, options.students or None
        )
        for text in found.problems:
            progress.noted(text)
        for submission in found.submissions:
            planned = read_submission(submission, self.assignment)
            record = read_record(self.course, self.assignment, submission.student)
            if record is None or not same_work(record, planned):
                self.not_graded.append(submission.student)
            elif record.fingerprint == self.known:
                self.current += 1
                self._forget_staged(submission.student)  # of a run that was stopped after this record
            else:
                self._add(planned, record)

    def _add(self, planned: Planned, record: Record) -> None:
        student = planned.found.student
        self.records[student], self.planned[student] = record, planned
        staged = read_record(self.course, self.assignment, student, staged=True)
        if staged is not None and same_work(staged, planned) and staged.fingerprint == self.known:
            self.results[student] = staged.result
        else:
            self.to_grade.append(planned)

    def grade(self, options: GradeOptions, progress: Progress) -> None:
        """Grade what is left, and keep each result as it comes."""
        progress.planned(len(self.to_grade), len(self.results))
        with closing(grade_planned(self.course, self.assignment, options, self.to_grade, None)) as graded:
            for planned, result in graded:
                staged = Record(
                    result, planned.sha256, planned.submitted_at, self.known, self.sources["isolation"], "",
                    provenance=self.sources,
                )  # fmt: skip
                write_record(self.course, self.assignment, staged, staged=True)
                self.results[result.student] = result
                progress.graded(result)

    def apply(self, kept: frozenset[str]) -> None:
        """Write all that do not keep their old result, then say in the records of the others that they do."""
        spec = ReleaseSpec.load(self.assignment.release_path)
        with registered(self.course, self.assignment, spec) as gradebook:
            writer = Writer(self.course, self.assignment, spec, self.sources, gradebook, self.records, whole=True)
            for student, result in self.results.items():
                if student not in kept:
                    writer.add(self.planned[student], result)
            writer.flush()
        for student in kept:
            note = (
                f"A regrade of {datetime.now(UTC):%Y-%m-%d} would have given {self.results[student].score:g} points; "
                "the higher grade was kept."
            )
            record = replace(self.records[student], kept_against=self.known, note=note)
            write_record(self.course, self.assignment, record)
        for student in self.results.keys() - kept:
            self._forget_staged(student)

    def _forget_staged(self, student: str) -> None:
        record_path(self.course, self.assignment, student, staged=True).unlink(missing_ok=True)
