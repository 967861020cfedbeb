"""Ctrl-C in the middle of writing: real signals, to this process."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from autograder.grading.finish_first import finish_first


@pytest.fixture(autouse=True)
def as_in_a_program() -> Iterator[None]:
    """Both signals interrupt, as `autograder` has it."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_block_is_finished_and_then_interrupted(number: signal.Signals) -> None:
    done = []

    def write() -> None:
        with finish_first():
            os.kill(os.getpid(), number)
            done.append("the rest")

    with pytest.raises(KeyboardInterrupt):
        write()
    assert done == ["the rest"]


def test_a_second_one_is_let_through() -> None:
    done = []

    def write() -> None:
        with finish_first():
            os.kill(os.getpid(), signal.SIGINT)
            done.append("some")
            os.kill(os.getpid(), signal.SIGINT)
            done.append("more")

    with pytest.raises(KeyboardInterrupt):
        write()
    assert done == ["some"]


def test_handlers_are_put_back_also_after_an_error() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(ZeroDivisionError), finish_first():
        raise ZeroDivisionError
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_signal_that_nobody_handles_is_left_alone() -> None:
    """A program that does not treat SIGTERM as Ctrl-C is to be ended by it at once."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with finish_first():
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_in_another_thread_it_does_nothing() -> None:
    done = []

    def work() -> None:
        with finish_first():
            done.append(1)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [1]
