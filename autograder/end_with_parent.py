"""For processes that must not outlive the one that started them, however that one ends."""

from __future__ import annotations

import multiprocessing
import os
import threading


def end_with_parent() -> None:
    """From now on this process ends as soon as its parent has: kill -9 leaves no time to tell it."""
    threading.Thread(target=_wait, daemon=True).start()


def _wait() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()  # its end is noticed however it comes about
        os._exit(1)
