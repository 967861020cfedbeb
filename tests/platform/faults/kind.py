"""A kind of fault: how it strikes, and what the command that met it may say."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.platform.faults.check import Fault
from tests.platform.faults.trial import Trial


@dataclass(frozen=True)
class Kind:
    """One row of the table.

    Attributes:
        name: for the command line.
        what: in words.
        strike: prepares the class, starts the command, does the harm, and waits for its end.
        statuses: exit statuses that the command may end with, besides 0 and 1.
        says: a pattern that it must have printed where it ended with 2.
        mounts: needs file systems of its own, so root.
        rests: whether files are as a grader left them, so that they are looked at before the next run.
    """

    name: str
    what: str
    strike: Callable[[Trial], None]
    statuses: frozenset[int] = frozenset()
    says: str = ""
    mounts: bool = False
    rests: bool = True

    def run(self, trial: Trial) -> None:
        """Strike, and judge."""
        self.strike(trial)
        self._judge_ending(trial)
        if self.rests:
            trial.look()
        trial.finish()

    def _judge_ending(self, trial: Trial) -> None:
        for status, printed in trial.endings:
            if status not in self.statuses | {0, 1}:
                trial.add(Fault.INCONSISTENT, f"ended with {status}: {printed[-600:]}")
            if status == 2 and not re.search(self.says, printed, re.IGNORECASE | re.DOTALL):
                trial.add(Fault.INCONSISTENT, f"does not say what is wrong: {printed[-600:]}")
