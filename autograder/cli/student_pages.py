"""What `autograder student` and `autograder feedback` have in common: a page for each of these students."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from autograder.course import Assignment, Course

Write = Callable[[Course, Assignment, str], Path]


def write_pages(course: Course, assignment: Assignment, named: tuple[str, ...], everybody: bool, write: Write) -> None:
    """Write the pages and say where they are: each of those named, or the folder of everybody's, with progress.

    Raises:
        UsageError: neither or both was asked for, or nothing has been graded; and what `write` raises.
    """
    from autograder.cli.progress import counting
    from autograder.errors import UsageError
    from autograder.grading.records import load_run

    if everybody == bool(named):
        raise UsageError("Name the students, or say --all.")
    for name in named:
        click.echo(str(write(course, assignment, name)))
    if named:
        return
    students = [result.student for result in load_run(course, assignment).submissions]
    if not students:
        raise UsageError(
            f"Nothing of {assignment.name!r} has been graded yet. Run `autograder grade {assignment.name}` first."
        )
    with counting(f"Pages on {assignment.name}") as bar:
        bar.start(len(students), "")
        for student in students:
            path = write(course, assignment, student)
            bar.advance()
    click.echo(f"{len(students)} pages in {path.parent}")
