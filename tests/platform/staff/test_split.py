"""Duties are shared out equally, in random order, and stay where they are."""

from __future__ import annotations

import random
from collections import Counter
from statistics import correlation

import pytest

from autograder.staff.duties import Duty, Kind
from autograder.staff.split import Place, deal

GRADERS = ("maria", "tom", "li")
DUTIES = [
    Duty("vae", f"s{n:03}", kind, cell)
    for n in range(50)
    for kind, cell in ((Kind.WRITTEN, "a"), (Kind.WRITTEN, "b"), (Kind.FLAGGED, ""))
]


@pytest.mark.parametrize("seed", range(5))
def test_everybody_gets_equally_many_of_each_kind(seed: int) -> None:
    places = deal(DUTIES, GRADERS, {}, random.Random(seed))
    assert places.keys() == set(DUTIES)
    counts = Counter((place.grader, duty.kind, duty.cell) for duty, place in places.items())
    for kind, cell in ((Kind.WRITTEN, "a"), (Kind.WRITTEN, "b"), (Kind.FLAGGED, "")):
        each = [counts[grader, kind, cell] for grader in GRADERS]
        assert max(each) - min(each) <= 1
    totals = Counter(place.grader for place in places.values())
    assert max(totals.values()) - min(totals.values()) <= 1


def test_the_order_says_nothing_about_the_students_names() -> None:
    places = deal([Duty("vae", f"s{n:03}", Kind.WRITTEN, "a") for n in range(400)], ("maria",), {}, random.Random(1))
    by_name = [places[duty].order for duty in sorted(places)]
    assert abs(correlation(by_name, range(400))) < 0.15


def test_what_was_dealt_stays_and_what_is_new_evens_things_out() -> None:
    first = deal(DUTIES[:90], GRADERS, {}, random.Random(0))
    more = deal(DUTIES, GRADERS, first, random.Random(1))
    assert not more.keys() & first.keys()
    totals = Counter(place.grader for place in (first | more).values())
    assert max(totals.values()) - min(totals.values()) <= 3


def test_the_work_of_somebody_who_left_goes_to_the_others() -> None:
    first = deal(DUTIES, GRADERS, {}, random.Random(0))
    after = first | deal(DUTIES, ("maria", "tom"), first, random.Random(1))
    totals = Counter(place.grader for place in after.values())
    assert totals.keys() == {"maria", "tom"}
    assert abs(totals["maria"] - totals["tom"]) <= 3
    assert all(after[duty] == place for duty, place in first.items() if place.grader != "li")


def test_the_same_seed_deals_the_same() -> None:
    assert deal(DUTIES, GRADERS, {}, random.Random(3)) == deal(DUTIES[::-1], GRADERS, {}, random.Random(3))


def test_somebody_with_less_gets_the_next() -> None:
    held = {Duty("vae", "x", Kind.APPEAL, "q"): Place("maria", 0.5)}
    (place,) = deal([Duty("vae", "y", Kind.APPEAL, "q")], ("maria", "tom"), held, random.Random(0)).values()
    assert place.grader == "tom"
