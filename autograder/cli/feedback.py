"""`autograder feedback ASSIGNMENT STUDENT`: one page for the student, to be sent."""

from __future__ import annotations

import click

from autograder.course import Course


@click.command(
    short_help="One page for each student, to be sent.",
    epilog="""\b
Examples:
  autograder feedback vae ada              reports/vae/feedback/ada.html
  autograder feedback vae --all            a page for everybody who was graded""",
)
@click.argument("assignment")
@click.argument("student", nargs=-1)
@click.option("--all", "everybody", is_flag=True, help="A page for everybody who was graded.")
@click.pass_obj
def feedback(course: Course, assignment: str, student: tuple[str, ...], everybody: bool) -> None:
    """Write a page for each STUDENT: points, which idea went wrong, where to read, comments by people.

    It holds nothing of the hidden tests but their titles and hints, and nobody else's data, so it can be sent or
    uploaded. `autograder grade --feedback` makes nbgrader's own page, which is the whole notebook.
    """
    settings = course.assignment(assignment)

    from autograder.cli.student_pages import write_pages
    from autograder.reports.student import write_feedback

    write_pages(course, settings, student, everybody, write_feedback)
