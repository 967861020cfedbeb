"""The trusted shape of a release."""

from __future__ import annotations

import nbformat
import pytest

from autograder.authoring.build import write_release
from autograder.authoring.spec import NOT_ANSWERED, ReleaseSpec, Role
from autograder.errors import AuthoringError
from tests.platform.authoring.conftest import TinyCourse


@pytest.fixture
def spec(tiny: TinyCourse) -> ReleaseSpec:
    return ReleaseSpec.parse(tiny.build().notebook)


def test_cells_come_in_order_with_role_and_name(spec: ReleaseSpec) -> None:
    assert [(cell.role, cell.name) for cell in spec] == [
        (Role.PROSE, ""),
        (Role.SETUP, ""),
        (Role.GIVEN, "LIMIT"),
        (Role.GIVEN, "clip"),
        (Role.PROSE, ""),
        (Role.QUESTION, "double"),
        (Role.TEST, "double"),
        (Role.QUESTION, "Counter"),
        (Role.TEST, "Counter"),
        (Role.EXPERIMENT, ""),
        (Role.PROMPT, "written_why"),
        (Role.WRITTEN, "written_why"),
    ]


def test_points_stand_at_test_cells_and_written_answers(spec: ReleaseSpec) -> None:
    points = {cell.grade_id: cell.points for cell in spec if cell.points}
    assert points == {"test_double": 30, "test_Counter": 60.5, "written_why": 9.5}


def test_lookups(spec: ReleaseSpec) -> None:
    assert list(spec.questions) == ["double", "Counter"]
    assert spec.by_grade_id["test_double"] is spec.tests["double"]
    assert spec.by_id[spec.written["written_why"].id].source == NOT_ANSWERED
    assert len(spec.by_id) == len(spec.cells)


def test_sources_are_those_that_nbformat_reads(tiny: TinyCourse) -> None:
    data = tiny.build().notebook
    cells = nbformat.reads(data.decode(), as_version=4).cells
    assert [cell.source for cell in ReleaseSpec.parse(data)] == [cell.source for cell in cells]


def test_load_reads_a_written_release(tiny: TinyCourse) -> None:
    assignment = tiny.course.assignment("sums")
    built = tiny.build()
    write_release(tiny.course, assignment, built)
    assert ReleaseSpec.load(assignment.release_path) == ReleaseSpec.parse(built.notebook)


@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"cells": [{}]}', b"\xff"])
def test_what_is_no_release_is_named_with_the_cure(tiny: TinyCourse, content: bytes | None) -> None:
    path = tiny.path(tiny.release)
    if content is not None:
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    with pytest.raises(AuthoringError, match=r"sums\.ipynb: .*run `autograder build sums`"):
        ReleaseSpec.load(path)
