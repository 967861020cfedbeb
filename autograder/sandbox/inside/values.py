"""What student code returns, made sendable: plain data as it is, everything else as a number.

Runs inside the sandbox. Parameters and other tensor subclasses become plain tensors that keep
their place in the autograd graph, so that gradients can be propagated later.
"""

from __future__ import annotations

from typing import Any

import torch

from .wire import Ref, WireError

MAX_OBJECTS = 10_000


class Objects:
    """Objects that stay here, by number; the same object always has the same number."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything: the next test must not see the last one's objects."""
        self._by_number: dict[int, Any] = {}
        self._numbers: dict[int, int] = {}

    def find(self, ref: Ref) -> Any:
        """The object with this number. Raises WireError where there is none."""
        try:
            return self._by_number[ref.number]
        except KeyError:
            raise WireError("that object belongs to an earlier test") from None

    def keep(self, value: Any) -> Ref:
        """The object's number."""
        number = self._numbers.get(id(value))
        if number is None:
            if len(self._by_number) >= MAX_OBJECTS:
                raise WireError("too many objects were returned")
            number = len(self._by_number) + 1
            self._by_number[number] = value
            self._numbers[id(value)] = number
        return Ref(number, type(value).__name__)

    def plain(self, value: Any) -> Any:
        """`value` as something that `wire.encode` can send."""
        if isinstance(value, torch.Tensor):
            return self._tensor(value)
        for base in (bool, int, float, str):
            if isinstance(value, base):
                return base(value)
        if isinstance(value, torch.device):
            return str(value)
        if isinstance(value, tuple):
            return tuple(value)
        if isinstance(value, list):
            return list(value)
        if isinstance(value, dict) and all(isinstance(key, str | int) for key in value):
            return {(str(key) if isinstance(key, str) else int(key)): item for key, item in value.items()}
        if type(value).__module__ == "numpy" and getattr(value, "shape", None) == () and hasattr(value, "item"):
            return value.item()
        return self.keep(value)

    @staticmethod
    def _tensor(value: torch.Tensor) -> torch.Tensor:
        if value.layout is not torch.strided:
            raise WireError(f"your function returned a tensor of layout {value.layout}; return a dense one")
        if value.device.type == "meta":
            raise WireError("your function returned a tensor without values (on the meta device)")
        plain = value.as_subclass(torch.Tensor) if type(value) is not torch.Tensor else value
        return plain if plain.device.type == "cpu" else plain.cpu()
