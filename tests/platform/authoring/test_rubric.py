"""The rubric's table, and what is said where it is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.authoring.master import Kind, Master, MasterCell, read_master
from autograder.authoring.rubric import RubricItem, rubrics
from autograder.course import find_course
from autograder.errors import ConfigurationError

ROOT = Path(__file__).parents[3]
HEAD = "| Item | Points | What earns it |\n|---|---|---|\n"


def of(source: str) -> tuple[RubricItem, ...]:
    return rubrics(Master(Path("small.md"), (MasterCell(Kind.RUBRIC, "why", source, (), 7),)))["why"]


def test_rows_become_items_in_order() -> None:
    items = of(f"Grade so:\n\n{HEAD}| Cause | 2.5 | Says $a | b$. |\n| Example | 1 | One. |\n\nBe kind.")
    assert items == (RubricItem("Cause", 2.5, "Says $a | b$."), RubricItem("Example", 1.0, "One."))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("Be kind.", "expected a table"),
        (HEAD, "expected a table"),
        (f"{HEAD}| Cause | 2 |\n", "no 3 columns"),
        (f"{HEAD}| | 2 | x |\n", "no 3 columns"),
        (f"{HEAD}| Cause | two | x |\n", "no number above 0"),
        (f"{HEAD}| Cause | nan | x |\n", "no number above 0"),
        (f"{HEAD}| Cause | -1 | x |\n", "no number above 0"),
        (f"{HEAD}| Cause | 2 | x |\n| Cause | 1 | y |\n", "twice"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(source: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"small\.md:7.*rubric of 'why'.*{message}"):
        of(source)


def test_every_rubric_of_the_course_adds_up() -> None:
    course = find_course(ROOT)
    for name in course.assignment_names:
        assignment = course.assignment(name)
        found = rubrics(read_master(assignment.master_path))
        for part in assignment.written:
            assert sum(item.points for item in found[part.name]) == part.points, part.name
