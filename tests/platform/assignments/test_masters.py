"""The master notebooks: what their cells say agrees with assignment.toml, and they run as they are."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import jupytext
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from autograder.course import Assignment, Course, find_course

ROOT = Path(__file__).resolve().parents[3]
NAMES = find_course(ROOT).assignment_names
RUN_TIMEOUT_S = 300  # for one cell; on an idle machine a whole notebook takes less than a minute


@pytest.fixture(scope="module")
def course() -> Course:
    return find_course(ROOT)


@pytest.fixture(params=NAMES)
def assignment(request: pytest.FixtureRequest, course: Course) -> Assignment:
    return course.assignment(request.param)


@pytest.fixture
def master(assignment: Assignment) -> NotebookNode:
    return jupytext.read(assignment.master_path, fmt="md:myst")


def cells_marked(notebook: NotebookNode, key: str) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if key in cell.metadata]


def cells_tagged(notebook: NotebookNode, tag: str) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


def rubric_points(source: str) -> list[float]:
    """The numbers in the column `Points` of the rubric's Markdown table."""
    rows = [
        [part.strip() for part in line.strip(" |").split("|")] for line in source.splitlines() if line.startswith("|")
    ]
    column = rows[0].index("Points")
    return [float(row[column]) for row in rows[2:]]


def test_question_cells_import_their_symbol_and_nothing_else(assignment: Assignment, master: NotebookNode) -> None:
    """The build replaces the whole cell, so anything else in it would be lost."""
    for cell in cells_marked(master, "question"):
        assert cell.cell_type == "code"
        assert cell.source == f"from reference.{assignment.reference_name} import {cell.metadata['question']}"


def test_questions_stand_in_the_order_of_assignment_toml(assignment: Assignment, master: NotebookNode) -> None:
    """Students meet the questions in the order in which reports list them."""
    found = tuple(cell.metadata["question"] for cell in cells_marked(master, "question"))
    assert found == assignment.question_names


def test_every_written_part_has_a_prompt_and_then_a_rubric(assignment: Assignment, master: NotebookNode) -> None:
    """A person can only grade fairly what has a rubric."""
    declared = [part.name for part in assignment.written]
    assert [cell.metadata["written"] for cell in cells_marked(master, "written")] == declared
    assert [cell.metadata["rubric"] for cell in cells_marked(master, "rubric")] == declared


def test_rubric_points_add_up(assignment: Assignment, master: NotebookNode) -> None:
    """The items of a rubric sum to what assignment.toml gives for the part, and the prompt says the same number."""
    points = {part.name: part.points for part in assignment.written}
    for cell in cells_marked(master, "rubric"):
        assert sum(rubric_points(cell.source)) == points[cell.metadata["rubric"]]
    for cell in cells_marked(master, "written"):
        assert f"({points[cell.metadata['written']]:g} points)" in cell.source


def test_rubric_items_give_parts_that_add_up(master: NotebookNode) -> None:
    """Where an item says what earns single points, as in "(1)", these sum to the item."""
    for cell in cells_marked(master, "rubric"):
        for line in cell.source.splitlines()[2:]:
            _, points, earns = (part.strip() for part in line.strip(" |").split("|"))
            parts = [float(number) for number in re.findall(r"\((\d)\)", earns)]
            assert not parts or sum(parts) == float(points), line


def test_every_code_cell_is_a_question_a_setup_an_experiment_or_given(master: NotebookNode) -> None:
    """Grading must know of each code cell whether to run it."""
    code = [cell for cell in master.cells if cell.cell_type == "code"]
    kinds = [cell for key in ("question", "given") for cell in cells_marked(master, key)]
    kinds += [cell for tag in ("setup", "experiment") for cell in cells_tagged(master, tag)]
    assert len(code) == len(kinds)
    assert all(cell in kinds for cell in code)


def test_setup_cells_import_only_torch_and_the_standard_library(master: NotebookNode) -> None:
    """They run in every student process; torchvision and matplotlib belong into experiments."""
    modules = set()
    for cell in cells_tagged(master, "setup"):
        for node in ast.parse(cell.source).body:
            assert isinstance(node, (ast.Import, ast.ImportFrom))
            modules |= {node.module} if isinstance(node, ast.ImportFrom) else {alias.name for alias in node.names}
    assert {module.split(".")[0] for module in modules} <= {"torch", *sys.stdlib_module_names}


@pytest.mark.slow
@pytest.mark.timeout(RUN_TIMEOUT_S * 2)
def test_master_runs_from_top_to_bottom(
    assignment: Assignment, master: NotebookNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the reference's answers the notebook trains its models and draws its figures in a real Jupyter kernel."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # `reference` is not installed, so that the sandbox cannot read it
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    folder = {"metadata": {"path": str(assignment.folder)}}
    NotebookClient(master, timeout=RUN_TIMEOUT_S, kernel_name="python3", resources=folder).execute()
    for cell in cells_tagged(master, "experiment"):
        drawn = sum("image/png" in output.get("data", {}) for output in cell.outputs)
        assert drawn == cell.source.count("plt.show()"), cell.source
        assert [output.text for output in cell.outputs if output.get("name") == "stderr"] == []
    assert "plt.show()" in "".join(cell.source for cell in cells_tagged(master, "experiment"))
