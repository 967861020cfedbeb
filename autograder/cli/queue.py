"""`autograder queue ASSIGNMENT`: what needs a person, and whose it is."""

from __future__ import annotations

import getpass
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.cli.output import write_output
from autograder.course import Course

if TYPE_CHECKING:
    from autograder.staff.queue import Entry

KINDS = ("unreadable", "partial", "flagged", "appeal")  # those that can be settled; written answers are marked
MOST_LINES = 40


@click.command(
    short_help="What needs a person, and whose it is.",
    epilog="""\b
Examples:
  autograder queue vae                               all that is open, by grader
  autograder queue vae --grader maria                hers, in the order in which to work
  autograder queue vae --settle ada --note "asked; the file was empty"
  autograder queue vae --settle ada --kind appeal --by maria --note "right, test mended"
  autograder queue vae --json -                      for other programs

\b
Exit status: 0 nothing is open; 1 something is; 2 wrong usage or configuration.""",
)
@click.argument("assignment")
@click.option("--grader", help="Only what falls to this person.")
@click.option("--settle", metavar="STUDENT", help="Say that a person has seen to a student's open matter.")
@click.option("--kind", type=click.Choice(KINDS), help="Which matter, where a student has several.")
@click.option("--by", help="Who did it (default: you, as this machine knows you).")
@click.option("--note", default="", help="What was found or done; kept with the name and the time.")
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path), help="Also write it as JSON; - is standard output."
)
@click.pass_context
def queue(
    ctx: click.Context,
    assignment: str,
    grader: str | None,
    settle: str | None,
    kind: str | None,
    by: str | None,
    note: str,
    json_path: Path | None,
) -> None:
    """List what needs a person: unreadable and partial submissions, problems, appeals, written answers.

    New matters are shared out among the graders of course.toml ([staff] graders), equally many of each kind, and stay
    with whom they fell to. Each grader's order is random, so that nobody is always graded first.
    """
    course: Course = ctx.obj
    settings = course.assignment(assignment)

    from autograder.errors import UsageError
    from autograder.staff.duties import Kind
    from autograder.staff.queue import open_queue
    from autograder.staff.queue import settle as settle_one

    if settle:
        done = settle_one(course, settings, settle, by or getpass.getuser(), note, Kind(kind) if kind else None)
        click.echo(f"Settled: {done.duty.kind} of {settle} in {assignment}")
        return
    entries = open_queue(course, settings)
    graders = Counter(entry.grader for entry in entries)
    if grader:
        known = sorted({*graders, *course.settings.staff.graders})
        if grader not in known:
            raise UsageError(
                f"There is no grader {grader!r}. course.toml and the queue name: {', '.join(known) or 'nobody'}."
            )
        entries = [entry for entry in entries if entry.grader == grader]
    if json_path:
        write_output(json_path, json.dumps([_plain(entry) for entry in entries], indent=2) + "\n")
    if str(json_path) != "-":
        _show(assignment, entries)
    ctx.exit(1 if entries else 0)


def _plain(entry: Entry) -> dict[str, str]:
    duty = entry.duty
    about = {"student": duty.student, "kind": str(duty.kind), "cell": duty.cell}
    return {"grader": entry.grader, "assignment": duty.assignment, **about, "why": entry.due.why}


def _show(assignment: str, entries: list[Entry]) -> None:
    from autograder.reports.wording import printable

    if not entries:
        click.echo(f"Nothing of {assignment} needs a person.")
        return
    counts = Counter((entry.grader, str(entry.duty.kind)) for entry in entries)
    for grader in dict.fromkeys(entry.grader for entry in entries):
        kinds = ", ".join(f"{n} {kind}" for (who, kind), n in counts.items() if who == grader)
        click.echo(f"{grader}: {kinds}")
        mine = [entry for entry in entries if entry.grader == grader]
        for entry in mine[:MOST_LINES]:
            duty = entry.duty
            place = f" {duty.cell}" if duty.cell else ""
            click.echo(f"  {duty.kind:<10} {duty.student}{place}: {printable(entry.due.why)[:160]}")
        if len(mine) > MOST_LINES:
            click.echo(f"  … and {len(mine) - MOST_LINES} more; --json lists all")
    click.echo(
        f"Next: autograder student {assignment} STUDENT; then --settle STUDENT, or autograder mark for written answers"
    )
