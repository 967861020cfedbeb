"""`autograder appeal ASSIGNMENT STUDENT QUESTION WORDS`: enter a student's objection into the queue."""

from __future__ import annotations

import click

from autograder.course import Course


@click.command(
    short_help="Enter a student's objection to a grade.",
    epilog="""\b
Examples:
  autograder appeal vae ada interpolate "My path has both end points; see cell 31."
  autograder queue vae                      it stands there until somebody settles it""",
)
@click.argument("assignment")
@click.argument("student")
@click.argument("question")
@click.argument("words")
@click.pass_obj
def appeal(course: Course, assignment: str, student: str, question: str, words: str) -> None:
    """Put what STUDENT objects to into the queue; QUESTION is a question or a written part."""
    from autograder.staff.queue import appeal as enter

    enter(course, course.assignment(assignment), student, question, words)
    click.echo(f"Entered: {student} on {question} of {assignment}")
