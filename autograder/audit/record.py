"""The last whole audit of an assignment, kept beside the class's data so that `autograder build` can warn.

Files: `.autograder/audit/<assignment>.json`. Written after trials of all mutants of all questions.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.audit.measured import Effort
from autograder.course import Assignment, Course


@dataclass(frozen=True, slots=True)
class Record:
    """What an audit found, and whether suite and reference are still those that it measured."""

    shortfalls: tuple[str, ...]
    current: bool


def write_record(course: Course, assignment: Assignment, shortfalls: Sequence[str], effort: Effort) -> None:
    path = _path(course, assignment)
    path.parent.mkdir(parents=True, exist_ok=True)
    data = {"fingerprint": _fingerprint(assignment), "parts": effort.parts, "shortfalls": list(shortfalls)}
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    unfinished.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(unfinished, path)


def read_record(course: Course, assignment: Assignment) -> Record | None:
    """The last record; None where there is none that can be read."""
    try:
        data = json.loads(_path(course, assignment).read_text(encoding="utf-8"))
        return Record(tuple(map(str, data["shortfalls"])), data["fingerprint"] == _fingerprint(assignment))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _path(course: Course, assignment: Assignment) -> Path:
    return course.state / "audit" / f"{assignment.name}.json"


def _fingerprint(assignment: Assignment) -> str:
    """Of the reference and of everything in the suite's folder."""
    digest = hashlib.sha256(assignment.reference_path.read_bytes())
    for path in sorted(assignment.suite_folder.glob("*.*")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()
