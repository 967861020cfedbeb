"""`autograder student ASSIGNMENT STUDENT`: all about one submission on one page."""

from __future__ import annotations

import click

from autograder.course import Course


@click.command(
    short_help="All about one student's submission.",
    epilog="""\b
Examples:
  autograder student vae ada               reports/vae/students/ada.html
  autograder student vae ada grace         two pages
  autograder student vae --all             a page for everybody who was graded""",
)
@click.argument("assignment")
@click.argument("student", nargs=-1)
@click.option("--all", "everybody", is_flag=True, help="A page for everybody who was graded.")
@click.pass_obj
def student(course: Course, assignment: str, student: tuple[str, ...], everybody: bool) -> None:
    """Write a page about each STUDENT: tests with hints, code beside the stub, problems, marks by hand, history.

    For staff: the details of failed tests hold hidden inputs.
    """
    settings = course.assignment(assignment)

    from autograder.errors import UsageError
    from autograder.grading.records import load_run
    from autograder.reports.student import write_student

    if everybody == bool(student):
        raise UsageError("Name the students, or say --all.")
    names = student or tuple(result.student for result in load_run(course, settings).submissions)
    if not names:
        raise UsageError(f"Nothing of {assignment!r} has been graded yet. Run `autograder grade {assignment}` first.")
    for name in names:
        click.echo(str(write_student(course, settings, name)))
