"""Ctrl-C while a batch is written: the batch is finished first, then the run ends.

Python raises KeyboardInterrupt wherever it is, also inside a database driver, which then closes the database, or in a
callback that loses the exception. Neither is a place to stop: the first would end the run with an error in place of
"interrupted", the second would go on as if nothing had been pressed.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def finish_first() -> Iterator[None]:
    """Hold back the first Ctrl-C, or SIGTERM where it is handled like one, until the block is done.

    A second one is let through: whoever presses again does not want to wait, for a locked database for instance.

    Raises:
        KeyboardInterrupt: after the block, where one was held back and nothing else was raised.
    """
    held: list[int] = []

    def hold(signum: int, frame: FrameType | None) -> None:
        if held:
            raise KeyboardInterrupt
        held.append(signum)

    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's business
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    ours = {number: handler for number, handler in before.items() if callable(handler)}
    for number in ours:
        signal.signal(number, hold)
    try:
        yield
    finally:
        for number, handler in ours.items():
            signal.signal(number, handler)
    if held:
        raise KeyboardInterrupt
