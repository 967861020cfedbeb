"""The whole loop on a generated class: build, hand in, grade, feedback, report.

Everything is the real thing: the submissions go through the same functions as a real class's,
into nbgrader's own gradebook, in a folder of their own.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from autograder.authoring.build import build, write_release
from autograder.course import Course, find_course
from autograder.demo.classroom import HandIn, make_class
from autograder.demo.folder import fresh_folder
from autograder.demo.people import people
from autograder.demo.plan import Profile
from autograder.engine.crew import Crew
from autograder.grading.grade import GradeOptions, Progress, grade_assignment
from autograder.reports import ReportPaths, write_report
from autograder.results import GradeRun, Status

if TYPE_CHECKING:
    from autograder.gradebook.page_makers import PageMakers


class Bar(Protocol):
    """One line of progress."""

    def start(self, total: int, note: str) -> None: ...
    def set(self, done: int, total: int) -> None: ...
    def advance(self) -> None: ...


Counting = Callable[[str], AbstractContextManager[Bar]]


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """`folder` defaults to demo/ in the course; `workers` 0 stands for one a processor."""

    students: int = 24
    seed: int = 7
    workers: int = 0
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class Phase:
    """What was done, and how long it took."""

    name: str
    done: str
    seconds: float


@dataclass
class Demo:
    """What came out of it."""

    course: Course
    hand_ins: list[HandIn] = field(default_factory=list)
    runs: list[GradeRun] = field(default_factory=list)
    reports: list[ReportPaths] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    example: Path | None = None  # a feedback page worth reading

    @property
    def seconds(self) -> float:
        return sum(phase.seconds for phase in self.phases)


def run_demo(
    course: Course, options: DemoOptions, counting: Counting, finished: Callable[[Phase], None] = lambda phase: None
) -> Demo:
    """Run all phases.

    Args:
        course: where the assignments are; its own class data are not touched.
        counting: makes a progress bar for a phase.
        finished: told of each phase as it ends.

    Raises:
        AutograderError: the course, the sandbox or the folder cannot be used; never for a submission.
    """
    with fresh_folder((options.folder or course.root / "demo").absolute()) as folder:
        demo = Demo(find_course(course.root, folder))
        phases = _Phases(demo, counting, finished)
        names = demo.course.assignment_names
        phases.build(names)  # before the crew starts: nbgrader changes this process's folder meanwhile
        with Crew(demo.course, options.workers or os.cpu_count() or 1) as crew:  # it starts while the class is made
            phases.make_class(names, options)
            for name in names:
                phases.grade(name, crew)
        from autograder.gradebook.page_makers import PageMakers

        with PageMakers(options.workers or os.cpu_count() or 1) as makers:
            for name in names:
                phases.feedback(name, makers)
        phases.report()
    return demo


class _Phases:
    """One method a phase. Each leaves its results in `demo`."""

    def __init__(self, demo: Demo, counting: Counting, finished: Callable[[Phase], None]) -> None:
        self.demo, self.course = demo, demo.course
        self._counting, self._finished = counting, finished

    def build(self, names: Sequence[str]) -> None:
        with self._phase("Build") as (bar, done):
            bar.start(len(names), "")
            written = []
            for name in names:
                assignment = self.course.assignment(name)
                if write_release(self.course, assignment, build(self.course, assignment)):
                    written.append(name)
                bar.advance()
            done.append(f"{', '.join(written)} written" if written else f"{len(names)} releases are up to date")

    def make_class(self, names: Sequence[str], options: DemoOptions) -> None:
        with self._phase("Class") as (_, done):
            # Not at the top: it brings nbgrader, which takes seconds to import, before the demo's first line.
            from autograder.gradebook.store import open_gradebook

            self.demo.hand_ins = make_class(self.course, names, options.students, options.seed)
            with open_gradebook(self.course) as gradebook:
                for person in people(options.students):
                    names_of = {"first_name": person.first_name, "last_name": person.last_name}
                    gradebook.update_or_create_student(person.id, **names_of)
            notebooks = len(self.demo.hand_ins)
            done.append(f"{options.students} students handed in {notebooks} notebooks, seed {options.seed}")

    def grade(self, name: str, crew: Crew) -> None:
        with self._phase(f"Grading {name}") as (bar, done):
            progress = Progress(planned=lambda count, _: bar.start(count, ""), graded=lambda _: bar.advance())
            assignment = self.course.assignment(name)
            run = grade_assignment(self.course, assignment, GradeOptions(), progress, crew)
            self.demo.runs.append(run)
            done.append(f"{len(run.submissions)} submissions, isolation {run.isolation}")

    def feedback(self, name: str, makers: PageMakers) -> None:
        with self._phase(f"Feedback {name}") as (bar, done):
            from autograder.gradebook.feedback import generate_feedback

            students = [hand_in.student for hand_in in self.demo.hand_ins if hand_in.assignment == name]
            pages = generate_feedback(self.course, name, students, progress=bar.set, makers=makers)
            self.demo.example = self.demo.example or self._worth_reading(name, pages)
            done.append(f"{len(pages)} pages")

    def report(self) -> None:
        with self._phase("Reports") as (_, done):
            for run in self.demo.runs:
                self.demo.reports.append(write_report(self.course, self.course.assignment(run.assignment), run))
            done.append(f"{len(self.demo.reports)} reports")

    def _worth_reading(self, name: str, pages: Sequence[Path]) -> Path | None:
        """The page of a student who made most of the known mistakes and whose notebook ran through."""
        run = next(run for run in self.demo.runs if run.assignment == name)
        graded = {result.student for result in run.submissions if result.status is Status.GRADED}
        mistaken = [h for h in self.demo.hand_ins if h.assignment == name and h.part.profile is Profile.MISTAKEN]
        by_student = {page.parent.parent.name: page for page in pages}
        readable = [h for h in mistaken if h.student in graded and h.student in by_student]
        best = max(readable, key=lambda hand_in: len(hand_in.wrong), default=None)
        return by_student[best.student] if best else next(iter(pages), None)

    @contextmanager
    def _phase(self, name: str) -> Iterator[tuple[Bar, list[str]]]:
        """Time the block. What it puts into the list is what was done."""
        start = time.perf_counter()
        done: list[str] = []
        with self._counting(name) as bar:
            yield bar, done
        phase = Phase(name, "; ".join(done), time.perf_counter() - start)
        self.demo.phases.append(phase)
        self._finished(phase)
