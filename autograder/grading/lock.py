"""One grader at a time on one assignment's data."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from autograder.course import Assignment, Course
from autograder.errors import UsageError


@contextmanager
def only_grader(course: Course, assignment: Assignment) -> Iterator[None]:
    """Hold the assignment's lock; the kernel lets go of it however this process ends.

    Raises:
        UsageError: another process holds it.
    """
    course.state.mkdir(parents=True, exist_ok=True)
    path = course.state / f"{assignment.name}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip()
            raise UsageError(
                f"Another grader (process {holder or 'unknown'}) is at work on {assignment.name!r}. "
                "Wait until it has finished, then run this again."
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)
