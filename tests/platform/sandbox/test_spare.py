"""Processes that are forked ahead: taken where they fit and live, never kept, and buried without waiting."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.sandbox.isolation import get_isolation
from autograder.sandbox.process import StudentProcess
from autograder.sandbox.zygote import Zygote
from tests.platform.sandbox.running import LIMITS


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with Zygote(get_isolation("bubblewrap"), ["torch"]) as running:
        running.wait_until_ready()
        yield running


def confined_pids(zygote: Zygote) -> set[int]:
    """Processes at the end of the chain bwrap, waiter, zygote, student, that are no zombies."""
    level = [zygote.pid]
    for _ in range(4):
        level = [int(c) for pid in level for c in _read(f"/proc/{pid}/task/{pid}/children").split()]
    return {pid for pid in level if ") Z " not in _read(f"/proc/{pid}/stat")}


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def wait_for(zygote: Zygote, count: int) -> set[int]:
    deadline = time.monotonic() + 20
    while len(found := confined_pids(zygote)) != count and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(found) == count
    return found


def test_a_spare_is_the_next_process(zygote: Zygote) -> None:
    """No other is forked for it, and it answers."""
    zygote.fork_ahead(LIMITS)
    zygote.fork_ahead(LIMITS)  # there is one already
    before = wait_for(zygote, 1)
    process = StudentProcess(zygote, LIMITS)
    assert confined_pids(zygote) == before
    assert process.ask({"op": "noticed"}, 5)["ok"]
    process.kill()
    wait_for(zygote, 0)


def test_a_spare_with_other_limits_is_not_used(zygote: Zygote) -> None:
    """It ends, and one with the limits that were asked for takes its place."""
    zygote.fork_ahead({**LIMITS, "memory_mib": LIMITS["memory_mib"] + 1})
    (spare,) = wait_for(zygote, 1)
    process = StudentProcess(zygote, LIMITS)
    assert wait_for(zygote, 1) != {spare}
    process.kill()


def test_a_spare_that_was_killed_is_not_used(zygote: Zygote) -> None:
    """Where memory runs out the machine ends whatever runs in the sandbox first: no student may pay for it."""
    zygote.fork_ahead(LIMITS)
    (spare,) = wait_for(zygote, 1)
    os.kill(spare, signal.SIGKILL)
    wait_for(zygote, 0)
    process = StudentProcess(zygote, LIMITS)
    assert process.ask({"op": "noticed"}, 5)["ok"]
    process.kill()


def test_who_is_dismissed_is_gone_before_the_next_process(zygote: Zygote) -> None:
    """Two students' processes never run at the same time, and a spare that waits has run nothing."""
    first = StudentProcess(zygote, LIMITS)
    (pid,) = wait_for(zygote, 1)
    zygote.fork_ahead(LIMITS)
    first.dismiss()
    second = StudentProcess(zygote, LIMITS)
    assert pid not in confined_pids(zygote)
    assert second.ask({"op": "noticed"}, 5)["ok"]
    second.dismiss()
    second.dismiss()  # once is enough
    assert second.kill() == ""
