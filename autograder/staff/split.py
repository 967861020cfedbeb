"""Deal out duties among graders: equally many of each kind, each grader's in a random order.

In a fixed order the same students would always be graded first, by somebody fresh, beside the same neighbours
(sequence effects). What somebody has already stays with them, also where more comes in later.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from autograder.staff.duties import Duty


@dataclass(frozen=True, slots=True)
class Place:
    """Whose it is, and where it stands in their order: smaller first."""

    grader: str
    order: float


def deal(
    duties: Collection[Duty], graders: Sequence[str], dealt: Mapping[Duty, Place], random_: random.Random
) -> dict[Duty, Place]:
    """Places for the duties that have none, or whose grader is no longer there.

    Args:
        graders: at least one.
        dealt: what was dealt out before.
    """
    held: Counter[tuple[str, str, str]] = Counter()
    total: Counter[str] = Counter()
    for duty, place in dealt.items():
        held[place.grader, duty.kind, duty.cell] += 1
        total[place.grader] += 1
    fresh = sorted(duty for duty in duties if duty not in dealt or dealt[duty].grader not in graders)
    random_.shuffle(fresh)
    new: dict[Duty, Place] = {}
    for duty in fresh:
        order = random_.sample(list(graders), len(graders))  # decides between those who have equally many
        grader = min(order, key=lambda g: (held[g, duty.kind, duty.cell], total[g]))
        held[grader, duty.kind, duty.cell] += 1
        total[grader] += 1
        new[duty] = Place(grader, random_.random())
    return new
