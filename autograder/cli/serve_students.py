"""`autograder serve-students`: deadlines, receipts and checks for students, as a service of JupyterHub."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.course import Course


@click.command(
    "serve-students",
    short_help="Deadlines, receipts and checks for students at the hub.",
    epilog="""\b
Examples:
  autograder hub                                            starts a hub with this service on it
  autograder serve-students --exchange /srv/nbgrader/exchange   what the hub's configuration runs as a service

\b
How often students may have work checked stands in assignment.toml:
  [check_work]
  attempts = 10            # for each student; 0, or no such table, for never
  cool_down_minutes = 10   # from one to the next""",
)
@click.option(
    "--exchange", required=True, type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="The folder of nbgrader's exchange.",
)  # fmt: skip
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Checks graded at once.")
@click.option(
    "--check-owner/--no-check-owner", default=True,
    help="Whether what was handed in must belong to the system's account of that name.",
)  # fmt: skip
@click.pass_obj
def serve_students(course: Course, exchange: Path, workers: int, check_owner: bool) -> None:
    """Serve the course's students as a service of JupyterHub: when work is due, what was received, and how it stands
    before it is handed in. JupyterHub says who asks and where to listen.
    """
    from autograder.student_site.serve import serve_students as serve

    serve(course, exchange, workers, lambda line: click.echo(line, err=True), check_owner=check_owner)
