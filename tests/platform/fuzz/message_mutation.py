"""Hostile answers of a student process: honest ones spoilt, and answers that are no sense from the start."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from random import Random
from typing import Any

import torch

from autograder.sandbox.inside.wire import DTYPES, MAX_BODY_BYTES, MAX_HEADER_BYTES, Ref, encode
from tests.platform.fuzz.byte_mutation import mutate
from tests.platform.fuzz.child import honest_reply
from tests.platform.fuzz.message import NUMBER, OPERATIONS, Message, frame, is_whole
from tests.platform.fuzz.tree_mutation import RAW, TEXTS, dump, mutate_tree, odd_value

TAGS = ("tuple", "dict", "tensor", "float", "dtype", "ref", "set", "", "bytes", "object", None, 1)


def hostile_message(random: Random) -> Message:
    """A message to any of the requests."""
    operation = random.choice(OPERATIONS)
    header, body = _answer(operation, random)
    spoil = random.choice(_WAYS)
    stream = spoil(header, body, random)
    # A child that is silent in the middle of a frame costs the whole time limit, so that is rare.
    patient = is_whole(stream) or (operation != "hello" and random.random() < 0.002)
    return Message(operation, not patient or random.random() < 0.05, stream)


def _answer(operation: str, random: Random) -> tuple[bytes, bytes]:
    """Header and body of an answer that is at least well-formed."""
    reply: dict[str, Any] = {**honest_reply(operation), "id": int(NUMBER)}
    kind = random.randrange(6)
    if kind in (0, 1):
        reply["value"] = hostile_value(random)
    elif kind == 2:
        words = {
            key: hostile_value(random) for key in ("type", "message", "mro", "cell", "line") if random.random() < 0.7
        }
        if random.random() < 0.3:
            words["type"] = random.choice(("TimeLimit", "NotImplementedError", "MissingName", "ValueError"))
        reply = {"ok": False, "error": random.choice((words, hostile_value(random))), "id": int(NUMBER)}
    elif kind == 3:
        report = {key: hostile_value(random) for key in ("error", "notes", "output") if random.random() < 0.7}
        report["error"] = random.choice((report.get("error"), {"type": "TimeLimit", "line": hostile_value(random)}))
        reply["value"] = report
    elif kind == 4:
        key = random.choice(("id", "ok", "call", "value", "error", "ready"))
        reply[key] = hostile_value(random)
    header, buffers = encode(reply)
    return header, b"".join(buffers)


def hostile_value(random: Random, depth: int = 0) -> Any:
    """A value that the wire carries, of a kind that hardly any request has as its answer."""
    kind = random.randrange(10 if depth < 3 else 7)
    if kind == 0:
        return random.choice((None, True, False, 0, 1, -1, 2**63 - 1, -(2**63), 2**40))
    if kind == 1:
        return random.choice((0.0, float("nan"), float("inf"), -1e308, 5e-324))
    if kind == 2:
        return random.choice(TEXTS)[:5000]
    if kind == 3:
        return random.choice(
            (Ref(random.choice((0, 1, -1, 2**62)), random.choice(TEXTS)[:300]), torch.float16, torch.bool)
        )
    if kind in (4, 5, 6):
        return hostile_tensor(random)
    size = random.choice((0, 1, 2, 3, 30 if depth == 0 else 1))
    if kind == 7:
        return [hostile_value(random, depth + 1) for _ in range(size)]
    if kind == 8:
        return tuple(hostile_value(random, depth + 1) for _ in range(size))
    keys = ("a", "", "type", "fc.weight", "\ud800", 0, -1, 2**62, "x" * 500)
    return {random.choice(keys): hostile_value(random, depth + 1) for _ in range(size)}


def hostile_tensor(random: Random) -> torch.Tensor:
    """Any dtype and any bytes, sometimes as if it required a gradient."""
    shape = random.choice(((), (0,), (1,), (2, 3), (3, 2), (2, 3, 1), (0, 7), (1,) * 15, (5000,), (1, 2, 1, 3)))
    dtype = random.choice((torch.float32, torch.float32, torch.float64, *DTYPES.values()))
    count = int(torch.Size(shape).numel())
    raw = bytearray(random.randbytes(count * dtype.itemsize))
    tensor = torch.frombuffer(raw, dtype=torch.uint8) if raw else torch.empty(0, dtype=torch.uint8)
    tensor = tensor.ne(0)[:count].reshape(shape) if dtype is torch.bool else tensor.view(dtype).reshape(shape)
    wants = (dtype.is_floating_point or dtype.is_complex) and random.random() < 0.4
    return tensor.requires_grad_() if wants else tensor


def _as_it_is(header: bytes, body: bytes, random: Random) -> bytes:
    return frame(header, [body])


def _tree(header: bytes, body: bytes, random: Random) -> bytes:
    """Any part of the header is spoilt."""
    return frame(dump(mutate_tree(json.loads(header), random, random.choice((1, 1, 2, 5)))), [body])


def _tagged(header: bytes, body: bytes, random: Random) -> bytes:
    """A value gets a tag that is unknown, or whose content is not what the tag says."""
    tree = json.loads(header)
    inner = random.choice((odd_value(random), [odd_value(random)], 0, -1, 4096, "nan", [["a", 1], ["a", 2]], [["a"]]))
    tagged = {"$": random.choice(TAGS), "v": inner, random.choice(("n", "g", "x")): odd_value(random)}
    for pair in random.sample(tree["v"]["v"], 1):
        if pair[0] != "id" or random.random() < 0.2:
            pair[1] = tagged
    return frame(dump(tree), [body])


def _records(header: bytes, body: bytes, random: Random) -> bytes:
    """Lies about tensors: dtype, shape, place and size."""
    tree = json.loads(header)
    records = tree["t"] or [["float32", [2, 3], 0, 24]]
    numbers = (
        0,
        1,
        -1,
        2,
        3,
        15,
        16,
        24,
        2**16,
        2**31,
        2**40 - 1,
        2**40,
        2**63,
        len(body),
        len(body) - 1,
        True,
        1.0,
        "1",
        None,
    )
    for record in random.sample(records, min(len(records), 2)):
        at = random.randrange(4)
        lie = random.choice(numbers)
        if at == 1:
            lie = random.choice(
                ([lie], [lie, 0], [0, lie, lie], [1] * 17, [2**20] * 16, [2**39, 0, 2**39], record[1] + [lie], lie)
            )
        record[at] = random.choice((*DTYPES, "float8", "qint8", "", None)) if at == 0 else lie
    if random.random() < 0.2:
        records = records * random.choice((2, 50, 5000))
    tree["t"] = records
    return frame(dump(tree), [body])


def _bytes(header: bytes, body: bytes, random: Random) -> bytes:
    """The header is spoilt as text; its length fits."""
    return frame(mutate(header, random), [body])


def _body(header: bytes, body: bytes, random: Random) -> bytes:
    return frame(header, [mutate(body, random)])


def _framed(header: bytes, body: bytes, random: Random) -> bytes:
    """Lengths that are lies, frames that are cut off, and more than one."""
    whole = frame(header, [body])
    lengths = (
        0,
        1,
        7,
        len(header),
        len(header) + 1,
        MAX_HEADER_BYTES,
        MAX_HEADER_BYTES + 1,
        MAX_BODY_BYTES + 1,
        2**32 - 1,
    )
    return random.choice((
        struct.pack(">II", random.choice(lengths), len(body)) + header + body,
        struct.pack(">II", len(header), random.choice(lengths)) + header + body,
        whole[: random.randrange(len(whole))], whole + whole, random.randbytes(random.randrange(64)) + whole, b"",
        mutate(whole, random),
    ))  # fmt: skip


def _huge(header: bytes, body: bytes, random: Random) -> bytes:
    """As much as a frame may hold, of one kind of thing."""
    many = random.choice((1000, 60_000, 200_000))
    value = random.choice((
        "[" + "0," * many + "0]", '{"$":"tuple","v":[' + "[]," * (many // 2) + "0]}",
        '"' + "\\ud800" * (many // 3) + '"',
        '{"$":"dict","v":[' + ",".join(f"[{n * (2**61 - 1)},0]" for n in range(many // 40)) + "]}", "1" * many,
        '{"$":"tuple","v":[' * (many // 100) + "]}" * (many // 100), "[" * many, RAW["keys"].decode(),
    ))  # fmt: skip
    pairs = random.choice((f'["ok",true],["value",{value}]', f'["ok",false],["error",{value}]'))
    text = f'{{"v":{{"$":"dict","v":[{pairs},["id",{NUMBER.decode()}]]}},"t":[]}}'
    return frame(text.encode()[:MAX_HEADER_BYTES], [body])


Way = Callable[[bytes, bytes, Random], bytes]
_WAYS: tuple[Way, ...] = (
    *(_as_it_is,) * 24, *(_tree,) * 28, *(_tagged,) * 10, *(_records,) * 14, *(_bytes,) * 10, *(_body,) * 4,
    *(_framed,) * 10, _huge,
)  # fmt: skip
