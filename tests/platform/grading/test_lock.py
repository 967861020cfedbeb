"""One grader at a time, and a grader that is killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder.course import Course, find_course
from autograder.errors import UsageError
from autograder.grading import GradeOptions, grade_assignment
from autograder.grading.lock import only_grader
from autograder.grading.records import load_run, record_path
from tests.platform.engine.tiny import MAX_SCORE, make_course, submit, tiny, with_cells

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.slow


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path / "course")


def test_a_second_grader_is_told_who_is_at_work(course: Course) -> None:
    """With the process that holds the lock, and what to do."""
    with only_grader(course, tiny(course)):
        with pytest.raises(UsageError, match=rf"process {os.getpid()}\) is at work on 'tiny'.*Wait"):
            grade_assignment(course, tiny(course), GradeOptions(workers=1))
        with pytest.raises(UsageError), only_grader(course, tiny(course)):
            pass
    with only_grader(course, tiny(course)):
        pass


def test_a_lock_of_a_dead_process_holds_nobody(course: Course) -> None:
    """The kernel lets go of it; a file that is left over means nothing."""
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom autograder.course import find_course\n"
        "from autograder.grading.lock import only_grader\ncourse = find_course(Path(sys.argv[1]))\n"
        "with only_grader(course, course.assignment('tiny')):\n    print('locked', flush=True)\n    time.sleep(600)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    holder = subprocess.Popen([sys.executable, "-c", code, str(course.root)], env=environment, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"locked\n"
    with pytest.raises(UsageError, match=f"process {holder.pid}"), only_grader(course, tiny(course)):
        pass
    holder.kill()
    holder.wait()
    holder.stdout.close()
    assert (course.state / "tiny.lock").is_file()
    with only_grader(course, tiny(course)):
        pass


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_stopped_is_finished_by_the_next(course: Course, sign: signal.Signals) -> None:
    """Killed without a word, or by Ctrl-C: nothing is half written, no worker lives on, and the next run completes."""
    students = [f"s{n}" for n in range(6)]
    for student in students:
        submit(course, student, with_cells(course, ["import time\ntime.sleep(1.2)"]))
    # Groups of one, so that results are written as they come and the moment in which it is stopped matters.
    code = (
        "import sys\nfrom autograder.grading import grade\ngrade.BATCH_SIZE = 1\n"
        "from autograder.cli.main import main\nsys.argv = ['autograder', *sys.argv[1:]]\nmain()\n"
    )
    command = [sys.executable, "-c", code, "--course", str(course.root), "grade", "tiny", "--workers", "2"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    running = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 120
    while not any(record_path(course, tiny(course), s).is_file() for s in students):
        assert running.poll() is None, running.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.02)
    running.send_signal(sign)
    printed, _ = running.communicate(timeout=60)
    if sign is signal.SIGINT:
        assert running.returncode == 130, printed
        assert "What was finished is kept" in printed
    done = {s.student for s in load_run(course, tiny(course)).submissions}
    assert 0 < len(done) < len(students)
    assert not [p for p in course.data.rglob("*") if p.name.startswith(".") and p.suffix == ".tmp"]
    kept = {s: record_path(course, tiny(course), s).read_bytes() for s in done}

    run = grade_assignment(find_course(course.root), tiny(course), GradeOptions(workers=2))
    assert {s.student: s.score for s in run.submissions} == dict.fromkeys(students, MAX_SCORE)
    assert {s: record_path(course, tiny(course), s).read_bytes() for s in done} == kept
    assert not [p for p in _command_lines() if str(course.root) in p]


def _command_lines() -> list[str]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
            except OSError:
                continue
    return found
