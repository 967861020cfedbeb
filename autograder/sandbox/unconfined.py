"""No isolation: for code the instructor trusts. The results record that it was used.

Covered: limits on memory, file size and processes; a process of its own. Not covered: everything
else. Student code can read what the user can read, and reach the network.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


class Unconfined:
    """Runs the zygote as a plain process."""

    name = "none"
    confined = False
    student_uid = None

    def missing(self) -> list[str]:
        return []

    @contextmanager
    def launch(
        self, python: Sequence[str], readable: Sequence[Path], environment: dict[str, str]
    ) -> Iterator[tuple[list[str], tuple[int, ...]]]:
        settings = [f"{key}={value}" for key, value in environment.items()]
        yield ["/usr/bin/env", "-i", *settings, *python], ()
