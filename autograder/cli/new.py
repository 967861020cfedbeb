"""`autograder new`: the files of a new assignment."""

from __future__ import annotations

from datetime import date

import click

from autograder.course import Course


@click.command(
    short_help="Start an assignment.",
    epilog="""\b
Examples:
  autograder new sampling                              one question, ready to build and audit
  autograder new sampling --title "Sampling from LMs"  with a title of its own""",
)
@click.argument("name")
@click.option("--title", help="The assignment's title (default: its name).")
@click.pass_obj
def new(course: Course, name: str, title: str | None) -> None:
    """Write the files of a new assignment NAME, with one question, and add it to course.toml.

    It builds, grades and audits as it is; replace its question by your own. CONTRIBUTING.md says how.
    """
    from autograder.authoring.scaffold import scaffold

    for path in scaffold(course, name, title or name.replace("_", " ").capitalize(), date.today()):
        click.echo(f"wrote {path}")
    click.echo(f"Next: autograder build {name} && autograder audit {name} --part all")
