"""The course itself: the demo is made of its assignments."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.course import Course, find_course

ASSIGNMENTS = find_course(Path(__file__)).assignment_names


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """The real course, with the class's data in a temporary folder."""
    return find_course(Path(__file__), tmp_path / "class")
