"""A progress bar with counts, rate and time left, on stderr; a plain line a minute where that is no terminal."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

EVERY_S = 60.0
RECENT = 10


class RateColumn(ProgressColumn):
    """Finished items a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f}/s" if task.speed else "", style="progress.data.speed")


class Bar:
    """One line of progress."""

    def __init__(self, progress: Progress, label: str) -> None:
        self._progress = progress
        self._label = label
        self._task = progress.add_task(label, total=None, note="")

    def start(self, total: int, note: str) -> None:
        """Say how many there are; `note` stands behind the counts."""
        self._progress.update(self._task, total=total, note=note)

    def set(self, done: int, total: int) -> None:
        """Say how many are done, and of how many."""
        self._progress.update(self._task, completed=done, total=total)

    def advance(self) -> None:
        self._progress.advance(self._task)


class Lines(Bar):
    """The same where nothing can be drawn: a line a minute, so that a log of long work says how far it is.

    The time left is told from the pace of the last `RECENT` lines: long work has slow and fast stretches.
    """

    def __init__(self, console: Console, label: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._console, self._label, self._clock = console, label, clock
        self._done, self._total, self._note = 0, 0, ""
        self._began = clock()
        self._said: deque[tuple[float, int]] = deque([(self._began, 0)], maxlen=RECENT)  # when, and how many were done

    def start(self, total: int, note: str) -> None:
        if note != self._note:
            self._began = self._clock()
        self._total, self._note = total, note

    def set(self, done: int, total: int) -> None:
        if done < self._done:  # another part, with counts of its own
            self._said.clear()
            self._said.append((self._began, 0))
        self._done, self._total = done, total
        self._say()

    def advance(self) -> None:
        self._done += 1
        self._say()

    def _say(self) -> None:
        now = self._clock()
        if now - self._said[-1][0] < EVERY_S:
            return
        since, before = self._said[0]
        self._said.append((now, self._done))
        note = f" ({self._note})" if self._note else ""
        pace = (self._done - before) / (now - since)
        left = f", about {(self._total - self._done) / pace / 60:.0f} min left" if pace else ""
        self._console.print(f"{self._label}{note}: {self._done} of {self._total}{left}")


@contextmanager
def counting(label: str) -> Iterator[Bar]:
    """A progress bar for the time of the block."""
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    if not console.is_terminal:
        yield Lines(console, label)
        return
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), RateColumn(),
        TextColumn("left"), TimeRemainingColumn(), TextColumn("{task.fields[note]}"),
    )  # fmt: skip
    with Progress(*columns, console=console) as progress:
        yield Bar(progress, label)
