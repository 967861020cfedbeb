"""Who hands in what."""

from __future__ import annotations

from collections import Counter
from statistics import correlation

import pytest

from autograder.demo.breakage import BREAKAGES
from autograder.demo.people import people
from autograder.demo.plan import Profile, plan_class

STUDENTS = [person.id for person in people(60)]
ASSIGNMENTS = ("vae", "gan")


@pytest.mark.parametrize("seed", range(5))
def test_every_breakage_is_there_and_nobody_breaks_twice(seed: int) -> None:
    parts = plan_class(STUDENTS, ASSIGNMENTS, seed)
    broken = {key: part.breakage for key, part in parts.items() if part.profile is Profile.BROKEN}
    assert set(broken.values()) == set(BREAKAGES)
    assert len({student for student, _ in broken}) == len(broken)


def test_a_small_class_has_every_breakage_and_every_other_profile() -> None:
    parts = plan_class(STUDENTS[:10], ASSIGNMENTS, 7)
    assert {part.breakage for part in parts.values()} == {"", *BREAKAGES}
    for assignment in ASSIGNMENTS:
        assert {part.profile for (_, name), part in parts.items() if name == assignment} == set(Profile)


def test_the_class_is_mixed_as_it_should_be() -> None:
    parts = plan_class(STUDENTS, ASSIGNMENTS, 7)
    for assignment in ASSIGNMENTS:
        counts = Counter(part.profile for (_, name), part in parts.items() if name == assignment)
        assert (counts[Profile.STRONG], counts[Profile.HALF_FINISHED]) == (26, 9)
        assert counts[Profile.BROKEN] == 7


def test_what_runs_into_a_limit_is_there_once_and_is_graded_first() -> None:
    """Else the demo takes half a minute longer, in which there is nothing to see."""
    assignments = ("vae", "gan", "diffusion")
    parts = plan_class(STUDENTS, assignments, 7)
    slow = [part.breakage for part in parts.values() if part.breakage and BREAKAGES[part.breakage].slow]
    assert sorted(slow) == sorted(name for name, breakage in BREAKAGES.items() if breakage.slow)
    for assignment in assignments:
        broken = {s: p.breakage for (s, name), p in sorted(parts.items()) if name == assignment and p.breakage}
        is_slow = [BREAKAGES[name].slow for name in broken.values()]
        assert is_slow == sorted(is_slow, reverse=True)


def test_mistakes_go_from_one_to_four() -> None:
    parts = plan_class(STUDENTS, ASSIGNMENTS, 7)
    assert {part.mistakes for part in parts.values() if part.profile is Profile.MISTAKEN} == {1, 2, 3, 4}


def test_a_student_is_about_as_good_in_both_assignments() -> None:
    parts = plan_class(STUDENTS, ASSIGNMENTS, 7)
    first, second = ([parts[student, name].skill for student in STUDENTS] for name in ASSIGNMENTS)
    assert 0.6 < correlation(first, second) < 0.98


def test_another_seed_is_another_class() -> None:
    assert plan_class(STUDENTS, ASSIGNMENTS, 1) != plan_class(STUDENTS, ASSIGNMENTS, 2)
    assert plan_class(STUDENTS, ASSIGNMENTS, 1) == plan_class(STUDENTS, ASSIGNMENTS, 1)
