"""Filling a release with answers."""

from __future__ import annotations

import nbformat
import pytest

from autograder.authoring.fill import fill_notebook
from autograder.authoring.spec import ReleaseSpec
from autograder.errors import AuthoringError
from tests.platform.authoring.conftest import TinyCourse


@pytest.fixture
def release(tiny: TinyCourse) -> bytes:
    return tiny.build().notebook


def test_only_the_cells_that_are_answered_change(release: bytes) -> None:
    before = ReleaseSpec.parse(release)
    after = ReleaseSpec.parse(
        fill_notebook(release, {"double": "def double(x):\n    return 0\n", "written_why": "Sums!"})
    )
    changed = {a.grade_id: a.source for b, a in zip(before, after, strict=True) if a != b}
    assert changed == {"double": "def double(x):\n    return 0", "written_why": "Sums!"}


def test_without_answers_nothing_changes(release: bytes) -> None:
    assert fill_notebook(release, {}) == release


def test_helpers_stand_before_their_question_and_extra_cells_at_the_end(release: bytes) -> None:
    filled = fill_notebook(release, {}, helpers={"Counter": "HELP = 1"}, appended=["print(1)", "print(2)"])
    sources = [cell.source for cell in ReleaseSpec.parse(filled)]
    position = sources.index("HELP = 1")
    assert sources[position + 1].startswith("class Counter")
    assert sources[-2:] == ["print(1)", "print(2)"]


def test_a_filled_notebook_is_valid_with_unique_cell_ids(release: bytes) -> None:
    filled = fill_notebook(release, {"double": "x"}, helpers={"double": "y", "Counter": "z"}, appended=["a", "b"])
    notebook = nbformat.reads(filled.decode(), as_version=4)
    nbformat.validate(notebook)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)


def test_unknown_questions_are_refused(release: bytes) -> None:
    with pytest.raises(AuthoringError, match="no question treble; it has double, Counter, written_why"):
        fill_notebook(release, {"treble": ""})
