"""Prepare what all trials share: the course, and undisturbed runs of both versions of the class."""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from tests.platform.faults.classroom import (
    EXIT_STATUS,
    NAME,
    NEW,
    OLD,
    STUDENTS,
    contents,
    copy_class,
    course_with_data,
    hand_in,
    make_root,
)
from tests.platform.faults.grader import Command, import_command
from tests.platform.faults.state import Student, read_state
from tests.platform.faults.trial import WORKERS, Scene

PHASES = ("handed-in", "graded", "with-feedback", "with-report")


def make_scene(folder: Path) -> Scene:
    """Build the course and grade both versions of the class, in peace, below `folder`."""
    import_command()
    root = make_root(folder / "course")
    notebooks = contents(course_with_data(root, folder))
    expected: dict[str, Mapping[str, Student]] = {}
    prepared: dict[str, Path] = {}
    seconds: dict[str, float] = {}
    for version in (NEW, OLD):  # the folders that are kept are those of the old one
        prepared = {phase: folder / version / phase for phase in PHASES}
        course = course_with_data(root, prepared["handed-in"])
        for student, data in notebooks[version].items():
            hand_in(course, version, student, data)
        expected[version] = _grade_in_peace(root, prepared, folder / version, seconds, version)
    written = {after: _size(prepared[after]) - _size(prepared[before]) for before, after in pairwise(PHASES)}
    return Scene(root, prepared, notebooks, expected, seconds, written)


def _grade_in_peace(
    root: Path, prepared: Mapping[str, Path], folder: Path, seconds: dict[str, float], version: str
) -> dict[str, Student]:
    """The phases one after the other, each a copy of the one before it and a command."""
    grades = folder / "grades.json"
    grade = ["grade", NAME, "--workers", WORKERS, "--json", grades]
    commands = {"graded": grade, "with-feedback": [*grade, "--feedback"], "with-report": ["report", NAME]}
    before = prepared["handed-in"]
    for phase, words in commands.items():
        copy_class(before, prepared[phase])
        before = prepared[phase]
        began = time.monotonic()
        command = Command(["--course", root, "--data", before, *words], folder)
        status = command.wait()
        seconds["report" if phase == "with-report" else phase] = time.monotonic() - began
        wanted = EXIT_STATUS if version == OLD and phase != "with-report" else 0
        assert status == wanted, f"an undisturbed {words[0]} ended with {status}: {command.printed()}"
    seconds["grade"] = seconds["graded"]
    state = read_state(before, grades)
    assert (state.half_written, state.broken, state.unfinished) == ([], [], [])
    assert sorted(state.students) == sorted(STUDENTS)
    return state.students


def _size(folder: Path) -> int:
    """Bytes that its files take."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())
