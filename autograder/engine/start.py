"""The worker's entry point. Apart, so that starting one does not import torch into the pool's process."""

from __future__ import annotations

import os
from multiprocessing.connection import Connection

from autograder.course import Assignment, Course


def run_worker(course: Course, assignment: Assignment, isolation: str, connection: Connection) -> None:
    """Run in the worker process."""
    from autograder.engine.worker import WorkerSettings, work

    work(WorkerSettings(course, assignment, isolation), connection)
    connection.close()
    os._exit(0)  # everything is closed; torch's own tidying up takes a second
