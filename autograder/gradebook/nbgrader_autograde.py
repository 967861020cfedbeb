"""Make nbgrader's own "autograde" grade in the sandbox.

formgrader's lightning button and `nbgrader autograde` would run students' code in a kernel, as the
user who pressed it, and score a test cell by what its output looks like. nbgrader has no setting for
the class that does this, so the name is bound anew in the two modules that use it. Doing it again
changes nothing: nbgrader executes its configuration file on every formgrader request.
"""

from __future__ import annotations

import os
import subprocess
import sys

import nbgrader.apps.api
import nbgrader.apps.autogradeapp
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from traitlets import Unicode

_COMMAND = [sys.executable, "-c", "from autograder.cli.main import main; main()"]
_GRADED = (0, 1)  # 1: something was graded with problems that a person must look at


class SandboxedAutograde(Autograde):
    """Runs `autograder grade` in a process of its own, with the class's folder as data."""

    course_root = Unicode("", help="The instructor's tree, with assignments/course.toml").tag(config=True)

    def start(self) -> None:
        """Grade the assignment for the student, or for all, and log what the command says.

        Raises:
            NbGraderException: the command could not grade.
        """
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
