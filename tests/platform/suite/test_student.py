"""What a hidden test can do with a notebook: calls, handles, probes, errors; no state from one to the next."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from autograder.sandbox.session import SessionLimits
from autograder.suite import StudentError
from autograder.suite.student import Handle, Member, Student, StudentCrashed, StudentTimeout
from tests.platform.sandbox.running import LIMITS
from tests.platform.suite.conftest import Notebook

CODE = """
import torch, os
import torch.nn as nn

def echo(*args, **kwargs): return (list(args), kwargs) if kwargs else list(args)
def kinds(*args): return [type(a).__name__ for a in args]
def fail(kind): raise {"value": ValueError("31.41592"), "blank": NotImplementedError()}[kind]
class MissingName(Exception): pass
def pretend(): raise MissingName("31.41592")
class Mine(ValueError):
    pass
def mine(): raise Mine("31.41592")
def generator(): yield 1
def weird(): return [object(), generator(), echo, nn.Linear(1, 1), {1, 2}, b"x", 1j]
def subclasses():
    class I(int): pass
    class S(str): pass
    class D(dict): pass
    class T(tuple): pass
    class L(list): pass
    from collections import OrderedDict, namedtuple
    return I(3), S("s"), D(a=1), T((1,)), L([2]), OrderedDict(b=2), namedtuple("P", "x y")(1, 2), torch.Size([2, 3])
def parameter(): return nn.Parameter(torch.ones(2))
def device(): return torch.device("cpu"), torch.float64
def numpy_scalar():
    import numpy
    return numpy.float64(2.5), numpy.int64(3), numpy.bool_(True), numpy.ones(2)

class Net(nn.Module):
    def __init__(self, width=2):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(3, width)])
        self.register_buffer("seen", torch.zeros(1))
        self.names = {"first": [10, 20]}
    def forward(self, x): return self.layers[0](x)
    def encode(self, x): return x + 1, self
    def me(self): return self
"""


def test_arguments_arrive_as_they_are(notebook: Notebook) -> None:
    """Numbers, text, None, lists, tuples, dicts, dtypes; a size becomes a tuple, a device its name."""
    student = notebook(CODE)
    values: list[Any] = [1, -2.5, True, None, "text", [1, [2]], (3, (4,)), {"a": {"b": 1}}, torch.float64, float("inf")]
    assert student.echo(*values) == values
    assert student.echo(1, key=(2, 3)) == ([1], {"key": (2, 3)})
    assert student.kinds(1, 1.0, True, None, "x", [], (), {}, torch.float32, torch.ones(1), torch.Size([1])) == (
        ["int", "float", "bool", "NoneType", "str", "list", "tuple", "dict", "dtype", "Tensor", "tuple"]
    )
    assert student.echo(torch.device("cpu")) == ["cpu"]


def test_tensors_arrive_with_dtype_and_strides_undone(notebook: Notebook) -> None:
    """Values are what counts."""
    tensor = torch.arange(12).reshape(3, 4).T[::2]
    (back,) = notebook(CODE).echo(tensor)
    assert torch.equal(back, tensor)
    assert back.dtype is torch.int64


@pytest.mark.parametrize("value", [object(), slice(1), {1.5: 2}, b"x", len, {1, 2}, 2**70, torch.ones(1).to_sparse()])
def test_what_cannot_be_sent_is_the_tests_own_error(notebook: Notebook, value: object) -> None:
    """It is no StudentError, and the process is not asked."""
    student = notebook(CODE)
    with pytest.raises(Exception, match=r"send|sent|64 bits|Sparse") as caught:
        student.echo(value)
    assert not isinstance(caught.value, StudentError)
    assert student.echo(1) == [1]


def test_results_that_are_no_plain_data_are_handles(notebook: Notebook) -> None:
    """Objects, generators, functions, modules, sets, bytes, complex numbers."""
    for handle in notebook(CODE).weird():
        assert isinstance(handle, Handle)
    assert notebook(CODE).weird()[3].type_name == "Linear"


def test_an_object_of_the_students_proves_nothing(notebook: Notebook) -> None:
    """It is neither true nor equal nor comparable: `require(student.f())` must not pass for any object."""
    handle = notebook(CODE).weird()[0]
    for use in (
        lambda: bool(handle), lambda: bool(handle.member), lambda: handle.f > 1, lambda: handle < 1,
        lambda: handle > 1, lambda: len(handle), lambda: iter(handle), lambda: float(handle), lambda: handle + 1,
        lambda: handle[0], lambda: 1 in handle, lambda: abs(handle), lambda: torch.as_tensor(handle),
        lambda: not handle, lambda: all([handle]), lambda: any([handle]),
    ):  # fmt: skip
        with pytest.raises((TypeError, ValueError, RuntimeError)):
            use()
    assert handle != 1
    assert handle != torch.ones(1)
    for name in ("shape", "mean", "allclose", "item", "requires_grad", "abs"):
        with pytest.raises(AttributeError, match="is no tensor"):
            getattr(handle, name)


def test_subclasses_become_plain(notebook: Notebook) -> None:
    """A str with methods of its own is a str here, and so on."""
    result = notebook(CODE).subclasses()
    assert [type(item) for item in result] == [int, str, dict, tuple, list, dict, tuple, tuple]
    assert result == (3, "s", {"a": 1}, (1,), [2], {"b": 2}, (1, 2), (2, 3))
    parameter = notebook(CODE).parameter()
    assert type(parameter) is torch.Tensor
    assert parameter.requires_grad
    assert notebook(CODE).device() == ("cpu", torch.float64)
    *numbers, array = notebook(CODE).numpy_scalar()
    assert numbers == [2.5, 3, True]
    assert isinstance(array, Handle)


def test_handles_call_members_and_fetch_values(notebook: Notebook) -> None:
    """Calls, methods, nested attributes, numbers as indices, the same object the same handle."""
    student = notebook(CODE)
    net = student.Net(width=4)
    assert (net.type_name, repr(net)) == ("Net", "<Net in the student's process>")
    assert net(torch.ones(2, 3)).shape == (2, 4)
    shifted, itself = net.encode(torch.zeros(2))
    assert torch.equal(shifted, torch.ones(2))
    assert itself._target == net._target == net.me()._target
    assert net.get("layers.0.weight").shape == (4, 3)
    assert net.get("names") == {"first": [10, 20]}
    assert net.layers.forward.__class__ is Member
    assert net.parameter_shapes() == {"layers.0.weight": (4, 3), "layers.0.bias": (4,)}
    assert student.echo(net, [net])[1][0]._target == net._target


def test_state_dicts_go_both_ways(notebook: Notebook) -> None:
    """Loaded values are the ones that are used; a copy here changes nothing there."""
    net = notebook(CODE).Net()
    state = net.state_dict()
    assert list(state) == ["seen", "layers.0.weight", "layers.0.bias"]
    for tensor in state.values():
        tensor.fill_(1.0)
    assert not torch.equal(net.get("layers.0.weight"), torch.ones(2, 3))
    net.load_state_dict(state)
    assert torch.equal(net(torch.ones(1, 3)), torch.full((1, 2), 4.0))
    assert net.eval()._target == net._target
    assert net.get("training") is False


def test_probes_run_beside_the_notebook(notebook: Notebook) -> None:
    """With its module, with arguments and handles, returning plain data; closures and defaults are not sent."""
    student = notebook(CODE)
    assert student.run(probe_training, steps=3) == 3
    net = student.Net()
    assert student.run(probe_handle, net, torch.ones(1, 3)).shape == (1, 2)
    with pytest.raises(StudentError, match="NameError"):
        student.run(probe_needs_more)


def probe_training(module: Any, steps: int) -> int:
    import torch

    net = module.Net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        net(torch.ones(2, 3)).sum().backward()
        optimizer.step()
    return steps


def probe_handle(module: Any, net: Any, x: torch.Tensor) -> torch.Tensor:
    assert isinstance(net, module.Net)
    return net(x)  # type: ignore[no-any-return]


def probe_needs_more(module: Any) -> object:
    return Handle


def test_errors_are_mapped(notebook: Notebook) -> None:
    """Type, bases, message for staff, cell and line."""
    student = notebook(CODE)
    with pytest.raises(StudentError, match=r"31\.41592") as caught:
        student.mine()
    error = caught.value
    assert (error.type_name, error.cell, error.missing) == ("Mine", 0, "")
    assert error.is_a("ValueError")
    assert error.is_a("KeyError", "Exception")
    assert not error.is_a("TypeError")
    assert CODE.splitlines()[error.line - 1].startswith("def mine")
    with pytest.raises(StudentError) as caught:
        student.fail("blank")
    assert caught.value.is_a("NotImplementedError")
    with pytest.raises(StudentError) as caught:
        student.Net().no_such_method()
    assert caught.value.type_name == "AttributeError"


def test_missing_names_cannot_be_pretended(notebook: Notebook) -> None:
    """Only the test's own word for what it asked is taken."""
    student = notebook(CODE)
    with pytest.raises(StudentError) as caught:
        student.NoSuchThing()
    assert caught.value.missing == "NoSuchThing"
    with pytest.raises(StudentError) as caught:
        student.pretend()
    assert "31.41592" not in caught.value.missing
    with pytest.raises(StudentError) as caught:
        student.run(probe_pretend)
    assert caught.value.missing == ""


def probe_pretend(module: Any) -> None:
    module.pretend()


def test_time_and_crashes(in_sandbox: Notebook) -> None:
    """A hang, an exit and an unstoppable hang cost the call; the next one meets a fresh process."""
    limits = SessionLimits(cell_s=20.0, call_s=0.5, load_s=60.0, process=LIMITS)
    student = in_sandbox(
        "import os, signal, sys\nn = 0\n"
        "def hang():\n    while True: pass\n"
        "def stubborn():\n    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\n    while True: pass\n"
        "def leave(): os._exit(0)\ndef garbage(): os.write(3, b'x' * 64)\ndef leave_politely(): sys.exit(0)\n"
        "def count():\n    global n\n    n += 1\n    return n",
        limits=limits,
    )
    assert student.count() == 1
    with pytest.raises(StudentTimeout):
        student.hang()
    assert student.count() == 2  # stopped inside, so the process is the same
    with pytest.raises(StudentTimeout):
        student.stubborn()
    assert student.count() == 1
    with pytest.raises(StudentCrashed):
        student.leave()
    assert student.count() == 1
    with pytest.raises(StudentCrashed):
        student.garbage()
    assert student.count() == 1
    with pytest.raises(StudentError, match="SystemExit"):
        student.leave_politely()
    assert student.count() == 2


def test_each_test_starts_from_its_seed(notebook: Notebook) -> None:
    """torch, numpy and random, whatever ran before; and another seed gives other numbers."""
    student = notebook(
        "import torch, random, numpy\n"
        "def draw(): return torch.rand(1).item(), random.random(), float(numpy.random.rand())"
    )

    def drawn(seed: int) -> object:
        student.begin(seed)
        return student.draw()

    first = drawn(1)
    assert drawn(2) != first
    student.draw()
    assert drawn(1) == first


def test_handles_do_not_outlive_their_test(notebook: Notebook) -> None:
    """An object of the last test is not found any more, instead of being another one's."""
    student = notebook(CODE)
    net = student.Net()
    student.begin(2)
    student.Net()
    with pytest.raises(StudentError, match="earlier test"):
        Handle(net._backend, type(net._target)(99, "Net")).eval()


@pytest.mark.parametrize(
    "spoil",
    [
        "torch.allclose = lambda *a, **k: True", "torch.Tensor.__eq__ = lambda *a: True",
        "torch.randn = lambda *s, **k: torch.zeros(*s)", "torch.nn.functional.relu = None",
        "torch.set_default_dtype(torch.float16)", "torch.set_grad_enabled(False)", "torch.set_default_device('meta')",
        "torch.use_deterministic_algorithms(True)", "torch.Tensor.allclose = lambda *a: True",
        "import builtins; builtins.abs = lambda *a: 3", "torch.optim.Adam.step = None",
        "import sys; sys.modules['torch'] = None", "torch.manual_seed = lambda *a: None",
    ],
)  # fmt: skip
def test_what_one_question_leaves_behind_does_not_reach_the_next(in_sandbox: Notebook, spoil: str) -> None:
    """Replaced functions are put back before the tests of each question, and changed modes before each test."""
    student = in_sandbox(
        "import torch, math\nimport torch.nn.functional as F\n"
        f"def spoil():\n    {spoil}\n"
        "def state():\n    import torch\n    x = torch.ones(2, requires_grad=True)\n"
        "    return [torch.allclose(x, x + 1), bool((x == x + 1).any()), float(torch.randn(64).abs().sum()) > 1,\n"
        "            F.relu is not None, str(x.dtype), (x * 2).requires_grad, x.device.type,\n"
        "            torch.are_deterministic_algorithms_enabled(), torch.nn.Linear(2, 1)(x).shape[0], abs(-2),\n"
        "            x.allclose(x + 1)]"
    )
    honest = student.state()
    assert honest == [False, False, True, True, "torch.float32", True, "cpu", False, 1, 2, False]
    student.begin(1, "this one")
    student.spoil()
    student.begin(2, "this one" if ".set_" in spoil or ".use_" in spoil else "another")
    assert student.state() == honest


def test_replaced_functions_are_noticed(in_sandbox: Notebook) -> None:
    """By name, for the report."""
    student: Student = in_sandbox("import torch\ndef spoil(): torch.allclose = lambda *a, **k: True")
    student.spoil()
    student.begin(2)
    backend: Any = student._backend
    assert any("allclose" in text for text in backend._session.noticed())


def test_the_grader_is_not_touched_by_any_of_this(in_sandbox: Notebook) -> None:
    """It is another process: its functions, modes and random numbers are its own."""
    before = torch.allclose, torch.randn, torch.get_default_dtype()
    torch.manual_seed(5)
    want = torch.rand(3)
    torch.manual_seed(5)
    student = in_sandbox("import torch\ntorch.allclose = torch.randn = None\ntorch.set_default_dtype(torch.float64)\n"
                         "torch.manual_seed(1)\ndef f(): return torch.rand(100)")  # fmt: skip
    student.f()
    assert (torch.allclose, torch.randn, torch.get_default_dtype()) == before
    assert torch.equal(torch.rand(3), want)
