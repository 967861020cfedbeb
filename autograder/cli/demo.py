"""`autograder demo`: the whole loop on a generated class."""

from __future__ import annotations

import shutil
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING

import click

from autograder.course import Course
from autograder.results import GradeRun, Status

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from autograder.demo.demo import Demo, Phase


@click.command(
    short_help="The whole loop on a generated class.",
    epilog="""\b
Examples:
  autograder demo                             24 students, all assignments, in demo/
  autograder demo --students 60 --seed 3      a larger class, and another one
  autograder demo --folder ../my-demo          somewhere else

\b
Exit status: 0 done, also where submissions need a person (some must); 2 wrong usage or configuration.""",
)
@click.option("--students", default=24, show_default=True, type=click.IntRange(4, 2000), help="Size of the class.")
@click.option("--seed", default=7, show_default=True, help="The same seed makes the same class, byte for byte.")
@click.option("--workers", type=click.IntRange(1, 256), help="Worker processes (default: one a processor).")
@click.option(
    "--folder", type=click.Path(path_type=Path), help="Where everything goes (default: demo/ in the course's folder)."
)
@click.pass_obj
def demo(course: Course, students: int, seed: int, workers: int | None, folder: Path | None) -> None:
    """Make a class, grade it, write feedback and reports, and say what to open.

    The class hands in reference solutions, other correct ones, known mistakes, half-finished
    notebooks, and broken ones: endless loops, crashes, a notebook that is none, a forger. All of it
    goes into a folder of its own, which the next demo replaces; your own class is not touched.
    """
    from rich.console import Console

    console = Console(soft_wrap=True, highlight=False)
    console.print(f"A class of {students} students, made up and graded for real. This takes a minute or two.")
    start = time.perf_counter()
    with console.status("Loading"):
        from autograder.cli.progress import counting
        from autograder.demo.demo import DemoOptions, run_demo

    options = DemoOptions(students, seed, workers or 0, folder)
    outcome = run_demo(course, options, counting, lambda phase: _show_phase(console, phase))
    _show_summary(console, outcome, time.perf_counter() - start)


def _show_phase(console: Console, phase: Phase) -> None:
    console.print(f"{phase.name:<16}{phase.seconds:>6.1f} s   {phase.done}", markup=False)


def _show_summary(console: Console, outcome: Demo, seconds: float) -> None:
    submissions = [s for run in outcome.runs for s in run.submissions]
    need_a_person = sum(s.status is not Status.GRADED for s in submissions)
    points = " and ".join(dict.fromkeys(f"{run.submissions[0].max_score:g}" for run in outcome.runs))
    console.print()
    console.print(_table(outcome.runs))
    console.print(f"Scores are of {points} points; the written answers, graded by hand, are worth the rest.")
    console.print(
        f"\n[bold]{len(submissions)} graded submissions and {len(outcome.reports)} reports in {seconds:.0f} s.[/] "
        f"{need_a_person} need a person: they were broken on purpose, and the reports say how."
    )
    _show_paths(console, outcome)


def _table(runs: list[GradeRun]) -> Table:
    from rich.table import Table

    table = Table("assignment", box=None, pad_edge=False)
    columns = ("handed in", *map(str, Status), "mean", "median", "full marks", "seconds each")
    for column in columns:
        table.add_column(column.replace(" ", "\n"), justify="right")
    for run in runs:
        counts = Counter(s.status for s in run.submissions)
        read = [s for s in run.submissions if s.status is not Status.UNREADABLE] or run.submissions
        scores = [s.score for s in read]
        table.add_row(
            run.assignment,
            str(len(run.submissions)),
            *(str(counts[status]) for status in Status),
            f"{mean(scores):.1f}",
            f"{median(scores):.1f}",
            str(sum(s.score >= s.max_score for s in read)),
            f"{mean(s.seconds for s in read):.1f}",
        )
    return table


def _show_paths(console: Console, outcome: Demo) -> None:
    course = outcome.course
    rows = [(f"report on {paths.report.assignment}", paths.html) for paths in outcome.reports]
    rows += [("a student's feedback", outcome.example)] if outcome.example else []
    rows += [("gradebook", course.gradebook), ("all submissions", course.submitted)]
    console.print("\nOpen:")
    for what, path in rows:
        console.print(f"  {what:<22}{_short(path)}", markup=False)
    data = _short(course.data)
    names = [run.assignment for run in outcome.runs]
    console.print("\nNext:")
    for command, what in (
        (f"{_program('autograder')} --data {data} grade {names[0]}", "nothing has changed, so nothing is run again"),
        (f"{_program('autograder')} --data {data} report {names[0]}", "write the report anew"),
        (f"AUTOGRADER_DATA={data} {_program('nbgrader')} export", "nbgrader works on the same gradebook"),
    ):
        console.print(f"  {command}\n      {what}", markup=False)


def _program(name: str) -> str:
    """How to call a program of this Python's from here: by its name, or else where it lies."""
    return name if shutil.which(name) else _short(Path(sys.executable).parent / name)


def _short(path: Path) -> str:
    """Relative to where the user is, if it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
