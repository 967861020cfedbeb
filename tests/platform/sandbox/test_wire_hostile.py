"""Hostile bytes: whatever arrives is a message or a `WireError`, and takes little memory and time."""

from __future__ import annotations

import json
import random
import tracemalloc
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.sandbox.inside.wire import DTYPES, MAX_DEPTH, MAX_NODES, MAX_TENSORS, WireError, decode, encode

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(["tensor", "dict", "tuple", "float", "dtype", "ref", "nan", "float32"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["$", "v", "n", "g", "t"]) | st.text(max_size=2), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


def accepted(header: bytes, body: bytes = b"") -> bool:
    """Whether it is a message. Anything but a dict or a WireError fails the test that asks."""
    try:
        message = decode(header, bytearray(body))
    except WireError:
        return False
    assert type(message) is dict
    encode(message)  # what was let in is plain data through and through
    return True


def header_of(value: Any = None, records: Any = ()) -> bytes:
    structure = {"$": "dict", "v": [["x", value]]}
    return json.dumps({"v": structure, "t": list(records) if isinstance(records, tuple) else records}).encode()


def tensor_record(*record: Any) -> bytes:
    return header_of({"$": "tensor", "v": 0}, ([*record],))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.binary(max_size=64))
def test_random_bytes(header: bytes, body: bytes) -> None:
    """Noise is never a message, and never another exception."""
    assert not accepted(header, body)


@settings(max_examples=300, deadline=None)
@given(JSON_VALUES, st.lists(JSON_VALUES, max_size=3), st.binary(max_size=64))
def test_random_json_in_the_right_envelope(value: Any, records: list[Any], body: bytes) -> None:
    """Right at the top, anything below."""
    accepted(json.dumps({"v": value, "t": records}).encode(), body)
    accepted(header_of(value, records), body)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(list(DTYPES)), st.lists(st.integers(-1, 2**41), max_size=18), st.integers(-1, 70),
    st.integers(-1, 2**41), st.binary(max_size=64),
)  # fmt: skip
def test_random_tensor_records(dtype: str, shape: list[int], start: int, size: int, body: bytes) -> None:
    """Shapes that multiply to anything, at any place."""
    accepted(tensor_record(dtype, shape, start, size), body)


def test_mutated_messages() -> None:
    """Each byte of a rich message flipped, removed, doubled, cut: only messages and WireErrors."""
    rich = {
        "op": "call", "args": [torch.arange(6.0).reshape(2, 3), (1, -2.5, None)], "nan": float("nan"),
        "kwargs": {"k": {3: torch.tensor([True, False])}}, "dtype": torch.float32,
    }  # fmt: skip
    header, buffers = encode(rich)
    body = b"".join(buffers)
    assert accepted(header, body)
    chance = random.Random(20)
    for place in range(len(header)):
        for mutated in (
            header[:place] + bytes([chance.randrange(256)]) + header[place + 1 :],
            header[:place] + b"9" + header[place + 1 :],
            header[:place] + header[place + 1 :],
            header[:place] + header[place : place + 1] + header[place:],
            header[:place],
        ):
            accepted(mutated, body)
    for length in range(len(body)):
        assert not accepted(header, body[:length])


@pytest.mark.parametrize(
    ("dtype", "shape", "start", "size"),
    [
        ("float32", [3], 0, 8), ("float32", [2], 0, 12), ("float32", [2], 60, 8), ("float32", [2], -8, 8),
        ("float32", [-2], 0, -8), ("float32", [-1, -2], 0, 8), ("float32", [2.0], 0, 8), ("float32", [True, 2], 0, 8),
        ("float32", ["2"], 0, 8), ("float32", 2, 0, 8), ("float32", None, 0, 8), ("float32", [2], 0.0, 8),
        ("float32", [1] * 17, 0, 4), ("float64", [2], 0, 8), ("object", [1], 0, 8), ("quint8", [1], 0, 1),
        (None, [1], 0, 1), (["float32"], [1], 0, 4), ("float32", [2**39, 2**39], 0, 2**80),
        ("uint8", [2**40], 0, 2**40),
        ("float32", [0, 2**39, 2**39], 0, 0), ("float32", [2**39] * 15 + [0], 0, 0), ("float32", [0], 2**62, 0),
        ("float32", [0], 65, 0),
    ],
)  # fmt: skip
def test_a_tensor_whose_record_lies_is_refused(dtype: Any, shape: Any, start: Any, size: Any) -> None:
    """Shape, place and size must agree with the bytes that are there, empty tensors included."""
    assert not accepted(tensor_record(dtype, shape, start, size), bytes(64))


@pytest.mark.parametrize("record", [[], ["float32", [1], 0], ["float32", [1], 0, 4, 0], {}, None, "float32", 7])
def test_a_record_of_another_form_is_refused(record: Any) -> None:
    """A record is a list of four."""
    assert not accepted(header_of(None, ([record][0],)), bytes(8))


def test_tensors_never_share_bytes() -> None:
    """A megabyte named 4000 times would otherwise become four gigabytes in the grader."""
    body = bytes(2**20)
    for records in (
        [["uint8", [2**20], 0, 2**20]] * 2,
        [["uint8", [2**20], 0, 2**20], ["uint8", [2**19], 2**19, 2**19]],
        [["uint8", [8], 8, 8], ["uint8", [8], 0, 8]],
    ):
        assert not accepted(header_of(None, records), body)
    tracemalloc.start()
    assert not accepted(header_of(None, [["uint8", [2**20], 0, 2**20]] * MAX_TENSORS), body)
    assert tracemalloc.get_traced_memory()[1] < 16 * 2**20
    tracemalloc.stop()


def test_bool_buffers_hold_nothing_but_true_and_false() -> None:
    """A byte of 2 in a bool tensor is undefined behaviour for whoever sums it."""
    arrived = decode(tensor_record("bool", [4], 0, 4), bytearray([0, 1, 2, 255]))["x"]
    assert arrived.dtype is torch.bool
    assert arrived.view(torch.uint8).tolist() == [0, 1, 1, 1]


@pytest.mark.parametrize(
    "header",
    [
        b"", b"null", b"[]", b"{}", b'"x"', b"1", b'{"v":1,"t":[]}', b'{"v":[],"t":[]}', b'{"v":{"$":"dict","v":[]}}',
        b'{"v":{"$":"dict","v":[]},"t":{}}', b'{"v":{"$":"dict","v":[]},"t":[],"x":1}',
        b'{"v":{"$":"dict","v":[]},"t":[],"t":[]}', b'{"v":1,"v":{"$":"dict","v":[]},"t":[]}',
        b'{"v":{"$":"dict","v":[],"v":[]},"t":[]}', b"\xff\xfe\x00", b"\xef\xbb\xbf{}", b"[" * 200_000,
        b'{"v":' * 200_000, b"9" * 100_000, b'{"v":{"$":"dict","v":[]},"t":[]}garbage',
        b'{"v":{"$":"dict","v":[]},"t":[]',
    ],
    ids=lambda header: header[:40].decode("latin-1"),
)  # fmt: skip
def test_a_broken_top_level(header: bytes) -> None:
    """Wrong types, doubled and extra keys, byte-order marks, bottomless nesting, endless numbers."""
    assert not accepted(header)


@pytest.mark.parametrize(
    "value",
    [
        {}, {"$": "dict"}, {"$": "dict", "v": {}}, {"$": "dict", "v": [["a"]]}, {"$": "dict", "v": [["a", 1, 2]]},
        {"$": "dict", "v": [["a", 1], ["a", 2]]}, {"$": "dict", "v": [[1, 1], [1, 2]]}, {"$": "dict", "v": [[True, 1]]},
        {"$": "dict", "v": [[None, 1]]}, {"$": "dict", "v": [[1.5, 1]]}, {"$": "dict", "v": [[["a"], 1]]},
        {"$": "dict", "v": [[2**63, 1]]}, {"$": "tuple", "v": 3}, {"$": "tensor", "v": 0}, {"$": "tensor", "v": -1},
        {"$": "tensor", "v": True}, {"$": "tensor", "v": "0"}, {"$": "float", "v": "1"}, {"$": "float", "v": "NAN"},
        {"$": "float", "v": 1.0}, {"$": "float", "v": ["nan"]}, {"$": "dtype", "v": 3}, {"$": "ref", "v": 1},
        {"$": "ref", "v": "1", "n": "x"}, {"$": "ref", "v": 1, "n": 2}, {"$": "ref", "v": 2**64, "n": "x"},
        {"$": "pickle", "v": "gAR9lC4="}, {"$": ["tuple"], "v": []}, {"$": None}, {"__class__": "int"},
        2**63, -(2**63) - 1, 10**4000,
    ],
    ids=lambda value: str(value)[:50],
)  # fmt: skip
def test_a_broken_value(value: Any) -> None:
    """Unknown tags, repeated keys, integers beyond 64 bits, references to tensors that are not there."""
    assert not accepted(header_of(value))


@pytest.mark.parametrize("token", [b"NaN", b"Infinity", b"-Infinity"])
def test_json_constants_are_refused(token: bytes) -> None:
    """They are no JSON; a NaN that is meant comes as a tagged value."""
    assert not accepted(b'{"v":{"$":"dict","v":[["x",' + token + b']]},"t":[]}')


@pytest.mark.timeout(60)  # a guard: it is minutes where it fails
def test_keys_that_collide_are_refused_before_they_are_counted() -> None:
    """Multiples of 2**61 - 1 all have hash 0: 100 000 of them as keys took minutes before they were bounded."""
    prime = 2**61 - 1
    pairs = ",".join(f"[{n * prime},0]" for n in range(100_000))
    assert not accepted(f'{{"v":{{"$":"dict","v":[{pairs}]}},"t":[]}}'.encode())


def test_depth_and_counts_are_bounded() -> None:
    """Nesting, parts and tensors are counted while decoding, not after."""
    deep: Any = 0
    for _ in range(MAX_DEPTH + 1):
        deep = [deep]
    assert not accepted(header_of(deep))
    assert not accepted(header_of([0] * MAX_NODES))
    assert accepted(header_of([0] * (MAX_NODES - 10)))
    assert not accepted(header_of(None, [["uint8", [0], 0, 0]] * (MAX_TENSORS + 1)))


def test_an_integer_tensor_that_claims_to_require_grad() -> None:
    """Only floating-point tensors can; for others the flag is ignored and never raises."""
    header = header_of({"$": "tensor", "v": 0, "g": True}, (["int64", [1], 0, 8],))
    assert decode(header, bytearray(8))["x"].requires_grad is False


def test_one_tensor_named_twice() -> None:
    """Two places of a message may name one record; both are valid tensors."""
    named = {"$": "tensor", "v": 0, "g": True}
    arrived = decode(header_of([named, named], (["float32", [1], 0, 4],)), bytearray(4))["x"]
    assert [t.requires_grad for t in arrived] == [True, True]
