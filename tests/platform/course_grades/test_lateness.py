"""The late policy, case by case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from autograder.course.policy import LatePolicy
from autograder.course_grades.lateness import HandIn, Lateness, days_late, judge

DUE = datetime(2027, 3, 5, 23, 59, tzinfo=UTC)
POLICY = LatePolicy(grace_minutes=30, percent_per_day=10, at_least_percent=50, last_day=7, slip_days=3)


@pytest.mark.parametrize(
    ("late", "days"),
    [
        (timedelta(days=-3), 0),
        (timedelta(0), 0),
        (timedelta(minutes=30), 0),
        (timedelta(minutes=30, seconds=1), 1),
        (timedelta(days=1, minutes=30), 1),
        (timedelta(days=1, minutes=31), 2),
        (timedelta(days=6, hours=23), 7),
    ],
)
def test_a_day_counts_from_when_it_has_begun(late: timedelta, days: int) -> None:
    """The grace comes first and counts for nothing."""
    assert days_late(DUE, DUE + late, POLICY) == days


def test_time_zones_are_heeded() -> None:
    """23:59 in Berlin is 22:59 in London."""
    berlin = datetime(2027, 3, 5, 23, 59, tzinfo=timezone(timedelta(hours=1)))
    assert days_late(berlin, datetime(2027, 3, 5, 23, 29, tzinfo=UTC), POLICY) == 0
    assert days_late(berlin, datetime(2027, 3, 5, 23, 30, tzinfo=UTC), POLICY) == 1


def hand_in(item: str, due_day: int, late_days: float) -> HandIn:
    due = DUE + timedelta(days=due_day)
    return HandIn(item, due, due + timedelta(days=late_days))


def test_slip_days_are_spent_in_the_order_of_the_deadlines() -> None:
    """Two of three on the first, the last one on the second, which pays for its other day; nothing for the third."""
    judged = judge([hand_in("third", 20, 1), hand_in("first", 0, 2), hand_in("second", 10, 2)], POLICY)
    assert judged == {
        "first": Lateness(2, 2, 1.0),
        "second": Lateness(2, 1, 0.9),
        "third": Lateness(1, 0, 0.9),
    }


def test_late_work_keeps_at_least_its_share_until_the_last_day() -> None:
    policy = POLICY.model_copy(update={"slip_days": 0})
    judged = judge([hand_in("a", 0, 4), hand_in("b", 1, 6.5), hand_in("c", 2, 7.5)], policy)
    assert [judged[item].keeps for item in "abc"] == [0.6, 0.5, 0.0]


def test_no_slip_day_is_wasted_on_work_that_counts_nothing_anyway() -> None:
    judged = judge([hand_in("hopeless", 0, 9), hand_in("late", 5, 1)], POLICY)
    assert judged["hopeless"] == Lateness(9, 0, 0.0)
    assert judged["late"] == Lateness(1, 1, 1.0)


def test_without_a_policy_nothing_is_taken() -> None:
    assert judge([hand_in("a", 0, 100)], LatePolicy()) == {"a": Lateness(100, 0, 1.0)}
