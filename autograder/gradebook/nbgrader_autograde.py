"""Make nbgrader's own "autograde" grade in the sandbox: the course's assignments with their hidden suites, and any
others as ordinary assignments of nbgrader (see `plain`).

formgrader's lightning button and `nbgrader autograde` would run students' code in a kernel, as the
user who pressed it, and score a test cell by what its output looks like. nbgrader has no setting for
the class that does this, so the name is bound anew in the two modules that use it. Doing it again
changes nothing: nbgrader executes its configuration file on every formgrader request.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbgrader.apps.api
import nbgrader.apps.autogradeapp
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import Execute, SaveAutoGrades
from traitlets import Unicode

from autograder.course import find_course
from autograder.errors import UsageError
from autograder.gradebook.plain.preprocessors import SafeScores, SandboxedExecute

_COMMAND = [sys.executable, "-c", "from autograder.cli.main import main; main()"]
_GRADED = (0, 1)  # 1: something was graded with problems that a person must look at


class SandboxedAutograde(Autograde):
    """Runs `autograder grade` in a process of its own, with the class's folder as data."""

    course_root = Unicode("", help="The instructor's tree, with assignments/course.toml").tag(config=True)

    def start(self) -> None:
        """Grade the assignment for the student, or for all, and log how.

        Raises:
            NbGraderException: it could not be graded.
        """
        if self._has_hidden_suite():
            self._grade_by_suite()
        else:
            self._grade_by_cells()

    def _has_hidden_suite(self) -> bool:
        """Whether the course lists the assignment.

        Raises:
            NbGraderException: it has such an assignment and does not list it: without the hidden tests, the public ones
                in the notebook would be taken for all there are.
        """
        try:
            course = find_course(Path(self.course_root or self.coursedir.root))
        except UsageError:  # a course of nbgrader's alone
            return False
        name = self.coursedir.assignment_id
        if name in course.assignment_names:
            return True
        if (course.root / "assignments" / name).exists():
            message = f"assignments/course.toml does not list {name!r}, which is in assignments/; list it to grade it."
            self.log.error("%s", message)
            raise NbGraderException(message)
        return False

    def _grade_by_cells(self) -> None:
        """nbgrader's own way, with the two steps that touch students' code replaced."""
        replaced = {Execute: SandboxedExecute, SaveAutoGrades: SafeScores}
        steps = Autograde.autograde_preprocessors.default()
        self.autograde_preprocessors = [replaced.get(step, step) for step in steps]
        try:
            super().start()
        finally:
            SandboxedExecute.close()

    def _grade_by_suite(self) -> None:
        student = self.coursedir.student_id
        arguments = ["grade", self.coursedir.assignment_id]
        arguments += [] if student == "*" else ["--student", student]
        arguments += ["--force"] if self.force else []
        done = subprocess.run(
            [*_COMMAND, *arguments],
            cwd=self.course_root or self.coursedir.root,
            env={**os.environ, "AUTOGRADER_DATA": self.coursedir.root},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        for line in done.stdout.splitlines():
            self.log.info("%s", line)
        if done.returncode not in _GRADED:
            message = f"`autograder {' '.join(arguments)}` ended with status {done.returncode}:\n{done.stdout[-2000:]}"
            self.log.error("%s", message)
            raise NbGraderException(message)


def install() -> None:
    """Let formgrader and `nbgrader autograde` use the sandbox. May be called any number of times."""
    nbgrader.apps.api.Autograde = SandboxedAutograde
    nbgrader.apps.autogradeapp.Autograde = SandboxedAutograde
