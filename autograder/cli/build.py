"""`autograder build`: reference and master notebook become what students get."""

from __future__ import annotations

import click
from rich.console import Console
from rich.table import Table

from autograder.course import Assignment, Course
from autograder.errors import ConfigurationError, Problem


@click.command(
    short_help="Make the students' notebooks.",
    epilog="""\b
Examples:
  autograder build                build every assignment of course.toml
  autograder build vae gan        build these two
  autograder build --check        change nothing; exit 1 where a release is stale""",
)
@click.argument("assignments", metavar="[ASSIGNMENT]...", nargs=-1)
@click.option(
    "--check",
    is_flag=True,
    help="Change nothing; exit with 1 where a release is not what a build gives, or older than an edit of the "
    "reference.",
)
@click.pass_obj
def build(course: Course, assignments: tuple[str, ...], check: bool) -> None:
    """Make the students' notebook of each ASSIGNMENT (default: all of course.toml).

    Takes assignments/NAME/NAME.md, the reference and the public tests of the hidden suite, and
    writes release/NAME/NAME.ipynb, and to assignments/NAME/built.json what it was built from.
    Nothing is written where any file of the assignment is wrong.
    Warns where the last `autograder audit` found the hidden suite below the thresholds of course.toml.
    """
    from autograder.authoring.build import build as build_assignment  # these imports pull in nbgrader,
    from autograder.authoring.build import stale, write_release  # which `autograder --help` can do without

    table = _table()
    problems: list[Problem] = []
    outdated: dict[str, list[str]] = {}
    loaded = _loaded(course, assignments, problems)
    for assignment in loaded:
        try:
            built = build_assignment(course, assignment)
        except ConfigurationError as error:
            problems.extend(error.problems)
            continue
        if check:
            changes = stale(assignment, built)
            status = "[red]stale" if changes else "[green]up to date"
            outdated |= {assignment.name: changes} if changes else {}
        else:
            status = "[green]written" if write_release(course, assignment, built) else "unchanged"
        counts = (len(built.questions), built.public_tests, built.hidden_tests, f"{len(built.notebook):,}")
        table.add_row(assignment.name, *map(str, counts), status)
    if table.row_count:
        Console().print(table)
    for name, changes in outdated.items():
        excerpt = "\n".join(f"  {line}" for line in changes)
        click.echo(f"\nrelease/{name} is not what its sources give:\n{excerpt}")
        click.echo(f"Cure: run `autograder build {name}` and commit release/{name} and assignments/{name}.")
    _warn_of_suites(course, loaded)
    if problems:
        raise ConfigurationError(problems)
    if outdated:
        raise click.exceptions.Exit(1)


def _loaded(course: Course, names: tuple[str, ...], problems: list[Problem]) -> list[Assignment]:
    """The assignments that were asked for; what is wrong with an assignment.toml is added to `problems`."""
    loaded = []
    for name in dict.fromkeys(names or course.assignment_names):
        try:
            loaded.append(course.assignment(name))
        except ConfigurationError as error:
            problems.extend(error.problems)
    return loaded


def _warn_of_suites(course: Course, assignments: list[Assignment]) -> None:
    """Say what the last audit of each hidden suite found below the thresholds of course.toml, or that it is old."""
    if not (course.state / "audit").is_dir():
        return  # the imports pull in torch
    from autograder.audit.record import read_record

    for assignment in assignments:
        record = read_record(course, assignment)
        name = assignment.name
        if record is not None and not record.current:
            click.echo(
                f"Warning: {name}'s suite has changed since its audit; run `autograder audit {name} --part all`."
            )
        for shortfall in record.shortfalls if record is not None else ():
            click.echo(f"Warning: {name}'s suite is below the thresholds of course.toml. {shortfall}")


def _table() -> Table:
    table = Table("assignment", box=None, pad_edge=False)
    for column in ("questions", "public tests", "hidden tests", "bytes"):
        table.add_column(column, justify="right")
    table.add_column("release")
    return table
