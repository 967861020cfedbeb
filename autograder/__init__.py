"""Assignments and forgery-proof grading for a course on generative AI.

import autograder

run = autograder.grade("vae")                              # the class in submitted/, gradebook written
run = autograder.grade("vae", notebook="my.ipynb")         # one file, nothing written
run.to_frame()                                             # one row a test, as a pandas frame
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.errors import AutograderError

if TYPE_CHECKING:
    from autograder.results import GradeRun

__all__ = ["AutograderError", "grade"]

# jsonschema, and with it nbformat and nbgrader, imports this package where it finds it, to check internationalised
# addresses, and that compiles 38 grammars: 2.6 s in every process. No notebook has such an address to be checked.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def grade(
    assignment: str,
    *,
    course: str | Path = ".",
    data: str | Path | None = None,
    notebook: str | Path | None = None,
    students: Sequence[str] = (),
    submitted: str | Path | None = None,
    workers: int = 0,
    force: bool = False,
    isolation: str = "bubblewrap",
) -> GradeRun:
    """Grade a class or one notebook, as `autograder grade` does.

    Args:
        assignment: a name of assignments/course.toml.
        course: the course's folder, or one below it.
        data: the class's data; default: the course's folder.
        notebook: grade this one file, and write nothing.
        students: grade these alone.
        submitted: where submissions lie; default: `submitted` in `data`.
        workers: worker processes; 0 for one a processor.
        force: grade again what has not changed.
        isolation: "bubblewrap", or "none" for code you trust.

    Returns:
        The results, as frozen dataclasses (`autograder.results`).

    Raises:
        AutograderError: the course, the suite, the sandbox or the gradebook is not in order.
    """
    from autograder.course import find_course
    from autograder.grading import GradeOptions, grade_assignment, grade_notebook

    found = find_course(Path(course), Path(data) if data is not None else None)
    settings = found.assignment(assignment)
    if notebook is not None:
        return grade_notebook(found, settings, Path(notebook), isolation)
    options = GradeOptions(
        students=students,
        submitted=Path(submitted) if submitted is not None else None,
        workers=workers,
        force=force,
        isolation=isolation,
    )
    return grade_assignment(found, settings, options)
