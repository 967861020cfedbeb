"""A course.toml and an assignment.toml that can be bent, and what reading them says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.course import Assignment, find_course
from autograder.errors import ConfigurationError, Problem

COURSE = """schema = 1
id = "tiny"
title = "A tiny course"
assignments = ["sums"]
"""

ASSIGNMENT = """schema = 1
title = "Sums"
reference = "sums"
due = 2030-01-01T12:00:00+00:00

[limits]
cell_timeout_s = 10

[[question]]
name = "double"
points = 30

[[question]]
name = "total"
points = 60.5
depends_on = ["double"]

[[written]]
name = "written_why"
points = 9.5
"""


class Files:
    """The two files, below a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.course = root / "assignments" / "course.toml"
        self.assignment = root / "assignments" / "sums" / "assignment.toml"
        self.assignment.parent.mkdir(parents=True)
        self.course.write_text(COURSE)
        self.assignment.write_text(ASSIGNMENT)

    def change(self, old: str, new: str, path: Path | None = None) -> None:
        path = path or self.assignment
        text = path.read_text()
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
        path.write_text(text.replace(old, new))

    def load(self) -> Assignment:
        return find_course(self.root).assignment("sums")

    def problems(self) -> tuple[Problem, ...]:
        """What is wrong, which must be something."""
        with pytest.raises(ConfigurationError) as caught:
            self.load()
        return caught.value.problems

    def problem(self) -> str:
        """The only problem, without its path."""
        (problem,) = self.problems()
        return str(problem).removeprefix(f"{problem.path}")


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


Write = Callable[[str], Path]
