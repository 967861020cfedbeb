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

    from autograder.cli.progress import counting
    from autograder.errors import UsageError
    from autograder.grading.records import load_run
    from autograder.reports.student import write_feedback

    if everybody == bool(student):
        raise UsageError("Name the students, or say --all.")
    names = student or tuple(result.student for result in load_run(course, settings).submissions)
    if not names:
        raise UsageError(f"Nothing of {assignment!r} has been graded yet. Run `autograder grade {assignment}` first.")
    if not everybody:
        for name in names:
            click.echo(str(write_feedback(course, settings, name)))
        return
    with counting(f"Feedback on {assignment}") as bar:
        bar.start(len(names), "")
        for name in names:
            path = write_feedback(course, settings, name)
            bar.advance()
    click.echo(f"{len(names)} pages in {path.parent}")
