"""Processes that make pages: whichever ends from outside, whenever, nobody waits for it for ever."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from autograder.gradebook.page_makers import MakerEnded, PageMakers
from tests.platform.gradebook.slow_makers import serve_slowly

NOT_FOR_EVER_S = 30


@pytest.fixture
def makers() -> Iterator[PageMakers]:
    with PageMakers(2, serve_slowly) as makers:
        yield makers


def make(makers: PageMakers, batches: list[float]) -> list[str]:
    return sorted(student for made, _ in makers.make(batches) for student in made)  # type: ignore[arg-type]


def within_a_time(work: Any) -> Any:
    """What it gives or raises; a failure where it does not end."""
    ended: list[Any] = []

    def run() -> None:
        try:
            ended.append(work())
        except MakerEnded as error:
            ended.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(NOT_FOR_EVER_S)
    assert ended, "it waits for ever"
    return ended[0]


def kill(pid: int | None) -> None:
    assert pid
    os.kill(pid, signal.SIGKILL)


def test_every_batch_is_made_once(makers: PageMakers) -> None:
    assert make(makers, [0.01, 0.02, 0.03, 0.04, 0.05]) == ["0.01", "0.02", "0.03", "0.04", "0.05"]
    assert len(makers._makers) == 2
    assert make(makers, [0.06]) == ["0.06"]


def test_one_batch_starts_one_process(makers: PageMakers) -> None:
    make(makers, [0.0])
    assert len(makers._makers) == 1


def test_a_fault_comes_out_and_the_next_call_is_not_given_what_was_left(makers: PageMakers) -> None:
    with pytest.raises(ValueError, match="no such time"):
        make(makers, [0.3, -1.0, 0.1])
    assert make(makers, [0.02]) == ["0.02"]


def test_one_that_ends_while_another_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """concurrent.futures' pool waits for ever then: it ends those that it knows, and joins one more."""
    makers = PageMakers(2, serve_slowly)
    make(makers, [0.0])
    (first,) = makers._makers.values()
    start = makers._context.Process.start

    def slowly(process: Any) -> None:
        start(process)
        time.sleep(0.3)

    monkeypatch.setattr(makers._context.Process, "start", slowly)
    threading.Timer(0.1, kill, [first.pid]).start()

    def work() -> list[str]:
        with makers:
            return make(makers, [1.0, 1.0])

    assert isinstance(within_a_time(work), MakerEnded)


def test_one_that_ends_at_any_moment_and_the_next_call_works() -> None:
    draw = random.Random(5)
    with PageMakers(2, serve_slowly) as makers:
        ended = 0
        for _ in range(12):
            make(makers, [0.0, 0.0])
            victim = draw.choice(list(makers._makers.values()))
            threading.Timer(draw.uniform(0, 0.05), kill, [victim.pid]).start()
            ended += isinstance(within_a_time(lambda: make(makers, [0.02] * 6)), MakerEnded)
            victim.join(NOT_FOR_EVER_S)
            if victim in makers._makers.values():  # ended when all was done: the next call meets it
                assert isinstance(within_a_time(lambda: make(makers, [0.05, 0.05])), MakerEnded)
        assert ended
