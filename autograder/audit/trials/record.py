"""Note how close every comparison of a suite comes to its tolerance.

The suite's own `assert_close` and torch's `allclose` are replaced by ones that measure and then do the same. For the
processes of trials alone, before the suite is collected.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import torch

import autograder.suite
from autograder.audit.trials.model import Margin
from autograder.suite import checks


class Recorder:
    """Margins of the test that is running. Only comparisons that stand in the suite's files count."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        self._largest: dict[tuple[int, str], float] = {}

    def install(self) -> None:
        plain_close, plain_allclose = checks.assert_close, torch.allclose

        def assert_close(actual: Any, expected: Any, **options: Any) -> None:
            tolerances = options.get("rtol", 1e-4), options.get("atol", 1e-6)
            self._note(sys._getframe(1), str(options.get("name", "the result")), actual, expected, *tolerances)
            plain_close(actual, expected, **options)

        def allclose(input: Any, other: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
            self._note(sys._getframe(1), "allclose", input, other, rtol, atol)
            return plain_allclose(input, other, rtol=rtol, atol=atol, equal_nan=equal_nan)

        autograder.suite.assert_close = checks.assert_close = assert_close
        torch.allclose = allclose

    def take(self) -> tuple[Margin, ...]:
        """What was noted since the last time."""
        found = tuple(Margin(line, name, ratio) for (line, name), ratio in self._largest.items())
        self._largest.clear()
        return found

    def _note(self, frame: FrameType, name: str, actual: Any, expected: Any, rtol: float, atol: float) -> None:
        if frame.f_code.co_filename.startswith(self._folder):
            ratio = _ratio(actual, expected, rtol, atol)
            if ratio is not None:
                site = (frame.f_lineno, name)
                self._largest[site] = max(ratio, self._largest.get(site, 0.0))


def _ratio(actual: Any, expected: Any, rtol: float, atol: float) -> float | None:
    """None where the tolerance does not decide: another shape, no numbers, or no finite ones."""
    try:
        got = torch.as_tensor(actual).detach().to("cpu", torch.float64)
        want = torch.as_tensor(expected).detach().to("cpu", torch.float64)
    except (TypeError, ValueError, RuntimeError):
        return None
    if got.shape != want.shape or got.numel() == 0:
        return None
    error = (got - want).abs()
    ratios = torch.where(error == 0, torch.zeros_like(error), error / (atol + rtol * want.abs()))
    largest = float(ratios.max())
    return largest if math.isfinite(largest) else None
