"""nbgrader's source notebook for the stock course: the release, with the hidden suite in its test cells."""

from __future__ import annotations

import json

from autograder.authoring.spec import TEST_PREFIX
from autograder.course import Assignment
from benchmarks.hidden_cells import hidden_test_cells


def stock_source(release: bytes, assignment: Assignment) -> bytes:
    """The same cells, grade ids and points as in `release`; only the sources of test cells differ."""
    sources = {f"{TEST_PREFIX}{question}": text for question, text in hidden_test_cells(assignment).items()}
    notebook = json.loads(release)
    for cell in notebook["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        if grade_id in sources:
            cell["source"] = sources[grade_id]
    return json.dumps(notebook).encode()
