"""A bound on what the trusted side itself takes.

Tests compute with what student code returned: a tensor of 256 MiB that meets another shape can
grow to any size. Beyond the bound the test that does so fails, instead of the machine.
"""

from __future__ import annotations

import glob
import resource
from pathlib import Path

WORKER_MIB = 4096  # beyond what it holds when it starts: some results of the largest size, and what tests make of them


def limit_own_memory(more_mib: int = WORKER_MIB) -> None:
    """Let this process take `more_mib` more. Children may raise the limit again: sandboxes have their own."""
    if glob.glob("/dev/nvidia*"):
        return  # CUDA reserves far more than it uses
    limit = _data_bytes() + more_mib * 2**20
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


def _data_bytes() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return int(status.partition("VmData:")[2].split()[0]) * 1024
