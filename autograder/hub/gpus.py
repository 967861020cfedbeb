"""Which GPUs this machine has, as CUDA will name them; nothing is started on them."""

from __future__ import annotations

import os
import subprocess

ASK = ["nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader"]
PATIENCE_S = 30


def find_gpus() -> tuple[str, ...]:
    """UUIDs; those of CUDA_VISIBLE_DEVICES alone, where that says which. None without NVIDIA's driver."""
    try:
        said = subprocess.run(ASK, capture_output=True, text=True, timeout=PATIENCE_S, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    return visible([line.strip() for line in said.splitlines() if line.strip()], os.environ.get("CUDA_VISIBLE_DEVICES"))


def visible(uuids: list[str], wanted: str | None) -> tuple[str, ...]:
    """As CUDA reads its variable: indices or beginnings of UUIDs, up to the first that names nothing."""
    if wanted is None:
        return tuple(uuids)
    found: list[str] = []
    for name in (part.strip() for part in wanted.split(",")):
        if name.isdecimal() and int(name) < len(uuids):
            found.append(uuids[int(name)])
        elif name.startswith("GPU-") and len(like := [uuid for uuid in uuids if uuid.startswith(name)]) == 1:
            found += like
        else:
            break
    return tuple(found)
