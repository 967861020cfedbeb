"""CSV files that the staff put beside the gradebook: marks from elsewhere, and extensions.

    marks/midterm.csv       student,midterm
                            ada,51.5
                            bilal,absent            counts as nothing
                            chen,excused            does not count at all
                            dora,                   not known yet

    extensions.csv          student,assignment,due
                            ada,vae,2027-03-05T23:59:00+01:00
                            bilal,gan,excused

Every file may have several columns of marks, and an item may be spread over several files. Every problem is reported,
with file and line; where there is one, nothing is used.
"""

from __future__ import annotations

import csv
import difflib
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from autograder.course import Course
from autograder.course.policy import OUT_OF
from autograder.errors import Problem

ABSENT, EXCUSED = "absent", "excused"
STUDENT = "student"
EXTENSION_COLUMNS = (STUDENT, "assignment", "due")
LARGEST_MIB = 64


@dataclass(frozen=True, slots=True)
class External:
    """A mark that did not come from this grader. `points` is None for those who are excused."""

    points: float | None


@dataclass
class Tables:
    """What the files say. `problems` is what is wrong with them.

    Attributes:
        marks: (student, item) -> mark.
        due: (student, assignment) -> the student's own deadline, None where the assignment is excused.
    """

    marks: dict[tuple[str, str], External] = field(default_factory=dict)
    due: dict[tuple[str, str], datetime | None] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Known:
    """What may stand in the files.

    Attributes:
        students: of the class; empty where nobody knows who is in it, and any name will do.
        items: external item -> its points.
        assignments: of the course.
    """

    students: Collection[str]
    items: Mapping[str, float]
    assignments: Collection[str]


def read_tables(data: Path, known: Known) -> Tables:
    """Read `marks/*.csv` and `extensions.csv` below the class's data; files that are not there say nothing."""
    reader = _Reader(known)
    for path in sorted((data / "marks").glob("*.csv")):
        reader.read_marks(path)
    if (data / "extensions.csv").exists():
        reader.read_extensions(data / "extensions.csv")
    return reader.tables


def external_items(course: Course) -> dict[str, float]:
    """Item -> its points, for all items that are no assignments."""
    return {
        item: component.out_of.get(item, OUT_OF)
        for component in course.settings.components
        for item in component.items
        if item not in course.assignment_names
    }


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of a file: its number, 1-based, and its cells by column."""

    line: int
    cells: Mapping[str, str]


class _Reader:
    def __init__(self, known: Known) -> None:
        self.tables = Tables()
        self._known = known
        self._places: dict[tuple[str, str, str], str] = {}  # what was said already, and where

    def read_marks(self, path: Path) -> None:
        for row in self._rows(path, required=(STUDENT,), allowed=(STUDENT, *self._known.items)):
            student = self._student(path, row)
            for item, text in row.cells.items():
                if item != STUDENT and text:
                    self._mark(path, row.line, student, item, text)

    def read_extensions(self, path: Path) -> None:
        for row in self._rows(path, required=EXTENSION_COLUMNS, allowed=EXTENSION_COLUMNS):
            student, assignment, due = self._student(path, row), row.cells["assignment"], row.cells["due"]
            if assignment not in self._known.assignments:
                like = _like(assignment, self._known.assignments)
                self._problem(path, row.line, f"no assignment {assignment!r}{like}")
                continue
            when = _deadline(due)
            if isinstance(when, str):
                self._problem(path, row.line, when)
            elif student and self._first(path, row.line, student, assignment, "deadline"):
                self.tables.due[student, assignment] = when

    def _mark(self, path: Path, line: int, student: str, item: str, text: str) -> None:
        points = _points(text, self._known.items[item])
        if isinstance(points, str):
            self._problem(path, line, f"{item}: {points}")
        elif student and self._first(path, line, student, item, "mark"):
            self.tables.marks[student, item] = External(points)

    def _student(self, path: Path, row: _Row) -> str:
        """The student of a line, "" where it names none that is known."""
        student = row.cells[STUDENT]
        if not student:
            self._problem(path, row.line, "no student; write the id that the gradebook knows")
        elif self._known.students and student not in self._known.students:
            like = _like(student, self._known.students)
            self._problem(path, row.line, f"no student {student!r} in the gradebook{like}")
            return ""
        return student

    def _first(self, path: Path, line: int, student: str, item: str, what: str) -> bool:
        """Whether nothing was said about it before."""
        place = self._places.setdefault((student, item, what), f"{path.name}:{line}")
        if place != f"{path.name}:{line}":
            self._problem(path, line, f"a second {what} of {student} for {item}; the first is at {place}")
            return False
        return True

    def _rows(self, path: Path, required: Collection[str], allowed: Collection[str]) -> Iterator[_Row]:
        try:
            if path.stat().st_size > LARGEST_MIB * 2**20:
                return self._problem(path, 0, f"larger than {LARGEST_MIB} MiB, so it is no table of marks")
            text = path.read_text(encoding="utf-8-sig")  # spreadsheets put a byte order mark first
        except UnicodeDecodeError as error:
            return self._problem(path, 0, f"is not UTF-8 ({error.reason}); save it as CSV in UTF-8")
        except OSError as error:
            return self._problem(path, 0, f"cannot be read: {error.strerror}")
        lines = text.splitlines(keepends=True)
        reader = csv.reader(lines, delimiter=_delimiter(lines[0] if lines else ""), strict=True)
        columns: list[str] = []
        try:
            for cells in reader:
                line = reader.line_num
                cells = [cell.strip() for cell in cells]
                if not any(cells):
                    continue
                if not columns:
                    columns = cells
                    if not self._columns_fit(path, line, columns, required, allowed):
                        return None
                elif len(cells) != len(columns):
                    self._problem(path, line, f"{len(cells)} cells, but the first line names {len(columns)} columns")
                else:
                    yield _Row(line, dict(zip(columns, cells, strict=True)))
        except csv.Error as error:
            return self._problem(path, reader.line_num, f"no valid CSV: {error}")
        if not columns:
            names = ", ".join(required)
            return self._problem(path, 0, f"is empty; its first line names the columns, {names} among them")
        return None

    def _columns_fit(
        self, path: Path, line: int, columns: list[str], required: Collection[str], allowed: Collection[str]
    ) -> bool:
        before = len(self.tables.problems)
        for name in required:
            if name not in columns:
                self._problem(path, line, f"no column {name!r}; the first line names the columns")
        for name in dict.fromkeys(columns):
            if columns.count(name) > 1:
                self._problem(path, line, f"the column {name!r} is there {columns.count(name)} times")
            elif name not in allowed:
                hint = _like(name, allowed) or ". Items are listed in [gradebook] of course.toml"
                self._problem(path, line, f"no item {name!r}{hint}")
        return len(self.tables.problems) == before

    def _problem(self, path: Path, line: int, message: str) -> None:
        self.tables.problems.append(Problem(path, line, message))


def _points(text: str, out_of: float) -> float | str | None:
    """Points, None for excused, or what is wrong with the text."""
    if text.lower() == EXCUSED:
        return None
    if text.lower() == ABSENT:
        return 0.0
    try:
        points = float(text.replace(",", ".", 1))  # a comma is the decimal point of half the world
    except ValueError:
        return f"{text!r} is neither a number nor {ABSENT!r} nor {EXCUSED!r}"
    if not math.isfinite(points) or points < 0:
        return f"{text!r} is no number of points"
    if points > out_of:
        return f"{text} is more than the {out_of:g} points that there are; see out_of in course.toml"
    return points


def _deadline(text: str) -> datetime | str | None:
    """A time, None for excused, or what is wrong with the text."""
    if text.lower() == EXCUSED:
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return f"{text!r} is no time; write 2027-03-05T23:59:00+01:00, or {EXCUSED!r}"
    return when if when.tzinfo else f"{text!r} says no time zone; add it, for instance +01:00 or Z"


def _delimiter(header: str) -> str:
    """Spreadsheets write semicolons and tabs where the comma is the decimal point."""
    return max(",;\t", key=lambda sign: (header.count(sign), sign == ","))


def _like(name: str, names: Collection[str]) -> str:
    found = difflib.get_close_matches(name, list(names), n=1)
    return f"; did you mean {found[0]!r}?" if found else ""
