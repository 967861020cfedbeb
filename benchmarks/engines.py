"""What is timed: one whole command per engine, from a fresh folder to a written gradebook."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from autograder.course import Assignment, Course
from benchmarks.hidden_cells import QuestionTests
from benchmarks.notebooks import Submission, without_experiments, write_class
from benchmarks.scores import Scores, gradebook_scores, read_scores_file
from benchmarks.stock_source import stock_source

HERE = Path(__file__).resolve().parent


class BenchmarkError(Exception):
    """The benchmark cannot be trusted: a command failed, or the engines disagree."""


class Engine(Protocol):
    """One way to grade a folder of submissions with one command."""

    @property
    def name(self) -> str:
        """As it stands in the table."""

    def prepare(self, folder: Path, submissions: list[Submission]) -> None:
        """Fill the empty `folder`; not timed."""

    def command(self, folder: Path) -> list[str]:
        """What is timed; it runs in `working_folder(folder)`."""

    def working_folder(self, folder: Path) -> Path:
        """Where the command runs."""

    def scores(self, folder: Path) -> Scores:
        """Student -> question -> points, as the engine left them."""


@dataclass(frozen=True, eq=False)  # one is not another, whatever it holds: they are keys
class Ours:
    """`autograder grade`: bubblewrap, gradebook and autograded notebooks, as in everyday use."""

    course: Course
    assignment: Assignment
    workers: int

    @property
    def name(self) -> str:
        return f"autograder, {counted(self.workers)}"

    def prepare(self, folder: Path, submissions: list[Submission]) -> None:
        write_class(submissions, folder, self.assignment.name)

    def command(self, folder: Path) -> list[str]:
        where = ["--course", str(self.course.root), "--data", str(folder)]
        verb = ["grade", self.assignment.name, "--workers", str(self.workers)]
        return [sys.executable, "-m", "autograder.cli.main", *where, *verb]

    def working_folder(self, folder: Path) -> Path:
        return folder

    def scores(self, folder: Path) -> Scores:
        return gradebook_scores(folder / "gradebook.db", self.assignment)


@dataclass(frozen=True, eq=False)  # one is not another, whatever it holds: they are keys
class Stock:
    """`nbgrader autograde` as it comes: a kernel per notebook, one after the other, hidden tests in the kernel."""

    assignment: Assignment
    template: Path
    name: str = "stock nbgrader"

    def make_template(self, tests: Sequence[QuestionTests]) -> None:
        """A stock course after `nbgrader generate_assignment`; each run gets a copy."""
        name = self.assignment.name
        source = self.template / "source" / name
        source.mkdir(parents=True)
        notebook = stock_source(without_experiments(self.assignment), tests)
        (source / f"{name}.ipynb").write_bytes(notebook)
        shutil.copy(HERE / "stock_student.py", source)
        (self.template / "nbgrader_config.py").write_text(
            'c = get_config()\nc.CourseDirectory.course_id = "stock"\n', encoding="utf-8"
        )
        command = [sys.executable, "-m", "nbgrader", "generate_assignment", name]
        done = subprocess.run(
            command, cwd=self.template, env=environment(), capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise BenchmarkError(f"nbgrader generate_assignment failed:\n{done.stderr[-3000:]}")

    def prepare(self, folder: Path, submissions: list[Submission]) -> None:
        shutil.copytree(self.template, folder, dirs_exist_ok=True)
        write_class(submissions, folder, self.assignment.name)

    def command(self, folder: Path) -> list[str]:
        return [sys.executable, "-m", "nbgrader", "autograde", self.assignment.name]

    def working_folder(self, folder: Path) -> Path:
        return folder

    def scores(self, folder: Path) -> Scores:
        return gradebook_scores(folder / "gradebook.db", self.assignment)


@dataclass(frozen=True, eq=False)  # one is not another, whatever it holds: they are keys
class Floor:
    """`python -m benchmarks.floor`: warm processes that fork for each notebook; no sandbox, nothing written."""

    course: Course
    assignment: Assignment
    workers: int

    @property
    def name(self) -> str:
        return f"floor, {counted(self.workers)}"

    def prepare(self, folder: Path, submissions: list[Submission]) -> None:
        write_class(submissions, folder, self.assignment.name)

    def command(self, folder: Path) -> list[str]:
        arguments = [self.assignment.name, str(folder), "--workers", str(self.workers)]
        return [sys.executable, "-m", "benchmarks.floor", *arguments]

    def working_folder(self, folder: Path) -> Path:
        return self.course.root

    def scores(self, folder: Path) -> Scores:
        return read_scores_file(folder)


def counted(workers: int) -> str:
    return f"{workers} worker{'s' if workers > 1 else ''}"


def environment() -> Mapping[str, str]:
    """The same for every engine: this virtual environment first on PATH, no settings of the user's."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "NBGRADER", "AUTOGRADER"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    own = {"PATH": path, "JUPYTER_NO_CONFIG": "1", "PYTHONPATH": str(HERE.parent)}
    return {"OMP_NUM_THREADS": "1", **inherited, **own}
