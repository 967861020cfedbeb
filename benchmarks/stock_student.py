"""The fixture `student` for tests that share the student's kernel: a file beside the tests of stock nbgrader and Otter.

Nothing is encoded, copied or sent: a call costs a Python call. So they run the same tests with the
least that these can cost, and with no protection whatever.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import torch

from autograder.suite import StudentError

Test = Callable[[Any], None]
PLAIN = (torch.Tensor, int, float, str, bool, bytes, type(None))


def earned(points: float, tests: Sequence[tuple[str, float, Test]]) -> float:
    """Run the tests, each freshly seeded; the share of `points` by weight of those that pass.

    Args:
        tests: (what its seed is made of, weight, test).
    """
    passed = sum(weight for name, weight, test in tests if _passes(name, test))
    return points * passed / sum(weight for _, weight, _ in tests)


def run_seeded(name: str, test: Test) -> None:
    """Run one test; it raises where it does not pass."""
    torch.manual_seed(zlib.crc32(name.encode()))
    test(Notebook())


def _passes(name: str, test: Test) -> bool:
    try:
        run_seeded(name, test)
    except Exception:
        return False
    return True


class Notebook:
    """The kernel's own namespace, with the calls that a hidden test may make."""

    def __getattr__(self, name: str) -> Member:
        main = sys.modules["__main__"]
        if not hasattr(main, name):
            raise StudentError("MissingName", f"{name} is not defined")
        return Member(getattr(main, name))

    def run(self, probe: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        value = _call(probe, [sys.modules["__main__"], *args], kwargs)
        return _map(value, lambda leaf: leaf.detach() if isinstance(leaf, torch.Tensor) else leaf)


class Member:
    """A callable, or an object of the notebook: what a test knows as a handle."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _wrap(_call(self._value, args, kwargs))

    def __getattr__(self, name: str) -> Member:
        return Member(getattr(self._value, name))

    def get(self, path: str) -> Any:
        value = self._value
        for part in path.split("."):
            value = value[int(part)] if part.isdigit() else getattr(value, part)
        return value.detach() if isinstance(value, torch.Tensor) else _wrap(value)

    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: tuple(parameter.shape) for name, parameter in self._value.named_parameters()}


def _call(function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    try:
        return function(*map(_unwrap, args), **{name: _unwrap(value) for name, value in kwargs.items()})
    except Exception as error:
        names = tuple(kind.__name__ for kind in type(error).__mro__)
        raise StudentError(type(error).__name__, str(error), names) from None


def _wrap(value: Any) -> Any:
    return _map(value, lambda leaf: leaf if isinstance(leaf, PLAIN) else Member(leaf))


def _unwrap(value: Any) -> Any:
    return _map(value, lambda leaf: leaf._value if isinstance(leaf, Member) else leaf)


def _map(value: Any, change: Callable[[Any], Any]) -> Any:
    """`change` applied to everything in lists, tuples and dicts."""
    if isinstance(value, list):
        return [_map(item, change) for item in value]
    if isinstance(value, tuple):
        return tuple(_map(item, change) for item in value)
    if isinstance(value, dict):
        return {key: _map(item, change) for key, item in value.items()}
    return change(value)
