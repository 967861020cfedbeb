"""Gradients of a module's parameters across the boundary, and backward passes that fail or lie."""

from __future__ import annotations

import pytest
import torch

from autograder.suite import StudentError
from autograder.suite.student import Student, StudentCrashed
from tests.platform.sandbox.running import NUMBER
from tests.platform.suite.conftest import Notebook
from tests.platform.suite.test_gradients import D, leaves

MODULE = """
import torch
class Net(torch.nn.Module):
    def __init__(self, scale=1.0):
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.Linear(3, 2, dtype=torch.float64)])
        self.scale = torch.nn.Parameter(torch.tensor(scale, dtype=torch.float64))
        self.register_buffer("count", torch.zeros(1))
    def forward(self, x): return self.layers[0](x) * self.scale
    def frozen(self, x):
        with torch.no_grad(): return self(x)
"""


def test_parameters_of_a_module_get_gradients(notebook: Notebook) -> None:
    """A result depends on them although no argument requires grad; `get` reads them, they accumulate."""
    net = notebook(MODULE).Net(2.0)
    x = torch.arange(6.0, dtype=D).reshape(2, 3)
    assert net.get("scale.grad") is None
    loss = net(x).sum()
    assert loss.requires_grad
    loss.backward()
    weight, bias = net.get("layers.0.weight"), net.get("layers.0.bias")
    torch.testing.assert_close(net.get("scale.grad"), (x @ weight.T + bias).sum())
    torch.testing.assert_close(net.get("layers.0.bias.grad"), torch.full((2,), 4.0, dtype=D))
    net(x).sum().backward()
    torch.testing.assert_close(net.get("layers.0.bias.grad"), torch.full((2,), 8.0, dtype=D))
    assert not net.frozen(x).requires_grad


def test_arguments_and_parameters_in_one_pass(notebook: Notebook) -> None:
    """Both get theirs."""
    net = notebook(MODULE).Net()
    (x,) = leaves((2, 3))
    net(x).sum().backward()
    torch.testing.assert_close(x.grad, net.get("layers.0.weight").sum(0).expand(2, 3))
    assert net.get("scale.grad") is not None


def test_values_fetched_are_without_history(notebook: Notebook) -> None:
    """`get` and `state_dict` give numbers, not graphs."""
    net = notebook(MODULE).Net()
    assert not net.get("scale").requires_grad
    assert not any(tensor.requires_grad for tensor in net.state_dict().values())


HOSTILE_GRADIENTS = """
import torch
class Lie(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, how):
        ctx.how = how
        return x * 2
    @staticmethod
    def backward(ctx, g):
        if ctx.how == "raise": raise ValueError("no")
        if ctx.how == "hang":
            while True: pass
        if ctx.how == "nan": return g * float("nan"), None
        return g, None
def lie(x, how): return Lie.apply(x, how)
"""


def test_a_backward_pass_of_the_students_that_fails(notebook: Notebook) -> None:
    """It is the student's error, as in a call."""
    student: Student = notebook(HOSTILE_GRADIENTS)
    (x,) = leaves((2,))
    with pytest.raises(StudentError, match="no"):
        student.lie(x, "raise").sum().backward()
    student.lie(x, "nan").sum().backward()
    assert x.grad is not None
    assert x.grad.isnan().all()


def test_a_gradient_of_another_shape_is_no_answer(in_sandbox: Notebook) -> None:
    """A process that sends one is treated like one that sends garbage."""
    forge = (
        f"import os, struct, sys\ndef f(x): return Wrong.apply(x)\nimport torch\n{NUMBER}"
        "class Wrong(torch.autograd.Function):\n"
        "    @staticmethod\n    def forward(ctx, x): return x * 2\n"
        "    @staticmethod\n    def backward(ctx, g):\n"
        "        h = b'{HEADER}'.replace(b'NUMBER', b'%d' % number())\n"
        "        os.write(3, struct.pack('>II', len(h), 8) + h + bytes(8))\n        return g\n"
    )
    tensor = '{"$":"tensor","v":0}'
    bodies = {
        "of 2": f'[{tensor}]|[["float32",[2],0,8]]', "too many": f'[{tensor},null]|[["float64",[1],0,8]]',
        "no list": f'{tensor}|[["float64",[1],0,8]]', "text": '["x"]|[["float64",[1],0,8]]',
    }  # fmt: skip
    for body in bodies.values():
        value, records = body.split("|")
        header = '{"v":{"$":"dict","v":[["ok",true],["id",NUMBER],["value",' + value + ']]},"t":' + records + "}"
        (x,) = leaves((2,))
        with pytest.raises(StudentCrashed, match=r"no gradients|another shape"):
            in_sandbox(forge.replace("{HEADER}", header)).f(x).sum().backward()
