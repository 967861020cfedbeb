"""A zygote that is ended while it starts leaves nothing behind."""

from __future__ import annotations

import os
import time
from pathlib import Path

from autograder.sandbox.isolation import get_isolation
from autograder.sandbox.zygote import Zygote

ROUNDS = 20


def _alive() -> set[int]:
    """Processes of bubblewrap that are no zombies."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            name, _, rest = (process / "stat").read_text().partition("(")[2].rpartition(")")
        except OSError:  # gone
            continue
        if name == "bwrap" and rest.split()[0] != "Z" and os.stat(process).st_uid == os.getuid():
            found.add(int(process.name))
    return found


def test_ended_in_its_first_moments_it_leaves_no_process() -> None:
    """Before: its child waited for ever for a word of the one that was killed, in three of four cases."""
    before, isolation = _alive(), get_isolation("bubblewrap")
    for number in range(ROUNDS):
        zygote = Zygote(isolation, ())
        time.sleep(number / 1000)
        zygote.close()
    until = time.monotonic() + 5
    while (left := _orphans() - before) and time.monotonic() < until:
        time.sleep(0.05)
    assert left == set()


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _orphans() -> set[int]:
    """Those whose parent is no bubblewrap and no Python: nobody will end them."""
    return {pid for pid in _alive() if _parent(pid) == 1}
