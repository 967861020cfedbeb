"""An answer as a suite sees it, in this process and with a stream of random numbers of its own, as in the sandbox."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import ModuleType
from typing import Any, TypeVar

import numpy
import torch

from autograder.suite.local import LocalBackend

Reply = TypeVar("Reply")


class Streams:
    """The state of every random generator that a suite or an answer may use."""

    def __init__(self) -> None:
        self.torch = torch.default_generator.get_state()
        self.python = random.getstate()
        self.numpy = numpy.random.get_state()

    def restore(self) -> None:
        torch.default_generator.set_state(self.torch)
        random.setstate(self.python)
        numpy.random.set_state(self.numpy)

    def same_as(self, other: Streams) -> bool:
        same_numpy = all(numpy.array_equal(a, b) for a, b in zip(self.numpy, other.numpy, strict=True))
        return same_numpy and self.python == other.python and torch.equal(self.torch, other.torch)


class LocalNotebook:
    """A backend whose answer draws from other streams than the test: seeds decide what they decide in grading."""

    def __init__(self, names: dict[str, Any], double: bool = False) -> None:
        self._backend = LocalBackend(names)
        self._double = double
        self._streams = Streams()
        self._begun = self._streams

    def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        return self._apart(self._backend.ask, message)

    def tell(self, message: dict[str, Any]) -> None:
        self._apart(self._backend.tell, message)
        self._begun = self._streams
        if self._double:  # the answer's process has just been set back to float32
            torch.set_default_dtype(torch.float64)

    @property
    def has_drawn(self) -> bool:
        """Whether the answer has drawn random numbers since the test began."""
        return not self._streams.same_as(self._begun)

    def _apart(self, handle: Callable[[dict[str, Any]], Reply], message: dict[str, Any]) -> Reply:
        outside = Streams()
        self._streams.restore()
        try:
            return handle(message)
        finally:
            self._streams = Streams()
            outside.restore()


def names_of(text: str) -> dict[str, Any]:
    """Run a module's text; the names that it defines."""
    module = ModuleType("reference")
    exec(compile(text, "<answer>", "exec", dont_inherit=True), module.__dict__)
    return {name: value for name, value in vars(module).items() if not name.startswith("__")}
