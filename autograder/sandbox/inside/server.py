"""Answers the trusted side's requests from within the student's process.

Everything here shares the process with student code, so nothing it says is believed by the other
side; it only has to be correct for honest code.

Requests (one dict each, `op` names it, `id` comes back with the reply), replies {"ok": True, ...} or
{"ok": False, "error": ...}:

    cell      run one cell of the notebook                 -> error, notes, output, printed, noticed
    put       define a question by the reference's source  -> (nothing)
    begin     forget the last test, set the seed; no reply
    call      call a function, an object or its method     -> value, call (number for `backward`)
    get       fetch a dotted attribute                     -> value
    shapes    parameter shapes of a module                 -> value
    run       run a probe                                  -> value
    backward  propagate gradients through an earlier call  -> value (gradients of its arguments)
    noticed   what `watch` saw since the last time         -> value
"""

from __future__ import annotations

import base64
import marshal
import random
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import torch

from .cells import Notebook, time_limit
from .channel import Channel, ChannelClosed
from .failures import MissingName, describe
from .output import BoundedOutput
from .values import Objects
from .watch import Watch
from .wire import WireError, decode, encode

MAX_GRAPHS = 256


@dataclass(frozen=True)
class _PutIn:
    """The globals of a question's reference version, and which of them are its own."""

    names: dict[str, Any]
    own: frozenset[str]


class Server:
    """One student's notebook and what tests have asked of it."""

    def __init__(self, output: BoundedOutput, watch: Watch | None = None) -> None:
        self.notebook = Notebook(output)
        self.objects = Objects()
        self.watch = watch
        self._graphs: dict[int, tuple[list[torch.Tensor], list[torch.Tensor]]] = {}
        self._calls = 0
        self._question: str | None = None
        self._put: dict[str, _PutIn] = {}  # by question
        self._operations: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            name: getattr(self, f"_op_{name}")
            for name in ("cell", "put", "call", "get", "shapes", "run", "backward", "noticed")
        }

    def handle(self, header: bytes, body: bytearray) -> tuple[bytes, list[bytes | memoryview]] | None:
        """One request in, one reply out; None where none is due."""
        inputs: list[torch.Tensor] = []
        answered: dict[str, Any] = {}
        try:
            request = decode(header, body, self.objects.find)
            answered = {"id": request.get("id")}
            if request["op"] == "begin":
                self._begin(request["seed"], request["question"])
                return None
            request["_inputs"] = inputs
            reply = {**self._operations[request["op"]](request), **answered}
            outputs: list[torch.Tensor] = []
            encoded = encode(reply, self.objects.plain, outputs)
            if "call" in reply:
                self._keep_graph(reply["call"], outputs, inputs)
            return encoded
        except BaseException as error:
            if isinstance(error, WireError):
                error = TypeError(str(error))
            if not answered:  # a handle of an earlier test: the request could be read but for what it stands for
                with suppress(WireError):
                    answered = {"id": decode(header, body).get("id")}
            return encode({"ok": False, "error": describe(error), **answered})

    def _begin(self, seed: int, question: str) -> None:
        if self.watch is not None and question != self._question:  # a millisecond: too much for every test
            self.watch.restore()
        self._question = question
        self._graphs.clear()
        self.objects.clear()
        torch.set_default_dtype(torch.float32)
        if torch.get_default_device().type != "cpu":
            torch.set_default_device(None)
        torch.set_grad_enabled(True)
        if torch.are_deterministic_algorithms_enabled():  # switching them off imports the compiler: seconds
            torch.use_deterministic_algorithms(False)
        torch.default_generator.manual_seed(seed)  # torch.manual_seed formats stack traces where there is no GPU
        if torch.cuda.is_initialized():
            torch.cuda.manual_seed_all(seed)
        random.seed(seed)
        if "numpy" in sys.modules:
            sys.modules["numpy"].random.seed(seed)

    def _op_cell(self, request: dict[str, Any]) -> dict[str, Any]:
        report = self.notebook.run_cell(request["index"], request["source"], request["timeout_s"])
        return {"ok": True, "value": {**report, "noticed": self.watch.take() if self.watch else {}}}

    def _op_put(self, request: dict[str, Any]) -> dict[str, Any]:
        """Define `name` by the reference's source, in globals of its own over those of the notebook.

        Sent again once all cells have run, in case that a later cell has defined the name anew.
        """
        name, names = request["name"], self.notebook.module.__dict__
        if name not in self._put:
            own: dict[str, Any] = {"__name__": "__main__"}
            exec(compile(request["source"], f"<reference {name}>", "exec", dont_inherit=True), own)
            self._put[name] = _PutIn(own, frozenset(own))
        names.update({question: put.names[question] for question, put in self._put.items()})
        for put in self._put.values():  # what it does not bring along, it finds in the notebook
            put.names.update({other: value for other, value in names.items() if other not in put.own})
        return {"ok": True}

    def _op_call(self, request: dict[str, Any]) -> dict[str, Any]:
        target = self._target(request)
        args, kwargs = [self._argument(value, request) for value in request["args"]], request["kwargs"]
        kwargs = {key: self._argument(value, request) for key, value in kwargs.items()}
        self._calls += 1
        with time_limit(request["timeout_s"]), torch.set_grad_enabled(request["grad"]):
            return {"ok": True, "value": target(*args, **kwargs), "call": self._calls}

    def _op_get(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "value": self._target(request)}

    def _op_shapes(self, request: dict[str, Any]) -> dict[str, Any]:
        module = self._target(request)
        return {"ok": True, "value": {name: tuple(p.shape) for name, p in module.named_parameters()}}

    def _op_run(self, request: dict[str, Any]) -> dict[str, Any]:
        namespace: dict[str, Any] = {"__name__": "probe", "torch": torch}
        exec(marshal.loads(base64.b64decode(request["code"])), namespace)  # compiled by the trusted side, which sent it
        with time_limit(request["timeout_s"]):
            return {
                "ok": True,
                "value": namespace[request["name"]](self.notebook.module, *request["args"], **request["kwargs"]),
            }

    def _op_backward(self, request: dict[str, Any]) -> dict[str, Any]:
        outputs, inputs = self._graphs[request["call"]]
        pairs = [(o, g) for o, g in zip(outputs, request["grads"], strict=True) if g is not None]
        for leaf in inputs:
            leaf.grad = None
        with time_limit(request["timeout_s"]):
            torch.autograd.backward([o for o, _ in pairs], [g for _, g in pairs], retain_graph=True)
        grads = [leaf.grad for leaf in inputs]
        for leaf in inputs:
            leaf.grad = None
        return {"ok": True, "value": grads}

    def _op_noticed(self, _: dict[str, Any]) -> dict[str, Any]:
        if self.watch is None:
            return {"ok": True, "value": {}}
        self.watch.restore()
        return {"ok": True, "value": self.watch.take()}

    def _target(self, request: dict[str, Any]) -> Any:
        target = request["target"]
        if type(target) is str:
            try:
                target = self.notebook.module.__dict__[target]
            except KeyError:
                raise MissingName(f"the notebook does not define {target!r}") from None
        for part in request["path"].split(".") if request["path"] else ():
            target = target[int(part)] if part.isdecimal() else getattr(target, part)
        return target

    def _argument(self, value: Any, request: dict[str, Any]) -> Any:
        """Leaves that require grad are handed over as copies, so that in-place code works as in training."""
        if isinstance(value, torch.Tensor):
            if not value.requires_grad:
                return value
            request["_inputs"].append(value)
            return value.clone() if request["grad"] else value.detach()
        if type(value) in (list, tuple):
            return type(value)(self._argument(item, request) for item in value)
        if type(value) is dict:
            return {key: self._argument(item, request) for key, item in value.items()}
        return value

    def _keep_graph(self, call: int, outputs: list[torch.Tensor], inputs: list[torch.Tensor]) -> None:
        wanted = [tensor for tensor in outputs if tensor.requires_grad]
        if wanted:
            self._graphs[call] = (wanted, inputs)
            if len(self._graphs) > MAX_GRAPHS:
                del self._graphs[next(iter(self._graphs))]


def serve(channel: Channel, server: Server) -> None:
    """Answer requests until the other side closes the channel."""
    while True:
        try:
            header, body = channel.receive()
        except ChannelClosed:
            return
        try:
            reply = server.handle(header, body)
        except BaseException:
            traceback.print_exc()
            return
        if reply is not None:
            channel.send(*reply)
