"""Answers of student processes: received, decoded, and used as a session and hidden tests use them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import torch

from autograder.sandbox.inside.wire import Ref
from autograder.sandbox.process import ProcessEnded, ProcessRefused, StudentProcess
from autograder.sandbox.session import CodeCell, Session, SessionLimits
from autograder.suite.checks import WrongAnswer, assert_close, assert_scalar, assert_shape
from autograder.suite.sandboxed import SandboxBackend
from autograder.suite.student import Handle, Student, StudentCrashed, StudentError, StudentTimeout
from autograder.suite.verdict import judge
from tests.platform.fuzz.child import Nursery
from tests.platform.fuzz.corpus import LONGEST_TEXT, require
from tests.platform.fuzz.message import Message
from tests.platform.fuzz.message_mutation import hostile_message

LIMITS = SessionLimits(cell_s=0.05, call_s=0.05, load_s=60.0, process={})
CELLS = (CodeCell(0, "import torch"), CodeCell(3, "def scale(x):\n    return x", "scale"))


def probe(module: Any) -> dict[str, Any]:
    """What `student.run` sends; the child does not run it."""
    return {"losses": [module.scale(1.0)]}


class Replies:
    """Messages of a hostile student process."""

    name = "messages"
    suffix = ".message"

    def __init__(self, folder: Path) -> None:
        torch.set_num_threads(1)

    def make(self, random: Random) -> bytes:
        """A hostile message."""
        return hostile_message(random).to_bytes()

    def check(self, data: bytes) -> str:
        """Let a child send it, and use what comes of it."""
        message = Message.from_bytes(data)
        nursery = Nursery(message)
        put_in = {"scale": "def scale(x): return x"} if message.operation == "put" else {}
        session = Session(lambda limits: _start(nursery, limits), CELLS, LIMITS, put_in)
        try:
            outcome = _used(session, message.operation)
        finally:
            session.close()
        nursery.wait()
        return outcome


def _start(nursery: Nursery, limits: Mapping[str, int]) -> StudentProcess:
    """As the engine starts one: a process that did not even greet is tried once more."""
    try:
        return StudentProcess(nursery, limits)
    except ProcessEnded:
        return StudentProcess(nursery, limits)


def _used(session: Session, operation: str) -> str:
    """Everything that may come out of a session or a student, in a word."""
    try:
        session.process()
    except ProcessRefused as refused:
        _check_text(str(refused))
        return "refused"
    noticed = session.noticed()
    _check_report(session, noticed)
    try:
        value = _asked(SandboxBackend(session), operation)
    except (StudentError, StudentTimeout, StudentCrashed) as error:
        _check_verdict(error)
        return type(error).__name__
    _check_value(value)
    if operation in ("hello", "cell", "noticed", "put"):
        return f"loaded, cells failed: {len(session.failures)}"
    return f"value: {type(value).__name__}"


def _asked(backend: SandboxBackend, operation: str) -> Any:
    """What a hidden test does to get the answer that the hostile message is."""
    student = Student(backend)
    student.begin(1)
    if operation == "get":
        return Handle(backend, Ref(1, "VAE")).get("fc.weight")
    if operation == "shapes":
        shapes = Handle(backend, Ref(1, "VAE")).parameter_shapes()
        require(all(type(n) is int for shape in shapes.values() for n in shape), f"a shape that is none: {shapes}")
        return shapes
    if operation == "run":
        return student.run(probe)
    x = torch.ones(2, 3, requires_grad=True)
    value = student.scale(x, factor=[torch.zeros(2)])
    outputs = [tensor for tensor in _tensors(value) if tensor.requires_grad]
    if outputs:
        torch.autograd.backward(outputs, [torch.ones_like(tensor) for tensor in outputs])
    require(x.grad is None or x.grad.shape == x.shape, "a gradient of another shape")
    return value


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, list | tuple | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _tensors(item)


def _check_value(value: Any) -> None:
    """The checks of hidden tests, which say that an answer is wrong and nothing else."""
    parts = [value, *(value[:3] if isinstance(value, list | tuple) else ())]
    for part in parts:
        for check in CHECKS:
            with suppress(WrongAnswer):
                check(part)
    for tensor in _tensors(value):
        require(tensor.device.type == "cpu" and tensor.layout is torch.strided, "a tensor that no test expects")


CHECKS: tuple[Callable[[Any], object], ...] = (
    lambda value: assert_shape(value, (2, 3)),
    assert_scalar,
    lambda value: assert_close(value, torch.ones(2, 3), mistakes={"Twice too much.": torch.full((2, 3), 2.0)}),
    lambda value: assert_close(value, 0.5, mistakes={"Off by one.": 1.5}),
)


def _check_report(session: Session, noticed: Mapping[str, int]) -> None:
    """What a session says of cells and of what was noticed can be put into a result."""
    for failure in session.failures.values():
        _check_text(f"{failure.type_name}{failure.message}")
        require(type(failure.line) is int and type(failure.kind) is str, f"an odd failure: {failure}")
    for notes in session.notes.values():
        for note in notes:
            _check_text(note)
    for text, count in noticed.items():
        _check_text(f"{text} ({count}×)")
        require(isinstance(count, int), f"noticed {count!r} times")


def _check_verdict(error: Exception) -> None:
    verdict = judge(error, "Think again.", lambda index: f"cell {index + 1}" if 0 <= index < 4 else "")
    _check_text(verdict.hint)
    _check_text(verdict.detail)


def _check_text(text: str) -> None:
    require(len(text) <= LONGEST_TEXT, f"a text of {len(text)} characters: {text[:80]!r}")
    text.encode()  # a lone surrogate raises
