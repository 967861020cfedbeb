"""Workers and zygotes that die: no submission is lost, and none is graded as if nothing had been."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.course import Course
from autograder.engine import Engine, Job
from autograder.engine import crew as crew_module
from autograder.engine import pool as pool_module
from autograder.engine.crew import Crew, Worker
from autograder.engine.worker import WorkerSettings, ZygoteSupply
from autograder.errors import IsolationError
from autograder.results import Status
from tests.platform.engine.tiny import MAX_SCORE, RIGHT, notebook, tiny, with_cells
from tests.platform.sandbox.running import LIMITS

pytestmark = pytest.mark.slow
SLOW_CELL = "import time\ntime.sleep(1.5)"


def children(pid: int) -> list[int]:
    """Processes that this one started."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == pid:
                found.append(int(folder.name))
    return found


def worker_pids(engine: Engine) -> list[int]:
    return [worker.process.pid for worker in engine.workers]


def kill_soon(pid: int, after_s: float = 0.6) -> threading.Timer:
    timer = threading.Timer(after_s, os.kill, (pid, signal.SIGKILL))
    timer.start()
    return timer


@pytest.fixture
def engine(course: Course) -> Iterator[Engine]:
    with Engine(course, tiny(course), workers=2) as running:
        yield running


def test_a_worker_that_is_killed_loses_no_submission(engine: Engine, course: Course) -> None:
    """Its job is done again by another worker, the others are not disturbed."""
    kill_soon(worker_pids(engine)[0])
    kill_soon(worker_pids(engine)[1], 1.0)
    jobs = [Job(f"s{n}", with_cells(course, [SLOW_CELL])) for n in range(4)]
    found = list(engine.run(jobs))
    assert sorted(job.student for job, _ in found) == ["s0", "s1", "s2", "s3"]
    assert all((result.status, result.score) == (Status.GRADED, MAX_SCORE) for _, result in found)


def test_a_submission_on_which_workers_die_twice_is_reported(course: Course) -> None:
    """As unreadable, with the reason, nothing earned, and those after it are graded."""
    with Engine(course, tiny(course), workers=1) as engine:
        stop = threading.Event()

        def assassin() -> None:
            killed: set[int] = set()
            while not stop.is_set() and len(killed) < 2:
                pid = worker_pids(engine)[0]
                # A worker that has forked a student's process is at work on a job.
                if pid not in killed and students_of(pid):
                    os.kill(pid, signal.SIGKILL)
                    killed.add(pid)
                time.sleep(0.05)

        thread = threading.Thread(target=assassin)
        thread.start()
        ((_, result),) = engine.run([Job("unlucky", with_cells(course, ["import time\ntime.sleep(4)"]))])
        stop.set()
        thread.join()
        assert (result.student, result.status, result.score) == ("unlucky", Status.UNREADABLE, 0)
        assert any("died twice" in problem and "by hand" in problem for problem in result.problems)
        assert [q.name for q in result.questions] == ["scale", "total", "Shift"]
        ((_, result),) = engine.run([Job("next", notebook(course))])
        assert result.score == MAX_SCORE


def students_of(worker: int) -> list[int]:
    """Student processes below a worker: the descendants at the end of the chain bwrap, waiter, zygote, student."""
    level = [worker]
    for _ in range(5):
        level = [child for pid in level for child in children(pid)]
    return level


def test_a_zygote_that_is_killed_is_started_again(course: Course) -> None:
    """Between two submissions, and in the middle of one: the test it hits is lost at most, never the submission."""
    with Engine(course, tiny(course), workers=1) as engine:
        (worker,) = worker_pids(engine)

        def zygote() -> int:
            (bwrap,) = children(worker)
            return bwrap

        first = zygote()
        os.kill(first, signal.SIGKILL)
        ((_, result),) = engine.run([Job("between", notebook(course))])
        assert (result.status, result.score) == (Status.GRADED, MAX_SCORE)
        assert zygote() != first
        kill_soon(zygote(), 0.8)
        ((_, result),) = engine.run([Job("during", with_cells(course, [SLOW_CELL]))])
        assert result.score == MAX_SCORE
        assert worker_pids(engine) == [worker]
        ((_, result),) = engine.run([Job("after", notebook(course))])
        assert (result.status, result.score) == (Status.GRADED, MAX_SCORE)


def test_a_worker_that_hangs_is_replaced(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is stopped by SIGSTOP here; the pool's deadline for a submission finds it."""
    monkeypatch.setattr(pool_module, "SPARE_S", -37.0)  # a deadline of three seconds
    with Engine(course, tiny(course), workers=1) as engine:
        os.kill(worker_pids(engine)[0], signal.SIGSTOP)
        ((_, result),) = engine.run([Job("ada", notebook(course))])
        assert (result.status, result.score) == (Status.GRADED, MAX_SCORE)


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGSTOP])
def test_a_worker_that_is_gone_before_it_is_ready_is_replaced(
    course: Course, monkeypatch: pytest.MonkeyPatch, sign: signal.Signals
) -> None:
    """Killed, or hung: a class is graded all the same."""
    put_in_place_of = Crew._put_in_place_of

    def with_all_the_time(crew: Crew, *arguments: Any) -> Any:
        monkeypatch.setattr(crew_module, "START_TIMEOUT_S", 300.0)
        return put_in_place_of(crew, *arguments)

    monkeypatch.setattr(Crew, "_put_in_place_of", with_all_the_time)
    with Crew(course, 1) as crew:
        crew._wait_for_start()
        first = crew.workers[0].process.pid
        os.kill(first, sign)
        monkeypatch.setattr(crew_module, "START_TIMEOUT_S", 1.0)
        with Engine(course, tiny(course), crew=crew) as engine:
            assert worker_pids(engine) != [first]
            ((_, result),) = engine.run([Job("ada", notebook(course))])
            assert (result.status, result.score) == (Status.GRADED, MAX_SCORE)


def test_workers_that_are_gone_each_time_are_given_up(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command says so; it does not try for ever."""
    start = Crew._start
    started = []

    def stillborn(crew: Crew, core: int | None) -> Worker:
        worker = start(crew, core)
        os.kill(worker.process.pid, signal.SIGKILL)
        started.append(worker)
        return worker

    monkeypatch.setattr(Crew, "_start", stillborn)
    with pytest.raises(IsolationError, match="died while it started"), Engine(course, tiny(course), workers=1):
        pass
    assert len(started) == 2


def test_a_sandbox_that_is_killed_before_it_is_ready_is_started_again(course: Course) -> None:
    """The worker that waits for it notices nothing but the time."""
    supply = ZygoteSupply(WorkerSettings(course, "bubblewrap"))
    try:
        os.kill(supply._zygote.pid, signal.SIGKILL)
        supply.wait_until_ready()
        supply.start_process(LIMITS).kill()
    finally:
        supply.close()


def test_a_worker_does_not_need_the_folder_that_it_was_started_from(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """nbgrader works in temporary folders, and removes them. Before: the worker could not collect its suite."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.chdir(folder)
    with Crew(course, 1) as crew:
        crew._wait_for_start()
        until = time.monotonic() + 60
        while not children(crew.workers[0].process.pid) and time.monotonic() < until:
            time.sleep(0.01)  # until it has begun its work
        monkeypatch.chdir(tmp_path)
        folder.rmdir()
        assert crew.take_up(tiny(course))


def test_an_engine_that_is_closed_leaves_no_process(course: Course) -> None:
    """Neither workers nor zygotes nor students, also when it is left in the middle of a run."""
    with Engine(course, tiny(course), workers=2) as engine:
        pids = worker_pids(engine)
        below = [pid for worker in pids for pid in children(worker)]
        running = engine.run([Job(f"s{n}", with_cells(course, [SLOW_CELL])) for n in range(4)])
        next(running)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and any(map(alive, [*pids, *below])):
        time.sleep(0.1)
    assert [pid for pid in [*pids, *below] if alive(pid)] == []


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_run_that_is_left_with_busy_workers_can_be_followed(engine: Engine, course: Course) -> None:
    """Answers of the first run do not turn up in the second."""
    running = engine.run([Job(f"old{n}", with_cells(course, [SLOW_CELL])) for n in range(4)])
    next(running)
    running.close()  # type: ignore[attr-defined]
    found = list(engine.run([Job(f"new{n}", notebook(course)) for n in range(3)]))
    assert sorted(result.student for _, result in found) == ["new0", "new1", "new2"]
    assert all(result.score == MAX_SCORE for _, result in found)


def test_the_submissions_budget_ends_it(course: Course) -> None:
    """Slow in every cell and every call: a result within the budget, each test told why it was not run."""
    # Every call sleeps for almost as long as it may; every cell too.
    slow = {
        "scale": "import time\ntime.sleep(5)\ndef scale(x, factor):\n    time.sleep(2.5)\n    return x * factor",
        "total": "time.sleep(5)\ndef total(x):\n    time.sleep(2.5)\n    return 2 * x.sum()",
        "Shift": f"time.sleep(5)\n{RIGHT['Shift']}",
    }
    assignment = tiny(course)
    object.__setattr__(assignment, "limits", assignment.limits.model_copy(update={"submission_timeout_s": 12.0}))
    with Engine(course, assignment, workers=1) as engine:
        start = time.monotonic()
        ((_, result),) = engine.run([Job("slow", with_cells(course, ["time = __import__('time')"], slow))])
        assert time.monotonic() - start < 40
        assert result.score < MAX_SCORE
        tests = [test for question in result.questions for test in question.tests]
        assert any("time was used up" in test.hint for test in tests)


def test_no_isolation_no_engine(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """It refuses to start, with the reason and the cure; nothing is graded without being asked for."""
    from autograder.engine import worker

    assert worker  # imported here so that the fork server's copy is not the only one
    with (
        pytest.raises(IsolationError, match="There is no isolation 'docker'"),
        Engine(course, tiny(course), isolation="docker"),
    ):
        pass


GRADER = """
from pathlib import Path
from autograder.course import find_course
from autograder.engine import Engine, Job

course = find_course(Path({root!r}))
with Engine(course, course.assignment("tiny"), workers=1) as engine:
    print(engine.workers[0].process.pid, flush=True)
    list(engine.run([Job("s", Path({notebook!r}).read_bytes())]))
"""


def test_a_killed_grader_takes_its_workers_along(course: Course, tmp_path: Path) -> None:
    """In the middle of a submission that would run for long, and its student's process with them."""
    (tmp_path / "slow.ipynb").write_bytes(with_cells(course, ["import time\ntime.sleep(30)"]))
    script = GRADER.format(root=str(course.root), notebook=str(tmp_path / "slow.ipynb"))
    grader = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert grader.stdout is not None
    worker = int(grader.stdout.readline())
    time.sleep(0.5)
    started = [worker, *children(worker)]
    assert len(started) > 1
    grader.kill()
    grader.wait()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and any(map(alive, started)):
        time.sleep(0.05)
    assert not [pid for pid in started if alive(pid)]
