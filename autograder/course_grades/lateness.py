"""The late policy: from times to the share of its mark that late work keeps. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from autograder.course.policy import LatePolicy

DAY_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class HandIn:
    """When something was handed in, and when it had to be. Both have time zones."""

    item: str
    due: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Lateness:
    """What the policy makes of it.

    Attributes:
        days: late, begun ones counted whole.
        slip_days: how many of them were paid for.
        keeps: share of its mark that the work keeps, 0..1.
    """

    days: int = 0
    slip_days: int = 0
    keeps: float = 1.0


ON_TIME = Lateness()


def days_late(due: datetime, at: datetime, policy: LatePolicy) -> int:
    """Days of 24 hours that had begun, the grace left out; 0 for work in time."""
    late = at - due - timedelta(minutes=policy.grace_minutes)
    return max(0, math.ceil(late.total_seconds() / DAY_S))


def judge(hand_ins: Iterable[HandIn], policy: LatePolicy) -> Mapping[str, Lateness]:
    """item -> its lateness, for all hand-ins of one student: slip days are spent in the order of the deadlines."""
    left = policy.slip_days
    judged: dict[str, Lateness] = {}
    for hand_in in sorted(hand_ins, key=lambda h: (h.due, h.item)):
        days = days_late(hand_in.due, hand_in.at, policy)
        if policy.last_day is not None and days > policy.last_day:
            judged[hand_in.item] = Lateness(days, 0, 0.0)  # no slip day is wasted on it
            continue
        slip = min(days, left)
        left -= slip
        judged[hand_in.item] = Lateness(days, slip, _keeps(days - slip, policy))
    return judged


def _keeps(days: int, policy: LatePolicy) -> float:
    if days == 0:
        return 1.0
    return max(policy.at_least_percent, 100.0 - policy.percent_per_day * days) / 100.0
