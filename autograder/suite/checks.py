"""Checks for hidden tests: shape, dtype and finiteness before values, and named mistakes.

Each raises `WrongAnswer`, which carries two texts: the message, for teaching staff, which may
print numbers; and the hint, for the student, which never does. Where no hint is given, the hint
of the test's `hint` marker is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch

from autograder.suite.student import StudentError

Mistakes = Mapping[str, torch.Tensor | float]


class WrongAnswer(AssertionError):
    """The student's answer is wrong. `hint` explains the idea and never prints the answer."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def require(condition: object, message: str, hint: str = "") -> None:
    """Fail with `message` (for staff) and `hint` (for the student) unless `condition` is true."""
    if not condition:
        raise WrongAnswer(message, hint)


def assert_tensor(actual: object, *, name: str = "the result") -> torch.Tensor:
    """Fail unless `actual` is a dense tensor; return it."""
    if not isinstance(actual, torch.Tensor):
        raise WrongAnswer(
            f"{name} is a {type(actual).__name__}, not a tensor",
            f"{_sentence(name)} should be a tensor. Check what your function returns: a missing `return` gives None.",
        )
    return actual


def assert_shape(actual: object, shape: Sequence[int], *, name: str = "the result", hint: str = "") -> torch.Tensor:
    """Fail unless `actual` is a tensor of exactly this shape; return it."""
    tensor = assert_tensor(actual, name=name)
    if tuple(tensor.shape) != tuple(shape):
        raise WrongAnswer(f"{name} has shape {list(tensor.shape)}, expected {list(shape)}", hint)
    return tensor


def assert_scalar(actual: object, *, name: str = "the loss", hint: str = "") -> torch.Tensor:
    """Fail unless `actual` is a zero-dimensional, finite, floating-point tensor; return it."""
    tensor = assert_shape(actual, (), name=name, hint=hint)
    _assert_floating(tensor, name, hint)
    _assert_finite(tensor, name)
    return tensor


def assert_close(
    actual: object,
    expected: torch.Tensor | float,
    *,
    rtol: float = 1e-4,
    atol: float = 1e-6,
    name: str = "the result",
    hint: str = "",
    mistakes: Mistakes | Callable[[], Mistakes] | None = None,
) -> None:
    """Fail unless `actual` has the shape and values of `expected`.

    Args:
        actual: what the student's code returned.
        expected: the right answer; a float stands for a zero-dimensional tensor.
        rtol, atol: |actual − expected| ≤ atol + rtol · |expected|, elementwise. NaN never passes.
        name: what the value is, in words, for the messages.
        hint: shown to the student where no named mistake matches; default: the test's marker.
        mistakes: hint -> the value which that mistake would give. The first that `actual` agrees
            with is the hint shown. Entries that equal the right answer here are ignored. A function that
            returns them is called where the answer is wrong: right ones need not wait for what takes long.

    Raises:
        WrongAnswer: the shape, finiteness or a value is wrong.
        ValueError: `expected` is not finite, so that no tolerance makes sense: the test is broken.
    """
    want = _as_float64(expected)
    if not bool(torch.isfinite(want).all()):
        raise ValueError(f"the expected value of {name} holds NaN or infinite values")
    if isinstance(actual, (int, float)) and not isinstance(actual, bool) and want.ndim == 0:
        actual = torch.tensor(float(actual), dtype=torch.float64)
    tensor = assert_tensor(actual, name=name)
    named = _named_mistake(tensor, want, mistakes, rtol, atol)
    assert_shape(tensor, tuple(want.shape), name=name, hint=named or hint)
    if tensor.is_complex():
        raise WrongAnswer(f"{name} is complex ({tensor.dtype})", hint)
    _assert_finite(tensor, name, named)
    got = _as_float64(tensor)
    error = (got - want).abs()
    allowed = atol + rtol * want.abs()
    if not bool((error <= allowed).all()):
        worst = int((error - allowed).argmax())
        raise WrongAnswer(
            f"{name}: {got.flatten()[worst].item():.8g} where {want.flatten()[worst].item():.8g} was expected "
            f"(flat index {worst} of {got.numel()}, largest error {error.max().item():.3g})",
            named or hint,
        )


@contextmanager
def raises_in_student(*types: str, hint: str = "") -> Iterator[None]:
    """Fail unless the student's code raises one of these exceptions, named as in Python.

    A missing implementation (NotImplementedError, or a name that is not defined) never counts.
    """
    try:
        yield
    except StudentError as error:
        if error.is_a("NotImplementedError") or error.missing:
            raise
        if types and not error.is_a(*types):
            raise WrongAnswer(
                f"raised {error.type_name} where {' or '.join(types)} was expected: {error}", hint
            ) from None
    else:
        raise WrongAnswer(f"no error was raised where {' or '.join(types)} was expected", hint)


def _named_mistake(
    actual: torch.Tensor,
    want: torch.Tensor,
    mistakes: Mistakes | Callable[[], Mistakes] | None,
    rtol: float,
    atol: float,
) -> str:
    if mistakes is None or actual.is_complex() or _agrees(actual, want, rtol, atol):
        return ""
    for text, value in (mistakes() if callable(mistakes) else mistakes).items():
        wrong = _as_float64(value)
        if not _agrees(wrong, want, rtol, atol) and _agrees(actual, wrong, rtol, atol):
            return text.strip()
    return ""


def _agrees(actual: torch.Tensor, wanted: torch.Tensor, rtol: float, atol: float) -> bool:
    if actual.shape != wanted.shape:
        return False
    return torch.allclose(_as_float64(actual), wanted, rtol=rtol, atol=atol, equal_nan=True)


def _assert_floating(tensor: torch.Tensor, name: str, hint: str) -> None:
    if not tensor.is_floating_point():
        raise WrongAnswer(f"{name} has dtype {tensor.dtype}, expected a floating-point one", hint)


def _assert_finite(tensor: torch.Tensor, name: str, named: str = "") -> None:
    if not bool(torch.isfinite(tensor.detach()).all()):
        raise WrongAnswer(
            f"{name} holds NaN or infinite values",
            named
            or f"{_sentence(name)} holds NaN or infinite values: look for a logarithm of zero, "
            "a division by zero or an exponential that overflows.",
        )


def _as_float64(value: torch.Tensor | float) -> torch.Tensor:
    tensor = value if isinstance(value, torch.Tensor) else torch.tensor(value)
    return tensor.detach().to(device="cpu", dtype=torch.float64)


def _sentence(name: str) -> str:
    """`name` at the start of a sentence; the rest keeps its case, as in "The KL divergence"."""
    return name[:1].upper() + name[1:]
