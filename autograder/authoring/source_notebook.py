"""Make the nbgrader source notebook of an assignment: everything a release has, and the solutions.

Students' copies differ between builds only where the assignment does: cell ids are hashes of
what a cell is for, the kernel's metadata is fixed, and nothing is run.

nbgrader locks what grading depends on (tests, given helpers, the prompts of written answers).
Prose is locked by Jupyter's own `editable` and `deletable` alone, so that nbgrader keeps no record
of it and its text can still change after students have submitted.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from autograder.authoring.master import Kind, Master, MasterCell
from autograder.authoring.spec import GIVEN_PREFIX, PROMPT_PREFIX, TEST_PREFIX, Role

KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}
RUBRIC_HEADING = "**Rubric (for teaching staff; removed from the release)**"
Cell = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Parts:
    """What goes into the cells that the master only names.

    Attributes:
        stubs: question -> its source with solution markers.
        tests: question -> the source of its test cell.
        given: helper -> its source.
        points: question or written part -> points.
        rubrics: written part -> its rubric.
    """

    stubs: Mapping[str, str]
    tests: Mapping[str, str]
    given: Mapping[str, str]
    points: Mapping[str, float]
    rubrics: Mapping[str, str]


def source_notebook(assignment: str, master: Master, parts: Parts) -> bytes:
    """The source notebook as bytes, the same for the same arguments."""
    count: Counter[Kind] = Counter()  # cells without a name are numbered among their kind
    cells: list[Cell] = []
    for master_cell in master.cells:
        count[master_cell.kind] += 1
        cells.extend(_cells(master_cell, count[master_cell.kind], parts))
    for cell in cells:
        cell["id"] = cell_id(assignment, *cell["id"])
    return to_bytes({"cells": cells, "metadata": KERNEL, "nbformat": 4, "nbformat_minor": 5})


def cell_id(assignment: str, role: str, key: str) -> str:
    """An id that nbformat accepts and that stays the same from build to build."""
    digest = hashlib.sha256(f"{assignment}/{role}/{key}".encode()).hexdigest()
    return f"{role}-{digest[:12]}"


def to_bytes(notebook: Mapping[str, Any]) -> bytes:
    """Notebook JSON with sorted keys and a line break at the end, as Jupyter writes it."""
    return (json.dumps(notebook, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()


def _cells(cell: MasterCell, number: int, parts: Parts) -> Iterator[Cell]:
    name = cell.name
    match cell.kind:
        case Kind.QUESTION:
            yield _code(Role.QUESTION, name, parts.stubs[name], _nbgrader(name, solution=True))
            test = _nbgrader(TEST_PREFIX + name, grade=True, locked=True, points=parts.points[name])
            yield _code(Role.TEST, name, parts.tests[name], test)
        case Kind.GIVEN:
            yield _code(Role.GIVEN, name, parts.given[name], _nbgrader(GIVEN_PREFIX + name, locked=True))
        case Kind.WRITTEN:
            yield _markdown(Role.PROMPT, name, cell.source, _nbgrader(PROMPT_PREFIX + name, locked=True))
            answer = _nbgrader(name, grade=True, solution=True, points=parts.points[name])
            yield _markdown(Role.WRITTEN, name, f"{RUBRIC_HEADING}\n\n{parts.rubrics[name]}", answer)
        case Kind.PROSE:
            yield _markdown(Role.PROSE, str(number), cell.source, {"editable": False, "deletable": False})
        case Kind.SETUP | Kind.EXPERIMENT:
            yield _code(Role(cell.kind.value), str(number), cell.source, {"tags": list(cell.tags)})


def _nbgrader(
    grade_id: str, *, grade: bool = False, solution: bool = False, locked: bool = False, points: float | None = None
) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "schema_version": 3,
        "grade_id": grade_id,
        "grade": grade,
        "solution": solution,
        "locked": locked,
        "task": False,
    }
    if points is not None:
        settings["points"] = int(points) if points == int(points) else points
    return {"nbgrader": settings}


def _code(role: Role, key: str, source: str, metadata: dict[str, Any]) -> Cell:
    return {**_markdown(role, key, source, metadata), "cell_type": "code", "execution_count": None, "outputs": []}


def _markdown(role: Role, key: str, source: str, metadata: dict[str, Any]) -> Cell:
    lines = source.rstrip().splitlines(keepends=True)
    return {"cell_type": "markdown", "id": (role.value, key), "metadata": metadata, "source": lines}
