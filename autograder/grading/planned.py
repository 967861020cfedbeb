"""A submission as it was read: once, so that what is graded is what is hashed and what is copied.

Covered: handed in again, or collected, while it is read, by a rename or in place. Bytes are taken
once the file has been still for `STILL_S`, so not half of the old and half of the new.
Not covered: somebody who stops for longer in the middle of writing. What was read then is most often
no notebook, and the next run finds the change in any case.
"""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass

from autograder.course import Assignment
from autograder.gradebook.autograded_folder import files_beside
from autograder.submissions.find import FoundSubmission

STILL_S = 0.3
MAX_READS = 10


@dataclass(frozen=True)
class Planned:
    """A submission that may be graded: its bytes, those of the files beside it, and what is wrong with it."""

    found: FoundSubmission
    data: bytes
    problems: tuple[str, ...]
    sha256: str
    beside: dict[str, bytes]

    @property
    def submitted_at(self) -> str:
        return self.found.timestamp.isoformat() if self.found.timestamp else ""


def read_submission(found: FoundSubmission, assignment: Assignment) -> Planned:
    """Read notebook and files beside it; never raises for what a submission is."""
    data, problems = b"", found.problems
    for _ in range(MAX_READS):
        before = _changed_at(found)
        data, problems = found.read(assignment.limits.notebook_mib * 2**20)
        # A time in the future is no reason to wait: the clock of the machine that wrote it may differ.
        if before == _changed_at(found) and not 0 <= time.time_ns() - before < STILL_S * 1e9:
            break
        time.sleep(STILL_S)
    sha256 = hashlib.sha256(data).hexdigest() if found.notebook else ""
    return Planned(found, data, problems, sha256, files_beside(found))


def _changed_at(found: FoundSubmission) -> int:
    """When the notebook's file was last changed, in nanoseconds since the epoch; 0 where there is none."""
    try:
        return os.lstat(found.folder / found.notebook).st_mtime_ns if found.notebook else 0
    except OSError:
        return 0
