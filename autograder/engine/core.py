"""One processor core a worker, which its zygote and the students' processes inherit.

A worker and the student process it asks take turns: while one computes, the other waits. On one core such a
turn costs some ten microseconds; across two it costs a hundred times as much where the other one sleeps or is
busy, and a submission takes hundreds of turns. Where there are fewer cores than workers, the system decides.
"""

from __future__ import annotations

import contextlib
import os


def cores_for(workers: int) -> list[int | None]:
    """A core for each worker, of those that this process may use; None for each where there are not enough."""
    try:
        usable = sorted(os.sched_getaffinity(0))
    except (AttributeError, OSError):  # no Linux
        usable = []
    if not 1 < workers <= len(usable):
        return [None] * workers
    return list(usable[:workers])


def keep_to(core: int | None) -> None:
    """Let this process, and what it starts from now on, run on that core alone."""
    if core is not None:
        with contextlib.suppress(OSError):  # it has been taken away since
            os.sched_setaffinity(0, {core})
