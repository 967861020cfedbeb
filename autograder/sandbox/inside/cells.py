"""Run a notebook's cells, one by one, in one module that believes it is `__main__`.

Covered: IPython syntax, top-level await, a soft time limit that reports the line where the time
ran out, bounded output. Not covered here: code that defeats the timer (signals blocked, a C call
that never returns); the trusted side kills the process then.
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import inspect
import linecache
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from .failures import TimeLimit, cell_filename, describe
from .output import BoundedOutput
from .patience import WALL_FACTOR
from .shell import Shell

REPEAT_S = 0.2  # the timer fires again, for code that swallowed the first TimeLimit


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `TimeLimit` in the main thread once it has computed for `seconds`, or waited much longer."""

    def expire(*_: Any) -> None:
        raise TimeLimit(f"still running after {seconds:g} s")

    signal.signal(signal.SIGPROF, expire)
    signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_PROF, seconds, REPEAT_S)
    signal.setitimer(signal.ITIMER_REAL, seconds * WALL_FACTOR, REPEAT_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


def _is_python(source: str) -> bool:
    """Whether IPython's parser, which takes ten times as long as Python's, would leave the cell as it is."""
    if source.lstrip().startswith("In ["):  # a pasted prompt reads as an annotation of `In`
        return False
    try:
        ast.parse(source)  # top-level await parses as well
    except Exception:  # a magic, or an error that IPython's parser is to place
        return False
    return True


class Notebook:
    """The student's namespace, and how cells get into it."""

    def __init__(self, output: BoundedOutput) -> None:
        self.module = ModuleType("__main__")
        self.output = output
        self._transform = TransformerManager()
        self._filename = cell_filename(0)
        self.shell = Shell(self._run_text)
        self.module.__dict__.update(
            __builtins__=builtins, get_ipython=lambda: self.shell, display=lambda *_, **__: None
        )

    def install(self) -> None:
        """Become `__main__`, as in a notebook."""
        sys.modules["__main__"] = self.module

    def run_cell(self, index: int, source: str, timeout_s: float) -> dict[str, Any]:
        """Run one cell; what happened, as plain data."""
        self.output.reset()
        self.shell.notes.clear()
        self._filename = cell_filename(index)
        error = None
        try:
            with time_limit(timeout_s):
                self._run_text(source if _is_python(source) else self._python(source))
        except BaseException as raised:
            error = describe(raised)
        return {
            "error": error,
            "notes": list(self.shell.notes),
            "output": self.output.text(),
            "printed": self.output.total,
        }

    def _python(self, source: str) -> str:
        """The cell without IPython's syntax, its lines where they were: IPython drops empty ones at the top."""
        lines = source.split("\n")
        empty = next((n for n, line in enumerate(lines) if line.strip()), 0)
        return "\n" * empty + self._transform.transform_cell("\n".join(lines[empty:]))

    def _run_text(self, text: str) -> None:
        filename = self._filename
        # Student code may ask for its own source (inspect.getsource, torch.jit.script, dataclasses).
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        code = compile(text, filename, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        if code.co_flags & inspect.CO_COROUTINE:
            asyncio.run(eval(code, self.module.__dict__))
        else:
            exec(code, self.module.__dict__)
