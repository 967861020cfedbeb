"""nbgrader's quickstart course, graded by stock nbgrader and by this engine: the same but for known holes.

The course is what `nbgrader quickstart` makes, with the submissions of nbgrader's documentation and more: the solution,
the blank release, and notebooks that use a hole in nbgrader's scoring or show what partial credit gives. One copy of it
is graded by stock nbgrader in a kernel, the other by this engine in the sandbox. Every difference has its reason in
`ON_PURPOSE`; a difference that is missing there, or is there and does not occur, has no reason.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

NBGRADER = Path(sys.executable).with_name("nbgrader")
DOCS = "docs/source/user_guide/submitted"
OURS = "from autograder.gradebook.nbgrader_autograde import install\ninstall()\n"
TIMEOUT = "c.Execute.timeout = 20\n"
Scores = dict[tuple[str, str], tuple[float | None, bool]]  # (student, cell) -> points, whether a person must look

# (student, cell) -> why this engine gives something else.
ON_PURPOSE = {
    ("warns", "partial"): "a warning on stderr costs nothing",
    ("warns", "asserts"): "a warning on stderr costs nothing",
    ("negative", "partial"): "a negative number is no full mark: a person looks",
    ("nan", "partial"): "NaN is no full mark: a person looks",
    ("too-much", "asserts"): "more points than there are end stock nbgrader's run of the student; here a person looks",
    ("quits", "partial"): "a cell that ends its process costs itself alone; stock nbgrader's run of the student ends",
    ("quits", "asserts"): "a cell that ends its process costs itself alone; stock nbgrader's run of the student ends",
    ("numpy", "partial"): "NumPy's numbers are numbers; stock reads `np.float64(0.5)` as no number: full marks",
}
ANSWERS = {
    "right": "def share():\n    return 2.0",
    "half": "def share():\n    return 1.0",
    "nothing": "def share():\n    return 0",
    "raises": "def share():\n    raise ValueError('no')",
    "text": "def share():\n    return 'all'",
    "silent": "def share():\n    return None",
    "boolean": "def share():\n    return True",
    "numpy": "import numpy as np\n\ndef share():\n    return np.float64(0.5)",
    "warns": "import sys\n\ndef share():\n    print('careful', file=sys.stderr)\n    return 2.0",
    "negative": "def share():\n    return -5.0",
    "nan": "def share():\n    return float('nan')",
    "too-much": "def share():\n    return 99.0",
    "quits": "def share():\n    return 2.0\n\nimport os\nos._exit(0)",
}


@dataclass(frozen=True)
class Line:
    """One cell that the engines score differently, or a hole that was not seen. `why` is "" where nobody knows."""

    student: str
    cell: str
    stock: str
    ours: str
    why: str


def make_course(folder: Path) -> None:
    """nbgrader's quickstart course, an assignment with partial credit, and who handed in what."""
    _run("quickstart", str(folder / "course101"), cwd=folder)
    course = folder / "course101"
    extra = course / "source" / "ps2"
    extra.mkdir()
    nbformat.write(_partial_credit(), extra / "partial.ipynb")
    for name in ("ps1", "ps2"):
        _run("generate_assignment", name, "--force", cwd=course)
    import nbgrader

    given = Path(nbgrader.__file__).parent / DOCS
    for student in ("bitdiddle", "hacker"):
        shutil.copytree(given / student / "ps1", course / "submitted" / student / "ps1")
    shutil.copytree(course / "source" / "ps1", course / "submitted" / "solution" / "ps1")
    shutil.copytree(course / "release" / "ps1", course / "submitted" / "blank" / "ps1")
    for student, code in ANSWERS.items():
        there = course / "submitted" / student / "ps2"
        shutil.copytree(course / "release" / "ps2", there)
        notebook = json.loads((there / "partial.ipynb").read_text())
        cell = next(c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == "share")
        cell["source"] = code
        (there / "partial.ipynb").write_text(json.dumps(notebook))


def _partial_credit() -> Any:
    """A source notebook: an answer, a cell of tests that gives a number, one with asserts and a hidden region."""

    def marked(cell: Any, grade_id: str, points: float, *, grade: bool, solution: bool, locked: bool) -> Any:
        cell.metadata["nbgrader"] = {
            "schema_version": 3, "grade_id": grade_id, "grade": grade, "solution": solution, "locked": locked,
            "task": False, **({"points": points} if grade else {}),
        }  # fmt: skip
        return cell

    answer = "def share():\n    ### BEGIN SOLUTION\n    return 2.0\n    ### END SOLUTION"
    hidden = "assert callable(share)\n### BEGIN HIDDEN TESTS\nassert share() is not True\n### END HIDDEN TESTS"
    cells = [
        new_markdown_cell("Partial credit."),
        marked(new_code_cell(answer), "share", 0, grade=False, solution=True, locked=False),
        marked(new_code_cell("share()"), "partial", 2, grade=True, solution=False, locked=True),
        marked(new_code_cell(hidden), "asserts", 1, grade=True, solution=False, locked=True),
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return new_notebook(cells=cells, metadata=kernel)


def grade(course: Path, more: str) -> Scores:
    """Autograde both assignments with more configuration; every grade of every student."""
    config = course / "nbgrader_config.py"
    config.write_text(f"{config.read_text()}\n{TIMEOUT}{more}")
    for assignment in ("ps1", "ps2"):
        _run("autograde", assignment, cwd=course, may_fail=True)  # where a student's run ends, the others' go on
    return _scores(course)


def _scores(course: Path) -> Scores:
    from nbgrader.api import Gradebook

    found: Scores = {}
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        for assignment in gradebook.assignments:
            for submission in gradebook.assignment_submissions(assignment.name):
                for notebook in submission.notebooks:
                    for one in notebook.grades:
                        score = None if one.auto_score is None else float(one.auto_score)
                        found[submission.student.id, one.name] = (score, bool(one.needs_manual_grade))
    return found


def compare(stock: Scores, ours: Scores, on_purpose: Mapping[tuple[str, str], str]) -> list[Line]:
    """Cells that differ, and reasons for which nothing differs."""
    lines = []
    for key in sorted({*stock, *ours, *on_purpose}):
        a, b = _words(stock, key), _words(ours, key)
        if a != b:
            lines.append(Line(*key, a, b, on_purpose.get(key, "")))
        elif key in on_purpose:
            lines.append(Line(*key, a, b, ""))
    return lines


def _words(scores: Scores, key: tuple[str, str]) -> str:
    if key not in scores:
        return "not graded"
    points, person = scores[key]
    return ("no points" if points is None else f"{points:g}") + (", by hand" if person else "")


def markdown(lines: list[Line], cells: int, students: int) -> str:
    """For people: the table, and how much was compared."""
    rows = [
        f"| {line.student} | {line.cell} | {line.stock} | {line.ours} | {line.why or '**NO REASON**'} |"
        for line in lines
    ]
    head = ["| Student | Cell | Stock nbgrader | This engine | Why |", "|---|---|--:|--:|---|"]
    told = f"{cells} cells of {students} students; {cells - len(lines)} have the same points from both engines."
    return "\n".join([told, "", *head, *rows])


def _run(*arguments: str, cwd: Path, may_fail: bool = False) -> None:
    path = os.pathsep.join([str(NBGRADER.parent), os.environ.get("PATH", os.defpath)])  # nbgrader calls alembic
    done = subprocess.run(
        [str(NBGRADER), *arguments], cwd=cwd, env={**os.environ, "PATH": path}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode and not may_fail:
        raise click.ClickException(f"nbgrader {' '.join(arguments)}:\n{done.stderr[-3000:]}")


def compare_quickstart(folder: Path) -> tuple[list[Line], int, int]:
    """Make the course in an empty folder and grade it twice; the lines that differ, cells, students."""
    make_course(folder)
    twin = folder / "twin"
    shutil.copytree(folder / "course101", twin)
    click.echo("nbgrader's quickstart course: grading with stock nbgrader ...", err=True)
    stock = grade(folder / "course101", "")
    click.echo("nbgrader's quickstart course: grading in the sandbox ...", err=True)
    ours = grade(twin, OURS)
    return compare(stock, ours, ON_PURPOSE), len({*stock, *ours}), len({student for student, _ in ours})
