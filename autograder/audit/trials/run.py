"""Start the process that runs trials, and hand out what it finds."""

from __future__ import annotations

import multiprocessing
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection

from autograder.audit.trials.model import Trial, TrialResult
from autograder.course import Assignment, Course
from autograder.engine.start import without_main
from autograder.errors import AutograderError, SuiteError


def try_all(course: Course, assignment: Assignment, trials: Sequence[Trial], workers: int) -> Iterator[TrialResult]:
    """Run trials of one assignment, `workers` at a time; each comes back once, in order of completion.

    Raises:
        SuiteError: the suite cannot be collected, or the process that runs the trials has died.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(course, assignment, tuple(trials), workers, theirs))
    with without_main():
        process.start()
    theirs.close()
    try:
        for _ in trials:
            kind, value = ours.recv()
            if kind == "broken":
                raise value if isinstance(value, AutograderError) else SuiteError(str(value))
            yield value
    except (EOFError, ConnectionError):
        raise SuiteError(f"The process that runs the trials of {assignment.name} died.") from None
    finally:
        ours.close()
        process.join(timeout=5)
        if process.is_alive():
            process.terminate()
            process.join()


def _serve(
    course: Course, assignment: Assignment, trials: tuple[Trial, ...], workers: int, connection: Connection
) -> None:
    """Run in the process that is started: sends ("result", TrialResult) for each trial, or ("broken", error)."""
    os.environ["PYTORCH_NVML_BASED_CUDA_CHECK"] = "1"  # looking for a GPU must not start CUDA, which no fork survives
    # Several processes side by side: with a pool of threads in each they wait for each other, and run out of time.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"  # nor may a trial's two threads spin away its time while they wait
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115  (for the process's whole life)
    try:
        from autograder.audit.trials.session import serve_trials  # imports torch

        serve_trials(course, assignment, trials, workers, lambda result: connection.send(("result", result)))
    except AutograderError as error:
        connection.send(("broken", error))
    except BrokenPipeError:
        pass  # the audit was interrupted
    except Exception:
        connection.send(("broken", f"The trials of {assignment.name} broke:\n{traceback.format_exc()}"))
    connection.close()
    os._exit(0)  # everything is sent; torch's own tidying up takes a second and complains
