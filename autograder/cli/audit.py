"""`autograder audit`: measure the hidden suites with answers of known worth."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from autograder.cli.progress import counting
from autograder.course import Course
from autograder.errors import UsageError

if TYPE_CHECKING:
    from autograder.audit import AuditReport, Progress
    from autograder.audit.measured import Effort
    from autograder.audit.whole import Checked

STDOUT = "-"
PARTS = ("known", "mutants", "steadiness")


@click.command(
    short_help="Test the hidden tests.",
    epilog="""\b
Examples:
  autograder audit                               every assignment of course.toml
  autograder audit vae --question kl_divergence  one question, while its tests are written
  autograder audit --part all --html audit.html  mutants, steadiness and tolerances as well (many minutes)
  autograder audit --part all --mutants 5 --seeds 4 --gate   a sample, as in CI""",
)
@click.argument("assignments", metavar="[ASSIGNMENT]...", nargs=-1)
@click.option("--question", "questions", metavar="NAME", multiple=True, help="Only this question; may be repeated.")
@click.option(
    "--part",
    "parts",
    type=click.Choice((*PARTS, "all")),
    multiple=True,
    default=("known",),
    show_default=True,
    help="What to measure; may be repeated.",
)
@click.option("--mutants", type=click.IntRange(1), metavar="N", help="Try a sample of N mutants a question, not all.")
@click.option("--seeds", type=click.IntRange(1), default=200, show_default=True, help="Seeds for each right answer.")
@click.option("--force", is_flag=True, help="Try again what was tried before, though nothing has changed since.")
@click.option("--gate", is_flag=True, help="Fail where a question is below the thresholds of course.toml.")
@click.option("--workers", type=click.IntRange(1, 256), help="Worker processes (default: one a processor).")
@click.option(
    "--isolation", default="bubblewrap", show_default=True, help="'none' switches the sandbox off: trusted code only."
)
@click.option("--json", "json_file", metavar="FILE", help="Also write the findings as JSON; - is standard output.")
@click.option("--html", "html_file", metavar="FILE", help="Also write a page with every mutant and every test.")
@click.pass_obj
def audit(
    course: Course,
    assignments: tuple[str, ...],
    questions: tuple[str, ...],
    parts: tuple[str, ...],
    mutants: int | None,
    seeds: int,
    force: bool,
    gate: bool,
    workers: int | None,
    isolation: str,
    json_file: str | None,
    html_file: str | None,
) -> None:
    """Test the hidden tests of each ASSIGNMENT (default: all of course.toml).

    Part known: the reference must get full marks and the untouched stub none; each known mistake must
    lose points at the test named for it and show its hint; each known correct alternative must get
    full marks. Exits with 1 where anything fails. In the table, tests are counted as public+hidden.

    Part mutants: automatic small changes of the reference, each of which a test should catch. Part
    steadiness: right answers under many seeds, with 1 and 2 threads and both default dtypes, which no
    test may mark down. Both together also tell how much room each tolerance has. They run our own
    code alone, without a sandbox, and fail nothing unless --gate is given. What was measured whole is
    kept: after a stop, the same command goes on with the next assignment.
    """
    from autograder.audit.measured import Effort
    from autograder.audit.report.table import show
    from autograder.audit.report.trials_table import show_trials

    for option, file in (("--json", json_file), ("--html", html_file)):
        _check_writable(option, file)
    wanted = PARTS if "all" in parts else tuple(part for part in PARTS if part in parts)
    workers = workers or os.cpu_count() or 1
    # Where the JSON goes to standard output, what is for people goes to standard error.
    console = Console(stderr=json_file == STDOUT, highlight=False)
    report = None
    if "known" in wanted:
        report = _measure_known(course, assignments, questions, workers, isolation)
        show(report, console)
    effort = Effort(tuple(part for part in wanted if part != "known"), mutants, seeds)
    checked = _measure_by_trials(course, assignments, questions, effort, workers, force) if effort.parts else []
    if before := [one.measured.assignment for one in checked if one.before]:
        console.print(f"As tried before, since nothing has changed: {', '.join(before)}. --force tries again.")
    for one in checked:
        show_trials(one.measured, one.shortfalls, console)
    _write_files(report, checked, json_file, html_file)
    failed = gate and any(one.shortfalls for one in checked)
    if failed or (report is not None and not report.passed):
        raise click.exceptions.Exit(1)


def _measure_known(
    course: Course, assignments: tuple[str, ...], questions: tuple[str, ...], workers: int, isolation: str
) -> AuditReport:
    from autograder.audit import audit as measure  # imports torch, which `autograder --help` can do without

    with counting("Auditing") as bar:

        def see(step: Progress) -> None:
            bar.start(step.total, step.assignment)
            bar.set(step.done, step.total)

        return measure(course, assignments, workers, see, questions=questions, isolation=isolation)


def _measure_by_trials(
    course: Course, assignments: tuple[str, ...], questions: tuple[str, ...], effort: Effort, workers: int, force: bool
) -> list[Checked]:
    from autograder.audit.whole import measure_all

    with counting("Trying") as bar:

        def see(step: Progress) -> None:
            bar.start(step.total, step.assignment)
            bar.set(step.done, step.total)

        return measure_all(course, assignments, effort, workers, see, questions=questions, again=force)


def _write_files(
    report: AuditReport | None, checked: list[Checked], json_file: str | None, html_file: str | None
) -> None:
    from autograder.audit.report.as_json import to_json
    from autograder.audit.report.html import render
    from autograder.audit.report.trials_json import trials_to_json

    if json_file:
        known = to_json(report) if report is not None else {"schema": 1}
        trials = [trials_to_json(one.measured, one.shortfalls) for one in checked]
        data = {**known, **({"trials": trials} if trials else {})}
        _write(json_file, json.dumps(data, indent=2, ensure_ascii=False) + "\n")
    if html_file:
        _write(html_file, render(report, checked))


def _check_writable(option: str, file: str | None) -> None:
    """Better now than after minutes of grading."""
    if file and file != STDOUT:
        folder = Path(file).resolve().parent
        if not folder.is_dir() or not os.access(folder, os.W_OK) or Path(file).is_dir():
            raise UsageError(f"{option} {file}: no file can be written there.")


def _write(file: str, text: str) -> None:
    if file == STDOUT:
        click.echo(text, nl=False)
        return
    path = Path(file)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, path)
