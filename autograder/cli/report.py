"""`autograder report ASSIGNMENT`: HTML and CSV for teaching staff."""

from __future__ import annotations

import click

from autograder.course import Course


@click.command(
    short_help="HTML and CSV for teaching staff.",
    epilog="""\b
Examples:
  autograder report vae                     the page for teaching staff, from the latest grades
  autograder --data /srv/class report vae   of a class whose data lie elsewhere""",
)
@click.argument("assignment")
@click.pass_obj
def report(course: Course, assignment: str) -> None:
    """Write reports/ASSIGNMENT/index.html and scores.csv from the latest grades."""
    settings = course.assignment(assignment)

    # Only this command needs them, and every other one starts faster without.
    from autograder.errors import UsageError
    from autograder.grading.records import load_run, unusable_records
    from autograder.reports import write_report
    from autograder.reports.summary import summary_lines

    run = load_run(course, settings)
    if unusable := unusable_records(course, settings):
        click.echo(
            f"Note: the records of {', '.join(unusable)} are damaged, so the report leaves them out. "
            f"Run `autograder grade {assignment}`, then this again.", err=True,
        )  # fmt: skip
    if not run.submissions:
        raise UsageError(f"Nothing of {assignment!r} has been graded yet. Run `autograder grade {assignment}` first.")
    paths = write_report(course, settings, run)
    for line in summary_lines(paths.report):
        click.echo(line)
    click.echo(str(paths.html))
    click.echo(str(paths.csv))
