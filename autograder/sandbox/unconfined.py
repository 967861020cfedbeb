"""No isolation: for code the instructor trusts. The results record that it was used.

Covered: limits on memory, file size and processes; a process of its own. Not covered: everything
else. Student code can read what the user can read, and reach the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class Unconfined:
    """Runs the zygote as a plain process."""

    name = "none"
    confined = False

    def missing(self) -> list[str]:
        return []

    def command(self, python: Sequence[str], readable: Sequence[Path], environment: dict[str, str]) -> list[str]:
        settings = [f"{key}={value}" for key, value in environment.items()]
        return ["/usr/bin/env", "-i", *settings, *python]
