"""Grade one notebook file and write nothing."""

from __future__ import annotations

from pathlib import Path

from autograder.course import Assignment, Course
from autograder.engine.job import Job
from autograder.engine.pool import Engine
from autograder.errors import UsageError
from autograder.results import GradeRun


def grade_notebook(course: Course, assignment: Assignment, notebook: Path, isolation: str = "bubblewrap") -> GradeRun:
    """The result of one file, as a run of one submission whose student is the file's name.

    Raises:
        UsageError: the file cannot be read.
    """
    try:
        data = notebook.read_bytes()
    except OSError as error:
        raise UsageError(f"{notebook}: cannot be read: {error.strerror}. Name a notebook file (.ipynb).") from None
    with Engine(course, assignment, workers=1, isolation=isolation) as engine:
        results = tuple(result for _, result in engine.run([Job(notebook.stem, data)]))
    return GradeRun(assignment.name, isolation, results)
