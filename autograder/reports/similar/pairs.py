"""Pairs of students whose answers share what hardly anybody else wrote."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass

MOST_SHARERS = 12  # a hash that more students have is how the question is usually answered
LEAST_SHARED = 0.3
LEAST_HASHES = 6


@dataclass(frozen=True, slots=True)
class Pair:
    """Two students.

    Attributes:
        students: in alphabetical order.
        shared: share of the shorter work, beyond what the course handed out, that both have; 0..1.
        surprise: bits by which the common part is unlikely, by how many others have each piece of it.
        others: most students besides these two who have any piece of the common part.
        hashes: the common part.
    """

    students: tuple[str, str]
    shared: float
    surprise: float
    others: int
    hashes: frozenset[int]


def look_alikes(works: Mapping[str, Set[int]], handed_out: Set[int] = frozenset()) -> tuple[Pair, ...]:
    """The pairs that are worth a look, the least likely to be chance first.

    Args:
        works: student -> hashes of all answers.
        handed_out: hashes of stubs and reference, which are nobody's own.
    """
    own = {student: work - handed_out for student, work in works.items()}
    have: dict[int, list[str]] = {}
    for student in sorted(own):
        for value in own[student]:
            have.setdefault(value, []).append(student)
    surprise: defaultdict[tuple[str, str], float] = defaultdict(float)
    common: dict[tuple[str, str], list[int]] = {}
    for value, students in have.items():
        if 2 <= len(students) <= MOST_SHARERS:
            bits = math.log2(len(works) / len(students))
            for pair in itertools.combinations(students, 2):
                surprise[pair] += bits
                common.setdefault(pair, []).append(value)
    found = []
    for pair, values in common.items():
        a, b = pair
        shared = len(own[a] & own[b]) / min(len(own[a]), len(own[b]))
        if len(values) >= LEAST_HASHES and shared >= LEAST_SHARED:
            others = max(len(have[value]) for value in values) - 2
            found.append(Pair(pair, shared, surprise[pair], others, frozenset(values)))
    return tuple(sorted(found, key=lambda p: (-p.surprise * p.shared, p.students)))
