"""Where the time goes: one worker, one more submission, in milliseconds.

    python -m benchmarks.profile [--assignment vae] [-n 20]

The platform's own functions are measured from outside, in both processes that have work to do: the
worker, and the process that writes. With one worker they take turns, so the parts add up to the time
by the clock. A class is graded twice by the same workers, and the second time counts: it is warm.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import tempfile
import time
from dataclasses import asdict
from multiprocessing.connection import Connection
from pathlib import Path

import click
import pytest
import torch

from autograder.course import Assignment, Course, find_course
from autograder.engine import grade_one, suite_items, worker
from autograder.engine.crew import Crew, Worker
from autograder.engine.start import without_main
from autograder.errors import AutograderError
from autograder.gradebook import store
from autograder.gradebook.autograded import AutogradedWriter
from autograder.grading import grade
from autograder.grading.grade import GradeOptions, grade_assignment
from autograder.sandbox import process
from autograder.sandbox.inside.channel import Channel
from autograder.sandbox.session import Session
from benchmarks.engines import BenchmarkError
from benchmarks.notebooks import make_class, write_class
from benchmarks.results import Profile
from benchmarks.stopwatch import Stopwatch
from benchmarks.tables import profile_lines

ROOT = Path(__file__).resolve().parents[1]

FORK = "fork: a confined process, and its end"
LOAD = "load: the notebook's cells"
CALLS = "calls: waiting for the student's process"
WIRE = "calls: encoding, decoding, checking"
AROUND = "tests: what is done around each test"
COMPARE = "tests: expected values, comparing"
PARSE = "reading the notebook, in both processes"
GRADE = "dependencies, scores, result"
NOTEBOOK = "write: autograded notebook"
GRADEBOOK = "write: gradebook"
RECORD = "write: record"
REST = "handing over between the two processes"
PARTS = (FORK, LOAD, CALLS, WIRE, AROUND, COMPARE, PARSE, GRADE, NOTEBOOK, GRADEBOOK, RECORD, REST)


class ProfiledCrew(Crew):
    """One worker that is forked from this process, so that it measures, too, and leaves its figures in a file."""

    def __init__(self, course: Course, watch: Stopwatch, figures: Path) -> None:
        super().__init__(course, 1)
        self._watch, self._figures = watch, figures
        self._forking = multiprocessing.get_context("fork")

    def _start(self, core: int | None) -> Worker:
        ours, theirs = self._forking.Pipe()
        arguments = (self.course, self.isolation, ours, theirs, self._watch, self._figures)
        started = self._forking.Process(target=_work, args=arguments, daemon=True)
        with without_main():
            started.start()
        theirs.close()
        return Worker(started, ours, core)


def _work(
    course: Course, isolation: str, other_end: Connection, connection: Connection, watch: Stopwatch, figures: Path
) -> None:
    """The worker process; its figures are those of the class that it graded last."""
    other_end.close()  # inherited: while it is open here, this process does not hear that the other has closed it
    serve = worker.GradingLoop._serve

    def serve_and_note(loop: worker.GradingLoop, grader: grade_one.Grader) -> None:
        watch.reset()
        serve(loop, grader)
        figures.write_text(json.dumps(watch.seconds), encoding="utf-8")

    worker.GradingLoop._serve = serve_and_note  # type: ignore[method-assign, assignment]
    worker.work(worker.WorkerSettings(course, isolation), connection)
    os._exit(0)


def measure_everything(watch: Stopwatch) -> None:
    """Have the watch measure the platform's functions, in this process and in those forked from it."""
    watch.measure(worker.ZygoteSupply, "start_process", FORK)
    watch.measure(Session, "close", FORK)
    watch.measure(Session, "_load", LOAD)
    watch.measure(process.StudentProcess, "ask", WIRE, within=LOAD)
    watch.measure(Channel, "receive", CALLS, within=LOAD)
    watch.measure(suite_items.ItemRunner, "run", AROUND)
    watch.measure(suite_items, "_raised_by", COMPARE)
    watch.measure(pytest.Function, "runtest", COMPARE)  # of tests that need more of pytest
    watch.measure(grade_one, "parse_submission", PARSE)
    watch.measure(grade_one.Grader, "grade", GRADE)
    watch.measure(AutogradedWriter, "write", NOTEBOOK)
    watch.measure(grade, "parse_submission", PARSE)
    watch.measure(store, "write_results", GRADEBOOK)
    watch.measure(grade.Writer, "flush", RECORD)
    watch.measure(grade.Writer, "add", RECORD)


def profile(assignment: Assignment, course: Course, count: int, folder: Path) -> Profile:
    """Grade a class of `count` twice, and say where the time of the second run went."""
    watch, figures = Stopwatch(), folder / "worker.json"
    measure_everything(watch)
    begun: list[float] = []
    give = Worker.give

    def give_and_note(self: Worker, job: grade_one.Job, seconds: float) -> None:
        begun.append(time.perf_counter())
        give(self, job, seconds)

    Worker.give = give_and_note  # type: ignore[method-assign]
    submissions = make_class(assignment, count)
    with ProfiledCrew(course, watch, figures) as crew:
        for name in ("cold", "warm"):
            data = folder / name
            write_class(submissions, data, assignment.name)
            watch.reset()
            begun.clear()
            grade_assignment(find_course(course.root, data), assignment, GradeOptions(workers=1), crew=crew)
            elapsed_s = time.perf_counter() - begun[0]
    return _summed_up(count, elapsed_s, watch.seconds, json.loads(figures.read_text(encoding="utf-8")))


def _summed_up(count: int, elapsed_s: float, ours: dict[str, float], workers: dict[str, float]) -> Profile:
    """The parts of both processes.

    Raises:
        BenchmarkError: they do not add up, or a part was never met: the platform has changed, and this has not.
    """
    seconds = {part: (ours.get(part, 0.0) + workers.get(part, 0.0)) / count for part in PARTS}
    never = [part for part in PARTS if part != REST and seconds[part] == 0]
    seconds[REST] = elapsed_s / count - sum(seconds.values())
    if never or seconds[REST] < 0:
        raise BenchmarkError(f"The profile is wrong: {seconds[REST]:.4f} s are left over; never met: {never}")
    return Profile(count, elapsed_s / count, seconds)


@click.command()
@click.option("--assignment", "name", default="vae", show_default=True)
@click.option("-n", "count", type=click.IntRange(1), default=20, show_default=True, help="Submissions.")
@click.option("--json", "json_path", type=click.Path(path_type=Path, dir_okay=False), help="Also write all figures.")
def main(name: str, count: int, json_path: Path | None) -> None:
    """Where the time of one worker goes, for one more submission."""
    torch.set_num_threads(1)
    course = find_course(ROOT)
    with tempfile.TemporaryDirectory(prefix="autograder-profile-") as folder:
        try:
            found = profile(course.assignment(name), course, count, Path(folder))
        except (AutograderError, BenchmarkError) as error:
            raise click.ClickException(str(error)) from None
    click.echo("\n".join(profile_lines(found)))
    if json_path is not None:
        json_path.write_text(json.dumps(asdict(found), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
