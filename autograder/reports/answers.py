"""Students' answers, out of the autograded notebooks. They are text here, and nothing more."""

from __future__ import annotations

import json
from collections.abc import Mapping

from autograder.course import Assignment, Course

LONGEST_ANSWER = 20_000  # characters; a longer one is no example to anybody


def read_answers(course: Course, assignment: Assignment, student: str) -> Mapping[str, str]:
    """Question -> the student's code; empty where there is no notebook, or it cannot be read."""
    return _read(course, assignment, student, "code", frozenset(assignment.question_names))


def read_written(course: Course, assignment: Assignment, student: str) -> Mapping[str, str]:
    """Written part -> the student's text, as Markdown; empty as above."""
    return _read(course, assignment, student, "markdown", frozenset(part.name for part in assignment.written))


def _read(
    course: Course, assignment: Assignment, student: str, cell_type: str, names: frozenset[str]
) -> Mapping[str, str]:
    if not can_be_a_folder(student):
        return {}
    path = course.autograded / student / assignment.name / f"{assignment.name}.ipynb"
    try:
        cells = json.loads(path.read_bytes())["cells"]
        return dict(_answers(cells, cell_type, names))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def can_be_a_folder(student: str) -> bool:
    """Whether a folder of nbgrader's can be called so; an id out of a record need not be."""
    return bool(student) and student not in (".", "..") and "/" not in student and "\0" not in student


def _answers(cells: list[dict[str, object]], cell_type: str, names: frozenset[str]) -> list[tuple[str, str]]:
    found = []
    for cell in cells:
        about = cell.get("metadata", {}).get("nbgrader", {})  # type: ignore[attr-defined]  # else the caller sees it
        name, source = about.get("grade_id"), cell.get("source", "")
        text = "".join(source) if isinstance(source, list) else str(source)
        if cell.get("cell_type") == cell_type and about.get("solution") and name in names:
            found.append((name, text[:LONGEST_ANSWER]))
    return found
