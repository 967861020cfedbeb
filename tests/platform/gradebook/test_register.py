"""The rows of an assignment are those that nbgrader's generate_assignment writes."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.authoring.spec import ReleaseSpec
from autograder.errors import GradebookError
from autograder.gradebook.store import open_gradebook, read_scores, register_assignment
from tests.platform.gradebook.conftest import Classroom
from tests.platform.submissions.small_release import as_bytes, find, release


def rows(gradebook: Gradebook) -> dict[str, Any]:
    """Everything there is about the assignment, without the random ids."""
    assignment = gradebook.find_assignment("small")
    (notebook,) = assignment.notebooks
    return {
        "kernelspec": json.loads(notebook.kernelspec),
        "grade": {cell.name: (cell.max_score, cell.cell_type) for cell in notebook.grade_cells},
        "solution": {cell.name for cell in notebook.solution_cells},
        "task": {cell.name for cell in notebook.task_cells},
        "source": {
            cell.name: (cell.cell_type, cell.locked, cell.source, cell.checksum) for cell in notebook.source_cells
        },
    }


def register(classroom: Classroom, notebook: dict[str, Any] | None = None) -> dict[str, Any]:
    spec = ReleaseSpec.parse(as_bytes(notebook)) if notebook else classroom.spec
    with open_gradebook(classroom.course) as gradebook:
        register_assignment(gradebook, classroom.course, classroom.assignment, spec)
        return rows(gradebook)


def without(*cell_ids: str) -> dict[str, Any]:
    notebook = copy.deepcopy(release())
    for cell_id in cell_ids:
        notebook["cells"].remove(find(notebook, cell_id))
    return notebook


@pytest.mark.slow
def test_the_rows_are_those_of_generate_assignment(classroom: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = register(classroom)
    stock = classroom.course.data.parent / "stock"
    (stock / "source" / "small").mkdir(parents=True)
    source = copy.deepcopy(release())
    for cell_id in ("q-double", "q-halve"):
        cell = find(source, cell_id)
        given = cell["source"].split("    # YOUR CODE HERE")[0]
        cell["source"] = f"{given}    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION"
    (stock / "source" / "small" / "small.ipynb").write_bytes(as_bytes(source))
    config = Config()
    config.CourseDirectory.root = str(stock)
    config.CourseDirectory.course_id = "genai"
    config.CourseDirectory.assignment_id = "small"
    monkeypatch.setattr("nbgrader.api.get_alembic_version", lambda: "unused")
    GenerateAssignment(coursedir=CourseDirectory(config=config), config=config).start()
    with Gradebook(f"sqlite:///{stock / 'gradebook.db'}", "genai") as gradebook:
        theirs = rows(gradebook)
    assert ours == theirs
    assert ours["grade"]["test_double"] == (60.0, "code")


def test_the_due_date_is_kept_in_utc(classroom: Classroom) -> None:
    register(classroom)
    with open_gradebook(classroom.course) as gradebook:
        assert gradebook.find_assignment("small").duedate.isoformat() == "2027-02-12T22:59:00"


def test_registering_again_changes_nothing(classroom: Classroom) -> None:
    assert register(classroom) == register(classroom)


def test_changed_points_reach_the_gradebook(classroom: Classroom) -> None:
    classroom.hand_in("ada")
    classroom.grade()
    notebook = copy.deepcopy(release())
    find(notebook, "t-double")["metadata"]["nbgrader"]["points"] = 50
    assert register(classroom, notebook)["grade"]["test_double"] == (50.0, "code")


def test_a_question_can_be_added_and_removed_after_grading(classroom: Classroom) -> None:
    register(classroom, without("q-halve", "t-halve"))
    classroom.hand_in("ada")
    classroom.grade()
    with open_gradebook(classroom.course) as gradebook:
        assert read_scores(gradebook, "small") == {"ada": 90.0}
    assert "halve" not in register(classroom, without("q-halve", "t-halve"))["solution"]
    with open_gradebook(classroom.course) as gradebook:
        assert read_scores(gradebook, "small") == {"ada": 60.0}


def test_a_cell_that_a_person_graded_cannot_be_removed(classroom: Classroom) -> None:
    classroom.hand_in("ada")
    classroom.grade()
    with open_gradebook(classroom.course) as gradebook:
        gradebook.find_grade("written_why", "small", "small", "ada").manual_score = 5.0
        gradebook.db.commit()
    with pytest.raises(GradebookError, match="written_why"):
        register(classroom, without("prompt", "written"))
    with open_gradebook(classroom.course) as gradebook:
        assert read_scores(gradebook, "small") == {"ada": 95.0}
