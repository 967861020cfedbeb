"""nbgrader's source notebook for the stock course: the release, with the hidden suite in its test cells."""

from __future__ import annotations

import json
from collections.abc import Sequence

from autograder.authoring.spec import TEST_PREFIX
from benchmarks.hidden_cells import QuestionTests, nbgrader_cell


def stock_source(release: bytes, tests: Sequence[QuestionTests]) -> bytes:
    """The same cells, grade ids and points as in `release`; only the sources of test cells differ."""
    sources = {f"{TEST_PREFIX}{of.question.name}": nbgrader_cell(of) for of in tests}
    notebook = json.loads(release)
    for cell in notebook["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        if grade_id in sources:
            cell["source"] = sources[grade_id]
    return json.dumps(notebook).encode()
