"""The worker's entry point. Apart, so that starting one does not import torch into the pool's process."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from types import ModuleType

from autograder.course import Course
from autograder.end_with_parent import end_with_parent
from autograder.engine.core import keep_to


def run_worker(course: Course, isolation: str, core: int | None, connection: Connection) -> None:
    """Run in the worker process."""
    from autograder.engine.worker import WorkerSettings, work

    end_with_parent()
    os.chdir(course.root)  # not where the caller is: nbgrader goes into temporary folders, and removes them
    keep_to(core)
    work(WorkerSettings(course, isolation), connection)
    connection.close()
    os._exit(0)  # everything is closed; torch's own tidying up takes a second


@contextmanager
def without_main() -> Iterator[None]:
    """Start processes inside this: multiprocessing would have them run the caller's script again.

    A worker needs nothing of it, and a script without `if __name__ == "__main__":` would start
    graders that start graders. Other threads see the empty module meanwhile.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
