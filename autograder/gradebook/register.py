"""The rows that describe an assignment, as nbgrader's `generate_assignment` writes them."""

from __future__ import annotations

import json
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Assignment as AssignmentRow
from nbgrader.api import (
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    Notebook,
    SolutionCell,
    SourceCell,
)
from nbgrader.utils import compute_checksum, parse_utc

from autograder.authoring.spec import ReleaseSpec, Role, SpecCell
from autograder.course import Assignment
from autograder.errors import GradebookError

_LOCKED = {Role.TEST, Role.PROMPT, Role.GIVEN}
_GRADED = {Role.TEST, Role.WRITTEN}
_ANSWERED = {Role.QUESTION, Role.WRITTEN}


def register(gradebook: Gradebook, assignment: Assignment, spec: ReleaseSpec) -> None:
    """Bring the rows of one assignment up to date, without committing.

    Raises:
        GradebookError: a cell that a person has graded or commented is no longer in the release.
    """
    notebook = _notebook(gradebook, assignment)
    notebook.kernelspec = json.dumps(_kernelspec(assignment))
    known = [cell for cell in spec if cell.grade_id]
    _remove_old(gradebook, notebook, known, assignment)
    base: dict[tuple[type[BaseCell], str], Any] = {(type(cell), cell.name): cell for cell in notebook._base_cells}
    sources = {cell.name: cell for cell in notebook.source_cells}
    for cell in known:
        if cell.role in _GRADED:
            row = base.get((GradeCell, cell.grade_id)) or GradeCell(name=cell.grade_id, notebook=notebook)
            row.max_score, row.cell_type = cell.points, cell.cell_type
            gradebook.db.add(row)
        if cell.role in _ANSWERED and (SolutionCell, cell.grade_id) not in base:
            gradebook.db.add(SolutionCell(name=cell.grade_id, notebook=notebook))
        source = sources.get(cell.grade_id) or SourceCell(name=cell.grade_id, notebook=notebook)
        source.cell_type, source.locked = cell.cell_type, cell.role in _LOCKED
        source.source, source.checksum = cell.source, checksum(cell)
        gradebook.db.add(source)
    gradebook.db.flush()


def nbgrader_metadata(cell: SpecCell) -> dict[str, Any]:
    """nbgrader's metadata of a released cell, schema 3."""
    metadata: dict[str, Any] = {
        "grade": cell.role in _GRADED,
        "grade_id": cell.grade_id,
        "locked": cell.role in _LOCKED,
        "schema_version": 3,
        "solution": cell.role in _ANSWERED,
        "task": False,
        "cell_type": cell.cell_type,
    }
    return {**metadata, "points": cell.points} if cell.role in _GRADED else metadata


def checksum(cell: SpecCell) -> str:
    """nbgrader's checksum of a released cell."""
    node = {"cell_type": cell.cell_type, "source": cell.source, "metadata": {"nbgrader": nbgrader_metadata(cell)}}
    return str(compute_checksum(NotebookNode(**{**node, "metadata": _nodes(node["metadata"])})))


def _nodes(value: Any) -> Any:
    return NotebookNode({key: _nodes(item) for key, item in value.items()}) if isinstance(value, dict) else value


def _notebook(gradebook: Gradebook, assignment: Assignment) -> Any:
    query = gradebook.db.query(AssignmentRow).filter(AssignmentRow.name == assignment.name)
    row = query.one_or_none() or AssignmentRow(name=assignment.name, course_id=gradebook.course_id)
    row.duedate = parse_utc(assignment.due)
    gradebook.db.add(row)
    for notebook in row.notebooks:
        if notebook.name == assignment.name:
            return notebook
    notebook = Notebook(name=assignment.name, assignment=row)
    gradebook.db.add(notebook)
    gradebook.db.flush()
    return notebook


def _kernelspec(assignment: Assignment) -> dict[str, Any]:
    metadata = json.loads(assignment.release_path.read_bytes()).get("metadata", {})
    kernelspec = metadata.get("kernelspec", {})
    return kernelspec if isinstance(kernelspec, dict) else {}


def _remove_old(gradebook: Gradebook, notebook: Any, known: list[SpecCell], assignment: Assignment) -> None:
    """Delete rows of cells that the release no longer has, unless a person's work hangs on them."""
    graded = {cell.grade_id for cell in known if cell.role in _GRADED}
    answered = {cell.grade_id for cell in known if cell.role in _ANSWERED}
    old = [cell for cell in notebook.grade_cells if cell.name not in graded]
    old += [cell for cell in notebook.solution_cells if cell.name not in answered]
    old += list(notebook.task_cells)
    ids = [cell.id for cell in old]
    by_hand = gradebook.db.query(Grade).filter(Grade.cell_id.in_(ids), Grade.manual_score.is_not(None)).count()
    by_hand += gradebook.db.query(Comment).filter(Comment.cell_id.in_(ids), Comment.manual_comment.is_not(None)).count()
    if by_hand:
        names = ", ".join(sorted({cell.name for cell in old}))
        raise GradebookError(
            f"{assignment.name}: the release no longer has the cells {names}, but a person graded or commented "
            f"{by_hand} of them in the gradebook. Put the cells back, or remove those grades in formgrader."
        )
    for table in (Grade, Comment):
        gradebook.db.query(table).filter(table.cell_id.in_(ids)).delete(synchronize_session="fetch")
    current = {cell.grade_id for cell in known}
    for cell in [*old, *(source for source in notebook.source_cells if source.name not in current)]:
        gradebook.db.delete(cell)
    gradebook.db.flush()
    gradebook.db.expire(notebook)
