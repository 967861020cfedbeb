"""`autograder new`: what it writes builds and is right about its own answers; what is there already stays."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder.authoring.build import build, write_release
from autograder.authoring.scaffold import scaffold
from autograder.cli.audit import audit
from autograder.cli.new import new
from autograder.course import Course, find_course
from autograder.errors import UsageError

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = """schema = 1
id = "tiny"
title = "Tiny"
assignments = [
    "vae",  # comments are kept
]
[sandbox]
preload = ["torch"]
"""


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course of one assignment, whose files are those of this course."""
    for folder in ("assignments/vae", "tests/hidden/vae", "release/vae"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "reference").mkdir()
    shutil.copy(ROOT / "reference/vae.py", tmp_path / "reference")
    (tmp_path / "assignments/course.toml").write_text(SETTINGS, encoding="utf-8")
    return find_course(tmp_path)


def test_the_new_assignment_is_listed_and_all_else_of_the_list_is_kept(course: Course) -> None:
    result = CliRunner().invoke(new, ["sampling", "--title", "Sampling, at last"], obj=course)
    assert result.exit_code == 0, result.output
    assert "wrote reference/sampling.py" in result.output
    text = (course.root / "assignments/course.toml").read_text(encoding="utf-8")
    assert text == SETTINGS.replace('"vae",', '"vae", "sampling",')
    again = find_course(course.root)
    assert again.assignment_names == ("vae", "sampling")
    assert again.assignment("sampling").title == "Sampling, at last"


def test_it_is_due_some_weeks_from_today(course: Course) -> None:
    scaffold(course, "sampling", "Sampling", date(2027, 1, 4))
    assert find_course(course.root).assignment("sampling").due.date() == date(2027, 2, 1)


@pytest.mark.parametrize("name", ["vae", "1st", "a b", "../x", ""])
def test_a_name_that_cannot_be_is_refused_and_nothing_is_written(course: Course, name: str) -> None:
    before = sorted(path for path in course.root.rglob("*") if path.is_file())
    with pytest.raises(UsageError):
        scaffold(course, name, "Title", date(2027, 1, 4))
    assert sorted(path for path in course.root.rglob("*") if path.is_file()) == before


def test_a_file_that_is_there_is_not_written_over(course: Course) -> None:
    path = course.root / "reference/sampling.py"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match=r"reference/sampling\.py"):
        scaffold(course, "sampling", "Sampling", date(2027, 1, 4))
    assert path.read_text(encoding="utf-8") == "mine"


@pytest.mark.slow
def test_it_builds_and_audits_green(course: Course, tmp_path: Path) -> None:
    scaffold(course, "sampling", "Sampling", date(2027, 1, 4))
    course = find_course(course.root)
    assignment = course.assignment("sampling")
    write_release(course, assignment, build(course, assignment))
    file = tmp_path / "audit.json"
    result = CliRunner().invoke(
        audit, ["sampling", "--part", "all", "--seeds", "8", "--gate", "--json", str(file)], obj=course
    )
    assert result.exit_code == 0, result.output
    data = json.loads(file.read_text(encoding="utf-8"))
    assert data["passed"] is True
    (question,) = data["trials"][0]["questions"]
    assert question["survived"] == 0
    assert question["killed"] > 20
    assert question["flaky_runs"] == 0
