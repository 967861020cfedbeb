"""Submissions that change while they are graded, clocks that go backwards, two graders at once, later phases killed."""

from __future__ import annotations

import os
import shutil
import signal
import time

from tests.platform.faults.classroom import NAME, NEW, OLD, STAMPS, STUDENTS, hand_in
from tests.platform.faults.grader import REPOSITORY, Command
from tests.platform.faults.kind import Kind
from tests.platform.faults.processes import catches, end, family
from tests.platform.faults.storage import check_report, report_again
from tests.platform.faults.trial import Trial

CHUNK = 700  # bytes; an in-place writer's steps
AT_WORK = r"is at work on 'tiny'.*Wait"
CLOCK = '''"""The clock is set back at some moment."""
import os, time
began, after, jump = time.monotonic(), float(os.environ["FAULT_AFTER_S"]), float(os.environ["FAULT_BACK_S"])
now, now_ns = time.time, time.time_ns
def back():
    return jump if time.monotonic() - began > after else 0.0
time.time = lambda: now() - back()
time.time_ns = lambda: now_ns() - int(back() * 1e9)
'''


def _some(trial: Trial) -> list[str]:
    return trial.random.sample(STUDENTS, trial.random.randint(1, 4))


def _handed_in_again(trial: Trial, student: str) -> None:
    trial.versions[student] = NEW
    trial.changed.add(student)


def _replaced(trial: Trial) -> None:
    """By renaming, as a collector does that is careful."""
    trial.prepare()
    command = trial.grade()
    trial.at_random_moment(command)
    for student in _some(trial):
        hand_in(trial.course, NEW, student, trial.scene.contents[NEW][student])
        _handed_in_again(trial, student)
    trial.wait(command)


def _overwritten(trial: Trial) -> None:
    """In place, bit by bit, beginning while the grader reads."""
    trial.prepare()
    command = trial.grade()
    if trial.random.random() < 0.5:
        trial.until(command, lambda: (trial.data / "gradebook.db").exists())  # reading comes next
        time.sleep(trial.random.uniform(0, 0.1))
    else:
        trial.at_random_moment(command)
    trial.struck = command.alive
    for student in _some(trial):
        folder = trial.course.submitted / student / NAME
        content = trial.scene.contents[NEW][student]
        with open(folder / f"{NAME}.ipynb", "r+b", buffering=0) as file:
            for start in range(0, len(content), CHUNK):
                file.write(content[start : start + CHUNK])
                time.sleep(0.001)
            file.truncate(len(content))
        (folder / "timestamp.txt").write_text(STAMPS[NEW])
        _handed_in_again(trial, student)
    trial.wait(command)


def _deleted(trial: Trial) -> None:
    """The whole folder; it comes back before the next run."""
    trial.prepare()
    command = trial.grade()
    trial.at_random_moment(command)
    for student in _some(trial):
        shutil.rmtree(trial.course.submitted / student)
        trial.mend.append(lambda s=student: hand_in(trial.course, OLD, s, trial.scene.contents[OLD][s]))
        trial.changed.add(student)
    trial.wait(command)


def _clock_back(trial: Trial) -> None:
    """While grading; then work handed in again looks older than what was graded, and records are of the future."""
    trial.prepare()
    (trial.folder / "clock").mkdir()
    (trial.folder / "clock" / "sitecustomize.py").write_text(CLOCK)
    back_s = trial.random.choice([1.0, 3600.0, 86400.0, 10 * 365 * 86400.0])
    environment = {
        "PYTHONPATH": f"{trial.folder / 'clock'}{os.pathsep}{REPOSITORY}",
        "FAULT_AFTER_S": str(trial.random.uniform(0, 1) * trial.scene.seconds["grade"]),
        "FAULT_BACK_S": str(back_s),
    }
    trial.wait(trial.grade(fresh=True, environment=environment))
    trial.struck = True
    trial.mend.append(lambda: _older_work(trial, back_s))


def _older_work(trial: Trial, back_s: float) -> None:
    for path in (*trial.data.glob(f".autograder/results/{NAME}/*"), *trial.data.glob("autograded/*/*/*")):
        os.utime(path, (time.time() + back_s, time.time() + back_s))
    for student in _some(trial):
        hand_in(trial.course, NEW, student, trial.scene.contents[NEW][student])
        os.utime(trial.course.submitted / student / NAME / f"{NAME}.ipynb", (1e9, 1e9))
        _handed_in_again(trial, student)


def _two_graders(trial: Trial) -> None:
    """The second begins at a random moment of the first; both go on to feedback."""
    trial.feedback = True
    trial.prepare()
    first = trial.grade()
    trial.at_random_moment(first)
    second = trial.grade()
    trial.wait(first)
    trial.wait(second)


def _feedback_killed(trial: Trial) -> None:
    """kill -9 of the grader once it makes pages."""
    trial.feedback = True
    trial.prepare("graded")
    command = trial.grade()
    _page_by_page(trial, command)
    trial.struck = end(command.pid)
    trial.wait(command)


def _feedback_process_killed(trial: Trial) -> None:
    """kill -9 of one that makes pages for it."""
    trial.feedback = True
    trial.prepare("graded")
    command = trial.grade()
    _page_by_page(trial, command)
    makers = family(command.pid).workers
    trial.struck = bool(makers) and end(trial.random.choice(makers))
    trial.wait(command)


def _page_by_page(trial: Trial, command: Command) -> None:
    """Until a random number of pages is there, or the processes that make them."""
    count = trial.random.randint(0, len(STUDENTS) - 1)
    pages = trial.data / "feedback"
    trial.until(command, lambda: family(command.pid).workers and len(list(pages.glob(f"*/*/{NAME}.html"))) >= count)
    time.sleep(trial.random.uniform(0, 0.1))


def _report_killed(trial: Trial) -> None:
    """It takes half a second on this class: where the moment comes too late, another is drawn."""
    trial.prepare(trial.random.choice(["graded", "with-report"]))
    for _ in range(REPORT_TRIES):
        _report_until_killed(trial)
        check_report(trial)
        if trial.struck:
            break
    trial.mend.append(lambda: report_again(trial))


def _report_until_killed(trial: Trial) -> None:
    command = trial.report()
    trial.until(command, lambda: catches(command.pid, signal.SIGTERM))
    folder = trial.data / "reports" / NAME
    if trial.random.random() < 0.5:
        trial.until(command, lambda: any(folder.glob(".*")))  # it is writing
    else:
        moment = trial.random.uniform(0, 1) * trial.scene.seconds["report"]
        trial.until(command, lambda: command.age_s >= moment)
    trial.struck = command.alive
    end(command.pid, trial.random.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGINT]))
    trial.wait(command)


REPORT_TRIES = 10
ENDED = frozenset({-9, 130})
PROCESS_ENDED = r"process that makes feedback pages was ended.*Run this again"
KINDS = (
    Kind("submission-replaced", "handed in again while graded, by a rename", _replaced),
    Kind("submission-overwritten", "handed in again while graded, in place", _overwritten),
    Kind("submission-deleted", "deleted while graded, back later", _deleted),
    Kind("clock-back", "a clock that goes backwards", _clock_back),
    Kind("two-graders", "two graders at once", _two_graders, frozenset({2}), AT_WORK),
    Kind("feedback-killed", "kill -9 while feedback is made", _feedback_killed, ENDED),
    Kind("feedback-process-killed", "kill -9 of a process that makes pages", _feedback_process_killed, frozenset({2}),
         PROCESS_ENDED),
    Kind("report-killed", "the report killed or stopped", _report_killed, ENDED),
)  # fmt: skip
