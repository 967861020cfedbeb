"""Measurements that are kept, so that an audit that was stopped goes on, and one that changes nothing is quick.

Files: `.autograder/audit/<assignment>.measured.json`, one for each assignment that was measured whole. It holds as long
as reference, suite, this package, the suite's plugin and torch are those that it was measured with.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

import orjson
from pydantic import TypeAdapter, ValidationError

import autograder.audit
import autograder.suite
from autograder.audit.measured import Effort, Measured
from autograder.course import Assignment, Course
from autograder.gradebook.whole_file import write_file

MEASURED = TypeAdapter(Measured)


def keep(course: Course, assignment: Assignment, measured: Measured) -> None:
    """Keep it, in place of an older one.

    Raises:
        OSError: it cannot be written.
    """
    path = _path(course, assignment)
    path.parent.mkdir(parents=True, exist_ok=True)
    data = {"fingerprint": _fingerprint(assignment), "measured": MEASURED.dump_python(measured, mode="json")}
    write_file(path, orjson.dumps(data))


def kept(course: Course, assignment: Assignment, effort: Effort) -> Measured | None:
    """What was measured with this effort; None where nothing was, or something has changed since."""
    try:
        data = orjson.loads(_path(course, assignment).read_bytes())
        if data["fingerprint"] != _fingerprint(assignment):
            return None
        measured = MEASURED.validate_python(data["measured"])
    except (OSError, ValueError, KeyError, TypeError, ValidationError):
        return None
    return measured if measured.effort == effort else None


def _path(course: Course, assignment: Assignment) -> Path:
    return course.state / "audit" / f"{assignment.name}.measured.json"


def _fingerprint(assignment: Assignment) -> str:
    digest = hashlib.sha256(_measuring().encode())
    for path in (assignment.reference_path, *sorted(assignment.suite_folder.glob("*.*"))):
        digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@cache
def _measuring() -> str:
    """Of what measures: this package, the suite's, and torch."""
    digest = hashlib.sha256(version("torch").encode())
    for package in (autograder.audit, autograder.suite):
        for path in sorted(Path(package.__path__[0]).rglob("*.py")):
            digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
