"""Every error that the platform raises on purpose.

    AutograderError                    shown to the user as one message, without a traceback
    ├── ConfigurationError             a file the instructor wrote is wrong: all its problems at once   (exit 2)
    ├── UsageError                     a command was asked for something that does not exist            (exit 2)
    ├── AuthoringError                 a master notebook or reference cannot be turned into a release   (exit 2)
    ├── IsolationError                 no sandbox can be had on this machine                            (exit 2)
    ├── GradebookError                 the gradebook cannot be opened or written                        (exit 2)
    └── SuiteError                     a hidden suite cannot be collected                               (exit 2)

What a *student* did wrong is never an exception of this tree: it is a value in the results.

For the databases, which refuse in words of their own, also what a person can do about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class AutograderError(Exception):
    """A problem with a message that a person can act on: what, where, why, and the cure."""


class UsageError(AutograderError):
    """The command line names something that is not there."""


class AuthoringError(AutograderError):
    """A master notebook or a reference file cannot be turned into a release."""


class IsolationError(AutograderError):
    """The isolation that was asked for cannot be had on this machine."""


class GradebookError(AutograderError):
    """nbgrader's gradebook, or a database beside it, cannot be opened, read or written, or is of another schema."""


class SuiteError(AutograderError):
    """A hidden suite cannot be collected, or contradicts its assignment.toml."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong in one file. `line` is 1-based, or 0 where the whole file is meant."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else str(self.path)
        return f"{place}: {self.message}"


class ConfigurationError(AutograderError):
    """Configuration that does not hold together. Carries every problem that was found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(p) for p in self.problems))


CURES = {
    "close the program that holds it": ("locked",),
    "make the file and its folder writable": ("readonly", "Read-only", "Permission", "unable to open"),
    "restore it from a backup": ("malformed", "not a database", "no such table", "no such column"),
    "see whether the disk is full": ("is full", "disk I/O", "No space", "Input/output"),
}


def database_cure(reason: str) -> str:
    """What to do about a database that refuses, from its own words; the middle of a sentence."""
    fitting = (cure for cure, signs in CURES.items() if any(sign in reason for sign in signs))
    return next(fitting, "see whether the file is whole and the disk has room")
