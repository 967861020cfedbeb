"""Reading master notebooks: what each cell is for, and where it stands."""

from __future__ import annotations

import pytest

from autograder.authoring.master import Kind, read_master
from autograder.errors import ConfigurationError
from tests.platform.authoring.conftest import TinyCourse


def test_every_cell_has_its_kind_and_name(tiny: TinyCourse) -> None:
    master = read_master(tiny.path(tiny.master))
    assert [(cell.kind, cell.name) for cell in master.cells] == [
        (Kind.PROSE, ""),
        (Kind.SETUP, ""),
        (Kind.GIVEN, "LIMIT"),
        (Kind.GIVEN, "clip"),
        (Kind.PROSE, ""),
        (Kind.QUESTION, "double"),
        (Kind.QUESTION, "Counter"),
        (Kind.EXPERIMENT, ""),
        (Kind.WRITTEN, "written_why"),
        (Kind.RUBRIC, "written_why"),
    ]


def test_lines_point_at_the_cells(tiny: TinyCourse) -> None:
    master = read_master(tiny.path(tiny.master))
    lines = tiny.path(tiny.master).read_text().splitlines()
    (double,) = (cell for cell in master.cells if cell.name == "double")
    assert lines[double.line - 1 : double.line + 1] == ["```{code-cell} ipython3", ":question: double"]
    (rubric,) = master.of(Kind.RUBRIC)
    assert lines[rubric.line - 1] == '+++ {"rubric": "written_why"}'
    assert lines[master.cells[0].line - 1] == "# Sums"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (":tags: [experiment]\n", "", "marked as nothing"),
        (":tags: [experiment]\n", ":tags: [setup, experiment]\n", "setup and experiment"),
        (":question: double\n", ":question: double\n:tags: [setup]\n", "question and setup"),
        (":question: double\n", ":question: 2 fast\n", "is no name"),
    ],
)
def test_a_code_cell_without_exactly_one_kind_is_refused(tiny: TinyCourse, old: str, new: str, message: str) -> None:
    tiny.replace(tiny.master, old, new)
    with pytest.raises(ConfigurationError, match=message) as caught:
        read_master(tiny.path(tiny.master))
    assert caught.value.problems[0].line > 0


def test_all_bad_cells_are_reported_at_once(tiny: TinyCourse) -> None:
    tiny.replace(tiny.master, ":tags: [experiment]\n", "")
    tiny.replace(tiny.master, ":tags: [setup]\n", "")
    with pytest.raises(ConfigurationError) as caught:
        read_master(tiny.path(tiny.master))
    assert len(caught.value.problems) == 2


def test_a_missing_master_is_named(tiny: TinyCourse) -> None:
    tiny.path(tiny.master).unlink()
    with pytest.raises(ConfigurationError, match=r"sums\.md: the master notebook cannot be read"):
        read_master(tiny.path(tiny.master))


def test_broken_cell_options_are_reported(tiny: TinyCourse) -> None:
    tiny.replace(tiny.master, ":tags: [setup]\n", ":tags: [setup\n")
    with pytest.raises(ConfigurationError, match=r"sums\.md.*no valid MyST notebook"):
        read_master(tiny.path(tiny.master))
