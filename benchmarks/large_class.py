"""A class of thousands, of mixed quality: what the demo's students hand in, many times over, and some blank releases.

The notebooks of the first hundred are handed in once more, byte for byte, by the last hundred, so that what
these cost can be compared. Notebooks that run into a time limit measure nothing but that limit: there are few,
and none among those two hundred.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count as numbers
from pathlib import Path

from autograder.course import Assignment, Course, find_course
from autograder.demo.classroom import HandIn, make_class
from benchmarks.notebooks import TIMESTAMP

PER_CLASS = 200  # students of one generated class, in which every breakage occurs once
HANGING = frozenset({"infinite_loop_in_cell", "infinite_loop_in_call", "endless_print"})
HANGING_SHARE = 0.001
STUB_EVERY = 40
COMPARED = 100


@dataclass(frozen=True)
class LargeClass:
    """What was written.

    Attributes:
        kinds: what kind of notebook -> how many.
        compared: how many at the beginning come back at the end; fewer than 100 in a small class.
    """

    kinds: dict[str, int]
    compared: int


def make_large_class(course: Course, assignment: Assignment, count: int, data: Path, scratch: Path) -> LargeClass:
    """Write `count` submissions below `data`; the order of the students' ids is that of the text above.

    Args:
        scratch: an empty folder for what is needed meanwhile.
    """
    compared = min(COMPARED, count // 3)
    chosen = _chosen(course, assignment, count, compared, scratch)
    for number, one in enumerate(chosen, start=1):
        shutil.copytree(one.folder, data / "submitted" / f"student{number:05}" / assignment.name)
    return LargeClass(dict(Counter(one.kind for one in chosen).most_common()), compared)


@dataclass(frozen=True)
class _HandedIn:
    kind: str
    folder: Path  # to be copied


def _chosen(course: Course, assignment: Assignment, count: int, compared: int, scratch: Path) -> list[_HandedIn]:
    """What each of the students hands in, in their order."""
    stub = _blank_release(assignment, scratch / "stub")
    chosen: list[_HandedIn] = []
    hanging: list[_HandedIn] = []
    for hand_in in _hand_ins(course, assignment.name, scratch):
        if len(chosen) >= count - compared:
            break
        one = _HandedIn(hand_in.part.breakage or hand_in.part.profile.value, hand_in.path.parent)
        if one.kind in HANGING:
            hanging.append(one)
        else:
            chosen.append(stub if (len(chosen) + 1) % STUB_EVERY == 0 else one)
    wanted = hanging[: round(HANGING_SHARE * count)]
    for number, one in enumerate(wanted, start=1):  # evenly in the part between those that are compared
        chosen[compared + number * (count - 2 * compared) // (len(wanted) + 1)] = one
    return chosen + chosen[:compared]


def _hand_ins(course: Course, name: str, scratch: Path) -> Iterator[HandIn]:
    """One generated class after the other, each with another seed."""
    for seed in numbers(1):
        data = scratch / f"class{seed}"
        data.mkdir(parents=True)
        yield from make_class(find_course(course.root, data), [name], PER_CLASS, seed)


def _blank_release(assignment: Assignment, folder: Path) -> _HandedIn:
    folder.mkdir(parents=True)
    shutil.copy(assignment.release_path, folder / f"{assignment.name}.ipynb")
    (folder / "timestamp.txt").write_text(TIMESTAMP, encoding="utf-8")
    return _HandedIn("stub", folder)
