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

    from autograder.cli.student_pages import write_pages
    from autograder.reports.student import write_student

    write_pages(course, settings, student, everybody, write_student)
