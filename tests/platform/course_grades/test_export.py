"""What other programs get to read."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import pandas as pd
import pytest

from autograder.course_grades.export import columns, to_canvas, to_csv, to_frame, to_moodle
from tests.platform.course_grades.conftest import Classroom


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_canvas(full: Classroom) -> None:
    """The five columns that Canvas asks for, then points possible, then points; what is still to come is empty."""
    full.write("extensions.csv", "student,assignment,due", "chen,sums,excused")
    assert read(to_canvas(full.load())) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "sums", "means", "exam"],
        ["    Points Possible", "", "", "", "", "100.0", "100.0", "60.0"],
        ["Lovelace, Ada", "1815", "", "ada", "", "90.0", "100.0", "57.0"],
        ["Haddad, =1+1", "", "", "bilal", "", "48.0", "0.0", "0.0"],
        ["chen", "", "", "chen", "", "EX", "50.0", ""],
    ]


def test_moodle(full: Classroom) -> None:
    assert read(to_moodle(full.load())) == [
        ["ID number", "First name", "Last name", "Email address", "sums", "means", "exam"],
        ["ada", "Ada", "Lovelace", "ada@example.org", "90.0", "100.0", "57.0"],
        ["bilal", "'=1+1", "Haddad", "", "48.0", "0.0", "0.0"],
        ["chen", "", "", "", "0.0", "50.0", ""],
    ]


def test_csv_frame_and_parquet_say_the_same(full: Classroom, tmp_path: Path) -> None:
    found = full.load()
    frame = to_frame(found)
    frame.to_parquet(tmp_path / "marks.parquet", index=False)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "marks.parquet"), frame)
    table = pd.read_csv(io.StringIO(to_csv(found)), keep_default_na=False, na_values={"exam %": [""]})
    assert list(table.columns) == list(frame.columns) == columns(found)
    assert table["certain %"].tolist() == frame["certain %"].tolist() == [95.0, 9.6, 10.0]
    assert math.isnan(frame["exam %"][2])
    assert math.isnan(table["exam %"][2])
    assert frame["letter"].tolist() == ["A", "", ""]
    assert frame["days late"].tolist() == [1, 3, 0]


def test_formulas_do_not_get_out(full: Classroom) -> None:
    for text in (to_csv(full.load()), to_moodle(full.load()), to_canvas(full.load())):
        assert not any(cell.startswith("=") for row in read(text) for cell in row)


def test_an_empty_class_gives_tables_without_students(classroom: Classroom) -> None:
    found = classroom.load()
    assert len(read(to_canvas(found))) == 2
    assert len(read(to_csv(found))) == 1
    assert to_frame(found).empty


@pytest.mark.parametrize(("percent", "letter"), [(95, "A"), (90, "A"), (89.99, "B"), (75, "B"), (74.9, "")])
def test_letters_begin_at_their_boundary(classroom: Classroom, percent: float, letter: str) -> None:
    assert classroom.course.settings.gradebook.letter(percent) == letter
