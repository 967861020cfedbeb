"""One JSON file a graded submission: the whole result, and what it was graded from.

Written last, after the gradebook and the autograded notebook, with a rename. So a record that is
there is whole, and says that everything else of that submission is there too. It ends with the hash of all that stands
before it: one that was changed, by whatever, is not used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from autograder.course import Assignment, Course
from autograder.gradebook.whole_file import remove_unfinished, write_file
from autograder.grading.without_collector import without_collector
from autograder.results import SCHEMA, GradeRun, SubmissionResult, from_record, to_record

MOST_HISTORY = 50
_SEAL = b', "sha256": "%s"}\n'


@dataclass(frozen=True, slots=True)
class Past:
    """A grade that was replaced by another one. Times are ISO 8601, UTC."""

    graded_at: str
    score: float
    notebook_sha256: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Record:
    """A result with its provenance.

    Attributes:
        notebook_sha256: of the submitted file's bytes.
        submitted_at: the submission's time stamp, ISO 8601, or "".
        fingerprint: of everything else that the result depends on.
        autograded_sha256: of the autograded folder that was written with it.
        graded_at: ISO 8601, UTC.
        provenance: what the fingerprint was made of, and the device; empty in records of older versions.
        history: the grades before this one, oldest first.
        note: where a person should know more: that a regrade would have given less, for instance.
        kept_against: the fingerprint of a regrade that would have given less; the grade stands in spite of it.
    """

    result: SubmissionResult
    notebook_sha256: str
    submitted_at: str
    fingerprint: str
    isolation: str
    autograded_sha256: str
    graded_at: str = ""
    provenance: Mapping[str, str] = field(default_factory=dict)
    history: tuple[Past, ...] = ()
    note: str = ""
    kept_against: str = ""

    @property
    def as_past(self) -> Past:
        return Past(self.graded_at, self.result.score, self.notebook_sha256, self.fingerprint)

    @property
    def history_with_this(self) -> tuple[Past, ...]:
        """For the record that replaces this one."""
        return (*self.history, self.as_past)[-MOST_HISTORY:]


def record_path(course: Course, assignment: Assignment, student: str, *, staged: bool = False) -> Path:
    """Where the record of one student lies; a staged one is that of a regrade that has not been applied."""
    return course.state / ("regrade" if staged else "results") / assignment.name / f"{student}.json"


def write_record(course: Course, assignment: Assignment, record: Record, *, staged: bool = False) -> None:
    """Write or replace the record of one student."""
    data = {
        "schema": SCHEMA,
        "notebook_sha256": record.notebook_sha256,
        "submitted_at": record.submitted_at,
        "fingerprint": record.fingerprint,
        "isolation": record.isolation,
        "autograded_sha256": record.autograded_sha256,
        "graded_at": record.graded_at or datetime.now(UTC).isoformat(timespec="seconds"),
        "provenance": dict(record.provenance),
        "history": [asdict(past) for past in record.history],
        "note": record.note,
        "kept_against": record.kept_against,
        "result": to_record(record.result),
    }
    path = record_path(course, assignment, record.result.student, staged=staged)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, _sealed(json.dumps(data, ensure_ascii=False, allow_nan=False).encode()))


def read_record(course: Course, assignment: Assignment, student: str, *, staged: bool = False) -> Record | None:
    """The student's record; None where there is none that can be used, and the submission is graded again."""
    try:
        data = orjson.loads(_unsealed(record_path(course, assignment, student, staged=staged).read_bytes()))
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
            provenance={str(name): str(value) for name, value in dict(data.get("provenance", {})).items()},
            history=tuple(_past(entry) for entry in data.get("history", ())),
            note=str(data.get("note", "")),
            kept_against=str(data.get("kept_against", "")),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def _past(entry: Mapping[str, Any]) -> Past:
    return Past(
        str(entry["graded_at"]), float(entry["score"]), str(entry["notebook_sha256"]), str(entry["fingerprint"])
    )


def _sealed(content: bytes) -> bytes:
    """A JSON object with one more key, the hash of what it was without."""
    return content[:-1] + _SEAL % hashlib.sha256(content).hexdigest().encode()


def _unsealed(data: bytes) -> bytes:
    """The object as it was; ValueError where the hash is another one."""
    content = data[: -len(_SEAL % (b"0" * 64))] + b"}"
    if _sealed(content) != data:
        raise ValueError("the record has been changed since it was written")
    return content


def tidy_records(course: Course, assignment: Assignment) -> None:
    """Remove what a killed grader left unfinished. Only for the one grader at work."""
    for staged in (False, True):
        remove_unfinished(record_path(course, assignment, "any", staged=staged).parent)


def unusable_records(course: Course, assignment: Assignment) -> tuple[str, ...]:
    """Students whose record is there and cannot be used: their next grading writes it anew."""
    return tuple(s for s in _recorded(course, assignment) if read_record(course, assignment, s) is None)


def load_records(course: Course, assignment: Assignment) -> tuple[Record, ...]:
    """The record of every student that can be used, in the order of their ids."""
    with without_collector():
        found = (read_record(course, assignment, student) for student in _recorded(course, assignment))
        return tuple(record for record in found if record is not None)


def load_run(course: Course, assignment: Assignment) -> GradeRun:
    """The latest result of every student, in the order of their ids; for reports."""
    records = load_records(course, assignment)
    isolations = sorted({record.isolation for record in records})
    return GradeRun(assignment.name, "+".join(isolations), tuple(record.result for record in records))


def _recorded(course: Course, assignment: Assignment) -> list[str]:
    folder = record_path(course, assignment, "any").parent
    return sorted(path.stem for path in folder.glob("*.json")) if folder.is_dir() else []
