"""Who hands in what: a mixed class whose students are as good in one assignment as in the next, more or less."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from autograder.demo.breakage import BREAKAGES

BROKEN_SHARE = 0.1  # of the class, at least
HALF_FINISHED_SHARE, STRONG_SHARE = 0.17, 0.5  # of those who are not broken
FORM_OF_THE_DAY = 0.45  # standard deviation, where ability has 1
MOST_MISTAKES = 4


class Profile(StrEnum):
    """What kind of notebook it is."""

    STRONG = "strong"  # everything right
    MISTAKEN = "mistaken"  # one to four known mistakes
    HALF_FINISHED = "half_finished"  # the last questions were never begun
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Part:
    """One student's part in one assignment.

    Attributes:
        profile: what kind of notebook is handed in.
        skill: share of the class that did worse, 0..1.
        mistakes: how many answers are known mistakes.
        breakage: a name of `BREAKAGES`, where the profile is BROKEN.
    """

    profile: Profile
    skill: float
    mistakes: int = 0
    breakage: str = ""


def plan_class(students: Sequence[str], assignments: Sequence[str], seed: int) -> Mapping[tuple[str, str], Part]:
    """(student, assignment) -> part.

    Every breakage is somewhere, as long as there are some ten students; nobody breaks twice where it can be helped.
    """
    rng = random.Random(f"{seed}/class")
    ability = {student: rng.gauss(0, 1) for student in students}
    parts: dict[tuple[str, str], Part] = {}
    unbroken = rng.sample(students, len(students))
    for number, assignment in enumerate(assignments):
        form = {student: ability[student] + rng.gauss(0, FORM_OF_THE_DAY) for student in students}
        names = _breakages(number, len(assignments), len(students), rng)
        unbroken = unbroken if len(unbroken) >= len(names) else rng.sample(students, len(students))
        broken = _dealt(unbroken[: len(names)], names)
        unbroken = unbroken[len(broken) :]
        for student, part in _parts(form, broken, rng).items():
            parts[student, assignment] = part
    return parts


def _breakages(number: int, assignments: int, students: int, rng: random.Random) -> list[str]:
    """The breakages of one assignment: its share of all kinds, and one in ten of the class at least."""
    mine = list(BREAKAGES)[number::assignments]
    cheap = [name for name, breakage in BREAKAGES.items() if name not in mine and not breakage.slow]
    extra = max(0, round(BROKEN_SHARE * students) - len(mine))
    return [*mine, *rng.sample(cheap, min(extra, len(cheap)))][: max(0, students - 3)]


def _dealt(students: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """Student -> breakage. The slow ones are with those graded first: else one worker ends long after the others."""
    slow_first = sorted(names, key=lambda name: not BREAKAGES[name].slow)
    return dict(zip(sorted(students), slow_first, strict=True))


def _parts(form: Mapping[str, float], broken: Mapping[str, str], rng: random.Random) -> dict[str, Part]:
    ranked = sorted(form, key=lambda student: form[student])
    skill = {student: rank / max(1, len(ranked) - 1) for rank, student in enumerate(ranked)}
    whole = [student for student in ranked if student not in broken]
    half = max(1, int(HALF_FINISHED_SHARE * len(whole)))
    strong = max(1, int(STRONG_SHARE * len(whole)))
    mistaken = whole[half : len(whole) - strong]
    parts = {s: Part(Profile.BROKEN, skill[s], breakage=name) for s, name in broken.items()}
    parts |= {s: Part(Profile.STRONG, skill[s]) for s in whole[len(whole) - strong :]}
    parts |= {s: Part(Profile.HALF_FINISHED, skill[s], rng.randint(0, 1)) for s in whole[:half]}
    for rank, student in enumerate(mistaken):  # the worst of them make four mistakes, the best one
        count = MOST_MISTAKES - int(MOST_MISTAKES * (rank + rng.uniform(0, 1)) / len(mistaken))
        parts[student] = Part(Profile.MISTAKEN, skill[student], max(1, count))
    return parts
