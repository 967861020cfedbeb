"""Make a class: submitted/<student>/<assignment>/, as `nbgrader collect` leaves it.

The same seed, with the same course, gives the same bytes.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from autograder.authoring.fill import fill_notebook
from autograder.course import Assignment, Course
from autograder.demo.answers import AnswerBank, AnswerSheet
from autograder.demo.breakage import BREAKAGES, Cost, HandedInFile
from autograder.demo.people import people
from autograder.demo.plan import Part, Profile, plan_class
from autograder.demo.written_answers import written_answer

TYPICAL_HOURS_LEFT = 14.0
LATE_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class HandIn:
    """One submission that was written.

    Attributes:
        student, assignment: whose it is, and of what.
        part: what kind of notebook it is.
        wrong: the questions that must lose points.
        path: the file.
    """

    student: str
    assignment: str
    part: Part
    wrong: tuple[str, ...]
    path: Path


def make_class(course: Course, assignment_names: Sequence[str], students: int = 24, seed: int = 7) -> list[HandIn]:
    """Write the submissions of a whole class into `course.submitted`.

    Args:
        course: its releases, references and hidden suites are what the notebooks are made of.
        assignment_names: what is handed in; every student hands in all of them.
        students: size of the class.
        seed: the same seed and course give the same bytes.

    Raises:
        AutograderError: a release, a reference or a suite cannot be used.
        OSError: `course.submitted` cannot be written.
    """
    ids = [person.id for person in people(students)]
    parts = plan_class(ids, assignment_names, seed)
    written: list[HandIn] = []
    for name in assignment_names:
        desk = _Desk(course.assignment(name))
        for student in ids:
            rng = random.Random(f"{seed}/{name}/{student}")
            file, wrong = desk.work(parts[student, name], rng)
            folder = course.submitted / student / name
            folder.mkdir(parents=True, exist_ok=True)
            (folder / file.name).write_bytes(file.data)
            (folder / "timestamp.txt").write_text(_handed_in_at(desk.assignment.due, rng))
            written.append(HandIn(student, name, parts[student, name], wrong, folder / file.name))
    return written


class _Desk:
    """Where the notebooks of one assignment are made."""

    def __init__(self, assignment: Assignment) -> None:
        self.assignment = assignment
        self._bank = AnswerBank(assignment)
        self._release = assignment.release_path.read_bytes()

    def work(self, part: Part, rng: random.Random) -> tuple[HandedInFile, tuple[str, ...]]:
        """The file that a student of this part hands in, and the questions that it gets wrong."""
        if part.profile is Profile.BROKEN:
            return self._broken(part, rng)
        sheet, wrong = self._sheet(part, rng)
        return self._file(sheet, part.skill), wrong

    def _sheet(self, part: Part, rng: random.Random) -> tuple[AnswerSheet, tuple[str, ...]]:
        questions = self._bank.questions
        half_finished = part.profile is Profile.HALF_FINISHED
        done = max(1, round(len(questions) * rng.uniform(0.25, 0.75))) if half_finished else len(questions)
        sheet = self._bank.right(questions[:done], rng)
        return sheet, (*self._bank.spoil(sheet, part.mistakes, rng), *questions[done:])

    def _broken(self, part: Part, rng: random.Random) -> tuple[HandedInFile, tuple[str, ...]]:
        """Everything is right but what the breakage does, so one sees what it costs."""
        question = rng.choice(self._lone_functions())
        sheet = self._bank.right(self._bank.questions, rng)
        sheet.answers[question] = self._bank.reference(question)
        sheet.helpers.pop(question, None)
        breakage = BREAKAGES[part.breakage]
        lost = {Cost.NOTHING: (), Cost.QUESTION: (question,), Cost.EVERYTHING: self._bank.questions}[breakage.cost]
        return breakage.apply(self._file(sheet, part.skill), question), lost

    def _lone_functions(self) -> list[str]:
        """Questions that ask for a function which no other question builds on, where there are such."""
        used = {name for question in self.assignment.questions for name in question.depends_on}
        functions = [name for name in self._bank.questions if self._bank.reference(name).startswith("def ")]
        return [name for name in functions if name not in used] or list(self._bank.questions)

    def _file(self, sheet: AnswerSheet, skill: float) -> HandedInFile:
        texts = {part.name: written_answer(part.name, skill) for part in self.assignment.written}
        answers = sheet.answers | {name: text for name, text in texts.items() if text}
        return HandedInFile(f"{self.assignment.name}.ipynb", fill_notebook(self._release, answers, sheet.helpers))


def _handed_in_at(due: datetime, rng: random.Random) -> str:
    """A time as nbgrader writes it: most in the last day, a few too late."""
    late = rng.random() < LATE_SHARE
    hours = -rng.uniform(0.1, 20) if late else rng.expovariate(1 / TYPICAL_HOURS_LEFT)
    return f"{(due - timedelta(hours=hours)).astimezone(UTC):%Y-%m-%d %H:%M:%S.%f} UTC"
