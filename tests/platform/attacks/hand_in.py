"""Write submissions: attacks, the honest wrong answer they are compared with, and honest neighbours."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.course import Course
from tests.platform.attacks.answers import RIGHT, WRONG
from tests.platform.attacks.case import PRELUDE, Case, Notebook
from tests.platform.attacks.target import NAME, Target

STAMP = "2029-12-30 21:30:00.123456 UTC\n"
BASELINE = "baseline"
NEIGHBOUR = "honest"


class Desk:
    """Where the notebooks of one class are written.

    Args:
        places: what stands for `@NAME@` in a case's code.
    """

    def __init__(self, target: Target, course: Course, places: Mapping[str, str]) -> None:
        self._target = target
        self._course = course
        self._places = dict(places)
        self._release: Notebook = json.loads(course.assignment(NAME).release_path.read_bytes())

    def hand_in_attack(self, case: Case, student: str) -> None:
        """Write one attack."""
        notebook = self._notebook({**WRONG, **case.answers})
        before = [*([PRELUDE] if case.prelude and case.cells else []), *case.cells]
        place = 2  # behind the title and the set-up
        notebook["cells"][place:place] = [_code(f"before-{n}", source) for n, source in enumerate(before)]
        notebook["cells"] += [_code(f"last-{n}", source) for n, source in enumerate(case.last)]
        for cell in notebook["cells"]:
            cell["source"] = self._filled("".join(cell["source"]), student)
        content = case.edit(notebook) if case.edit else notebook
        folder = self._write(student, content)
        if case.place:
            case.place(folder, self._course.root, self._course.data)

    def hand_in_baseline(self) -> None:
        """Write the honest wrong answer."""
        self._write(BASELINE, self._notebook(WRONG))

    def hand_in_honest(self, student: str) -> None:
        """Write a notebook in which everything is right, and which holds a canary."""
        notebook = self._notebook(RIGHT)
        notebook["cells"].append(_code("mine", f"# {self._target.canaries['neighbour']}"))
        self._write(student, notebook)

    def _notebook(self, answers: Mapping[str, str]) -> Notebook:
        notebook = copy.deepcopy(self._release)
        for cell in notebook["cells"]:
            grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
            if grade_id in answers:
                cell["source"] = answers[grade_id]
        return notebook

    def _filled(self, source: str, student: str) -> str:
        for name, value in {**self._places, "ID": student}.items():
            source = source.replace(f"@{name}@", value)
        return source

    def _write(self, student: str, content: Notebook | bytes) -> Path:
        folder = self._course.submitted / student / NAME
        folder.mkdir(parents=True)
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        (folder / f"{NAME}.ipynb").write_bytes(data)
        (folder / "timestamp.txt").write_text(STAMP)
        return folder


def _code(identifier: str, source: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": identifier,
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": source,
    }
