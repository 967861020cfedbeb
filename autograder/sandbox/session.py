"""One notebook in the sandbox: its cells are run once, and again in a new process after a crash.

A cell that fails is recorded and the next one goes on, as in Jupyter. A cell that kills its process
or cannot be stopped is left out when the notebook is loaded again, at most `MAX_RELOADS` times.

What a cell says when it fails is shown to the student, so it is kept from before the first test
alone: a process that has seen hidden inputs can pass a few bits on to the next one, for instance
by the moment at which it ends itself.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from autograder.sandbox.inside.failures import MAX_LINE
from autograder.sandbox.process import ProcessCrashed, ProcessEnded, ProcessHung, StudentProcess

MAX_RELOADS = 3
TEXT_LIMIT = 2000
MAX_NOTICED = 150


@dataclass(frozen=True, slots=True)
class CodeCell:
    """A cell to run. `defines` names the question it answers, "" for any other cell."""

    index: int
    source: str
    defines: str = ""


@dataclass(frozen=True, slots=True)
class CellFailure:
    """A cell that did not run to its end: kind is error, timeout, crashed or skipped."""

    index: int
    defines: str
    kind: str
    type_name: str
    message: str
    line: int


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """Seconds; those of cells and calls are of processor time.

    `process` goes to the sandbox as it is: memory_mib, disk_mib, processes, output_kib.
    """

    cell_s: float
    call_s: float
    load_s: float
    process: Mapping[str, int]


class Session:
    """Gives out a process in which the notebook has been loaded.

    Args:
        start: forks a new confined process.
        cells: the notebook's code cells in their order.
        put_in: question -> source of the reference's version that replaces the student's, right
            after the cell that defines it.
        leave_out: indices of cells that are known to end or to hang a process.
        deadline: in seconds of `time.monotonic()`; nothing is started after it.
    """

    def __init__(
        self,
        start: Callable[[Mapping[str, int]], StudentProcess],
        cells: Sequence[CodeCell],
        limits: SessionLimits,
        put_in: Mapping[str, str] | None = None,
        leave_out: Collection[int] = (),
        deadline: float = math.inf,
    ) -> None:
        self._start = start
        self._cells = cells
        self._put_in = dict(put_in or {})
        self.limits = limits
        self.failures: dict[int, CellFailure] = {}
        self.notes: dict[int, tuple[str, ...]] = {}
        self._noticed: dict[int, dict[str, int]] = {}  # by cell: told at once, while the process can still be asked
        self.deadline = deadline
        self._left_out: set[int] = set(leave_out)
        self._process: StudentProcess | None = None
        self._tested = False

    def process(self) -> StudentProcess:
        """The living process, loaded; a new one where the last has ended.

        Raises:
            ProcessEnded: the notebook's cells end every process they are loaded into, or the time is used up.
        """
        if time.monotonic() > self.deadline:
            raise ProcessHung("the submission's time was used up")
        if self._process is not None and self._process.alive:
            return self._process
        for _ in range(MAX_RELOADS + 1):
            if time.monotonic() > self.deadline:
                break
            self._process = self._start(self.limits.process)
            if self._load(self._process):
                self._tested = True
                return self._process
        raise ProcessCrashed("the notebook's cells end the process each time they are run")

    def noticed(self) -> dict[str, int]:
        """What was noticed inside: while the cells ran, and from then to now. Ending rather than saying is noticed."""
        found: Counter[str] = Counter()
        for noticed in self._noticed.values():
            found.update(noticed)
        if self._process is not None and self._process.alive:
            try:
                found.update(_noticed(self._process.ask({"op": "noticed"}, self.limits.call_s).get("value")))
            except ProcessEnded as ended:
                found[_text(f"its process ended when it was asked what it had done: {ended.reason}", 160)] += 1
        return dict(list(found.items())[:MAX_NOTICED])

    @property
    def unrunnable(self) -> frozenset[int]:
        """Cells that ended or outlasted their process's patience: another session need not try them."""
        return frozenset(i for i, failure in self.failures.items() if failure.kind in ("timeout", "crashed"))

    def lines_of(self, index: object) -> int:
        """How many lines the cell with this index has; 0 where there is none."""
        if type(index) is not int:  # a tensor, for instance, compares as no number does
            return 0
        return next((cell.source.count("\n") + 1 for cell in self._cells if cell.index == index), 0)

    def close(self, *, wait: bool = True) -> None:
        """End the process; without `wait`, it is gone by the time the zygote gives out another one."""
        if self._process is not None and wait:
            self._process.kill()
        elif self._process is not None:
            self._process.dismiss()

    def _load(self, process: StudentProcess) -> bool:
        """Run all cells; False where one of them ended the process."""
        soft_deadline = time.monotonic() + self.limits.load_s  # a slow experiment must not cost the answers below it
        for cell in self._cells:
            if cell.index in self._left_out:
                continue
            now = time.monotonic()
            if now > self.deadline or (now > soft_deadline and not cell.defines):
                self._note(_failure(cell, "skipped", "", "the notebook's time was used up before this cell", 0))
                continue
            try:
                self._run_cell(process, cell)
                if cell.defines in self._put_in:
                    self._put(process, cell.defines)
            except ProcessEnded as ended:
                kind = "timeout" if isinstance(ended, ProcessHung) else "crashed"
                self._note(_failure(cell, kind, "", ended.reason, 0))
                self._left_out.add(cell.index)
                return False
        return self._put_all(process)

    def _put_all(self, process: StudentProcess) -> bool:
        """Once more at the end: a later cell may have defined the name again, or no cell at all."""
        try:
            for name in self._put_in:
                self._put(process, name)
        except ProcessEnded:
            return False
        return True

    def _put(self, process: StudentProcess, name: str) -> None:
        process.ask({"op": "put", "name": name, "source": self._put_in[name]}, self.limits.call_s)

    def _run_cell(self, process: StudentProcess, cell: CodeCell) -> None:
        reply = process.ask({"op": "cell", "index": cell.index, "source": cell.source}, self.limits.cell_s)
        value = reply.get("value")
        report: dict[str, Any] = value if isinstance(value, dict) else {}
        error = report.get("error")
        notes = report.get("notes")
        if isinstance(notes, list) and notes and not self._tested:
            self.notes[cell.index] = tuple(_text(note, 200) for note in notes[:20])
        for text, count in _noticed(report.get("noticed")).items():
            before = self._noticed.setdefault(cell.index, {})
            before[text] = max(count, before.get(text, 0))  # loaded again, it does the same again
        if isinstance(error, dict):
            type_name = _text(error.get("type", ""), 100)
            kind = "timeout" if type_name == "TimeLimit" else "error"
            line = _line(error.get("line"))
            message = _text(error.get("message", ""), TEXT_LIMIT)
            self._note(_failure(cell, kind, type_name, message, line))
        elif not self._tested and cell.index not in self._left_out:
            self.failures.pop(cell.index, None)

    def _note(self, failure: CellFailure) -> None:
        """Keep the first failure of each cell; of one that first fails after tests have run, not its words."""
        if self._tested:
            failure = replace(failure, type_name="an exception", message="only when it was run again", line=0)
        if failure.index not in self.failures or not self._tested:
            self.failures[failure.index] = failure


def _noticed(value: object) -> dict[str, int]:
    """Text -> how often, of what the child says; nothing where that has another form."""
    if not isinstance(value, dict):
        return {}
    return {_text(k, 160): v for k, v in list(value.items())[:MAX_NOTICED] if type(v) is int}


def _line(value: object) -> int:
    """A line's number; 0 where the child sent anything else. True is no number, though Python takes it for one."""
    return value if type(value) is int and 0 < value < MAX_LINE else 0


def _failure(cell: CodeCell, kind: str, type_name: str, message: str, line: int) -> CellFailure:
    return CellFailure(cell.index, cell.defines, kind, type_name, message, line)


def _text(value: object, limit: int) -> str:
    """Text of student code for a report: bounded, and nothing in it that a terminal would act on.

    What is no text is only named: a reply can hold tensors that take minutes to print.
    """
    text = value if isinstance(value, str) else f"({type(value).__name__})"
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text[:limit])
