"""`autograder grade ASSIGNMENT`: grade a class, or one notebook."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click
import orjson

from autograder.cli.output import write_output
from autograder.course import Assignment, Course
from autograder.errors import UsageError
from autograder.results import GradeRun, Status, SubmissionResult, to_contract
from autograder.sandbox.isolation import BACKENDS


@click.command(
    short_help="Grade submissions against the hidden suite.",
    epilog="""\b
Examples:
  autograder grade vae                                grade what is new or has changed
  autograder grade vae --student ada --student bob    these two alone
  autograder grade vae --force --workers 8            everything again, eight at a time
  autograder grade vae --json results.json            also as JSON
  autograder grade vae --notebook my.ipynb --json -   one file, nothing is written

\b
Exit status: 0 all graded; 1 some submissions need a person; 2 wrong usage or configuration.""",
)
@click.argument("assignment")
@click.option("--student", "students", multiple=True, metavar="ID", help="Grade this student alone; may be repeated.")
@click.option("--submitted", type=click.Path(path_type=Path), help="Where submissions lie (default: submitted/).")
@click.option("--workers", type=click.IntRange(1, 256), help="Worker processes (default: one a processor).")
@click.option("--force", is_flag=True, help="Grade again what has not changed.")
@click.option(
    "--notebook", type=click.Path(path_type=Path), help="Grade this one file; writes nothing to the gradebook."
)
@click.option(
    "--json", "json_path", metavar="FILE", help="Write the results as JSON to FILE, or to the terminal with -."
)
@click.option(
    "--isolation",
    type=click.Choice(list(BACKENDS)),
    default="bubblewrap",
    show_default=True,
    help="'none' switches the sandbox off: trusted code only.",
)
@click.option("--feedback", is_flag=True, help="Also write feedback pages, where they are missing or out of date.")
@click.pass_obj
def grade(
    course: Course,
    assignment: str,
    students: tuple[str, ...],
    submitted: Path | None,
    workers: int | None,
    force: bool,
    notebook: Path | None,
    json_path: str | None,
    isolation: str,
    feedback: bool,
) -> None:
    """Grade the submissions of ASSIGNMENT in the sandbox; write gradebook and autograded notebooks.

    Submissions that have not changed since they were graded are left alone. A run that was
    interrupted goes on where it stopped.
    """
    settings = course.assignment(assignment)
    if json_path not in (None, "-") and not Path(str(json_path)).resolve().parent.is_dir():
        raise UsageError(f"{json_path}: there is no such folder; make it, or name another file for --json.")
    if isolation == "none":
        click.secho(
            "WARNING: no sandbox. Student code can do whatever you can. Only for code you trust.", fg="red", err=True
        )
    if notebook is not None:
        if students or submitted or force or feedback:
            raise UsageError("--notebook grades one file and writes nothing; it cannot be combined with --student, "
                             "--submitted, --force or --feedback.")  # fmt: skip
        run = _grade_notebook(course, settings, notebook, isolation)
        new = frozenset(s.student for s in run.submissions)
    else:
        run, new = _grade_class(
            course, assignment, students=students, submitted=submitted, workers=workers or 0, force=force,
            isolation=isolation,
        )  # fmt: skip
        if feedback and run.submissions:  # all of them: a run that was stopped may have left pages to make
            _write_feedback(course, assignment, [s.student for s in run.submissions])
    if json_path is not None:
        write_output(json_path, _as_text(run))
    if json_path != "-":
        _show(course, run, new)
    if any(s.status is not Status.GRADED for s in run.submissions):
        raise click.exceptions.Exit(1)


def _grade_notebook(course: Course, assignment: Assignment, notebook: Path, isolation: str) -> GradeRun:
    from autograder.grading import grade_notebook  # imports torch and nbgrader, which takes seconds

    return grade_notebook(course, assignment, notebook, isolation)


def _grade_class(course: Course, name: str, **options: Any) -> tuple[GradeRun, frozenset[str]]:
    from autograder.cli.progress import counting
    from autograder.grading.grade import GradeOptions, Progress, grade_assignment

    new: set[str] = set()
    with counting(f"Grading {name}") as bar:

        def planned(to_grade: int, unchanged: int) -> None:
            bar.start(to_grade, f"{unchanged} unchanged" if unchanged else "")

        def graded(result: SubmissionResult) -> None:
            new.add(result.student)
            bar.advance()

        def noted(text: str) -> None:
            click.echo(f"Note: {text}", err=True)

        progress = Progress(planned=planned, graded=graded, noted=noted)
        run = grade_assignment(course, course.assignment(name), GradeOptions(**options), progress)
    return run, frozenset(new)


def _write_feedback(course: Course, name: str, students: list[str]) -> None:
    from autograder.cli.progress import counting
    from autograder.gradebook.feedback import generate_feedback

    with counting("Writing feedback") as bar:
        generate_feedback(course, name, students, progress=bar.set)


def _as_text(run: GradeRun) -> str:
    """One submission in many lines, of a class each in one line: Python indents 2 000 of them in seconds."""
    content = to_contract(run)
    if len(run.submissions) == 1:
        return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    lines = [_one_line(submission) for submission in content.pop("submissions")]
    head = json.dumps(content, ensure_ascii=False)[:-1]
    inside = "".join(f"\n  {line}," for line in lines).removesuffix(",")
    return f'{head}, "submissions": [{inside}\n]}}\n'


def _one_line(submission: dict[str, Any]) -> str:
    """orjson takes a tenth of json's time, and no name of a folder that is not UTF-8."""
    try:
        return orjson.dumps(submission).decode()
    except orjson.JSONEncodeError:
        return json.dumps(submission, ensure_ascii=False, allow_nan=False)


def _show(course: Course, run: GradeRun, new: frozenset[str]) -> None:
    from autograder.cli.grade_table import summary_table

    if not run.submissions:
        click.echo(f"No submissions of {run.assignment} in {course.submitted}. Expected: "
                   f"submitted/<student>/{run.assignment}/{run.assignment}.ipynb")  # fmt: skip
        return
    data = "" if course.data == course.root else f"--data {os.path.relpath(course.data)} "
    summary_table(run, new, f"autograder {data}report {run.assignment}")
