"""What a hidden test sees of a student's notebook: the `student` fixture's types.

`Student` and `Handle` turn Python calls into requests and replies into values. They do not know
who answers: a sandboxed process, or the reference in this process (`autograder.suite.local`).
Nothing that comes back is trusted: it has been parsed into numbers, strings, lists, dicts, tensors
and opaque handles before it gets here.
"""

from __future__ import annotations
import __future__

import base64
import inspect
import marshal
import textwrap
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol

import torch
from torch.autograd.function import once_differentiable

from autograder.sandbox.inside.wire import Ref

# What a test asks of tensors. An object of the student's that is asked instead could answer anything.
TENSORS_ALONE = frozenset(
    {
        "abs", "all", "allclose", "any", "backward", "detach", "dim", "dtype", "eq", "equal", "ge", "grad", "grad_fn",
        "gt", "isclose", "isfinite", "isnan", "item", "le", "lt", "max", "mean", "min", "ndim", "ne", "norm", "numel",
        "prod", "requires_grad", "shape", "size", "sqrt", "square", "std", "sum", "tolist", "var",
    }
)  # fmt: skip


class StudentError(Exception):
    """Student code raised an exception.

    Attributes:
        type_name: the exception's class name, as the student's process gave it.
        cell, line: where in the notebook; cell is the index among its cells, −1 where unknown.
        missing: the name that the test asked for and the notebook does not define, else "". It is the
            test's own word: student code may raise an exception of any name with any message.
    """

    def __init__(
        self,
        type_name: str,
        message: str,
        mro: tuple[str, ...] = (),
        cell: int = -1,
        line: int = 0,
        missing: str = "",
    ) -> None:
        super().__init__(f"{type_name}: {message}" if message else type_name)
        self.missing = missing
        self.type_name = type_name
        self.mro = mro or (type_name,)
        self.cell = cell
        self.line = line

    def is_a(self, *names: str) -> bool:
        """Whether the exception's class or one of its bases has one of these names."""
        return any(name in self.mro for name in names)


class StudentTimeout(Exception):
    """Student code did not finish within its limit."""


class StudentCrashed(Exception):
    """The student's process died, or sent what is no answer."""


class Backend(Protocol):
    """Who answers requests."""

    def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        """Send a request; the reply, {"ok": True, ...} or {"ok": False, "error": {...}}.

        Raises:
            StudentTimeout, StudentCrashed
        """

    def tell(self, message: dict[str, Any]) -> None:
        """Send a message that has no reply."""


class Student:
    """The student's notebook: `student.kl_divergence(mu, logvar)`, `student.VAE()`, `student.run(probe, ...)`."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def __getattr__(self, name: str) -> Member:
        if name.startswith("__"):
            raise AttributeError(name)
        return Member(self._backend, name, "")

    def run(self, probe: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run `probe(module, *args, **kwargs)` in the student's process and return what it returns.

        Args:
            probe: a module-level function whose source stands on its own. It shares its process with
                student code, so it returns raw material and never a verdict.
        """
        message = {
            "op": "run",
            "code": _code_of(probe),
            "name": probe.__name__,
            "args": _send(self._backend, list(args)),
            "kwargs": _send(self._backend, kwargs),
        }
        return _receive(self._backend, _ask(self._backend, message)["value"])

    def begin(self, seed: int, question: str = "") -> None:
        """Start a test of a question: earlier objects are forgotten, every random generator is seeded."""
        self._backend.tell({"op": "begin", "seed": seed, "question": question})


@lru_cache(maxsize=4096)
def _code_of(probe: Callable[..., Any]) -> str:
    """The probe compiled, for the same Python elsewhere: once a worker, where a student's process would each time.

    Annotations are not evaluated: they are for the reader of the suite.
    """
    source = textwrap.dedent(inspect.getsource(probe))
    lazy = __future__.annotations.compiler_flag
    return base64.b64encode(marshal.dumps(compile(source, "<probe>", "exec", flags=lazy, dont_inherit=True))).decode()


class Member:
    """A function of the notebook, or a method of one of its objects; call it."""

    def __init__(self, backend: Backend, target: Any, path: str) -> None:
        self._backend = backend
        self._target = target
        self._path = path

    def __getattr__(self, name: str) -> Member:
        if name.startswith("__"):
            raise AttributeError(name)
        return Member(self._backend, self._target, f"{self._path}.{name}".lstrip("."))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        wanted: list[torch.Tensor] = []
        message = {
            "op": "call",
            "target": self._target,
            "path": self._path,
            "args": _send(self._backend, list(args), wanted),
            "kwargs": _send(self._backend, kwargs, wanted),
            "grad": torch.is_grad_enabled(),
        }
        reply = _ask(self._backend, message)
        return _attach(self._backend, reply, wanted if torch.is_grad_enabled() else [])

    def __bool__(self) -> bool:
        raise TypeError(f"{self!r} is neither true nor false: an object of the student's proves nothing")


class Handle(Member):
    """An object in the student's process, for instance a module: `vae(x)`, `vae.encode(x)`, `vae.get("fc.weight")`."""

    def __init__(self, backend: Backend, ref: Ref) -> None:
        super().__init__(backend, ref, "")
        self.type_name = ref.type_name

    def __getattr__(self, name: str) -> Member:
        if name in TENSORS_ALONE:
            raise AttributeError(f"{self!r} is no tensor, so it is not asked for {name!r}")
        return super().__getattr__(name)

    def get(self, path: str) -> Any:
        """The value of a dotted attribute; a number stands for an index, as in "layers.0.weight"."""
        message = {"op": "get", "target": self._target, "path": path}
        return _receive(self._backend, _ask(self._backend, message)["value"])

    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name -> shape of every parameter."""
        value = _ask(self._backend, {"op": "shapes", "target": self._target, "path": ""})["value"]
        if not isinstance(value, dict) or not all(_is_shape(shape) for shape in value.values()):
            raise StudentCrashed("the process sent no shapes")
        return {str(name): shape for name, shape in value.items()}

    def __repr__(self) -> str:
        return f"<{self.type_name} in the student's process>"


def _ask(backend: Backend, message: dict[str, Any]) -> dict[str, Any]:
    """The reply to a request, of which `ok` and the value's presence have been checked."""
    reply = backend.ask(message)
    if reply.get("ok") is True:
        if "value" not in reply:
            raise StudentCrashed("the process sent an answer without a value")
        return reply
    error = reply.get("error")
    if not isinstance(error, dict):
        raise StudentCrashed("the process sent something that is not an answer")
    type_name = _words(error.get("type", "Exception"), 100)
    message_text = _words(error.get("message", ""), 2000)
    if type_name == "TimeLimit":
        raise StudentTimeout(message_text)
    mro = error.get("mro")
    names = tuple(_words(name, 100) for name in mro[:20]) if isinstance(mro, list) else ()
    cell, line = (value if type(value) is int else -1 for value in (error.get("cell"), error.get("line")))
    target = message.get("target")
    missing = target if type_name == "MissingName" and isinstance(target, str) else ""
    raise StudentError(type_name, message_text, names, cell, line, missing)


def _words(value: object, limit: int) -> str:
    """Text of an error. What is no text is only named: an error can hold tensors that take minutes to print."""
    return value[:limit] if isinstance(value, str) else f"({type(value).__name__})"


def _is_shape(value: object) -> bool:
    return type(value) is tuple and all(type(size) is int for size in value)


def _send(backend: Backend, value: Any, wanted: list[torch.Tensor] | None = None) -> Any:
    """Arguments as the wire takes them; tensors that require grad are collected in `wanted`, in order."""
    if isinstance(value, Handle):
        return value._target
    if isinstance(value, torch.Tensor):
        plain = value.detach().to("cpu").as_subclass(torch.Tensor)
        if wanted is not None and value.requires_grad and torch.is_grad_enabled():
            wanted.append(value)
            return plain.clone().requires_grad_()
        return plain
    if isinstance(value, torch.Size | tuple):
        return tuple(_send(backend, item, wanted) for item in value)
    if isinstance(value, list):
        return [_send(backend, item, wanted) for item in value]
    if isinstance(value, dict):
        return {key: _send(backend, item, wanted) for key, item in value.items()}
    if isinstance(value, torch.device):
        return str(value)
    return value


def _receive(
    backend: Backend, value: Any, tensors: Callable[[torch.Tensor], torch.Tensor] = torch.Tensor.detach
) -> Any:
    """A reply's value with handles in place of references and `tensors` applied to every tensor."""
    if isinstance(value, torch.Tensor):
        return tensors(value)
    if isinstance(value, Ref):
        return Handle(backend, value)
    if isinstance(value, list | tuple):
        return type(value)(_receive(backend, item, tensors) for item in value)
    if isinstance(value, dict):
        return {key: _receive(backend, item, tensors) for key, item in value.items()}
    return value


def _attach(backend: Backend, reply: dict[str, Any], wanted: list[torch.Tensor]) -> Any:
    """The value of a call; its tensors that depend on something differentiable join the graph here."""
    outputs: list[torch.Tensor] = []

    def collect(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.requires_grad:
            outputs.append(tensor)
        return tensor

    _receive(backend, reply["value"], collect)
    call = reply.get("call")
    if not outputs or not torch.is_grad_enabled() or not isinstance(call, int):
        return _receive(backend, reply["value"])
    anchor = torch.zeros((), requires_grad=True)  # so that results of a module's own parameters join, too
    attached = iter(_Bridge.apply(backend, call, [t.detach() for t in outputs], anchor, *wanted))
    return _receive(backend, reply["value"], lambda t: next(attached) if t.requires_grad else t)


class _Bridge(torch.autograd.Function):
    """Hands gradients of results to the student's process and brings those of arguments back."""

    @staticmethod
    def forward(
        ctx: Any, backend: Backend, call: int, outputs: list[torch.Tensor], anchor: torch.Tensor, *inputs: torch.Tensor
    ) -> Any:
        ctx.backend, ctx.call = backend, call
        ctx.inputs = [(tensor.shape, tensor.dtype) for tensor in inputs]
        ctx.set_materialize_grads(False)
        return tuple(outputs)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: torch.Tensor | None) -> Any:
        message = {"op": "backward", "call": ctx.call, "grads": [None if g is None else g.contiguous() for g in grads]}
        value = _ask(ctx.backend, message)["value"]
        if not isinstance(value, list) or len(value) != len(ctx.inputs):
            raise StudentCrashed("the process sent no gradients")
        checked = [_checked_gradient(g, *like) for g, like in zip(value, ctx.inputs, strict=True)]
        return (None, None, None, None, *checked)


def _checked_gradient(gradient: Any, shape: torch.Size, dtype: torch.dtype) -> torch.Tensor | None:
    if gradient is None:
        return None
    if not isinstance(gradient, torch.Tensor) or gradient.shape != shape or gradient.dtype != dtype:
        raise StudentCrashed("the process sent a gradient of another shape or dtype than its argument")
    return gradient.detach()
