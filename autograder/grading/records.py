"""One JSON file a graded submission: the whole result, and what it was graded from.

Written last, after the gradebook and the autograded notebook, with a rename. So a record that is
there is whole, and says that everything else of that submission is there too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from autograder.course import Assignment, Course
from autograder.gradebook.whole_file import remove_unfinished, write_file
from autograder.results import SCHEMA, GradeRun, SubmissionResult, from_record, to_record


@dataclass(frozen=True, slots=True)
class Record:
    """A result with its provenance.

    Attributes:
        notebook_sha256: of the submitted file's bytes.
        submitted_at: the submission's time stamp, ISO 8601, or "".
        fingerprint: of everything else that the result depends on.
        autograded_sha256: of the autograded folder that was written with it.
        graded_at: ISO 8601, UTC.
    """

    result: SubmissionResult
    notebook_sha256: str
    submitted_at: str
    fingerprint: str
    isolation: str
    autograded_sha256: str
    graded_at: str = ""


def record_path(course: Course, assignment: Assignment, student: str) -> Path:
    return course.state / "results" / assignment.name / f"{student}.json"


def write_record(course: Course, assignment: Assignment, record: Record) -> None:
    """Write or replace the record of one student."""
    data = {
        "schema": SCHEMA,
        "notebook_sha256": record.notebook_sha256,
        "submitted_at": record.submitted_at,
        "fingerprint": record.fingerprint,
        "isolation": record.isolation,
        "autograded_sha256": record.autograded_sha256,
        "graded_at": record.graded_at or datetime.now(UTC).isoformat(timespec="seconds"),
        "result": to_record(record.result),
    }
    path = record_path(course, assignment, record.result.student)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode())


def read_record(course: Course, assignment: Assignment, student: str) -> Record | None:
    """The student's record; None where there is none that can be used, and the submission is graded again."""
    try:
        data = json.loads(record_path(course, assignment, student).read_bytes())
        if data["schema"] != SCHEMA or data["result"]["student"] != student:
            return None
        return Record(
            result=from_record(data["result"]),
            notebook_sha256=str(data["notebook_sha256"]),
            submitted_at=str(data["submitted_at"]),
            fingerprint=str(data["fingerprint"]),
            isolation=str(data["isolation"]),
            autograded_sha256=str(data["autograded_sha256"]),
            graded_at=str(data["graded_at"]),
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def tidy_records(course: Course, assignment: Assignment) -> None:
    """Remove what a killed grader left unfinished. Only for the one grader at work."""
    remove_unfinished(record_path(course, assignment, "any").parent)


def unusable_records(course: Course, assignment: Assignment) -> tuple[str, ...]:
    """Students whose record is there and cannot be used: their next grading writes it anew."""
    return tuple(s for s in _recorded(course, assignment) if read_record(course, assignment, s) is None)


def load_run(course: Course, assignment: Assignment) -> GradeRun:
    """The latest result of every student, in the order of their ids; for reports."""
    records = [r for r in (read_record(course, assignment, s) for s in _recorded(course, assignment)) if r is not None]
    isolations = sorted({record.isolation for record in records})
    return GradeRun(assignment.name, "+".join(isolations), tuple(record.result for record in records))


def _recorded(course: Course, assignment: Assignment) -> list[str]:
    folder = record_path(course, assignment, "any").parent
    return sorted(path.stem for path in folder.glob("*.json")) if folder.is_dir() else []
