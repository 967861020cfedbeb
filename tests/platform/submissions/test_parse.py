"""Matching a notebook with the release: what runs, what is skipped, what is said."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from autograder.submissions.parse import Kind, ParsedSubmission, parse_submission
from tests.platform.submissions.small_release import ANSWERS, STUBS, answered, as_bytes, find, release, spec

SPEC = spec()


def parse(notebook: dict[str, Any]) -> ParsedSubmission:
    return parse_submission(as_bytes(notebook), "ada", SPEC)


def kinds(parsed: ParsedSubmission) -> list[tuple[str, str]]:
    return [(str(cell.kind), cell.name) for cell in parsed.cells]


def test_an_honest_submission_has_no_problems_and_keeps_its_order() -> None:
    parsed = parse(answered())
    assert parsed.readable
    assert parsed.problems == ()
    assert kinds(parsed) == [
        ("extra", ""),
        ("extra", ""),
        ("question", "double"),
        ("skip", ""),
        ("question", "halve"),
        ("skip", ""),
        ("skip", ""),
    ]
    assert [cell.source for cell in parsed.cells if cell.kind is Kind.QUESTION] == list(ANSWERS.values())
    assert len(parsed.sha256) == 64


def test_the_source_may_be_a_list_of_lines() -> None:
    notebook = answered()
    cell = find(notebook, "q-double")
    cell["source"] = cell["source"].splitlines(keepends=True)
    assert parse(notebook).cells == parse(answered()).cells


def test_what_was_not_answered_is_told() -> None:
    assert parse(release()).unanswered == {"double", "halve", "written_why"}
    assert parse(answered()).unanswered == frozenset()
    assert parse(answered(halve=STUBS["halve"] + "  \n\n")).unanswered == {"halve"}


def test_a_cell_that_lost_its_grade_id_is_found_by_its_cell_id() -> None:
    notebook = answered()
    find(notebook, "q-double")["metadata"] = {}
    parsed = parse(notebook)
    assert ("question", "double") in kinds(parsed)
    assert parsed.problems == ()


def test_a_missing_question_cell_is_a_problem_that_names_the_cure() -> None:
    notebook = answered()
    notebook["cells"].remove(find(notebook, "q-double"))
    (problem,) = parse(notebook).problems
    assert problem.startswith("The cell of double is missing and no other cell defines double.")
    assert "Copy the cell from the released notebook" in problem


@pytest.mark.parametrize(
    "source", ["def double(x):\n    return 2*x", "double = lambda x: 2 * x", "class double:\n    pass"]
)
def test_an_answer_moved_to_another_cell_still_runs_and_is_reported(source: str) -> None:
    notebook = answered()
    cell = find(notebook, "q-double")
    notebook["cells"].remove(cell)
    notebook["cells"].append({"cell_type": "code", "id": "mine", "metadata": {}, "source": source, "outputs": []})
    parsed = parse(notebook)
    assert kinds(parsed)[-1] == ("extra", "")
    assert "cell 10 defines double and was run" in parsed.problems[0]


def test_an_answer_moved_into_an_experiment_is_reported_as_not_run() -> None:
    notebook = answered()
    notebook["cells"].remove(find(notebook, "q-double"))
    find(notebook, "plot")["source"] = ANSWERS["double"]
    assert "which grading does not run" in parse(notebook).problems[0]


def test_duplicate_question_cells_all_run_in_order() -> None:
    notebook = answered()
    second = copy.deepcopy(find(notebook, "q-double"))
    second["source"] = "def double(x):\n    return x + x"
    notebook["cells"].append(second)
    parsed = parse(notebook)
    assert [c.source for c in parsed.cells if c.name == "double"] == [ANSWERS["double"], second["source"]]
    assert "There are 2 cells for double (cells 4, 11)" in parsed.problems[0]


@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_a_retyped_question_cell_is_not_run_and_is_reported(kind: str) -> None:
    notebook = answered()
    find(notebook, "q-double")["cell_type"] = kind
    parsed = parse(notebook)
    assert "double" not in [cell.name for cell in parsed.cells]
    (problem,) = parsed.problems
    assert f"was turned into a {kind} cell" in problem


def test_a_retyped_cell_beside_a_right_one_leaves_the_right_one() -> None:
    notebook = answered()
    old = copy.deepcopy(find(notebook, "q-double"))
    old["cell_type"] = "markdown"
    notebook["cells"].insert(0, old)
    assert ("question", "double") in kinds(parse(notebook))


def test_forged_metadata_changes_nothing() -> None:
    notebook = answered()
    forged = {"grade": True, "points": 1e9, "locked": False, "solution": True, "grade_id": "test_double"}
    find(notebook, "t-double")["metadata"]["nbgrader"] = forged
    find(notebook, "q-double")["metadata"]["nbgrader"].update(grade=True, points=1e9, locked=True)
    parsed = parse(notebook)
    assert parsed.cells == parse(answered()).cells
    assert parsed.problems == ()


def test_a_changed_test_cell_is_skipped_and_called_harmless() -> None:
    notebook = answered()
    find(notebook, "t-double")["source"] = "pass"
    parsed = parse(notebook)
    assert kinds(parsed) == kinds(parse(answered()))
    (problem,) = parsed.problems
    assert "harmless" in problem
    assert "double" in problem


def test_a_question_cell_cannot_be_hidden_as_an_experiment() -> None:
    notebook = answered()
    find(notebook, "q-double")["metadata"]["tags"] = ["experiment"]
    assert ("question", "double") in kinds(parse(notebook))


def test_cells_that_the_student_tagged_experiment_are_skipped() -> None:
    notebook = answered()
    notebook["cells"].append(
        {"cell_type": "code", "id": "m", "metadata": {"tags": ["experiment"]}, "source": "1/0", "outputs": []}
    )
    assert parse(notebook).cells[-1].kind is Kind.SKIP


def test_a_changed_setup_cell_is_run_as_the_student_left_it() -> None:
    notebook = answered()
    find(notebook, "setup")["source"] = "import math\nimport json"
    assert parse(notebook).cells[0].source == "import math\nimport json"


def test_deleted_setup_and_given_cells_are_put_back_in_front() -> None:
    notebook = answered()
    for name in ("setup", "given"):
        notebook["cells"].remove(find(notebook, name))
    parsed = parse(notebook)
    assert [(cell.index, cell.source) for cell in parsed.cells[:2]] == [(-1, "import math"), (-1, "LIMIT = 100")]
    assert len(parsed.problems) == 2


def test_the_students_order_is_kept() -> None:
    notebook = answered()
    notebook["cells"].reverse()
    questions = [cell.name for cell in parse(notebook).cells if cell.kind is Kind.QUESTION]
    assert questions == ["halve", "double"]


def test_a_notebook_whose_editor_dropped_all_ids_is_matched_by_its_text() -> None:
    notebook = release()
    for cell in notebook["cells"]:
        del cell["id"]
        cell["metadata"] = {}
    parsed = parse(notebook)
    assert parsed.problems == ()
    assert kinds(parsed) == kinds(parse(answered()))
