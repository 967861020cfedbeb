"""Grade all submissions of an assignment: find, plan, grade, write, remember.

For each submission the order of writing is: autograded notebook, gradebook (one transaction a
batch), record. A run that is stopped at any point leaves submissions either done or to do again.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.authoring.spec import ReleaseSpec
from autograder.course import Assignment, Course
from autograder.engine.crew import Crew
from autograder.engine.job import Job
from autograder.engine.pool import Engine
from autograder.engine.unread import unread_result
from autograder.gradebook.autograded_folder import autograded_sha256
from autograder.gradebook.quick_look import Known, look_up
from autograder.grading.fingerprint import device, fingerprint, provenance
from autograder.grading.finish_first import finish_first
from autograder.grading.lock import only_grader
from autograder.grading.planned import Planned, read_submission
from autograder.grading.records import Record, read_record, tidy_records, write_record
from autograder.grading.without_collector import without_collector
from autograder.results import GradeRun, SubmissionResult
from autograder.submissions.find import find_submissions
from autograder.submissions.parse import ParsedSubmission, parse_submission

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

    from autograder.gradebook.autograded import AutogradedWriter

BATCH_SIZE = 32
BATCH_S = 5.0


@dataclass(frozen=True, kw_only=True)
class GradeOptions:
    """How to grade.

    Attributes:
        students: these alone; empty for all.
        submitted: where submissions lie; default: the course's `submitted` folder.
        workers: worker processes; 0 for as many as there are processors.
        force: grade again what has not changed.
        isolation: a name of `autograder.sandbox.isolation.BACKENDS`.
    """

    students: Sequence[str] = ()
    submitted: Path | None = None
    workers: int = 0
    force: bool = False
    isolation: str = "bubblewrap"


@dataclass(frozen=True)
class Progress:
    """Told to whoever watches: how many there are, what else lies in the folder, and each result as it comes."""

    planned: Callable[[int, int], None] = lambda to_grade, unchanged: None
    noted: Callable[[str], None] = lambda text: None
    graded: Callable[[SubmissionResult], None] = lambda result: None


def grade_assignment(
    course: Course,
    assignment: Assignment,
    options: GradeOptions | None = None,
    progress: Progress | None = None,
    crew: Crew | None = None,
) -> GradeRun:
    """Grade what is new or has changed, write everything, and return the results of all submissions found.

    Args:
        crew: workers to grade with, for whoever grades several assignments; without it, they are started for this one.

    Raises:
        AutograderError: of the course, the suite, the sandbox or the gradebook; never of a submission.
    """
    options, progress = options or GradeOptions(), progress or Progress()
    spec = ReleaseSpec.load(assignment.release_path)
    with only_grader(course, assignment):
        tidy_records(course, assignment)
        sources = provenance(course, assignment, options.isolation)
        known = fingerprint(sources)
        found = find_submissions(options.submitted or course.submitted, assignment.name, options.students or None)
        in_gradebook = _known_in_gradebook(course, assignment, spec)
        there = in_gradebook.students if in_gradebook is not None else frozenset()
        results: dict[str, SubmissionResult] = {}
        to_grade: list[Planned] = []
        before: dict[str, Record] = {}
        with without_collector():
            for submission in found.submissions:
                planned = read_submission(submission, assignment)
                record = read_record(course, assignment, submission.student)
                known_there = not options.force and submission.student in there
                if record is not None and known_there and _is_current(course, assignment, record, planned, known):
                    results[submission.student] = record.result
                    continue
                to_grade.append(planned)
                if record is not None:
                    before[submission.student] = record
        for text in found.problems:
            progress.noted(text)
        progress.planned(len(to_grade), len(results))
        if to_grade or in_gradebook is None or in_gradebook.due != assignment.due:
            with registered(course, assignment, spec) as gradebook:
                writer = Writer(course, assignment, spec, sources, gradebook, before)
                try:
                    with closing(grade_planned(course, assignment, options, to_grade, crew)) as graded:
                        for planned, result in graded:
                            results[result.student] = result
                            writer.add(planned, result)
                            progress.graded(result)
                finally:
                    writer.flush()  # also where the run is interrupted: what was finished is kept
    return GradeRun(assignment.name, options.isolation, tuple(results[s.student] for s in found.submissions))


@contextmanager
def registered(course: Course, assignment: Assignment, spec: ReleaseSpec) -> Iterator[Gradebook]:
    """The gradebook, open, which knows the assignment as it is. Imports nbgrader, which takes a second or two."""
    from autograder.gradebook.store import open_gradebook, register_assignment

    with open_gradebook(course) as gradebook:
        register_assignment(gradebook, course, assignment, spec)
        yield gradebook


def _known_in_gradebook(course: Course, assignment: Assignment, spec: ReleaseSpec) -> Known | None:
    try:
        return look_up(course.gradebook, assignment.name)
    except sqlite3.Error:  # nbgrader's way says what is wrong, or waits until the gradebook is free
        with registered(course, assignment, spec):
            return look_up(course.gradebook, assignment.name)


def same_work(record: Record, planned: Planned) -> bool:
    """Whether the record speaks of this very submission."""
    return record.notebook_sha256 == planned.sha256 and record.submitted_at == planned.submitted_at


def _is_current(course: Course, assignment: Assignment, record: Record, planned: Planned, known: str) -> bool:
    """Whether the record speaks of this very submission, and of what lies in the autograded folder."""
    if not same_work(record, planned) or known not in (record.fingerprint, record.kept_against):
        return False
    return record.autograded_sha256 == autograded_sha256(course, assignment.name, planned.found.student) != ""


def grade_planned(
    course: Course, assignment: Assignment, options: GradeOptions, to_grade: Sequence[Planned], crew: Crew | None
) -> Generator[tuple[Planned, SubmissionResult]]:
    """Results in order of completion. Submissions without a notebook need no engine."""
    readable = {}
    for planned in to_grade:
        if planned.data or not planned.problems:
            readable[planned.found.student] = planned
        else:
            yield planned, unread_result(assignment, planned.found.student, planned.problems)
    if not readable:
        return
    workers = min(options.workers or os.cpu_count() or 1, len(readable))
    with Engine(course, assignment, workers=workers, isolation=options.isolation, crew=crew) as engine:
        for job, result in engine.run(Job(s, p.data, problems=p.problems) for s, p in readable.items()):
            yield readable[job.student], result


class Writer:
    """Writes results in batches: notebooks, then one gradebook transaction, then the records.

    Args:
        sources: of `provenance`.
        before: the records that are replaced.
        whole: one batch of all, however many there are.
    """

    def __init__(
        self,
        course: Course,
        assignment: Assignment,
        spec: ReleaseSpec,
        sources: Mapping[str, str],
        gradebook: Gradebook,
        before: Mapping[str, Record],
        *,
        whole: bool = False,
    ) -> None:
        self.course, self.assignment, self.spec = course, assignment, spec
        self.sources, self.gradebook, self.before, self.whole = sources, gradebook, before, whole
        self.known, self.device = fingerprint(sources), device()
        self._notebooks: AutogradedWriter | None = None
        self.batch: list[tuple[Planned, ParsedSubmission, SubmissionResult]] = []
        self.since = time.monotonic()

    @property
    def notebooks(self) -> AutogradedWriter:
        if self._notebooks is None:  # a run with nothing to write need not import nbconvert
            from autograder.gradebook.autograded import AutogradedWriter

            self._notebooks = AutogradedWriter(self.course, self.assignment, self.spec)
        return self._notebooks

    def add(self, planned: Planned, result: SubmissionResult) -> None:
        """Write the autograded notebook, and the batch where it is full."""
        parsed = parse_submission(planned.data, result.student, self.spec, self.assignment.limits)
        self.notebooks.write(result, parsed, planned.beside)
        self.batch.append((planned, parsed, result))
        is_full = len(self.batch) >= BATCH_SIZE or time.monotonic() - self.since > BATCH_S
        if is_full and not self.whole:
            self.flush()

    def flush(self) -> None:
        """Write what is left of the batch: all of it, also where Ctrl-C is pressed meanwhile."""
        with finish_first():
            self._flush()

    def _flush(self) -> None:
        from autograder.gradebook.store import Marked, write_results

        marked = [Marked(result, parsed, planned.found.timestamp) for planned, parsed, result in self.batch]
        if marked:
            write_results(self.gradebook, self.assignment, self.spec, marked)
        for planned, _, result in self.batch:
            written = autograded_sha256(self.course, self.assignment.name, result.student)
            old = self.before.get(result.student)
            record = Record(
                result, planned.sha256, planned.submitted_at, self.known, self.sources["isolation"], written,
                provenance={**self.sources, "device": self.device}, history=old.history_with_this if old else (),
            )  # fmt: skip
            write_record(self.course, self.assignment, record)
        self.batch = []
        self.since = time.monotonic()
