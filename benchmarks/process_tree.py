"""What a command and everything that it started use, read from /proc while they run.

`getrusage` will not do: when a pid namespace ends, the kernel discards the processor time of the processes in it.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def process_tree(root: int) -> list[int]:
    """`root` and its descendants, also those in namespaces of their own."""
    found = [root]
    for pid in found:  # grows while it is gone through
        with contextlib.suppress(OSError):  # it has ended
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                found.extend(int(child) for child in children.read_text(encoding="utf-8").split())
    return found


def cpu_s(pid: int) -> float:
    """User and system seconds of a process and of its children that have ended; 0 where it has ended itself."""
    with contextlib.suppress(OSError):
        after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
        return sum(int(ticks) for ticks in after_name.split()[11:15]) / TICKS_PER_S
    return 0.0


def memory_bytes(pid: int) -> float:
    """Memory with shared pages divided among their users (PSS).

    Where that may not be read: resident minus shared pages, which is a little too low.
    """
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines():
            if line.startswith("Pss:"):
                return float(line.split()[1]) * 1024
    with contextlib.suppress(OSError):
        _, resident, shared = Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[:3]
        return float(os.sysconf("SC_PAGE_SIZE") * (int(resident) - int(shared)))
    return 0.0
