"""Run the command line as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str

    @property
    def all(self) -> str:
        return self.out + self.err


def autograder(*arguments: str | Path, cwd: Path | None = None, timeout_s: float = 300) -> Ran:
    """The command with these arguments, in a plain terminal of 120 columns."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120", "NO_COLOR": "1", "TERM": "dumb"}
    environment.pop("AUTOGRADER_DATA", None)
    done = subprocess.run(
        [sys.executable, "-m", "autograder.cli.main", *map(str, arguments)], cwd=cwd, env=environment,
        capture_output=True, text=True, timeout=timeout_s, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return Ran(done.returncode, done.stdout, done.stderr)
