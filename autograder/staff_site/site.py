"""What all pages share: the course, and records that are read once."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from autograder.course import Assignment
from autograder.grading.records import Record, load_records, record_path
from autograder.staff.queue import Entry, open_queue
from autograder.web.website import Website

SETTLED_S = 2  # a folder that changed more recently may change again without a new time


@dataclass
class Site(Website):
    """One course's site for staff."""

    templates = Path(__file__).parent / "templates"
    _records: dict[str, tuple[int, tuple[Record, ...]]] = field(default_factory=dict)
    _reading: threading.Lock = field(default_factory=threading.Lock)

    def queue(self, assignment: Assignment) -> list[Entry]:
        """What is open now. Raises as `open_queue` does."""
        return open_queue(self.course, assignment, self.records(assignment))

    def records(self, assignment: Assignment) -> tuple[Record, ...]:
        """Everybody's, read again only where one was written since."""
        changed = self.graded_ns(assignment)
        with self._reading:
            known = self._records.get(assignment.name)
            if known is None or known[0] != changed:
                known = (changed, load_records(self.course, assignment))
                if time.time_ns() - changed > SETTLED_S * 10**9:
                    self._records[assignment.name] = known
            return known[1]

    def graded_ns(self, assignment: Assignment) -> int:
        """When a record was last written, in nanoseconds since 1970; 0 for never."""
        return modified_ns(record_path(self.course, assignment, "any").parent)


def modified_ns(path: Path) -> int:
    """0 where there is no such file."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
