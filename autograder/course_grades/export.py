"""The class's marks in the forms that other programs import.

    csv       everything, for people
    canvas    Canvas's Gradebook, "Import" (Canvas Instructor Guide, "How do I import grades in the Gradebook?")
    moodle    Moodle's "Grades > Import > CSV file": https://docs.moodle.org/en/Grade_import
    parquet   the same as csv, for programs
    frame     the same as a pandas frame

Points are those that count: after lateness. What is still to come is left empty, so that no platform takes it for 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from autograder.course_grades.class_list import ClassList
from autograder.course_grades.scores import Person
from autograder.course_grades.standing import ItemMark, Standing, State
from autograder.spreadsheet import csv_text

if TYPE_CHECKING:
    import pandas

Cell = str | float | int | bool | None
CANVAS_EXCUSED = "EX"
DECIMALS = 2


def columns(class_list: ClassList) -> list[str]:
    """Of `rows` and `to_frame`."""
    items = [item for component in class_list.components for item in component.items]
    names = [component.name for component in class_list.components]
    marks = [*(f"{item} %" for item in items), *(f"{name}: so far %" for name in names)]
    return ["student", "last_name", "first_name", "email", *marks, "so far %", "certain %", "possible %", "letter",
            "complete", "days late", "slip days"]  # fmt: skip


def rows(class_list: ClassList) -> Iterator[list[Cell]]:
    """One row a student; None where there is no figure yet."""
    for person, standing in zip(class_list.people, class_list.standings, strict=True):
        yield [
            person.id, person.last_name, person.first_name, person.email,
            *(_percent(item) for item in standing.items),
            *(_rounded(component.so_far) for component in standing.components),
            _rounded(standing.so_far), _rounded(standing.certain), _rounded(standing.possible),
            letter_of(class_list, standing), standing.complete,
            sum(item.lateness.days for item in standing.items), sum(item.lateness.slip_days for item in standing.items),
        ]  # fmt: skip


def letter_of(class_list: ClassList, standing: Standing) -> str:
    """The letter of what there is so far; "" where there is nothing, or no letters are set."""
    return class_list.policy.letter(standing.so_far) if standing.so_far is not None else ""


def to_csv(class_list: ClassList) -> str:
    return csv_text([columns(class_list), *rows(class_list)])


def to_frame(class_list: ClassList) -> pandas.DataFrame:
    """One row a student, figures as floats, NaN where there is none yet."""
    import pandas

    frame = pandas.DataFrame(list(rows(class_list)), columns=columns(class_list))
    figures = [name for name in frame.columns if name.endswith("%")]
    return frame.astype(dict.fromkeys(figures, "float64"))


def to_canvas(class_list: ClassList) -> str:
    """Canvas matches students by `ID` (nbgrader's lms_user_id) or else by `SIS Login ID` (the student's id here)."""
    items = _items(class_list)
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *(item.item for item in items)]
    possible: list[Cell] = ["    Points Possible", "", "", "", "", *(_rounded(item.out_of) for item in items)]
    body = (
        [p.sortable_name, p.lms_id, "", p.id, "", *(_points(item, CANVAS_EXCUSED) for item in standing.items)]
        for p, standing in _class(class_list)
    )
    return csv_text([header, possible, *body])


def to_moodle(class_list: ClassList) -> str:
    """Moodle is told on import which column identifies the student: the e-mail address, or the id number."""
    header = ["ID number", "First name", "Last name", "Email address", *(item.item for item in _items(class_list))]
    body = (
        [p.id, p.first_name, p.last_name, p.email, *(_points(item, "") for item in standing.items)]
        for p, standing in _class(class_list)
    )
    return csv_text([header, *body])


def _class(class_list: ClassList) -> Iterator[tuple[Person, Standing]]:
    return zip(class_list.people, class_list.standings, strict=True)


def _items(class_list: ClassList) -> tuple[ItemMark, ...]:
    return class_list.standings[0].items if class_list.standings else ()


def _points(item: ItemMark, excused: str) -> Cell:
    if item.state is State.EXCUSED:
        return excused
    return "" if item.state is State.PENDING else _rounded(item.percent / 100 * item.out_of)


def _percent(item: ItemMark) -> float | None:
    return None if item.state in (State.PENDING, State.EXCUSED) else _rounded(item.percent)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DECIMALS)
