"""What is sent arrives as it was: every kind of value, every dtype, every layout of a tensor."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.sandbox.inside.wire import (
    ALIGNMENT,
    DTYPES,
    MAX_DEPTH,
    MAX_HEADER_BYTES,
    MAX_NODES,
    MAX_TENSORS,
    Ref,
    WireError,
    decode,
    encode,
)

INT64 = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
SHAPES = st.lists(st.integers(0, 4), max_size=4)


@st.composite
def tensors(draw: st.DrawFn) -> torch.Tensor:
    """A tensor of any dtype and small shape, with NaN and infinities, sometimes a strided view."""
    dtype = draw(st.sampled_from(list(DTYPES.values())))
    shape = draw(SHAPES)
    count = math.prod(shape)
    raw = draw(st.binary(min_size=count * dtype.itemsize, max_size=count * dtype.itemsize))
    if dtype is torch.bool:
        raw = bytes(b & 1 for b in raw)
    tensor = torch.frombuffer(bytearray(raw), dtype=dtype).reshape(shape) if raw else torch.empty(shape, dtype=dtype)
    view = draw(st.sampled_from(("plain", "transposed", "every other", "expanded", "conjugated", "negated")))
    if view == "transposed" and tensor.ndim > 1:
        return tensor.transpose(0, -1)
    if view == "every other" and tensor.ndim:
        return tensor[::2]
    if view == "expanded":
        return tensor.unsqueeze(0).expand(3, *tensor.shape)
    if view == "conjugated":
        return tensor.conj()
    if view == "negated" and tensor.is_complex():
        return tensor.conj().imag  # a lazily negated real view
    return tensor


def nested(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.lists(inner, max_size=4).map(tuple)
            | st.dictionaries(TEXT | INT64, inner, max_size=4)
        ),
        max_leaves=12,
    )


PLAIN = (
    st.none() | st.booleans() | INT64 | st.floats() | TEXT
    | st.sampled_from(list(DTYPES.values())) | st.builds(Ref, st.integers(0, 2**31), st.just("VAE"))
)  # fmt: skip


def there_and_back(value: Any) -> Any:
    header, buffers = encode({"value": value})
    return decode(header, bytearray(b"".join(buffers)))["value"]


def bits(tensor: torch.Tensor) -> bytes:
    plain = torch.empty(tensor.shape, dtype=tensor.dtype).copy_(tensor.detach())
    return bytes(plain.reshape(-1).view(torch.uint8).tolist())


def same(a: Any, b: Any) -> bool:
    """Equal in value *and* type, NaN equal to NaN, tensors equal bit by bit."""
    if isinstance(a, torch.Tensor):
        if not (type(a) is type(b) and a.dtype == b.dtype and a.shape == b.shape):
            return False
        return bits(a) == bits(b)
    if type(a) is not type(b):
        return False
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, float):
        return a == b or (math.isnan(a) and math.isnan(b))
    return bool(a == b)


@settings(max_examples=200, deadline=None)
@given(nested(PLAIN))
def test_plain_values_arrive_as_they_were(value: Any) -> None:
    """Lists stay lists, tuples tuples, 1 is not True and 1.0 not 1, keys keep their type and order."""
    assert same(value, there_and_back(value))


@settings(max_examples=300, deadline=None)
@given(tensors())
def test_a_tensor_arrives_bit_by_bit(tensor: torch.Tensor) -> None:
    """Whatever the dtype, shape and strides are; NaN payloads and the sign of zero included."""
    assert same(tensor, there_and_back(tensor))


@settings(max_examples=60, deadline=None)
@given(nested(PLAIN | tensors()))
def test_tensors_inside_other_values_keep_their_places(value: Any) -> None:
    """Several tensors of different dtypes share one body without getting into each other."""
    assert same(value, there_and_back(value))


@pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1,), (2, 3), (1,) * 16])
def test_each_dtype_in_each_kind_of_shape(dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    """Scalars, tensors without elements and many dimensions, for each dtype in turn."""
    tensor = torch.ones(shape, dtype=dtype)
    arrived = there_and_back(tensor)
    assert arrived.dtype is dtype
    assert arrived.shape == shape
    assert bool((arrived == 1).all())


def test_buffers_are_aligned_for_every_dtype() -> None:
    """A complex tensor behind a single byte still starts at a multiple of the alignment."""
    header, buffers = encode({"a": torch.ones(1, dtype=torch.uint8), "b": torch.ones(2, dtype=torch.complex128)})
    assert sum(map(len, buffers)) == ALIGNMENT + 32
    assert b'"complex128",[2],16,32' in header


@pytest.mark.parametrize("wanted", [True, False])
def test_a_tensor_that_requires_grad_comes_back_as_a_leaf(wanted: bool) -> None:
    """Whether it requires grad goes along; its history does not."""
    tensor = (torch.ones(2, requires_grad=True) * 2) if wanted else torch.ones(2)
    arrived = there_and_back(tensor)
    assert arrived.requires_grad is wanted
    assert arrived.is_leaf


def test_what_was_sent_does_not_change_with_what_arrived() -> None:
    """No memory is shared between the two ends, nor between two tensors of one message."""
    sent = torch.zeros(4)
    header, buffers = encode({"a": sent, "b": sent})
    body = bytearray(b"".join(buffers))
    arrived = decode(header, body)
    arrived["a"].fill_(7)
    body[:] = b"\xff" * len(body)
    assert sent.sum() == 0
    assert arrived["b"].sum() == 0
    assert (arrived["a"] == 7).all()


def test_every_tensor_sent_is_listed_in_order() -> None:
    """The server pairs gradients with outputs by this order."""
    first, second = torch.zeros(1), torch.ones(1)
    sent: list[torch.Tensor] = []
    encode({"x": [second, {"y": first}], "z": second}, tensors=sent)
    assert [id(t) for t in sent] == [id(second), id(first), id(second)]


def test_objects_are_replaced_where_the_caller_says_how() -> None:
    """`on_object` sees what is no plain data, and only that; `on_ref` turns it back."""
    seen: list[object] = []
    thing = object()

    def keep(value: object) -> Ref:
        seen.append(value)
        return Ref(5, "object")

    header, _ = encode({"a": [1, thing]}, keep)
    assert seen == [thing]
    assert decode(header, bytearray()) == {"a": [1, Ref(5, "object")]}
    assert decode(header, bytearray(), lambda ref: thing if ref.number == 5 else None) == {"a": [1, thing]}


@pytest.mark.parametrize(
    "value",
    [
        object(), {1, 2}, b"bytes", 2**63, -(2**63) - 1, 1j, slice(3), {1.5: 1}, {True: 1}, {None: 1}, {2**70: 1},
        torch.ones(2).to_sparse(), torch.ones(2, device="meta"), torch.ones(2, dtype=torch.uint16),
        torch.nn.Parameter(torch.ones(1)), len,
    ],
    ids=lambda v: type(v).__name__ if not isinstance(v, dict) else f"dict key {next(iter(v))!r}"[:20],
)  # fmt: skip
def test_what_cannot_be_sent_is_refused_by_name(value: object) -> None:
    """No silent conversion: the sender is told."""
    with pytest.raises(WireError):
        encode({"value": value})


def test_nesting_and_sizes_are_limited_when_sending() -> None:
    """A value that contains itself, too many parts, too many tensors, too long a text."""
    circular: list[Any] = []
    circular.append(circular)
    deep: Any = 0
    for _ in range(MAX_DEPTH - 2):
        deep = [deep]
    encode({"value": deep})
    for value in (circular, [[deep]], [0] * MAX_NODES, [torch.zeros(1)] * (MAX_TENSORS + 1), "x" * MAX_HEADER_BYTES):
        with pytest.raises(WireError):
            encode({"value": value})


@pytest.mark.parametrize("text", ["\ud800", "a\udfff"])
def test_text_that_no_file_can_hold_is_mended_on_arrival(text: str) -> None:
    """A lone surrogate in an exception's message would stop the grader when it writes its record."""
    for arrived in (there_and_back(text), *there_and_back({text: 1}), there_and_back(Ref(1, text)).type_name):
        arrived.encode("utf-8")
