"""Who may have work checked, and when again. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from autograder.course.assignment import CheckWork


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left to a student for one assignment.

    Attributes:
        left: attempts.
        opens: when the next one may be used; None for now.
        waiting: whether one is in the queue.
    """

    left: int
    opens: datetime | None = None
    waiting: bool = False

    @property
    def open(self) -> bool:
        return self.left > 0 and self.opens is None and not self.waiting


def allowance(rules: CheckWork, used: Sequence[datetime], waiting: bool, now: datetime) -> Allowance:
    """From the times at which attempts that count were used.

    Args:
        waiting: whether the student has a check of any assignment in the queue: one at a time, so that nobody fills it.
    """
    opens = max(used) + timedelta(minutes=rules.cool_down_minutes) if used else now
    return Allowance(max(0, rules.attempts - len(used)), opens if opens > now else None, waiting)
