"""Processes that are killed, stopped, or asked to end: the grader, and each of those it starts."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

from tests.platform.faults.check import Fault
from tests.platform.faults.classroom import NAME, OLD
from tests.platform.faults.kind import Kind
from tests.platform.faults.processes import Family, catches, end, family
from tests.platform.faults.trial import Trial

HUNG_AFTER_S = 8.0
STARTED_AFTER_S = 60.0
BORN = 17  # as many as are seen of a grader with two workers


def _signal_grader(sign: signal.Signals) -> Callable[[Trial], None]:
    def strike(trial: Trial) -> None:
        trial.prepare()
        command = trial.grade()
        if sign is not signal.SIGKILL:
            trial.until(command, lambda: catches(command.pid, sign))
        if trial.at_random_moment(command):
            end(command.pid, sign)
        trial.wait(command)

    return strike


def _in_commit(trial: Trial) -> None:
    """While SQLite's journal is there, between the first autograded notebook and the records."""
    trial.prepare()
    command = trial.grade()
    journal, autograded = trial.data / "gradebook.db-journal", trial.data / "autograded"
    trial.until(command, lambda: any(autograded.glob("*")))
    while command.alive and not journal.exists():
        time.sleep(0.0002)
    time.sleep(trial.random.uniform(0, 0.004))
    trial.struck = journal.exists()
    end(command.pid)
    trial.wait(command)


def _kill(who: Callable[[Family], list[int]]) -> Callable[[Trial], None]:
    def strike(trial: Trial) -> None:
        trial.prepare()
        command = trial.grade()
        victim = trial.member(command, who)
        trial.struck = victim is not None and end(victim)
        trial.wait(command)

    return strike


def _kill_at_birth(trial: Trial) -> None:
    """Any of those that the grader starts, in its first moments, when others wait for a word of it."""
    trial.prepare()
    command = trial.grade()
    number = trial.random.randrange(BORN)
    born: dict[int, None] = {}  # in the order in which they were seen

    def enough() -> bool:
        born.update(dict.fromkeys(family(command.pid).helpers))
        return len(born) > number

    if trial.until(command, enough):
        time.sleep(trial.random.choice((0.0, trial.random.uniform(0, 0.02))))
        trial.struck = end(list(born)[number])
    trial.wait(command)


def _kill_student(trial: Trial) -> None:
    """From outside it looks as if student code had ended its process: a person must be told, and can grade again."""
    _kill(lambda f: f.students)(trial)
    trial.look_at_disk()
    assert trial.interrupted is not None
    for name, student in trial.interrupted.students.items():
        result, wanted = student.record and student.record["result"], trial.scene.expected[OLD][name].record["result"]
        if result and result != wanted:
            trial.changed.add(name)
            told = any(" ended the " in problem for problem in result["problems"])
            lost = result["score"] < wanted["score"]  # an extra cell that defines nothing costs nothing
            if not told or (lost and result["status"] == "graded"):
                words = "lost points" if lost else "is graded otherwise"
                trial.add(Fault.INCONSISTENT, f"{name} {words} and nobody is told: {result['problems']}")
            trial.wait(trial.regrade(name))


def _stop(seconds: tuple[float, float]) -> Callable[[Trial], None]:
    def strike(trial: Trial) -> None:
        trial.prepare()
        command = trial.grade()
        victim = trial.member(command, lambda f: f.workers)
        if victim is not None:
            trial.struck = end(victim, signal.SIGSTOP)
            time.sleep(trial.random.uniform(*seconds))
            end(victim, signal.SIGCONT)
        trial.wait(command)

    return strike


def _hang(trial: Trial) -> None:
    """Stopped for good; a deadline finds it: the pool's for a submission, or the crew's for a start."""
    trial.prepare()
    limit_s = trial.course.assignment(NAME).limits.submission_timeout_s
    sooner = {
        "autograder.engine.pool.SPARE_S": HUNG_AFTER_S - limit_s,
        "autograder.engine.crew.START_TIMEOUT_S": STARTED_AFTER_S,
    }
    command = trial.grade(sooner, fresh=False)
    victim = trial.member(command, lambda f: f.students and f.workers)
    trial.struck = victim is not None and end(victim, signal.SIGSTOP)
    trial.wait(command)


KINDS = (
    Kind("grader-killed", "kill -9 of the grader", _signal_grader(signal.SIGKILL), frozenset({-9})),
    Kind("grader-killed-in-commit", "kill -9 while the gradebook is written", _in_commit, frozenset({-9})),
    Kind("grader-interrupted", "Ctrl-C", _signal_grader(signal.SIGINT), frozenset({130})),
    Kind("grader-terminated", "SIGTERM", _signal_grader(signal.SIGTERM), frozenset({130})),
    Kind("worker-killed", "kill -9 of a worker", _kill(lambda f: f.workers)),
    Kind("sandbox-killed", "kill -9 of bwrap", _kill(lambda f: f.sandboxes)),
    Kind("zygote-killed", "kill -9 of the zygote", _kill(lambda f: f.zygotes)),
    Kind("student-killed", "kill -9 of a student's process", _kill_student, rests=False),
    Kind("killed-at-birth", "kill -9 of whatever is just being started", _kill_at_birth),
    Kind("fork-server-killed", "kill -9 of the fork server", _kill(lambda f: f.fork_servers)),
    Kind("worker-stopped", "a worker stopped for some seconds", _stop((0.5, 6.0))),
    Kind("worker-hung", "a worker stopped for good", _hang),
)
