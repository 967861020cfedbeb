"""What lies in a class's folder, student by student, and whether it is whole.

Read from the files alone, and from a copy of the gradebook, so that looking mends nothing. Left out
of comparisons is only what no two runs have in common: seconds, and when it was graded.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat

from tests.platform.faults.classroom import NAME

SCHEMA_TABLES = {"submitted_assignment", "submitted_notebook", "grade", "comment", "student", "base_cell"}
SUBMISSIONS = (
    "select s.student_id, s.id, s.timestamp, count(n.id) from submitted_assignment s "
    "left join submitted_notebook n on n.assignment_id = s.id group by s.id order by s.student_id"
)
GRADES = (
    "select s.student_id, b.name, t.auto_score, t.manual_score, t.extra_credit, t.needs_manual_grade from grade t "
    "join submitted_notebook n on n.id = t.notebook_id join submitted_assignment s on s.id = n.assignment_id "
    "join base_cell b on b.id = t.cell_id order by 1, 2"
)
COMMENTS = (
    "select s.student_id, b.name, t.auto_comment, t.manual_comment from comment t "
    "join submitted_notebook n on n.id = t.notebook_id join submitted_assignment s on s.id = n.assignment_id "
    "join base_cell b on b.id = t.cell_id order by 1, 2"
)


@dataclass
class Student:
    """Everything about one student; None, or empty, where it is not there."""

    entries: list[Any] = field(default_factory=list)  # of the grade JSON
    submissions: list[Any] = field(default_factory=list)  # rows of the gradebook: time stamp, number of notebooks
    grades: list[Any] = field(default_factory=list)
    comments: list[Any] = field(default_factory=list)
    notebook: str | None = None  # hash of the autograded notebook
    timestamp: str | None = None  # beside it
    record: Any = None
    record_bytes: bytes = b""  # as it lies there, with the time of grading
    page: str | None = None  # hash of the feedback page


@dataclass
class State:
    """A class's folder at one moment."""

    students: dict[str, Student] = field(default_factory=dict)
    half_written: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)  # the gradebook contradicts itself
    unfinished: list[str] = field(default_factory=list)  # temporary files

    def of(self, student: str) -> Student:
        return self.students.setdefault(student, Student())


def read_state(data: Path, grades_json: Path | None = None) -> State:
    """Look at everything that a grader writes."""
    state = State()
    for folder in sorted((data / "autograded").glob("*/*")):
        _read_autograded(state, folder)
    for path in sorted((data / ".autograder" / "results" / NAME).glob("[!.]*.json")):
        _read_record(state, path)
    for path in sorted((data / "feedback").glob(f"*/*/{NAME}.html")):
        text = path.read_bytes()
        _whole(state, path, text.rstrip().endswith(b"</html>"))
        state.of(path.parts[-3]).page = hashlib.sha256(text).hexdigest()
    if grades_json is not None and grades_json.exists():
        _read_json(state, grades_json)
    if (data / "gradebook.db").exists():
        _read_gradebook(state, data / "gradebook.db")
    hidden = [p for p in data.rglob(".*") if p.name not in (".autograder", ".ipynb_checkpoints")]
    state.unfinished = [str(p.relative_to(data)) for p in [*hidden, *data.glob("*-journal")]]
    return state


def _whole(state: State, path: Path, is_whole: bool) -> bool:
    if not is_whole:
        state.half_written.append(str(path))
    return is_whole


def _read_autograded(state: State, folder: Path) -> None:
    student = state.of(folder.parent.name)
    path, stamp = folder / f"{NAME}.ipynb", folder / "timestamp.txt"
    if path.exists():
        text = path.read_bytes()
        try:
            nbformat.validate(nbformat.reads(text, as_version=4))  # type: ignore[no-untyped-call]
        except (ValueError, nbformat.ValidationError):
            _whole(state, path, False)
        student.notebook = hashlib.sha256(text).hexdigest()
    if stamp.exists():
        student.timestamp = stamp.read_text()
        _whole(state, stamp, student.timestamp.strip().endswith("UTC"))


def _read_record(state: State, path: Path) -> None:
    student = state.of(path.stem)
    student.record_bytes = path.read_bytes()
    try:
        content = json.loads(student.record_bytes)
    except ValueError:
        _whole(state, path, False)
        return
    for when_and_how_often in ("graded_at", "history", "sha256"):  # the last one is the hash of all, these two included
        content.pop(when_and_how_often)
    student.record = {**content, "result": _without_seconds(content["result"])}


def _read_json(state: State, path: Path) -> None:
    try:
        submissions = json.loads(path.read_bytes())["submissions"]
    except ValueError:
        _whole(state, path, False)
        return
    for entry in submissions:
        state.of(entry["student"]).entries.append(_without_seconds(entry))


def _without_seconds(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_seconds(item) for key, item in value.items() if key != "seconds"}
    return [_without_seconds(item) for item in value] if isinstance(value, list) else value


def _read_gradebook(state: State, path: Path) -> None:
    """Of a copy, journal and all: opening the file itself would undo what a killed process left in it."""
    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("", "-journal"):
            if path.with_name(path.name + suffix).exists():
                shutil.copy(path.with_name(path.name + suffix), Path(folder) / f"gradebook.db{suffix}")
        connection = sqlite3.connect(Path(folder) / "gradebook.db")
        try:
            _read_rows(state, connection)
        except sqlite3.Error as error:
            state.broken.append(f"gradebook: {error}")
        finally:
            connection.close()


def _read_rows(state: State, connection: sqlite3.Connection) -> None:
    tables = {name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")}
    if missing := SCHEMA_TABLES - tables:
        state.broken.append(f"tables are missing: {sorted(missing)}")
        return
    for student, _, timestamp, notebooks in connection.execute(SUBMISSIONS):
        state.of(student).submissions.append((timestamp, notebooks))
    for student, *row in connection.execute(GRADES):
        state.of(student).grades.append(tuple(row))
    for student, *row in connection.execute(COMMENTS):
        state.of(student).comments.append(tuple(row))
    state.broken += [f"foreign_key_check: {row}" for row in connection.execute("pragma foreign_key_check")]
    (verdict,) = connection.execute("pragma integrity_check").fetchone()
    if verdict != "ok":
        state.broken.append(f"integrity_check: {verdict}")
