"""`autograder gradebook` as it is typed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from autograder.cli.gradebook import gradebook
from autograder.errors import UsageError
from tests.platform.course_grades.conftest import Classroom

MAY = ("--as-of", "2027-05-01T00:00:00Z")


def invoke(classroom: Classroom, *arguments: str) -> Result:
    return CliRunner().invoke(gradebook, [*MAY, *arguments], obj=classroom.course, env={"COLUMNS": "160"})


def test_the_class_with_its_figures(full: Classroom) -> None:
    result = invoke(full)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    ada = next(line for line in lines if line.startswith("ada"))
    assert ada.split() == ["ada", "Lovelace,", "Ada", "95.0", "95.0", "95.0", "95.0", "95.0", "A"]
    assert "3 students as of 2027-05-01 00:00 UTC" in lines
    assert "Letters: A 1, none 2" in lines
    assert lines[-1].startswith("2 of them still have something to come")


def test_one_student_item_by_item(full: Classroom) -> None:
    full.hand_in("chen", "sums", "2027-03-01T11:00:00Z", auto=90, by_hand=10)
    result = invoke(full, "--student", "chen", "--student", "bilal")
    assert result.exit_code == 0, result.output
    assert "pending" in result.output
    assert "3 days late, 1 paid by slip days: keeps 80%; not all graded by hand yet" in result.output
    assert "A (from 90): with 100.0 % of all to come" in result.output  # 0.4 * 75 + 60
    assert "B (from 75): with 75.0 % of all to come" in result.output
    assert "A (from 90): out of reach" in result.output


def test_what_if(full: Classroom) -> None:
    result = invoke(full, "--student", "chen", "--what-if", "exam=50")
    assert "So far 40.0, certain 40.0, possible 40.0" in result.output
    assert invoke(full, "--what-if", "exam").exit_code == 2
    assert invoke(full, "--what-if", "exam=101").exit_code == 2


def test_files(full: Classroom, tmp_path: Path) -> None:
    names = ("all.csv", "canvas.csv", "moodle.csv", "marks.parquet")
    words = [word for option, name in zip(("--csv", "--canvas", "--moodle", "--parquet"), names, strict=True)
             for word in (option, str(tmp_path / "out" / name))]  # fmt: skip
    result = invoke(full, *words)
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(names)
    assert pd.read_parquet(tmp_path / "out" / "marks.parquet")["student"].tolist() == ["ada", "bilal", "chen"]


def test_csv_to_standard_output_is_nothing_but_csv(full: Classroom) -> None:
    result = invoke(full, "--csv", "-")
    assert result.output.splitlines()[0].startswith("student,last_name,first_name,email,sums %")
    assert len(result.output.splitlines()) == 4


def test_people_and_students_that_are_not_there(full: Classroom, classroom: Classroom) -> None:
    assert isinstance(invoke(full, "--student", "nobody").exception, UsageError)


def test_an_empty_gradebook_says_what_to_do(classroom: Classroom) -> None:
    result = invoke(classroom)
    assert isinstance(result.exception, UsageError)
    assert "autograder grade" in str(result.exception)


@pytest.mark.parametrize("text", ["yesterday", "2027-13-01"])
def test_a_time_that_is_none(full: Classroom, text: str) -> None:
    result = CliRunner().invoke(gradebook, ["--as-of", text], obj=full.course)
    assert result.exit_code == 2
    assert "is no time" in result.output
