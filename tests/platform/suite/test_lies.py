"""Results that lie, that cannot be sent, or that are too large: plain data, a handle, or the student's error."""

from __future__ import annotations

import contextlib

import pytest
import torch

from autograder.suite import StudentError
from autograder.suite.student import Handle, StudentCrashed, StudentTimeout
from tests.platform.suite.conftest import Notebook

LIES = """
import torch
class Yes:
    def __eq__(self, other): return True
    def __bool__(self): return True
    def __getattr__(self, name): return self
    def __call__(self, *a, **k): return self
    def __float__(self): return 0.0
    def __reduce__(self): import os; return os._exit, (0,)
    __hash__ = None
class Sub(torch.Tensor):
    @classmethod
    def __torch_function__(cls, *a, **k): return True
    def __eq__(self, other): return True
class LyingShape(torch.Tensor):
    shape = (2, 3)
    dtype = torch.float64
class Str(str):
    def __eq__(self, other): return True
    __hash__ = str.__hash__
def yes(): return Yes()
def in_list(): return [Yes(), {"a": Yes()}]
def sub(): return torch.zeros(4).as_subclass(Sub)
def lying(): return torch.zeros(4).as_subclass(LyingShape)
def text(): return Str("x")
def sparse(): return torch.ones(3).to_sparse()
def meta(): return torch.ones(3, device="meta")
def huge(): return torch.zeros(1).expand(2**40)
def quantized(): return torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.quint8)
def deep():
    x = []
    for _ in range(10000): x = [x]
    return x
def circular():
    x = []; x.append(x); return x
def many(): return list(range(10**6))
def large_text(): return "x" * 10**8
def large_tensor(): return torch.zeros(10**8)
def long_name(): return type("N" * 10**6, (), {})()
def nan_key(): return {float("nan"): 1}
"""


@pytest.mark.parametrize("name", ["yes", "in_list"])
def test_lying_objects_are_handles_and_nothing_of_theirs_runs_here(in_sandbox: Notebook, name: str) -> None:
    """No __eq__, no __bool__, no __reduce__ of theirs decides anything."""
    found = getattr(in_sandbox(LIES), name)()
    handle = found[0] if isinstance(found, list) else found
    assert isinstance(handle, Handle)
    assert handle != 5
    with pytest.raises(TypeError):
        bool(handle)


def test_lying_tensors_and_texts_are_plain(in_sandbox: Notebook) -> None:
    """Shape, dtype and values are those of the bytes."""
    student = in_sandbox(LIES)
    value = student.lying()
    assert type(value) is torch.Tensor
    assert value.shape == (4,)
    assert value.dtype is torch.float32
    assert not torch.equal(value, torch.ones(4))
    with pytest.raises(StudentError, match="layout True"):
        student.sub()
    assert student.text() != "y"


@pytest.mark.parametrize(
    "name", ["sparse", "meta", "huge", "quantized", "deep", "circular", "many", "large_text", "large_tensor", "nan_key"]
)
def test_what_cannot_come_back_is_the_students_error(in_sandbox: Notebook, name: str) -> None:
    """Told in words, and the process goes on."""
    student = in_sandbox(LIES)
    with pytest.raises((StudentError, StudentCrashed)):
        getattr(student, name)()
    assert student.text() == "x"


def test_names_of_types_are_bounded(in_sandbox: Notebook) -> None:
    """A handle's name is for messages."""
    assert len(in_sandbox(LIES).long_name().type_name) <= 200


def test_who_breaks_the_language_breaks_only_their_own_answers(in_sandbox: Notebook) -> None:
    """`len` that lies spoils the messages of the process that it lies in; the next process is in order."""
    student = in_sandbox("import builtins\ndef spoil(): builtins.len = lambda *a: 3\ndef two(): return len('ab')")
    with contextlib.suppress(StudentCrashed, StudentTimeout, StudentError):
        student.spoil()
    student.begin(2)
    for _ in range(3):
        try:
            assert student.two() == 2
            return
        except (StudentCrashed, StudentTimeout):
            continue
    raise AssertionError("no process came back in order")
