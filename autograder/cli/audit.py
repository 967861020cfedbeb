"""`autograder audit`: measure the hidden suites with answers of known worth."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from autograder.cli.progress import counting
from autograder.course import Course
from autograder.errors import UsageError

if TYPE_CHECKING:
    from autograder.audit import Progress

STDOUT = "-"


@click.command(
    short_help="Test the hidden tests.",
    epilog="""\b
Examples:
  autograder audit                               every assignment of course.toml
  autograder audit vae --question kl_divergence  one question, while its tests are written
  autograder audit --json audit.json             for a program as well""",
)
@click.argument("assignments", metavar="[ASSIGNMENT]...", nargs=-1)
@click.option("--question", "questions", metavar="NAME", multiple=True, help="Only this question; may be repeated.")
@click.option("--workers", type=click.IntRange(1, 256), help="Worker processes (default: one a processor).")
@click.option(
    "--isolation", default="bubblewrap", show_default=True, help="'none' switches the sandbox off: trusted code only."
)
@click.option("--json", "json_file", metavar="FILE", help="Also write the findings as JSON; - is standard output.")
@click.pass_obj
def audit(
    course: Course,
    assignments: tuple[str, ...],
    questions: tuple[str, ...],
    workers: int | None,
    isolation: str,
    json_file: str | None,
) -> None:
    """Test the hidden tests of each ASSIGNMENT (default: all of course.toml).

    The reference must get full marks and the untouched stub none; each known mistake must lose points
    at the test named for it and show its hint; each known correct alternative must get full marks.
    Exits with 1 where anything fails. In the table, tests are counted as public+hidden.
    """
    from autograder.audit import audit as measure  # imports torch, which `autograder --help` can do without
    from autograder.audit.report.as_json import to_json
    from autograder.audit.report.table import show

    _check_writable(json_file)
    with counting("Auditing") as bar:

        def see(step: Progress) -> None:
            bar.start(step.total, step.assignment)
            bar.set(step.done, step.total)

        workers = workers or os.cpu_count() or 1
        report = measure(course, assignments, workers, see, questions=questions, isolation=isolation)
    # Where the JSON goes to standard output, what is for people goes to standard error.
    show(report, Console(stderr=json_file == STDOUT, highlight=False))
    if json_file:
        _write(json_file, to_json(report))
    if not report.passed:
        raise click.exceptions.Exit(1)


def _check_writable(json_file: str | None) -> None:
    """Better now than after minutes of grading."""
    if json_file and json_file != STDOUT:
        folder = Path(json_file).resolve().parent
        if not folder.is_dir() or not os.access(folder, os.W_OK) or Path(json_file).is_dir():
            raise UsageError(f"--json {json_file}: no file can be written there.")


def _write(json_file: str, data: dict[str, Any]) -> None:
    text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    if json_file == STDOUT:
        click.echo(text, nl=False)
        return
    path = Path(json_file)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, path)
