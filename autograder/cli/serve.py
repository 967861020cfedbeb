"""`autograder serve`: the staff's work in a browser."""

from __future__ import annotations

import getpass
import webbrowser
from dataclasses import replace

import click

from autograder.course import Course

PORT = 8930


@click.command(
    short_help="Queue, marking and reports in a browser, for staff.",
    epilog="""\b
Examples:
  autograder serve                         opens a page in your browser; Ctrl-C ends it
  autograder serve --as maria              deeds are recorded under this name
  autograder serve --no-browser            only prints the address; over ssh -L 8930:localhost:8930

\b
Only this machine can connect, and only with the secret in the address that is printed.""",
)
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(0, 65535), help="0 for any that is free.")
@click.option("--as", "name", help="Your name, as in [staff] graders (default: as this machine knows you).")
@click.option("--browser/--no-browser", default=True, help="Open it in a browser.")
@click.option("--hub", is_flag=True, help="As a service of JupyterHub, for the staff that it lets in.")
@click.option("--formgrader", metavar="URL", help="Where formgrader is (default: formgrader_url in course.toml).")
@click.pass_obj
def serve(course: Course, port: int, name: str | None, browser: bool, hub: bool, formgrader: str | None) -> None:
    """Serve what needs a person to a browser on this machine: the queue, marking by rubric, appeals, every student's
    submission, and the reports. What students use at the hub is `autograder serve-students`.
    """
    from autograder.staff_site.serve import serve_here, serve_hub

    if formgrader:
        course = replace(course, settings=course.settings.model_copy(update={"formgrader_url": formgrader}))
    if hub:
        serve_hub(course, click.echo)
        return
    name = name or getpass.getuser()

    def tell(address: str) -> None:
        click.echo(f"For {name} alone, until Ctrl-C:\n  {address}")
        if browser:
            webbrowser.open(address)

    serve_here(course, name, port, tell)
    click.echo("Ended.")
