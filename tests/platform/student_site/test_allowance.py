"""Attempts and cool-down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from autograder.course.assignment import CheckWork
from autograder.student_site.allowance import allowance

NOON = datetime(2027, 2, 1, 12, tzinfo=UTC)
RULES = CheckWork(attempts=2, cool_down_minutes=30)


def test_without_rules_nothing_is_open() -> None:
    assert not allowance(CheckWork(), [], False, NOON).open


def test_the_first_attempt_is_open_at_once() -> None:
    found = allowance(RULES, [], False, NOON)
    assert (found.left, found.opens, found.open) == (2, None, True)


def test_the_next_one_waits_for_the_cool_down() -> None:
    used = [NOON - timedelta(minutes=29)]
    found = allowance(RULES, used, False, NOON)
    assert (found.left, found.opens, found.open) == (1, NOON + timedelta(minutes=1), False)
    assert allowance(RULES, used, False, NOON + timedelta(minutes=1)).open


def test_none_is_left_however_long_ago() -> None:
    used = [NOON - timedelta(days=5), NOON - timedelta(days=4)]
    assert (allowance(RULES, used, False, NOON).left, allowance(RULES, used, False, NOON).open) == (0, False)


def test_fewer_attempts_than_were_used_leave_none() -> None:
    """An instructor may lower the number during the term."""
    assert allowance(RULES, [NOON - timedelta(days=n) for n in range(1, 5)], False, NOON).left == 0


def test_one_at_a_time() -> None:
    assert not allowance(RULES, [], True, NOON).open
