"""`autograder mark ASSIGNMENT`: points for written answers, by rubric."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from autograder.course import Course

if TYPE_CHECKING:
    from autograder.staff.marking import Change


class ItemPoints(click.ParamType[tuple[str, float]]):
    """ITEM=POINTS."""

    name = "item=points"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, float]:
        name, _, points = str(value).rpartition("=")
        try:
            return name, float(points)
        except ValueError:
            self.fail(f"{value!r} is not ITEM=POINTS, for instance Definition=2", param, ctx)


@click.command(
    short_help="Points for written answers, by rubric.",
    epilog="""\b
Examples:
  autograder mark vae written_posterior_collapse                 the rubric's items
  autograder mark vae written_posterior_collapse ada --give Definition=2 --give "The figure=1" --comment "Well argued."
  autograder mark vae --rescore                                  what today's rubric would change; nothing is written
  autograder mark vae --rescore --apply""",
)
@click.argument("assignment")
@click.argument("cell", required=False)
@click.argument("student", required=False)
@click.option(
    "--give", multiple=True, type=ItemPoints(), help="ITEM=POINTS; may be repeated. Items not named get none."
)
@click.option("--comment", default="", help="For the student, below the points of each item.")
@click.option("--by", help="Who gave them (default: you, as this machine knows you).")
@click.option("--rescore", is_flag=True, help="Score all that was marked with the points of today's rubric.")
@click.option("--apply", is_flag=True, help="Write what --rescore shows, in one transaction.")
@click.pass_obj
def mark(
    course: Course,
    assignment: str,
    cell: str | None,
    student: str | None,
    give: tuple[tuple[str, float], ...],
    comment: str,
    by: str | None,
    rescore: bool,
    apply: bool,
) -> None:
    """Give points for a written answer, item by item of the rubric in the master notebook.

    They go into nbgrader's gradebook with a comment for the student; who gave them, and when, is kept.
    """
    settings = course.assignment(assignment)

    from autograder.errors import UsageError
    from autograder.staff import marking

    who = by or getpass.getuser()
    if rescore:
        if cell or give:
            raise UsageError("--rescore is about all answers; leave the rest out.")
        _show_changes(marking.rescore(course, settings, who, apply=apply), apply)
        return
    if apply:
        raise UsageError("--apply belongs to --rescore.")
    if cell is None:
        raise UsageError(
            f"Name a written part: {', '.join(part.name for part in settings.written) or 'there is none'}."
        )
    if student is None:
        for item in marking.rubric_of(settings, cell):
            click.echo(f"{item.name}  ({item.points:g})  {item.text}")
        return
    given: Mapping[str, float] = dict(give)
    if not given:
        raise UsageError("Say which items earn points: --give ITEM=POINTS. For none at all, give one of them 0.")
    points = marking.mark(course, settings, cell, student, who, given, comment)
    click.echo(f"{student}: {points:g} points for {cell}")


def _show_changes(changes: list[Change], apply: bool) -> None:
    for change in changes:
        left_alone = f"  ({change.why}; left alone)" if change.why else ""
        click.echo(f"{change.student}  {change.cell}: {change.before:g} -> {change.after:g}{left_alone}")
    count = sum(not change.why for change in changes)
    click.echo(
        f"{count} marks {'changed' if apply else 'would change'}"
        + ("" if apply or not count else "; --apply writes them")
    )
