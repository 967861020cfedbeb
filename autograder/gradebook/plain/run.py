"""Run an ordinary notebook's cells in the sandbox, in order, and say how each ended."""

from __future__ import annotations

import base64
import marshal
import math
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from autograder.course.assignment import Limits
from autograder.gradebook.plain.value import keep_last_value
from autograder.sandbox.isolation import get_isolation
from autograder.sandbox.process import ProcessEnded, ProcessHung, StudentProcess
from autograder.sandbox.zygote import Zygote

MAX_RELOADS = 3
MAX_TEXT = 8000
PRELOAD = ("numpy", "matplotlib.pyplot")
PROBES = """
def put_files(module, files):
    import base64, os, sys
    os.makedirs("/tmp/work", exist_ok=True)
    os.chdir("/tmp/work")
    sys.path.insert(0, "/tmp/work")
    for name, content in files.items():
        os.makedirs(os.path.dirname(os.path.abspath(name)), exist_ok=True)
        with open(name, "wb") as file:
            file.write(base64.b64decode(content))

def last_value(module, name):
    value = module.__dict__.pop(name, None)
    number = None
    if not isinstance(value, bool):
        item = getattr(value, "item", None)
        if callable(item) and getattr(value, "size", None) == 1:
            value = item()
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            number = float(value)
    return {"number": number, "text": "" if value is None else repr(value)[:8000]}
"""
CODE = base64.b64encode(marshal.dumps(compile(PROBES, "<autograder>", "exec", dont_inherit=True))).decode()


@dataclass(frozen=True, slots=True)
class Cell:
    """A code cell. `wants_value`: whether the value of its last expression counts."""

    source: str
    wants_value: bool = False


@dataclass(frozen=True, slots=True)
class Ran:
    """How a cell ended: `error` is "" where it ran to its end.

    Attributes:
        printed: what it printed, bounded.
        number: the value of its last expression, where that is wanted and is a number.
        shown: that value as text.
    """

    error: str = ""
    error_type: str = ""
    printed: str = ""
    number: float | None = None
    shown: str = ""


Start = Callable[[], StudentProcess]


@contextmanager
def sandbox(limits: Limits, isolation: str = "bubblewrap") -> Iterator[Start]:
    """Gives out confined processes, one after the other.

    Raises:
        IsolationError: this machine cannot confine them.
    """
    process = limits.model_dump(include={"memory_mib", "disk_mib", "processes", "output_kib"})
    with Zygote(get_isolation(isolation), PRELOAD) as zygote:
        zygote.wait_until_ready()
        yield lambda: StudentProcess(zygote, process)


def run_cells(start: Start, cells: Sequence[Cell], files: Mapping[str, bytes], limits: Limits) -> list[Ran]:
    """One result a cell. A cell that ends its process costs itself alone: the others run again in a new one."""
    left_out: dict[int, Ran] = {}
    for _ in range(MAX_RELOADS + 1):
        results = _Attempt(start(), limits).run(cells, files, left_out)
        if results is not None:
            return results
    ended = Ran("the notebook's cells end the process each time they are run", "ProcessEnded")
    return [left_out.get(index, ended) for index in range(len(cells))]


class _Attempt:
    """All cells in one process."""

    def __init__(self, process: StudentProcess, limits: Limits) -> None:
        self._process, self._limits = process, limits

    def run(self, cells: Sequence[Cell], files: Mapping[str, bytes], left_out: dict[int, Ran]) -> list[Ran] | None:
        """None where a cell ended the process; it is among those left out then."""
        results = []
        index = -1
        try:
            self._probe("put_files", {name: base64.b64encode(data).decode() for name, data in files.items()})
            for index, cell in enumerate(cells):
                results.append(left_out[index] if index in left_out else self._run(index, cell))
        except ProcessEnded as ended:
            kind = "Timeout" if isinstance(ended, ProcessHung) else "ProcessEnded"
            left_out[max(index, 0)] = Ran(ended.reason, kind)
            return None
        finally:
            self._process.kill()
        return results

    def _run(self, index: int, cell: Cell) -> Ran:
        name = f"_value_{secrets.token_hex(8)}"  # nobody can have put something there before
        source = keep_last_value(cell.source, name) if cell.wants_value else cell.source
        reply = self._process.ask({"op": "cell", "index": index, "source": source}, self._limits.cell_timeout_s)
        value = reply.get("value")
        report: dict[str, Any] = value if isinstance(value, dict) else {}
        printed, error = _text(report.get("output")), report.get("error")
        if not isinstance(report.get("output"), str):
            return Ran("the process gave no report", "ProcessEnded")
        if isinstance(error, dict):
            return Ran(_text(error.get("message")), _text(error.get("type"))[:100] or "Error", printed)
        if source == cell.source:
            return Ran(printed=printed)
        kept = self._probe("last_value", name)
        found = kept if isinstance(kept, dict) else {}
        number = found.get("number")
        return Ran(printed=printed, number=number if type(number) is float else None, shown=_text(found.get("text")))

    def _probe(self, name: str, *args: Any) -> object:
        request = {"op": "run", "code": CODE, "name": name, "args": args, "kwargs": {}}
        return self._process.ask(request, self._limits.call_timeout_s).get("value")


def points_of(ran: Ran, most: float) -> float | None:
    """nbgrader's rule: nothing for an error, a number as partial credit, all otherwise; None for a person to look at.

    Unlike nbgrader: what a cell writes to stderr costs nothing, a warning for instance; a number that is negative,
    not a number, or more than there is, is no full mark and ends no run.
    """
    if ran.error or ran.error_type:
        return 0.0
    if ran.number is None:
        return most
    return ran.number if math.isfinite(ran.number) and 0 <= ran.number <= most else None


def _text(value: object) -> str:
    """Bounded, and nothing in it that a terminal would act on."""
    text = value if isinstance(value, str) else ""
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text[:MAX_TEXT])
