"""Time that real functions take, without the time of those measured inside them."""

from __future__ import annotations

import functools
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any


class Stopwatch:
    """Seconds of each part. A function that is measured is replaced where its callers look it up."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._running: list[str] = []
        self._since = 0.0

    def measure(self, owner: Any, name: str, part: str, within: str = "") -> None:
        """Count the calls of `owner.name` to `part`.

        Args:
            owner: a class or a module.
            within: where the call is made inside of this part, it stays there.
        """
        original: Callable[..., Any] = getattr(owner, name)

        @functools.wraps(original)
        def measured(*args: Any, **kwargs: Any) -> Any:
            self._switch(within if within in self._running else part)
            try:
                return original(*args, **kwargs)
            finally:
                self._switch(None)

        setattr(owner, name, measured)

    def reset(self) -> None:
        self.seconds.clear()

    def _switch(self, part: str | None) -> None:
        """Stop what is running; begin `part`, or go back to what was running before."""
        now = time.perf_counter()
        if self._running:
            self.seconds[self._running[-1]] += now - self._since
        if part is None:
            self._running.pop()
        else:
            self._running.append(part)
        self._since = now
