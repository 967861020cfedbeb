"""The small class of the gradebook's tests, graded, with records and a master notebook."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from autograder.grading.records import Record, write_record
from tests.platform.gradebook.conftest import Classroom, classroom

__all__ = ["classroom"]

MASTER = """---
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

+++ {"written": "written_why"}

Why?

+++ {"rubric": "written_why"}

| Item | Points | What earns it |
|---|---|---|
| Cause | 6 | Names the cause (4) and says why (2); a | in the text is fine. |
| Example | 4 | One that fits. |
"""


@pytest.fixture
def graded(classroom: Classroom) -> Classroom:
    """Six students; cy handed in nothing that can be read, and there was a problem with each of the others."""
    (classroom.assignment.master_path).write_text(MASTER)
    for student in ("ada", "bo", "cy", "di", "ed", "flo"):
        classroom.hand_in(student, b"" if student == "cy" else None)
    record(classroom)
    return classroom


def record(classroom: Classroom, notebooks: Mapping[str, str] | None = None) -> None:
    """Grade everybody, and keep it as `autograder grade` does."""
    for student, marked in classroom.grade().items():
        sha = (notebooks or {}).get(student, "a" * 64)
        write_record(
            classroom.course, classroom.assignment, Record(marked.result, sha, "", "f" * 64, "bubblewrap", "e" * 64)
        )
