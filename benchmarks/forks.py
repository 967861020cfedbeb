"""Work in forked processes, and things that such processes take in turn."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any


class Turns:
    """Paths that processes forked from this one take in turn, each path once."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._next = multiprocessing.Value("i", 0)

    def __iter__(self) -> Iterator[Path]:
        while True:
            with self._next.get_lock():
                number = self._next.value
                self._next.value += 1
            if number >= len(self._paths):
                return
            yield self._paths[number]


def start_fork(work: Callable[[], Any]) -> Callable[[], Any]:
    """Begin `work()` in a child process. The function returned waits for what it returns, which must be JSON."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reading)
            with os.fdopen(writing, "w") as pipe:
                json.dump(work(), pipe)
            status = 0
        finally:
            os._exit(status)
    os.close(writing)

    def result() -> Any:
        with os.fdopen(reading) as pipe:
            text = pipe.read()
        if os.waitpid(child, 0)[1] != 0:
            raise RuntimeError("a notebook ended its process")
        return json.loads(text)

    return result
