"""A stand-in for IPython's shell: magics that make sense in grading work, the others leave a note.

IPython's own parser has already turned `%time f()`, `!ls` and `%%bash` into calls of
`get_ipython()`. Nothing here starts a process or touches a file. A refused magic costs nothing by
itself: it leaves a note, and the rest of the cell runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

MAX_NOTES = 20
RUN_THE_BODY = {"time", "timeit", "capture", "prun", "memit", "mprun", "lprun"}
SILENT = {
    "matplotlib", "autoreload", "load_ext", "reload_ext", "config", "autosave", "pylab", "precision", "xmode", "pdb",
    "pip", "conda", "pinfo", "pinfo2", "who", "whos", "env", "pwd", "ls", "cd", "reset", "timeit", "validate",
}  # fmt: skip


class Shell:
    """What `get_ipython()` returns in a student's notebook."""

    def __init__(self, run: Callable[[str], None]) -> None:
        self._run = run
        self.notes: list[str] = []

    def run_line_magic(self, name: str, line: str, *_: Any, **__: Any) -> Any:
        if name == "time":
            self._run(line)
        elif name not in SILENT:
            self._note(f"%{name} is not run by the grader")
        return None

    def run_cell_magic(self, name: str, line: str, cell: str) -> Any:
        if name in RUN_THE_BODY:
            self._run(cell)
        else:
            self._note(f"%%{name} is not run by the grader, so nothing in this cell was run")
        return None

    magic = run_line_magic

    def system(self, command: str) -> None:
        if not command.lstrip().startswith(("pip ", "conda ", "uv ")):
            self._note(f"the shell command !{command[:60]} is not run by the grader")

    system_raw = system_piped = system

    def getoutput(self, command: str, *_: Any, **__: Any) -> list[str]:
        self.system(command)
        return []

    def _note(self, text: str) -> None:
        if len(self.notes) < MAX_NOTES:
            self.notes.append(text)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Inert()


class _Inert:
    """What a notebook may touch in passing: `get_ipython().events.register(...)`, `.kernel.shell`, ..."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_: Any, **__: Any) -> None:
        return None
