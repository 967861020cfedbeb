"""The class that is graded under faults, in two versions: what was handed in, and what is handed in again.

Everything is compared student by student, so it is known for each version of each submission what
gradebook, notebook, record, JSON and feedback must hold.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from autograder.course import Course, find_course
from tests.platform.engine.tiny import HONEST_WRONG, RIGHT, USES_SCALE, WRONG_SCALE, make_course, notebook, with_cells

NAME = "tiny"
OLD, NEW = "old", "new"
STAMPS = {OLD: "2029-12-31 10:00:00 UTC", NEW: "2029-12-31 11:00:00 UTC"}
STUDENTS = ("ada", "bob", "cleo", "dora", "erin", "finn")
PAUSE = "import time\ntime.sleep(0.3)"  # so that there are moments in which a student's process is at work
EXIT_STATUS = 1  # cleo's file is no notebook, which a person must look at


def make_root(folder: Path) -> Path:
    """The instructor's tree, with the release built."""
    return make_course(folder).root


def contents(course: Course) -> dict[str, dict[str, bytes]]:
    """version -> student -> the notebook's bytes."""
    carried = {**RIGHT, "scale": WRONG_SCALE, "total": USES_SCALE}  # `total` is graded with the reference's `scale`
    right, wrong = notebook(course), notebook(course, HONEST_WRONG)
    old = {
        "ada": with_cells(course, [PAUSE]),
        "bob": wrong,
        "cleo": b"no notebook",
        "dora": course.assignment(NAME).release_path.read_bytes(),
        "erin": notebook(course, carried),
        "finn": with_cells(course, [PAUSE]),
    }
    new = {
        "ada": wrong,
        "bob": with_cells(course, [PAUSE]),
        "cleo": right,
        "dora": notebook(course, carried),
        "erin": right,
        "finn": with_cells(course, [PAUSE], HONEST_WRONG),
    }
    return {OLD: old, NEW: new}


def course_with_data(root: Path, data: Path) -> Course:
    """The course, with the class's data in a folder of their own."""
    return find_course(root, data)


def hand_in(course: Course, version: str, student: str, data: bytes) -> None:
    """Write one submission; whoever reads at the same time sees the old file or the new one, never half of it."""
    folder = course.submitted / student / NAME
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in ((f"{NAME}.ipynb", data), ("timestamp.txt", STAMPS[version].encode())):
        fresh = course.submitted.parent / f"handed-in-{student}-{name}"
        fresh.write_bytes(content)
        os.replace(fresh, folder / name)


def copy_class(prepared: Path, data: Path) -> None:
    """A class of its own for one run. `data` may exist, and may be a mount."""
    shutil.copytree(prepared, data, dirs_exist_ok=True)
