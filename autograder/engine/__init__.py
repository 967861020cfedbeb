"""Notebooks in, results out: worker processes, each with a collected suite and a zygote.

with Engine(course, assignment, workers=2, isolation="bubblewrap") as engine:
    for job, result in engine.run(jobs):
        ...
"""

from autograder.engine.job import Job
from autograder.engine.pool import Engine

__all__ = ["Engine", "Job"]
