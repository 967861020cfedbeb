"""Takes checks from the queue and grades them, in a thread of its own, with workers that stay.

Hidden tests, the reference or limits may change while the service runs: then the workers are started afresh. Whatever
goes wrong, the check gets an answer, and the next one its turn.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from autograder.authoring.spec import ReleaseSpec
from autograder.course import Assignment, Course, find_course
from autograder.engine.crew import Crew
from autograder.engine.job import Job
from autograder.engine.pool import Engine
from autograder.grading.fingerprint import provenance
from autograder.results import Status, SubmissionResult
from autograder.student_site.answer import answer_of, broken_answer
from autograder.student_site.checks import ToGrade, open_checks
from autograder.submissions.parse import parse_submission

LOOK_EVERY_S = 5.0  # also without being woken: another process may have put something in
WAIT_AFTER_ERROR_S = 2.0
PER_WORKER = 4  # checks of one assignment in a row, for each worker, before another assignment gets its turn


class Examiner:
    """Use as a context manager; `wake` it when something was asked.

    Args:
        log: is told, a line each, what staff should know.
    """

    def __init__(self, course: Course, workers: int, log: Callable[[str], None], isolation: str = "bubblewrap") -> None:
        self._course, self._workers, self._isolation, self._log = course, workers, isolation, log
        self._woken, self._ended = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, name="examiner")
        self._crew: Crew | None = None
        self._engine: Engine | None = None
        self._sources: dict[str, str] = {}

    def __enter__(self) -> Examiner:
        with open_checks(self._course) as book:
            book.put_back()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._woken.set()
        self._thread.join()

    def wake(self) -> None:
        self._woken.set()

    def _work(self) -> None:
        try:
            self._warm_up()
            while not self._ended.is_set():
                self._woken.clear()
                try:
                    taken = self._take()
                    if taken:
                        self._grade(taken)
                        continue
                except Exception as error:  # the book cannot be read: later, perhaps
                    self._log(f"The queue cannot be worked on: {type(error).__name__}: {error}")
                    self._ended.wait(WAIT_AFTER_ERROR_S)
                self._woken.wait(LOOK_EVERY_S)
        finally:
            self._dismiss()

    def _warm_up(self) -> None:
        """Workers take seconds to start; the first student need not wait for them."""
        self._crew = Crew(self._course, self._workers, self._isolation)
        self._crew.__enter__()

    def _take(self) -> list[ToGrade]:
        with open_checks(self._course) as book:
            return book.take(PER_WORKER * self._workers)

    def _grade(self, taken: Sequence[ToGrade]) -> None:
        """Answer all of them."""
        open_ = {job.number: job for job in taken}
        try:
            course = find_course(self._course.root, self._course.data)  # as it is now
            assignment = course.assignment(taken[0].assignment)
            spec = ReleaseSpec.load(assignment.release_path)
            engine = self._engine_for(course, assignment)
            # A job carries its number: a student's name is no name of a job.
            jobs = [Job(str(job.number), job.notebook) for job in taken]
            for job, result in engine.run(jobs):
                parsed = parse_submission(job.notebook, job.student, spec, assignment.limits)
                self._answer(open_.pop(int(job.student)), result, parsed.problems)
        except Exception as error:
            self._log(f"Checks of {taken[0].assignment} failed: {type(error).__name__}: {error}")
            self._dismiss()
            with open_checks(self._course) as book:
                for number in open_:
                    book.finish(number, broken_answer(), counts=False)

    def _answer(self, job: ToGrade, result: SubmissionResult, found_wrong: Sequence[str]) -> None:
        read = result.status is not Status.UNREADABLE
        with open_checks(self._course) as book:
            book.finish(job.number, answer_of(result, found_wrong), counts=read)
        if not read:
            self._log(f"Check {job.number} of {job.student}: {'; '.join(result.problems)}")

    def _engine_for(self, course: Course, assignment: Assignment) -> Engine:
        """Workers that have collected this suite as it stands."""
        sources = provenance(course, assignment, self._isolation)
        if self._engine is not None and self._engine.assignment.name == assignment.name and sources == self._sources:
            return self._engine
        if self._engine is not None or self._crew is None:  # modules of another suite may have the same names
            self._dismiss()
            self._crew = Crew(course, self._workers, self._isolation)
            self._crew.__enter__()
        begun = time.monotonic()
        self._engine = Engine(course, assignment, crew=self._crew)
        self._engine.__enter__()
        self._sources = sources
        self._log(f"Ready for {assignment.name} in {time.monotonic() - begun:.1f} s")
        return self._engine

    def _dismiss(self) -> None:
        if self._engine is not None:
            self._engine.close()
        if self._crew is not None:
            self._crew.close()
        self._engine = self._crew = None
