"""The real `autograder` command in a process of its own.

Started as a user does, from nothing, or forked from this process, in which the command's modules
are imported already: the same code, without the seconds that importing nbgrader takes.
"""

from __future__ import annotations

import importlib
import multiprocessing
import multiprocessing.forkserver
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[3]
TIMEOUT_S = 900.0
MODULES = ("autograder.cli.grade", "autograder.cli.report", "autograder.grading.grade", "autograder.gradebook.feedback",
           "autograder.cli.progress", "autograder.cli.grade_table", "autograder.reports")  # fmt: skip


class Hung(Exception):
    """A command did not end."""


class Command:
    """One run of `autograder ARGUMENTS`.

    Args:
        temp: where it may put temporary files.
        settings: "module.NAME" -> value, to be set before it begins; for forked commands alone.
        fresh: start it from nothing.
        environment: more of it, for a fresh one.
    """

    def __init__(
        self,
        arguments: Sequence[str | Path],
        temp: Path,
        *,
        settings: Mapping[str, Any] | None = None,
        fresh: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._output = tempfile.TemporaryFile()  # noqa: SIM115  (read when the command has ended)
        self._began = time.monotonic()
        words = [str(word) for word in arguments]
        surroundings = {"PYTHONPATH": str(REPOSITORY), "TMPDIR": str(temp), "OMP_NUM_THREADS": "1", "COLUMNS": "120"}
        if fresh:
            self._process: Any = subprocess.Popen(
                [sys.executable, "-m", "autograder.cli.main", *words], env={**os.environ, **surroundings,
                **(environment or {})}, stdin=subprocess.DEVNULL, stdout=self._output, stderr=subprocess.STDOUT,
                start_new_session=True, preexec_fn=_heed_interrupts,
            )  # fmt: skip
        else:
            target = (words, surroundings, dict(settings or {}), self._output.fileno())
            self._process = multiprocessing.get_context("fork").Process(target=_run, args=target)
            self._process.start()

    @property
    def pid(self) -> int:
        return int(self._process.pid)

    @property
    def alive(self) -> bool:
        if isinstance(self._process, subprocess.Popen):
            return self._process.poll() is None
        return bool(self._process.is_alive())

    @property
    def age_s(self) -> float:
        return time.monotonic() - self._began

    def wait(self) -> int:
        """Its exit status; minus the signal's number where one ended it.

        Raises:
            Hung: it is ended then.
        """
        if isinstance(self._process, subprocess.Popen):
            try:
                return self._process.wait(TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        else:
            self._process.join(TIMEOUT_S)
            if self._process.exitcode is not None:
                return int(self._process.exitcode)
            self._process.kill()
            self._process.join()
        raise Hung(f"did not end within {TIMEOUT_S:g} s: {self.printed()[-500:]}")

    def printed(self) -> str:
        self._output.seek(0)
        return self._output.read().decode(errors="replace")


def import_command() -> None:
    """Import what a forked command needs, so that it need not."""
    for name in MODULES:
        importlib.import_module(name)


def _heed_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore Ctrl-C


def _forget_fork_server() -> None:
    """The process that was forked may have one, which is no child of this one."""
    server = vars(multiprocessing.forkserver)["_forkserver"]
    server.__init__()  # its methods are the module's functions, so it stays the same object


def _run(words: list[str], surroundings: dict[str, str], settings: dict[str, Any], output: int) -> None:
    """In the forked process: what `python -m autograder.cli.main` does."""
    from autograder.cli.main import main

    _heed_interrupts()
    _forget_fork_server()
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
    os.environ.update(surroundings)
    tempfile.tempdir = None
    for path, value in settings.items():
        module, _, name = path.rpartition(".")
        assert hasattr(importlib.import_module(module), name), path
        setattr(importlib.import_module(module), name, value)
    sys.argv = ["autograder", *words]
    try:
        main()
    finally:
        sys.stdout.flush()
