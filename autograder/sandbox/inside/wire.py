"""Plain data as bytes: JSON for the structure, raw buffers for tensors.

Both sides use this module, and neither trusts what it decodes: sizes, counts, depth, dtypes and
shapes are checked, nothing is evaluated or unpickled, and everything malformed raises `WireError`.

A message is a dict with str keys. Values may be None, bool, int of 64 bits, float, str, list,
tuple, dict (keys str or int), torch.dtype, dense CPU tensors, and `Ref`, which stands for an
object that stays on the other side.

Covered: hostile lengths, nesting, duplicate keys, keys made to collide, NaN tokens, text that no
file can hold (lone surrogates), tensors whose shape and bytes disagree or that share bytes, bool
buffers holding other bytes than 0 and 1. Decoding never takes more than a small multiple of the
bytes that arrived. Not covered: whether values make sense; that is the business of whoever asked
for them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

MAX_HEADER_BYTES = 2 * 2**20
MAX_BODY_BYTES = 256 * 2**20
MAX_DEPTH = 48
MAX_NODES = 200_000
MAX_TENSORS = 4096
MAX_NDIM = 16
MAX_EMPTY_BYTES = MAX_BODY_BYTES  # with empty dimensions taken for 1: what a sum over them would have
ALIGNMENT = 16

DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64, torch.complex128,
        torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8, torch.bool,
    )
}  # fmt: skip
DTYPE_NAMES = {dtype: name for name, dtype in DTYPES.items()}


class WireError(Exception):
    """A value that cannot be sent, or bytes that are not a message."""


@dataclass(frozen=True, slots=True)
class Ref:
    """An object that stays on the student's side: its number and the name of its type."""

    number: int
    type_name: str


OnObject = Callable[[Any], Any]  # turns an object that is no plain data into one that is, or raises WireError


def encode(
    message: dict[str, Any], on_object: OnObject | None = None, tensors: list[torch.Tensor] | None = None
) -> tuple[bytes, list[bytes | memoryview]]:
    """The JSON header and the tensor buffers of a message.

    Args:
        message: the message.
        on_object: asked for every value that is not plain data; must return plain data or a `Ref`.
        tensors: where given, every tensor that is sent is added to it, in order.

    Raises:
        WireError: a value cannot be sent, or the message is too large.
    """
    encoder = _Encoder(on_object, [] if tensors is None else tensors)
    structure = encoder.value(message, 0)
    header = json.dumps({"v": structure, "t": encoder.records}, separators=(",", ":"), allow_nan=False).encode()
    if len(header) > MAX_HEADER_BYTES:
        raise WireError(f"the value is too large to send: {len(header)} bytes of structure")
    return header, encoder.buffers


class _Encoder:
    def __init__(self, on_object: OnObject | None, tensors: list[torch.Tensor]) -> None:
        self.on_object = on_object
        self.tensors = tensors
        self.records: list[list[Any]] = []
        self.buffers: list[bytes | memoryview] = []
        self.size = 0
        self.nodes = 0

    def value(self, value: Any, depth: int) -> Any:
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise WireError("the value is nested too deeply or has too many parts to send")
        kind = type(value)
        if value is None or kind is bool or kind is str:
            return value
        if kind is int:
            return _bounded(value)
        if kind is float:
            return value if math.isfinite(value) else {"$": "float", "v": repr(value)}
        if kind is list:
            return [self.value(item, depth + 1) for item in value]
        if kind is tuple:
            return {"$": "tuple", "v": [self.value(item, depth + 1) for item in value]}
        if kind is dict:
            return {"$": "dict", "v": [[self.key(k), self.value(v, depth + 1)] for k, v in value.items()]}
        if kind is torch.Tensor and value.layout is torch.strided and value.device.type == "cpu":
            return self.tensor(value)
        if kind is torch.dtype:
            return {"$": "dtype", "v": str(value).removeprefix("torch.")}
        if kind is Ref:
            return {"$": "ref", "v": value.number, "n": value.type_name}
        if self.on_object is None:
            raise WireError(
                f"a {kind.__name__} cannot be sent into the sandbox; send plain data, or build it in a probe"
            )
        return self.value(self.on_object(value), depth + 1)

    @staticmethod
    def key(key: Any) -> Any:
        if type(key) not in (str, int):
            raise WireError(f"a dict key is a {type(key).__name__}; only str and int can be sent")
        return _bounded(key) if type(key) is int else key

    def tensor(self, tensor: torch.Tensor) -> dict[str, Any]:
        if tensor.dtype not in DTYPE_NAMES:
            raise WireError(f"a tensor of {tensor.dtype} cannot be sent")
        data = tensor.detach().resolve_conj().resolve_neg().contiguous()
        size = data.numel() * data.element_size()
        padding = -self.size % ALIGNMENT
        if padding:
            self.buffers.append(bytes(padding))
        start = self.size + padding
        self.size = start + size
        if self.size > MAX_BODY_BYTES or len(self.records) >= MAX_TENSORS:
            raise WireError("the tensors of one value are too large or too many to send")
        if size:
            # Not reshape(-1): a single element keeps whatever stride it has, and then cannot be seen as bytes.
            flat = data.as_strided((data.numel(),), (1,))
            self.buffers.append(flat.view(torch.uint8).numpy().data.cast("B"))
        self.tensors.append(tensor)
        self.records.append([DTYPE_NAMES[data.dtype], list(data.shape), start, size])
        return {"$": "tensor", "v": len(self.records) - 1, "g": bool(tensor.requires_grad)}


def decode(header: bytes, body: bytearray, on_ref: Callable[[Ref], Any] | None = None) -> dict[str, Any]:
    """The inverse of `encode`. Tensors that required grad come back as fresh leaves that do.

    Args:
        header: the JSON part.
        body: the tensor buffers, one after the other; the tensors are copied out of it.
        on_ref: turns a `Ref` into the object it stands for; without it, the `Ref` itself is given.

    Raises:
        WireError: the bytes are not a message.
    """
    try:
        data = json.loads(header, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise WireError(f"not a message: {type(error).__name__}") from None
    if type(data) is not dict or set(data) != {"v", "t"} or type(data["t"]) is not list:
        raise WireError("not a message: wrong top level")
    if len(data["t"]) > MAX_TENSORS:
        raise WireError("not a message: too many tensors")
    tensors = _tensors(data["t"], body)
    message = _Decoder(tensors, on_ref).value(data["v"], 0)
    if type(message) is not dict:
        raise WireError("not a message: no dict at the top")
    return message


class _Decoder:
    def __init__(self, tensors: list[torch.Tensor], on_ref: Callable[[Ref], Any] | None) -> None:
        self.tensors = tensors
        self.on_ref = on_ref
        self.nodes = 0

    def value(self, value: Any, depth: int) -> Any:
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise WireError("not a message: nested too deeply or too many parts")
        kind = type(value)
        if value is None or kind in (bool, float):
            return value
        if kind is str:
            return _writable(value)
        if kind is int:
            return _bounded(value)
        if kind is list:
            return [self.value(item, depth + 1) for item in value]
        if kind is dict:
            return self.tagged(value, depth)
        raise WireError("not a message: an unknown kind of value")

    def tagged(self, value: dict[str, Any], depth: int) -> Any:
        tag, inner = value.get("$"), value.get("v")
        if tag == "tuple" and type(inner) is list:
            return tuple(self.value(item, depth + 1) for item in inner)
        if tag == "dict" and type(inner) is list:
            return self.mapping(inner, depth)
        if tag == "tensor" and type(inner) is int and 0 <= inner < len(self.tensors):
            tensor = self.tensors[inner]
            wants_grad = value.get("g") is True and (tensor.is_floating_point() or tensor.is_complex())
            return tensor.requires_grad_() if wants_grad else tensor
        if tag == "float" and inner in ("nan", "inf", "-inf"):
            return float(inner)
        if tag == "dtype" and type(inner) is str:
            return DTYPES.get(inner, _writable(inner))
        if tag == "ref" and type(inner) is int and type(value.get("n")) is str:
            ref = Ref(_bounded(inner), _writable(value["n"][:200]))
            return self.on_ref(ref) if self.on_ref else ref
        raise WireError("not a message: an unknown tag")

    def mapping(self, pairs: list[Any], depth: int) -> dict[str | int, Any]:
        result: dict[str | int, Any] = {}
        for pair in pairs:
            if type(pair) is not list or len(pair) != 2 or type(pair[0]) not in (str, int):
                raise WireError("not a message: a malformed dict key")
            # Bounded before it is looked up: Python hashes large ints so that millions of them collide.
            key = _bounded(pair[0]) if type(pair[0]) is int else _writable(pair[0])
            if key in result:
                raise WireError("not a message: a repeated dict key")
            result[key] = self.value(pair[1], depth + 1)
        return result


def _tensors(records: list[Any], body: bytearray) -> list[torch.Tensor]:
    """Each tensor's bytes lie behind those of the one before: bytes that are shared would be copied again and again."""
    tensors, end = [], 0
    for record in records:
        tensors.append(_tensor(record, body, end))
        end = record[2] + record[3]
    return tensors


def _tensor(record: Any, body: bytearray, earliest: int) -> torch.Tensor:
    if type(record) is not list or len(record) != 4:
        raise WireError("not a message: a malformed tensor record")
    name, shape, start, size = record
    dtype = DTYPES.get(name) if type(name) is str else None
    if dtype is None or type(shape) is not list or len(shape) > MAX_NDIM:
        raise WireError("not a message: a tensor of unknown dtype or too many dimensions")
    if any(type(n) is not int or not 0 <= n < 2**40 for n in (*shape, start, size)):
        raise WireError("not a message: a tensor with a malformed shape")
    if math.prod(shape) * dtype.itemsize != size or not earliest <= start <= start + size <= len(body):
        raise WireError("not a message: a tensor whose shape and bytes disagree")
    if math.prod(max(n, 1) for n in shape) * dtype.itemsize > MAX_EMPTY_BYTES:
        raise WireError("not a message: a tensor with too large a shape")
    if size == 0:
        return torch.empty(shape, dtype=dtype)
    view = memoryview(body)[start : start + size]
    if dtype is torch.bool:
        return (torch.frombuffer(view, dtype=torch.uint8) != 0).reshape(shape)
    return torch.frombuffer(bytearray(view), dtype=dtype).reshape(shape)


def _bounded(number: int) -> int:
    if not -(2**63) <= number < 2**63:
        raise WireError("an integer does not fit 64 bits")
    return number


def _writable(text: str) -> str:
    """Without lone surrogates, which JSON can spell and which no file can hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("repeated key")
    return result


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)
