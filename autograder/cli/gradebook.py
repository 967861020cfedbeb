"""`autograder gradebook`: everybody's mark of the course, and the files that other platforms import."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from autograder.cli.output import write_output
from autograder.course import Course
from autograder.errors import UsageError

if TYPE_CHECKING:
    from autograder.course_grades import ClassList
    from autograder.course_grades.standing import ItemMark, Standing

SHOWN = 40  # students in the terminal
FILE = click.Path(path_type=Path, dir_okay=False, writable=True)


class _Supposed(click.ParamType):
    """NAME=PERCENT."""

    name = "name=percent"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, float]:
        name, _, percent = str(value).rpartition("=")
        try:
            number = float(percent.removesuffix("%"))
        except ValueError:
            number = -1.0
        if not name or not 0 <= number <= 100:
            self.fail(f"{value!r} is not of the form NAME=PERCENT, for instance final=80", param, ctx)
        return name, number


@click.command(
    short_help="The course's marks: weights, lateness, letters, export.",
    epilog="""\b
Examples:
  autograder gradebook                                 the class, as it stands
  autograder gradebook --student ada                   one student, item by item, and what each letter would need
  autograder gradebook --student ada --what-if final=80
  autograder gradebook --csv marks.csv --parquet marks.parquet
  autograder gradebook --canvas canvas.csv             for Canvas: Grades > Import
  autograder gradebook --moodle moodle.csv             for Moodle: Grades > Import > CSV file""",
)
@click.option("--student", "students", multiple=True, metavar="ID", help="One student, in detail; may be repeated.")
@click.option("--what-if", "supposed", multiple=True, type=_Supposed(), help="Suppose this for an item or a component "
              "that has no mark yet; may be repeated. Nothing is written.")  # fmt: skip
@click.option("--as-of", metavar="TIME", help="As it was then: 2027-03-05, or with a time and its zone. Work that was "
              "due and is not there counts as nothing.  [default: now]")  # fmt: skip
@click.option("--csv", "csv_file", type=FILE, metavar="FILE", help="Everything, for people; - is standard output.")
@click.option("--canvas", type=FILE, metavar="FILE", help="What Canvas imports.")
@click.option("--moodle", type=FILE, metavar="FILE", help="What Moodle imports.")
@click.option("--parquet", type=FILE, metavar="FILE", help="The columns of --csv, for pandas and other programs.")
@click.pass_obj
def gradebook(
    course: Course,
    students: tuple[str, ...],
    supposed: tuple[tuple[str, float], ...],
    as_of: str | None,
    csv_file: Path | None,
    canvas: Path | None,
    moodle: Path | None,
    parquet: Path | None,
) -> None:
    """Add up the marks of all assignments, and of marks/*.csv, as [gradebook] in assignments/course.toml says.

    Assignments come from gradebook.db with manual scores; lateness, slip days and extensions (formgrader's, and
    those of extensions.csv) are applied here. Each student has three figures: so far, certain (what is not there
    yet counts as nothing) and possible (as full marks). Nothing is written but the files that are asked for.
    """
    from dataclasses import replace

    from autograder.course_grades import export, load_class
    from autograder.course_grades.what_if import suppose

    class_list = load_class(course, _moment(as_of))
    if not class_list.people:
        raise UsageError("Nobody is in the gradebook yet. Run `autograder grade ASSIGNMENT` first.")
    if supposed:
        standings = (suppose(standing, dict(supposed), class_list.components) for standing in class_list.standings)
        class_list = replace(class_list, standings=tuple(standings))
    to_standard_output = csv_file is not None and str(csv_file) == "-"
    if to_standard_output:
        click.echo(export.to_csv(class_list), nl=False)
    elif students:
        for student in students:
            _show_student(class_list, student)
    else:
        _show_class(class_list)
    written = [
        _write(path, make(class_list))
        for path, make in ((csv_file, export.to_csv), (canvas, export.to_canvas), (moodle, export.to_moodle))
        if path is not None and not (path is csv_file and to_standard_output)
    ]
    if parquet is not None:
        written.append(_write(parquet, export.to_frame(class_list).to_parquet(index=False)))
    for path in written:
        click.echo(f"Written: {path}", err=to_standard_output)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no time; write 2027-03-05 or 2027-03-05T12:00:00Z") from None
    return moment if moment.tzinfo else moment.astimezone(UTC)


def _write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_output(path, content)
    return path


def _show_class(class_list: ClassList) -> None:
    from autograder.course_grades.export import letter_of

    table = Table("student", "name", box=None, pad_edge=False)
    for component in class_list.components:
        table.add_column(f"{component.name}\n{component.weight:g} %", justify="right")
    for name in ("so far", "certain", "possible"):
        table.add_column(name, justify="right")
    table.add_column("letter" if class_list.policy.letters else "")
    together = list(zip(class_list.people, class_list.standings, strict=True))
    for person, standing in together[:SHOWN]:
        letter = letter_of(class_list, standing)
        table.add_row(
            _printable(person.id), _printable(person.sortable_name) if person.last_name else "",
            *(_figure(component.so_far) for component in standing.components),
            _figure(standing.so_far), _figure(standing.certain), _figure(standing.possible),
            letter if standing.complete or not letter else f"{letter} so far",
        )  # fmt: skip
    Console(highlight=False).print(table)
    if len(together) > SHOWN:
        click.echo(f"... and {len(together) - SHOWN} more; --csv FILE has all of them")
    click.echo(f"\n{_summary(class_list)}")


def _summary(class_list: ClassList) -> str:
    from autograder.course_grades.export import letter_of

    figures = [standing.so_far for standing in class_list.standings if standing.so_far is not None]
    open_ = sum(not standing.complete for standing in class_list.standings)
    lines = [f"{len(class_list.people)} students as of {class_list.as_of:%Y-%m-%d %H:%M %Z}"]
    if figures:
        lines.append(f"So far: mean {_figure(fmean(figures))}, median {_figure(median(figures))}, "
                     f"from {_figure(min(figures))} to {_figure(max(figures))}")  # fmt: skip
    if class_list.policy.letters and figures:
        counts = Counter(letter_of(class_list, standing) or "none" for standing in class_list.standings)
        lines.append("Letters: " + ", ".join(f"{letter} {counts[letter]}" for letter in (*class_list.policy.letters,
                     "none") if counts[letter]))  # fmt: skip
    lines.append(f"{open_} of them still have something to come, or ungraded by hand" if open_ else "All is graded")
    return "\n".join(lines)


def _show_student(class_list: ClassList, student: str) -> None:
    standing = next((one for one in class_list.standings if one.student == student), None)
    if standing is None:
        raise UsageError(f"No student {student!r} in the gradebook.")
    table = Table("component", "item", box=None, pad_edge=False)
    for name in ("points", "of", "%"):
        table.add_column(name, justify="right")
    table.add_column("remarks")
    for component in standing.components:
        for number, item in enumerate(component.items):
            label = "" if number else f"{component.name} ({component.weight:g} %)"
            points = f"{item.points:g}" if item.points or item.percent else ""
            table.add_row(label, item.item, points, f"{item.out_of:g}", _of_item(item), _remarks(item))
    console = Console(highlight=False)
    console.print(f"\n[bold]{_printable(student)}[/bold]")
    console.print(table)
    console.print(f"So far {_figure(standing.so_far)}, certain {_figure(standing.certain)}, possible "
                  f"{_figure(standing.possible)}")  # fmt: skip
    for line in _letters(class_list, standing):
        console.print(line)


def _letters(class_list: ClassList, standing: Standing) -> list[str]:
    from autograder.course_grades.what_if import needed

    if not class_list.policy.letters:
        return []
    if standing.complete:
        return [f"Letter: {class_list.policy.letter(standing.certain) or 'none'}"]
    lines = []
    for letter, least in class_list.policy.letters.items():
        percent = needed(standing, least, class_list.components)
        how = "out of reach" if percent is None else f"with {percent:.1f} % of all to come"
        lines.append(f"  {letter} (from {least:g}): {'certain' if percent == 0 else how}")
        if percent == 0:
            break  # the letters below are certain, too
    return lines


def _of_item(item: ItemMark) -> str:
    from autograder.course_grades.standing import State

    return "" if item.state in (State.PENDING, State.EXCUSED) else _figure(item.percent)


def _remarks(item: ItemMark) -> str:
    from autograder.course_grades.standing import State

    remarks = [] if item.state is State.MARKED else [str(item.state)]
    if item.lateness.days:
        paid = f", {item.lateness.slip_days} paid by slip days" if item.lateness.slip_days else ""
        remarks.append(f"{item.lateness.days} days late{paid}: keeps {item.lateness.keeps:.0%}")
    if item.provisional:
        remarks.append("not all graded by hand yet")
    if item.dropped:
        remarks.append("dropped")
    return "; ".join(remarks)


def _figure(percent: float | None) -> str:
    return "" if percent is None else f"{percent:.1f}"


def _printable(text: str) -> str:
    """Without control characters, and nothing that rich takes for markup."""
    from rich.markup import escape

    from autograder.reports.wording import printable

    return escape(printable(text))
