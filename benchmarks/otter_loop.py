"""Grade a folder of notebooks with Otter, in its own environment; nothing of the platform is imported here.

    python -m benchmarks.otter_loop AUTOGRADER_ZIP FOLDER

`otter grade` needs Docker; without it Otter has `otter run`, for one notebook, and the function behind
it, `otter.api.grade_submission`. A loop over that function pays for starting Python and importing Otter once.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from otter.api import grade_submission

SCORES_FILE = "scores.json"


def grade_folder(autograder: Path, folder: Path) -> dict[str, dict[str, float]]:
    """Student -> question -> points."""
    scores = {}
    for path in sorted((folder / "submitted").glob("*/*/*.ipynb")):
        results = grade_submission(str(path), str(autograder), quiet=True)
        scores[path.parts[-3]] = {name: float(test.score) for name, test in results.results.items()}
    return scores


if __name__ == "__main__":
    data = Path(sys.argv[2])
    (data / SCORES_FILE).write_text(json.dumps(grade_folder(Path(sys.argv[1]), data), indent=1), encoding="utf-8")
