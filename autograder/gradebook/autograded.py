"""autograded/<student>/<assignment>/: what formgrader shows, and feedback is made from.

The student's cells in the student's order, made harmless; the release's locked cells restored;
below each question's tests a table of results. Only cells of the release carry nbgrader's
metadata, and always the release's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.authoring.spec import ReleaseSpec
from autograder.course import Assignment, Course
from autograder.gradebook.autograded_folder import COPIED
from autograder.gradebook.cells import CellWriter
from autograder.gradebook.markup import neutral_markdown
from autograder.gradebook.results_table import overview_html
from autograder.gradebook.whole_file import remove_unfinished, write_file
from autograder.results import Status, SubmissionResult
from autograder.submissions.parse import ParsedSubmission

_UNREADABLE = ["**This notebook could not be read, so nothing could be graded yet.** Below is the released notebook."]


class AutogradedWriter:
    """Writes the autograded notebooks of one assignment."""

    def __init__(self, course: Course, assignment: Assignment, spec: ReleaseSpec) -> None:
        self._folder = course.autograded
        self._name = assignment.name
        self._spec = spec
        release = json.loads(assignment.release_path.read_bytes())
        self._metadata: dict[str, Any] = release.get("metadata", {})
        self._released: dict[str, dict[str, Any]] = {cell["id"]: cell for cell in release["cells"]}

    def write(self, result: SubmissionResult, parsed: ParsedSubmission, beside: Mapping[str, bytes]) -> Path:
        """Write one student's folder.

        Args:
            beside: `files_beside` of the submission, read when the notebook was: it may have been
                handed in again since.

        Raises:
            OSError: the disk is full, or the folder cannot be written.
        """
        folder = self._folder / result.student / self._name
        folder.mkdir(parents=True, exist_ok=True)
        remove_unfinished(folder)
        path = folder / f"{self._name}.ipynb"
        notebook = json.dumps(self.notebook(result, parsed), ensure_ascii=False, indent=1) + "\n"
        write_file(path, notebook.encode("utf-8", "replace"))
        for name in COPIED:
            if name in beside:
                write_file(folder / name, beside[name])
            else:
                (folder / name).unlink(missing_ok=True)
        return path

    def notebook(self, result: SubmissionResult, parsed: ParsedSubmission) -> dict[str, Any]:
        """The autograded notebook, nbformat 4.5."""
        cells = CellWriter(self._spec, self._released, result).cells(parsed)
        return {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": self._metadata,
            "cells": [_notice(result, parsed, self._spec), *cells],
        }


def _notice(result: SubmissionResult, parsed: ParsedSubmission, spec: ReleaseSpec) -> dict[str, Any]:
    """What to know before reading on.

    Of a submission that ran, only what parsing found: the run's problems may tell of hidden tests.
    """
    unreadable = result.status is Status.UNREADABLE
    lines = _UNREADABLE if unreadable else [overview_html(result, spec)]
    problems = (result.problems or parsed.problems) if unreadable else parsed.problems
    if problems:
        lines = [*lines, "", "**What to know about this notebook**", ""]
        lines += [f"- {neutral_markdown(problem)}" for problem in problems]
    return {"cell_type": "markdown", "id": "autograder-notice", "metadata": {}, "source": "\n".join(lines)}
