"""`autograder regrade ASSIGNMENT`: who would gain and who would lose by a mended test; then write it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from autograder.cli.output import write_output
from autograder.course import Course

if TYPE_CHECKING:
    from autograder.grading.regrade import Change, Regrade

SHOWN, TESTS_SHOWN = 40, 4


@click.command(
    short_help="See what a mended test changes, then write it.",
    epilog="""\b
Examples:
  autograder regrade vae                       who gains, who loses, and by which tests; nothing is written
  autograder regrade vae --apply               write it; whoever would lose keeps the old grade
  autograder regrade vae --apply --allow-lower write all of it
  autograder regrade vae --student ada         one student alone

\b
Exit status: 0 done; 1 somebody loses, or would; 2 wrong usage or configuration.""",
)
@click.argument("assignment")
@click.option("--student", "students", multiple=True, metavar="ID", help="This student alone; may be repeated.")
@click.option("--apply", is_flag=True, help="Write the new grades, in one transaction.")
@click.option("--allow-lower", is_flag=True, help="With --apply: also write grades that fall.")
@click.option("--workers", type=click.IntRange(1, 256), help="Worker processes (default: one a processor).")
@click.option("--json", "json_path", metavar="FILE", help="All changes as JSON, to FILE or with - to the terminal.")
@click.pass_obj
def regrade(
    course: Course,
    assignment: str,
    students: tuple[str, ...],
    apply: bool,
    allow_lower: bool,
    workers: int | None,
    json_path: str | None,
) -> None:
    """Grade again what was graded with another suite, reference, release or engine, and compare.

    Results wait until --apply, so what was seen is what is written, and a run that was stopped goes on. Work that is
    new or was handed in again is left to `autograder grade`. What a person entered in formgrader stays.
    """
    settings = course.assignment(assignment)
    if allow_lower and not apply:
        raise click.UsageError("--allow-lower has a meaning with --apply alone.")

    from autograder.cli.progress import counting
    from autograder.grading.grade import GradeOptions, Progress
    from autograder.grading.regrade import regrade as run_regrade

    with counting(f"Regrading {assignment}") as bar:
        progress = Progress(
            planned=lambda to_grade, ready: bar.start(to_grade, f"{ready} graded before" if ready else ""),
            graded=lambda _: bar.advance(),
            noted=lambda text: click.echo(f"Note: {text}", err=True),
        )
        options = GradeOptions(students=students, workers=workers or 0)
        done = run_regrade(course, settings, options, progress, apply=apply, allow_lower=allow_lower)
    if json_path is not None:
        write_output(json_path, json.dumps(_as_json(done), indent=2, ensure_ascii=False) + "\n")
    if json_path != "-":
        _show(done)
    if done.falling:
        raise click.exceptions.Exit(1)


def _show(done: Regrade) -> None:
    console = Console(highlight=False)
    same = len(done.changes) - len(done.rising) - len(done.falling)
    for title, changes in (("Lose", done.falling), ("Gain", done.rising)):
        if changes:
            console.print(_table(title, changes))
        if len(changes) > SHOWN:
            console.print(f"... and {len(changes) - SHOWN} more; --json FILE has all of them")
    by_test = _by_test(done.changes)
    if by_test is not None:
        console.print(by_test)
    console.print(f"{len(done.rising)} gain, {len(done.falling)} lose, {same} stay the same; {done.current} were "
                  f"graded with this suite already.")  # fmt: skip
    if done.not_graded:
        console.print(f"{len(done.not_graded)} submissions are new or were handed in again: run `autograder grade "
                      f"{done.assignment}` for {escape(_some(done.not_graded))}.")  # fmt: skip
    if done.applied:
        kept = f"; {len(done.kept)} kept the higher grade (--allow-lower writes the lower one)" if done.kept else ""
        console.print(f"Written: {len(done.changes) - len(done.kept)} grades{kept}.")
    elif done.changes:
        loses = " Whoever loses keeps the old grade, unless you add --allow-lower." if done.falling else ""
        console.print(f"Nothing was written; `autograder regrade {done.assignment} --apply` writes it.{loses}")


def _table(title: str, changes: Sequence[Change]) -> Table:
    table = Table("student", box=None, pad_edge=False, title=title, title_justify="left", title_style="bold")
    for name in ("before", "after", ""):
        table.add_column(name, justify="right")
    table.add_column("why")
    for change in changes[:SHOWN]:
        why = [f"{t.question}: {t.title or t.test} ({t.before} → {t.after})" for t in change.tests]
        why += [f"{question}: other points or weights" for question in change.reweighted]
        rest = [f"and {len(why) - TESTS_SHOWN} more"] if len(why) > TESTS_SHOWN else []
        table.add_row(
            escape(change.student), f"{change.before.score:g}", f"{change.after.score:g}",
            f"{change.difference:+.4g}".replace("-", "−"), escape("\n".join([*why[:TESTS_SHOWN], *rest])),
        )  # fmt: skip
    return table


def _by_test(changes: Sequence[Change]) -> Table | None:
    """Which tests ended differently, and for how many."""
    counts: dict[tuple[str, str], list[int]] = {}
    for change in changes:
        for test in change.tests:
            counts.setdefault((test.question, test.test), [0, 0])[0 if test.is_gain else 1] += 1
    if not counts:
        return None
    table = Table("test", box=None, pad_edge=False, title="By test", title_justify="left", title_style="bold")
    table.add_column("question")
    for name in ("now passed by", "no longer passed by"):
        table.add_column(name, justify="right")
    for (question, name), (gained, lost) in sorted(counts.items(), key=lambda item: -sum(item[1])):
        table.add_row(name, question, str(gained), str(lost))
    return table


def _some(students: Sequence[str]) -> str:
    return ", ".join(students[:5]) + (" ..." if len(students) > 5 else "")


def _as_json(done: Regrade) -> dict[str, Any]:
    return {
        "schema": 1,
        "assignment": done.assignment,
        "applied": done.applied,
        "current": done.current,
        "not_graded": list(done.not_graded),
        "kept": list(done.kept),
        "changes": [
            {
                "student": change.student,
                "before": change.before.score,
                "after": change.after.score,
                "tests": [
                    {"question": t.question, "name": t.test, "before": t.before, "after": t.after} for t in change.tests
                ],
                "reweighted": list(change.reweighted),
            }
            for change in done.changes
        ],
    }
