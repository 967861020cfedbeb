"""A small release, built by hand: every role of a cell once, two questions. And students' answers to it."""

from __future__ import annotations

import copy
import json
from typing import Any

from autograder.authoring.spec import ReleaseSpec

KERNEL = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
STUBS = {
    "double": 'def double(x):\n    """Twice x."""\n    # YOUR CODE HERE\n    raise NotImplementedError()',
    "halve": 'def halve(x):\n    """Half of x."""\n    # YOUR CODE HERE\n    raise NotImplementedError()',
}
ANSWERS = {"double": "def double(x):\n    return 2 * x", "halve": "def halve(x):\n    return x / 2"}
POINTS = {"double": 60.0, "halve": 30.0, "written_why": 10.0}


def _nbgrader(grade_id: str, **flags: Any) -> dict[str, Any]:
    base = {
        "grade": False,
        "grade_id": grade_id,
        "locked": False,
        "schema_version": 3,
        "solution": False,
        "task": False,
    }
    return {"nbgrader": {**base, **flags}}


def _cell(cell_type: str, cell_id: str, source: str, metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": cell_type, "id": cell_id, "metadata": metadata or {}, "source": source}
    return {**cell, "execution_count": None, "outputs": []} if cell_type == "code" else cell


def _question(name: str) -> list[dict[str, Any]]:
    test = (
        f"import __main__ as student\n\ndef test_{name}():\n    assert student.{name}(2) is not None\n\ntest_{name}()"
    )
    return [
        _cell("code", f"q-{name}", STUBS[name], _nbgrader(name, solution=True)),
        _cell("code", f"t-{name}", test, _nbgrader(f"test_{name}", grade=True, locked=True, points=POINTS[name])),
    ]


def release() -> dict[str, Any]:
    """The release as a notebook, nbformat 4.5."""
    written = _nbgrader("written_why", grade=True, solution=True, points=POINTS["written_why"])
    cells = [
        _cell("markdown", "title", "# Doubling\n\n$x \\mapsto 2x$, for $0<x$"),
        _cell("code", "setup", "import math", {"tags": ["setup"]}),
        _cell("code", "given", "LIMIT = 100", _nbgrader("given_limit", locked=True)),
        *_question("double"),
        *_question("halve"),
        _cell("code", "plot", "print(double(21))", {"tags": ["experiment"]}),
        _cell("markdown", "prompt", "**Why** does it double?", _nbgrader("prompt_written_why", locked=True)),
        _cell("markdown", "written", "YOUR ANSWER HERE", written),
    ]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": KERNEL}, "cells": cells}


def spec() -> ReleaseSpec:
    """What the release says that each cell is for."""
    return ReleaseSpec.parse(as_bytes(release()))


def answered(**sources: str) -> dict[str, Any]:
    """A student's notebook: the release with right answers, or those given by grade_id."""
    notebook = copy.deepcopy(release())
    wanted = {**ANSWERS, "written_why": "Because of $2x$.", **sources}
    for cell in notebook["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        cell["source"] = wanted.get(grade_id, cell["source"])
    return notebook


def find(notebook: dict[str, Any], cell_id: str) -> dict[str, Any]:
    """The cell with this id."""
    return next(cell for cell in notebook["cells"] if cell["id"] == cell_id)


def as_bytes(notebook: Any) -> bytes:
    """As Jupyter would save it."""
    return json.dumps(notebook).encode()
