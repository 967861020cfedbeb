"""`autograder similar ASSIGNMENT`: submissions that look alike."""

from __future__ import annotations

import click

from autograder.course import Course


@click.command(
    short_help="Submissions that look alike, side by side.",
    epilog="""\b
Examples:
  autograder similar vae                     the page, from what was graded last
  autograder --data /srv/class similar vae   of a class whose data lie elsewhere""",
)
@click.argument("assignment")
@click.pass_obj
def similar(course: Course, assignment: str) -> None:
    """Write reports/ASSIGNMENT/similar.html: pairs of students whose answers have much in common.

    Names, comments and layout do not count, nor what was handed out or what many wrote. A pair on the page is a
    reason to look and to talk, and no proof of anything.
    """
    settings = course.assignment(assignment)

    from autograder.cli.progress import counting
    from autograder.errors import UsageError
    from autograder.grading.records import load_run
    from autograder.reports.similar import write_similar
    from autograder.reports.statistics import readable

    students = [submission.student for submission in readable(load_run(course, settings))]
    if not students:
        raise UsageError(f"Nothing of {assignment!r} has been graded yet. Run `autograder grade {assignment}` first.")
    with counting(f"Comparing {assignment}") as bar:
        bar.start(len(students), "")
        paths = write_similar(course, settings, students, bar.advance)
    shown = len(paths.found)
    click.echo(f"{paths.students} submissions compared; {shown + paths.more} pairs look alike, {shown} on the page")
    for alike in paths.found[:5]:
        questions = ", ".join(beside.question for beside in alike.questions)
        click.echo(f"  {' and '.join(alike.pair.students)}: {alike.pair.shared:.0%} in common ({questions})")
    click.echo(str(paths.html))
