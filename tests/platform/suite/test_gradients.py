"""Gradients across the boundary are those that plain autograd gives on this side.

Each case is a function; it runs here on one set of leaves and remotely on an equal one, and both
sets must end with equal gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch

from tests.platform.suite.conftest import Notebook

D = torch.float64
CODE = """
import torch
import torch.nn as nn

def product(x, y): return x * y.exp()
def several(x, y): return x.sum(), (x * y, {"a": y ** 2, "n": 3}), [x.mean(0)]
def ignores_second(x, y): return x ** 2
def in_nested(values): return sum(v.sum() for v in values[0]) * values[1]["w"]
def keyword(x, *, scale): return x * scale
def detached(x, y): return (x * y).detach()
def partly_detached(x, y): return x * y.detach()
def under_no_grad(x, y):
    with torch.no_grad():
        return x * y
def whole_numbers(x, y): return (x * y).argmax(), (x > y), x * y
def in_place(x, y):
    x *= 2
    x[0] = 0
    y.add_(x)
    return y
def same(x, y): return x
def same_twice(x, y):
    z = x * y
    return z, z
def view(x, y): return (x * y).T[0:1]
def complex_path(x, y): return torch.view_as_complex(torch.stack([x, y], -1)).abs()
def expanded(x, y): return (x.sum() + y.sum()).expand(2, 3)
def scalar(x, y): return (x * y).sum()
def loops(x, y):
    for _ in range(20):
        x = torch.tanh(x + y)
    return x
def as_parameter(x, y): return nn.Parameter(x.detach()) * y
def new_leaf(x, y): return x.clone().detach().requires_grad_() * y
def anomalous(x, y): return x / 0 * 0 + y
"""
NAMES: dict[str, Any] = {}
exec(CODE, NAMES)


def leaves(*shapes: Sequence[int], dtype: torch.dtype = D, seed: int = 3) -> list[torch.Tensor]:
    chance = torch.Generator().manual_seed(seed)
    return [torch.randn(tuple(shape), dtype=dtype, generator=chance).requires_grad_() for shape in shapes]


def total(value: Any) -> torch.Tensor:
    """A sum in which every differentiable entry of the result has a weight of its own."""
    if isinstance(value, torch.Tensor):
        if not value.requires_grad:
            return torch.zeros((), dtype=D)
        return (value * torch.arange(1.0, value.numel() + 1, dtype=value.dtype).reshape(value.shape)).sum()
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return sum((k * total(item) for k, item in enumerate(items, start=1)), start=torch.zeros((), dtype=D))


def gradients(of: Callable[..., Any], *inputs: torch.Tensor) -> list[torch.Tensor | None]:
    loss = total(of(*inputs))
    if loss.requires_grad:
        loss.backward()
    return [leaf.grad for leaf in inputs]


def assert_same(got: Sequence[torch.Tensor | None], want: Sequence[torch.Tensor | None]) -> None:
    assert [g is None for g in got] == [w is None for w in want]
    for g, w in zip(got, want, strict=True):
        if g is not None and w is not None:
            torch.testing.assert_close(g, w, rtol=1e-12, atol=1e-12, equal_nan=True)


@pytest.mark.parametrize(
    "name",
    ["product", "several", "ignores_second", "detached", "partly_detached", "under_no_grad", "whole_numbers",
     "in_place", "same", "same_twice", "view", "complex_path", "expanded", "scalar", "loops", "new_leaf", "anomalous",
     "as_parameter"],
)  # fmt: skip
def test_as_in_plain_autograd(notebook: Notebook, name: str) -> None:
    """Same gradients, and None for the same arguments, whatever the function does with them."""
    student = notebook(CODE)
    # Plain autograd refuses in-place work on leaves; training code does it on what it was given.
    want = leaves((2, 3), (2, 3))
    here = [leaf.clone() if name == "in_place" else leaf for leaf in want]
    loss = total(NAMES[name](*here))
    if loss.requires_grad:
        loss.backward()
    got = leaves((2, 3), (2, 3))
    value = getattr(student, name)(*got)
    loss = total(value)
    if loss.requires_grad:
        loss.backward()
    assert_same([leaf.grad for leaf in got], [leaf.grad for leaf in want])


def test_values_are_equal_and_attached(notebook: Notebook) -> None:
    """What requires grad over there requires it here, and nothing else does; numbers stay numbers."""
    x, y = leaves((2, 3), (2, 3))
    whole, boolean, product = notebook(CODE).whole_numbers(x, y)
    assert (whole.dtype, boolean.dtype) == (torch.int64, torch.bool)
    assert (whole.requires_grad, boolean.requires_grad, product.requires_grad) == (False, False, True)
    assert torch.equal(product.detach(), (x * y).detach())
    nested = notebook(CODE).several(x, y)
    assert isinstance(nested, tuple)
    assert nested[1][1]["n"] == 3
    assert nested[1][1]["a"].requires_grad


def test_tensors_nested_in_arguments(notebook: Notebook) -> None:
    """In lists and dicts, and as keywords; those that do not require grad get none."""
    student = notebook(CODE)
    a, b, w = leaves((2,), (3,), ())
    plain = torch.ones(4, dtype=D)
    student.in_nested([[a, b, plain], {"w": w}]).backward()
    assert_same([a.grad, b.grad], [w.detach().expand(2), w.detach().expand(3)])
    assert w.grad is not None
    torch.testing.assert_close(w.grad, (a.sum() + b.sum() + 4).detach())
    assert plain.grad is None
    x, scale = leaves((3,), ())
    student.keyword(x, scale=scale).sum().backward()
    assert scale.grad is not None
    torch.testing.assert_close(scale.grad, x.detach().sum())


def test_float32_half_and_complex(notebook: Notebook) -> None:
    """The gradient has the dtype of its argument."""
    student = notebook(CODE)
    for dtype in (torch.float32, torch.bfloat16, torch.complex128):
        x, y = leaves((2, 3), (2, 3), dtype=dtype)
        student.product(x, y).sum().abs().backward()
        assert x.grad is not None
        assert x.grad.dtype is dtype


def test_an_argument_that_is_no_leaf(notebook: Notebook) -> None:
    """The graph goes on on this side."""
    student = notebook(CODE)
    (x,) = leaves((2, 3))
    student.product(x**2, torch.zeros(2, 3, dtype=D)).sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad, 2 * x.detach())


def test_one_tensor_as_both_arguments(notebook: Notebook) -> None:
    """Both roads count."""
    student = notebook(CODE)
    (x,), (want,) = leaves((2, 3)), leaves((2, 3))
    student.product(x, x).sum().backward()
    NAMES["product"](want, want).sum().backward()
    assert_same([x.grad], [want.grad])


def test_a_chain_of_calls(notebook: Notebook) -> None:
    """The result of one call is the argument of the next."""
    student = notebook(CODE)
    got, want = leaves((2, 3), (2, 3)), leaves((2, 3), (2, 3))

    def chain(module: Any, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return module.loops(module.product(x, y).tanh(), module.scalar(x, y) * y)

    class Here:
        loops, product, scalar = (staticmethod(NAMES[n]) for n in ("loops", "product", "scalar"))

    assert_same(gradients(lambda x, y: chain(student, x, y), *got), gradients(lambda x, y: chain(Here, x, y), *want))


def test_backward_twice_accumulates(notebook: Notebook) -> None:
    """With retain_graph, and by two calls; gradients add up on this side as ever."""
    student = notebook(CODE)
    (x, y) = leaves((2, 3), (2, 3))
    z = student.product(x, y)
    z.sum().backward(retain_graph=True)
    assert x.grad is not None
    once = x.grad.clone()
    z.sum().backward()
    torch.testing.assert_close(x.grad, 2 * once)
    student.product(x, y).sum().backward()
    torch.testing.assert_close(x.grad, 3 * once)


def test_gradients_by_autograd_grad(notebook: Notebook) -> None:
    """With weights, of one output among several, and None for what is not used."""
    student = notebook(CODE)
    x, y = leaves((2, 3), (2, 3))
    weight = torch.full((2, 3), 2.0, dtype=D)
    (g,) = torch.autograd.grad(student.product(x, y), x, grad_outputs=weight)
    torch.testing.assert_close(g, 2 * y.exp().detach())
    assert x.grad is None
    g_x, g_y = torch.autograd.grad(student.ignores_second(x, y).sum(), (x, y), allow_unused=True)
    torch.testing.assert_close(g_x, 2 * x.detach())
    assert g_y is None
    first, (second, _), _ = student.several(x, y)
    (g,) = torch.autograd.grad(second.sum(), x)
    torch.testing.assert_close(g, y.detach())
    (g,) = torch.autograd.grad(first, x)
    torch.testing.assert_close(g, torch.ones_like(x))


def test_a_gradient_that_is_not_contiguous(notebook: Notebook) -> None:
    """`sum` sends an expanded gradient, `.T` a transposed one."""
    student = notebook(CODE)
    x, y = leaves((2, 3), (2, 3))
    student.product(x, y).T.mul(torch.arange(6.0, dtype=D).reshape(3, 2)).sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad, (torch.arange(6.0, dtype=D).reshape(3, 2).T * y.exp()).detach())


def test_the_second_derivative_is_refused(notebook: Notebook) -> None:
    """It cannot be had across the boundary, and a wrong zero must not come instead."""
    student = notebook(CODE)
    x, y = leaves((2, 3), (2, 3))
    (g,) = torch.autograd.grad(student.product(x, y).sum(), y, create_graph=True)
    with pytest.raises(RuntimeError):
        g.sum().backward()


def test_grad_mode_of_the_test_holds_in_the_notebook(notebook: Notebook) -> None:
    """Under no_grad nothing is recorded there either."""
    student = notebook(CODE + "\ndef recording(x): return torch.is_grad_enabled(), x.requires_grad\n")
    (x,) = leaves((2,))
    assert student.recording(x) == (True, True)
    with torch.no_grad():
        assert student.recording(x) == (False, False)
        assert not student.product(x, x).requires_grad
    assert student.recording(x.detach()) == (True, False)


def test_student_code_cannot_switch_recording_off_for_later_calls(notebook: Notebook) -> None:
    """A call that leaves grad mode off does not take the next call's gradient."""
    student = notebook(CODE + "\ndef off(): torch.set_grad_enabled(False)\n")
    student.off()
    (x, y) = leaves((2, 3), (2, 3))
    assert student.product(x, y).requires_grad


def test_arguments_on_this_side_never_change(notebook: Notebook) -> None:
    """In-place work over there is done on copies; so is what the caller does to results."""
    student = notebook(CODE)
    x, y = leaves((2, 3), (2, 3))
    before = x.detach().clone(), y.detach().clone()
    student.in_place(x, y)
    student.in_place(x.detach(), y.detach())
    with torch.no_grad():
        student.in_place(x, y)
    result = student.same(x.detach(), y)
    result.fill_(0)
    assert torch.equal(x.detach(), before[0])
    assert torch.equal(y.detach(), before[1])
