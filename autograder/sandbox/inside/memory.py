"""Memory of a student's process together with all processes that it started.

A limit of the kernel's (RLIMIT_DATA) holds for each process alone; many of them could take many
times as much. So the zygote looks every `INTERVAL_S`, and ends a child whose processes together
hold `TOGETHER` times what one may.

Covered: anonymous memory, shared mappings. Not covered: what is taken and given back between two
looks; files in /tmp and /dev/shm, which have limits of their own; GPU memory.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import NamedTuple

INTERVAL_S = 0.1
TOGETHER = 2.0
KIB = 1024


class _Process(NamedTuple):
    parent: int
    pid: int  # in the zygote's own namespace
    held: int  # bytes


class Memory:
    """Looks at the processes below this one. Make it after everything is imported, before any fork."""

    def __init__(self) -> None:
        own = _status("self")
        self._levels = len(own["NSpid"])
        self._inherited = _kib(own, "RssAnon")

    def held_by(self, children: Collection[int]) -> dict[int, int]:
        """Child (the number that fork gave) -> bytes that it and its descendants hold beyond what they inherited."""
        found = self._processes()
        roots = {number: process.pid for number, process in found.items() if process.pid in children}
        held = dict.fromkeys(children, 0)
        for number, process in found.items():
            root = _root(number, found, roots)
            if root is not None:
                held[root] += process.held
        return held

    def _processes(self) -> dict[int, _Process]:
        """By the number that /proc knows them under, which is that of an outer namespace."""
        found = {}
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            try:
                status = _status(name)
                numbers = status["NSpid"]
                if len(numbers) >= self._levels:
                    anonymous = max(0, _kib(status, "RssAnon") - self._inherited)
                    held = anonymous + _kib(status, "RssShmem")
                    found[int(name)] = _Process(int(status["PPid"][0]), int(numbers[self._levels - 1]), held)
            except (OSError, KeyError, ValueError):
                continue  # it has just ended, or is a thread of the kernel
        return found


def _root(number: int, found: dict[int, _Process], roots: dict[int, int]) -> int | None:
    """The child that this process descends from; orphans are adopted by it, as it is process 1 of its namespace."""
    for _ in range(len(found) + 1):
        if number in roots:
            return roots[number]
        if number not in found:
            return None
        number = found[number].parent
    return None


def _status(name: str) -> dict[str, list[str]]:
    with open(f"/proc/{name}/status", encoding="ascii", errors="replace") as file:
        lines = (line.partition(":") for line in file)
        return {key: value.split() for key, _, value in lines}


def _kib(status: dict[str, list[str]], key: str) -> int:
    return int(status[key][0]) * KIB if key in status else 0
