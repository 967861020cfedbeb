"""Grade all attacks through the real command, and gather everything that came out.

The cases are dealt to classes that are graded at the same time, each by one worker, so that an
honest submission is graded right after each attack by the same worker. The baseline and the
neighbour come first.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.course import Course
from autograder.gradebook.feedback import generate_feedback
from autograder.grading.records import load_run
from autograder.reports import write_report
from autograder.reports.student import write_feedback
from tests.platform.attacks import leftovers
from tests.platform.attacks.case import Case
from tests.platform.attacks.hand_in import NEIGHBOUR, Desk
from tests.platform.attacks.target import NAME, Target, make_target, new_class

REPOSITORY = Path(__file__).resolve().parents[3]
TIMEOUT_S = 900


@dataclass
class Class:
    """Submissions that one grader grades one after the other.

    Attributes:
        students: case -> student id of the attack; the honest one after it is `<id>.next`.
        exit_status, printed: of `autograder grade`.
        results: student -> what the grade JSON says.
    """

    course: Course
    students: dict[str, str] = field(default_factory=dict)
    exit_status: int = -1
    printed: str = ""
    seconds: float = 0.0
    results: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass
class Campaign:
    """Everything that one run of all attacks gave."""

    target: Target
    classes: list[Class]
    left: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    visitors: list[str] = field(default_factory=list)

    def class_of(self, case: Case) -> Class:
        """The class in which the case was graded."""
        return next(each for each in self.classes if case.id in each.students)


def run_campaign(folder: Path, cases: Sequence[Case], isolation: str = "bubblewrap") -> Campaign:
    """Hand in and grade the cases in a fresh course below `folder`."""
    target = make_target(folder)
    quick, slow = [c for c in cases if not c.slow], [c for c in cases if c.slow]
    groups = [quick[::2], quick[1::2], slow]
    with leftovers.Doors(target.temp) as doors, leftovers.adopting_orphans():
        known = leftovers.children()
        classes = [_hand_in(target, folder / f"class-{n}", group, doors) for n, group in enumerate(groups) if group]
        campaign = Campaign(target, classes)
        before = {path: _digest(path) for path in _files(campaign)}
        _grade_all(campaign, isolation)
        campaign.left += [f"a process: {line}" for line in leftovers.remaining_processes(known)]
        campaign.changed = _changes(campaign, before)
    for each in classes:
        _publish(each)
    campaign.visitors = doors.visitors
    folders = [folder, target.home, target.temp, target.root, *(each.course.data for each in classes)]
    campaign.left += [f"a file: {path}" for path in leftovers.marked_files(folders)]
    campaign.left += [f"a socket: {name}" for name in leftovers.marked_sockets()]
    campaign.left += [f"shared memory: {line}" for line in leftovers.marked_shared_memory()]
    campaign.left += [f"a file: {path}" for path in target.temp.iterdir() if path.name not in ("notes.txt", "door")]
    return campaign


def _hand_in(target: Target, data: Path, cases: Sequence[Case], doors: leftovers.Doors) -> Class:
    each = Class(new_class(target, data))
    places = {"COURSE": str(target.root), "DATA": str(data), "HOME": str(target.home), "TEMP": str(target.temp)}
    desk = Desk(target, each.course, {**places, **doors.places})
    desk.hand_in_baseline()
    desk.hand_in_honest(NEIGHBOUR)
    for number, case in enumerate(cases):
        student = f"n{number:03d}-{case.id}"  # sorted behind the baseline and the neighbour
        each.students[case.id] = student
        desk.hand_in_attack(case, student)
        desk.hand_in_honest(f"{student}.next")
    return each


def _grade_all(campaign: Campaign, isolation: str) -> None:
    """All classes at the same time, each in a process of its own."""
    start = time.monotonic()
    running = [_start(campaign.target, each, isolation) for each in campaign.classes]
    for each, process in zip(campaign.classes, running, strict=True):
        try:
            each.printed = process.communicate(timeout=TIMEOUT_S)[0].decode(errors="surrogateescape")
        finally:
            process.kill()
        each.exit_status = process.returncode
        each.seconds = time.monotonic() - start
        path = each.course.data / "grades.json"
        if path.is_file():
            each.results = {s["student"]: s for s in json.loads(path.read_text())["submissions"]}


def _publish(each: Class) -> None:
    """Both kinds of feedback pages of those who attacked and of one honest student, and the report."""
    students = [NEIGHBOUR, *each.students.values()]
    generate_feedback(each.course, NAME, students, workers=2)
    assignment = each.course.assignment(NAME)
    for student in students:
        write_feedback(each.course, assignment, student)
    write_report(each.course, assignment, load_run(each.course, assignment))


def _start(target: Target, each: Class, isolation: str) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "autograder.cli.main",
        "--course",
        str(target.root),
        "--data",
        str(each.course.data),
    ]
    command += [
        "grade",
        NAME,
        "--workers",
        "1",
        "--isolation",
        isolation,
        "--json",
        str(each.course.data / "grades.json"),
    ]
    environment = {
        "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(REPOSITORY),
        "HOME": str(target.home), "TMPDIR": str(target.temp), "API_TOKEN": target.canaries["environment"],
    }  # fmt: skip
    return subprocess.Popen(
        command,
        cwd=target.root,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def _files(campaign: Campaign) -> Iterator[Path]:
    """What nobody may change: the course, the home folder, and what was handed in."""
    folders = [campaign.target.root, campaign.target.home, *(each.course.submitted for each in campaign.classes)]
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink() and "__pycache__" not in path.parts:
                yield path


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _changes(campaign: Campaign, before: dict[Path, str]) -> list[str]:
    after = {path: _digest(path) for path in _files(campaign)}
    return [str(path) for path in sorted(before.keys() | after.keys()) if before.get(path) != after.get(path)]
