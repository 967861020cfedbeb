"""One fault at one random moment: the class, the grader at work, and the judgement afterwards."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.course import Course
from autograder.grading import grade as grade_module
from tests.platform.faults.check import Expected, Fault, Finding, check_final, check_interrupted, graded_again
from tests.platform.faults.classroom import EXIT_STATUS, NAME, OLD, STUDENTS, copy_class, course_with_data
from tests.platform.faults.grader import Command
from tests.platform.faults.processes import Family, family, remaining
from tests.platform.faults.state import State, Student, read_state

POLL_S = 0.003
WORKERS = 2


@dataclass(frozen=True)
class Scene:
    """What all trials share.

    Attributes:
        root: the instructor's tree; nothing may change it.
        prepared: folders to copy: "handed-in", "graded", "with-feedback", "with-report".
        contents: version -> student -> notebook.
        expected: version -> student -> what an undisturbed run gives.
        seconds: how long an undisturbed run takes where it is forked; the report's under "report".
        bytes_written: what each of the prepared folders holds more than the one before it.
    """

    root: Path
    prepared: Mapping[str, Path]
    contents: Mapping[str, Mapping[str, bytes]]
    expected: Expected
    seconds: Mapping[str, float]
    bytes_written: Mapping[str, int]


@dataclass
class Trial:
    """One run under one fault.

    Attributes:
        struck: whether the fault met a grader at work.
        versions: student -> what lies in submitted/ in the end, where it is not the old version.
        changed: students who may be graded again: they handed in again, or their files were harmed.
        feedback: whether feedback pages are made, and must be right in the end.
        interrupted: the state right after the fault, where the fault itself has harmed no files.
    """

    scene: Scene
    folder: Path
    random: random.Random
    fresh: bool
    struck: bool = False
    versions: dict[str, str] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    feedback: bool = False
    endings: list[tuple[int, str]] = field(default_factory=list)  # exit status and what was printed, of each command
    findings: list[Finding] = field(default_factory=list)
    interrupted: State | None = None
    mend: list[Callable[[], object]] = field(default_factory=list)  # before the run after the fault
    in_the_end: ExitStack = field(default_factory=ExitStack)  # what must be undone however the trial ends

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def course(self) -> Course:
        return course_with_data(self.scene.root, self.data)

    def prepare(self, what: str = "handed-in") -> None:
        """Put the class where it will be graded."""
        (self.folder / "tmp").mkdir(parents=True, exist_ok=True)
        copy_class(self.scene.prepared[what], self.data)

    def grade(self, settings: Mapping[str, Any] | None = None, fresh: bool | None = None, **more: Any) -> Command:
        """Start the grader; every second one that is forked writes in small batches, so that there is more to hit."""
        words = ["grade", NAME, "--workers", str(WORKERS), "--json", self.folder / "grades.json"]
        words += ["--feedback"] if self.feedback else []
        fresh = self.fresh if fresh is None else fresh
        small = {"autograder.grading.grade.BATCH_SIZE": 2} if self.random.random() < 0.5 else {}
        return self._command(words, {} if fresh else {**small, **(settings or {})}, fresh, **more)

    def regrade(self, student: str) -> Command:
        """Start the grader on one student's submission, changed or not."""
        return self._command(["grade", NAME, "--student", student, "--force"], {}, False)

    def report(self) -> Command:
        """Start `autograder report`."""
        return self._command(["report", NAME], {}, self.fresh)

    def _command(self, words: list[Any], settings: Mapping[str, Any], fresh: bool, **more: Any) -> Command:
        places = ["--course", self.scene.root, "--data", self.data]
        return Command([*places, *words], self.folder / "tmp", settings=settings, fresh=fresh, **more)

    def wait(self, command: Command) -> int:
        """Until it has ended; its exit status and what it printed are kept."""
        self.endings.append((command.wait(), command.printed()))
        status, printed = self.endings[-1]
        if "Traceback" in printed:
            self.add(Fault.INCONSISTENT, f"a traceback was printed: {printed[-1500:]}")
        return status

    @property
    def refused(self) -> bool:
        """Whether a command has ended with an error that it names."""
        return any(status == 2 for status, _ in self.endings)

    def add(self, fault: Fault, text: str) -> None:
        self.findings.append(Finding(fault, text))

    def until(self, command: Command, event: Callable[[], Any]) -> Any:
        """Wait for something to be seen; None where the command ends before."""
        while command.alive:
            if seen := event():
                return seen
            time.sleep(POLL_S)
        return None

    def at_random_moment(self, command: Command) -> bool:
        """Wait until then; False where the command had ended before.

        Half of the moments are drawn from the time that a run takes, the others lie shortly after something that
        can be seen from outside, so that they are spread over the work and not over waiting for imports.
        """
        if self.random.random() < 0.5:
            moment = self.random.uniform(0.05, 1.0) * self.scene.seconds["grade"]
            self.until(command, lambda: command.age_s >= moment)
        else:
            self.until(command, self.random.choice(self._events(command)))
            time.sleep(self.random.uniform(0, 0.2))
        self.struck = command.alive
        return self.struck

    def member(self, command: Command, who: Callable[[Family], list[int]]) -> int | None:
        """A random one of these processes of the grader, once there is one, after a random while."""
        if not self.until(command, lambda: who(family(command.pid))):
            return None
        moment = command.age_s + self.random.uniform(0, 0.6) * self.scene.seconds["grade"] * self.random.random()
        self.until(command, lambda: command.age_s >= moment)
        there = self.until(command, lambda: who(family(command.pid)))
        return self.random.choice(there) if there else None

    def _events(self, command: Command) -> list[Callable[[], Any]]:
        count = self.random.randint(1, len(STUDENTS))
        autograded, results = self.data / "autograded", self.data / ".autograder" / "results" / NAME
        return [
            lambda: family(command.pid).workers,
            lambda: family(command.pid).zygotes,
            lambda: family(command.pid).students,
            lambda: len(list(autograded.glob(f"*/*/{NAME}.ipynb"))) >= count,
            lambda: (self.data / "gradebook.db-journal").exists() and any(autograded.glob("*")),
            lambda: any(results.glob("[!.]*.json")),
        ]

    def look(self) -> None:
        """Right after the fault, before anything is mended: is what is there whole and true?"""
        self.look_at_disk()
        assert self.interrupted is not None
        self.findings += check_interrupted(self.interrupted, self.scene.expected, self.scene.contents)

    def look_at_disk(self) -> None:
        """Remember the state; for faults after which a result may differ from that of an undisturbed run."""
        self._nothing_remains()
        self.interrupted = read_state(self.data, self.folder / "grades.json")

    def finish(self) -> None:
        """Mend what stood in the way, run again, compare with an undisturbed run, and run a third time."""
        for mend in self.mend:
            mend()
        (self.folder / "grades.json").unlink(missing_ok=True)
        status = self.wait(self.grade({}, fresh=False))
        if status != self.exit_status:
            self.add(Fault.INCONSISTENT, f"the run after ended with {status}: {self.endings[-1][1][-600:]}")
        if status not in (0, 1):
            return  # nothing can be as it should be, and one finding says it
        after = read_state(self.data, self.folder / "grades.json")
        self.findings += check_final(after, self._wanted(), self.feedback)
        if self.interrupted is not None:
            self.findings += graded_again(self.interrupted, after, frozenset(self.changed))
        self._nothing_remains()
        for path in (self.folder / "tmp").iterdir():
            if not path.name.startswith("pymp-"):  # multiprocessing's socket: only the process that made it removes it
                self.add(Fault.INCONSISTENT, f"a temporary file is left: {path.name}")
        self._nothing_to_do()

    @property
    def exit_status(self) -> int:
        """Of an undisturbed run: 1 where cleo's file is no notebook."""
        return EXIT_STATUS if self.versions.get("cleo", OLD) == OLD else 0

    def _wanted(self) -> dict[str, Student]:
        return {name: self.scene.expected[self.versions.get(name, OLD)][name] for name in STUDENTS}

    def _nothing_remains(self) -> None:
        for line in remaining():
            self.add(Fault.INCONSISTENT, f"a process lives on: {line[:200]}")

    def _nothing_to_do(self) -> None:
        """A third run, in this process: it must start no engine."""
        planned: list[int] = []
        progress = grade_module.Progress(planned=lambda to_grade, _: planned.append(to_grade))
        engine, grade_module.Engine = grade_module.Engine, _NoEngine  # type: ignore[misc,assignment]
        try:
            grade_module.grade_assignment(self.course, self.course.assignment(NAME), progress=progress)
        except _Started:
            pass
        finally:
            grade_module.Engine = engine  # type: ignore[misc]
        if planned != [0]:
            self.add(Fault.DUPLICATED, f"a third run would have graded {planned} submissions again")

    def tidy(self) -> None:
        """Temporary files of killed commands lie in the trial's own folder, and go with it."""
        self.in_the_end.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class _Started(Exception):
    """A run that has nothing to do has started the engine."""


class _NoEngine:
    def __init__(self, *_: object, **__: object) -> None:
        raise _Started
