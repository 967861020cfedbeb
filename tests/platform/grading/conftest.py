"""A small class that has been graded once; every test gets a copy of all its files to spoil."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.course import Course, find_course
from autograder.grading import GradeOptions, grade_assignment
from autograder.grading.grade import Progress
from autograder.results import GradeRun
from tests.platform.engine.tiny import HONEST_WRONG, make_course, notebook, submit, tiny

STUDENTS = ("ada", "bob", "cleo", "dora")
Plan = Callable[..., tuple[int, int]]


@pytest.fixture(scope="session")
def graded_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, GradeRun]:
    """ada is right, bob is wrong, cleo's file is no notebook, dora's folder is empty."""
    course = make_course(tmp_path_factory.mktemp("graded"))
    submit(course, "ada", notebook(course))
    submit(course, "bob", notebook(course, HONEST_WRONG))
    submit(course, "cleo", b"no notebook")
    (course.submitted / "dora" / "tiny").mkdir(parents=True)
    run = grade_assignment(course, tiny(course), GradeOptions(workers=1))
    return course.root, run


@pytest.fixture
def graded(graded_once: tuple[Path, GradeRun], tmp_path: Path) -> Course:
    root = tmp_path / "course"
    shutil.copytree(graded_once[0], root)
    return find_course(root)


class _Planned(Exception):
    """Raised to stop a run once it is known what it would grade."""


@pytest.fixture
def plan() -> Plan:
    """(to grade, unchanged) of a run, which is stopped before it grades anything."""

    def plan(course: Course, options: GradeOptions | None = None) -> tuple[int, int]:
        counts: list[tuple[int, int]] = []

        def planned(to_grade: int, unchanged: int) -> None:
            counts.append((to_grade, unchanged))
            raise _Planned

        with pytest.raises(_Planned):
            grade_assignment(course, tiny(course), options or GradeOptions(workers=1), Progress(planned=planned))
        return counts[0]

    return plan
