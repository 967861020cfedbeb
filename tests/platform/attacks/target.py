"""The course that is attacked: five small tasks, their hidden suite, and canaries in every file.

Canaries and hidden inputs are drawn anew for each run, so no case can know them.
"""

from __future__ import annotations

import random
import re
import secrets
import shutil
import struct
from dataclasses import dataclass
from pathlib import Path

from autograder.authoring.build import build, write_release
from autograder.course import Course, find_course
from autograder.gradebook.store import open_gradebook

NAME = "attack"
SOURCES = Path(__file__).with_name("target")
PLACES = ("environment", "home", "temporary", "reference", "suite", "master", "gradebook", "neighbour")


@dataclass(frozen=True)
class Target:
    """A built course with its secrets.

    Attributes:
        root: the course; `home` and `temp` of the grader lie beside it.
        canaries: place -> the word that is hidden there.
        hidden: numbers in the hidden tests' inputs, as Python prints them.
    """

    root: Path
    home: Path
    temp: Path
    canaries: dict[str, str]
    hidden: tuple[str, ...]

    def course(self, data: Path) -> Course:
        """The course, with the data of one class."""
        return find_course(self.root, data)


def make_target(folder: Path) -> Target:
    """Write and build the course below `folder`."""
    canaries = {place: f"canary-{place}-{secrets.token_hex(6)}" for place in PLACES}
    hidden = tuple(repr(x) for x in random.SystemRandom().sample(_inputs(), 12))
    target = Target(folder / "course", folder / "home", folder / "temp", canaries, hidden)
    _write_course(target)
    (target.home / ".aws").mkdir(parents=True)
    (target.home / ".aws" / "credentials").write_text(f"[default]\naws_secret_access_key = {canaries['home']}\n")
    (target.home / ".netrc").write_text(f"machine example.org login grader password {canaries['home']}\n")
    target.temp.mkdir()
    (target.temp / "notes.txt").write_text(canaries["temporary"])
    return target


def _inputs() -> list[float]:
    """From 1 000 to 10 000: all for which float16 has no answer within twice what the tests allow (1e-4 of it).

    Else a right answer in float16 would now and then be near enough for all six of a test: luck, not a hole.
    """
    inputs = [n / 16 + 1 / 32 for n in range(16_000, 160_000)]
    return [x for x in inputs if abs(_as_float16(3 * x + 1) - (3 * x + 1)) > 2e-4 * (3 * x + 1)]


def _as_float16(value: float) -> float:
    return struct.unpack("<e", struct.pack("<e", value))[0]


def new_class(target: Target, data: Path) -> Course:
    """An empty class whose gradebook knows a student with a telling name."""
    (data / "submitted").mkdir(parents=True)
    course = target.course(data)
    with open_gradebook(course) as gradebook:
        gradebook.update_or_create_student("somebody", first_name=target.canaries["gradebook"])
    return course


def _write_course(target: Target) -> None:
    shutil.copytree(SOURCES, target.root)
    hidden = iter(target.hidden)
    for path in sorted(target.root.rglob("*.*")):
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"CANARY_([A-Z]+)", lambda match: target.canaries[match[1].lower()], text)
        text = re.sub(r"HIDDEN_NUMBER", lambda _: next(hidden), text)
        path.write_text(text, encoding="utf-8")
    (target.root / "tests" / "hidden" / NAME / "suite.txt").rename(
        target.root / "tests" / "hidden" / NAME / f"test_{NAME}.py"
    )
    course = find_course(target.root)
    assignment = course.assignment(NAME)
    write_release(course, assignment, build(course, assignment))
