"""Spoil bytes without knowing what they mean: as a bad disk would, or somebody with a hex editor."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Sequence
from random import Random

MOST = 4 * 2**20  # bytes of a mutated case

# What readers of text, JSON and TOML are known to stumble over.
MORSELS: tuple[bytes, ...] = (
    b"\x00", b"\xff", b"\xfe\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", codecs.BOM_UTF8, codecs.BOM_UTF16,
    b"\\ud800", b"\\u0000", b"\\uDFFF\\ud800", b"\\", b'"', b'\\"', b"'", b'"""', b"\r", b"\n", b"\x1b[2J", b"\x7f",
    b"\xe2\x80\xa8", b"\xc2\x85", b"\x0b", b"\x0c", b"1e999", b"-1e999", b"NaN", b"-Infinity", b"Infinity", b"nan",
    b"inf",
    b"-0", b"0x10", b"1_0", b"9" * 19, b"9" * 400, b"9" * 6000, b"1." + b"0" * 4000, b"true", b"null", b"{}", b"[]",
    b"{", b"}", b"[",
    b"]", b",", b":", b"=", b"#", b"[[", b"]]", b"[" * 60, b"[" * 30_000, b'{"a":' * 30_000, b"[1," * 3_000,
    b'{"":{}},',
    b"{a=" * 2_000, b"a." * 2_000, b"1979-05-27T99:99:99Z", b"0000-00-00", b"9999-12-31T23:59:60Z", b"\xf0\x9f\x92\xa9",
    b"__proto__", b"$(id)", b"../../../../etc/passwd", b"%s%n", b"<script>", b"A" * 70_000,
)  # fmt: skip


def mutate(data: bytes, random: Random, others: Sequence[bytes] = (b"",)) -> bytes:
    """`data` after one to eight accidents; `others` are what it may be spliced with."""
    for _ in range(_few(random)):
        data = random.choice(_ACCIDENTS)(data, random, others)[:MOST]
    return data


def _few(random: Random) -> int:
    """Mostly one, so that what comes out gets past the first check of its reader."""
    return random.choice((1, 1, 1, 1, 2, 2, 3, 5, 8))


def _place(data: bytes, random: Random) -> int:
    return random.randint(0, len(data))


def _span(data: bytes, random: Random) -> tuple[int, int]:
    """A piece of the data: often some bytes, sometimes a large part."""
    start = _place(data, random)
    return start, min(len(data), start + random.choice((1, 2, 8, 64, 1024, max(1, len(data) // 2))))


def _flip(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    if not data:
        return data
    spoilt = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 8, 64))):
        spoilt[random.randrange(len(spoilt))] ^= 1 << random.randrange(8)
    return bytes(spoilt)


def _overwrite(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    start, end = _span(data, random)
    return data[:start] + random.randbytes(end - start) + data[end:]


def _insert(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    at = _place(data, random)
    return data[:at] + random.choice(MORSELS) + data[at:]


def _replace_digits(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    """A number becomes something else, where there is one behind a random place."""
    start = _place(data, random)
    while start < len(data) and not 48 <= data[start] < 58:
        start += 1
    end = start
    while end < len(data) and 48 <= data[end] < 58:
        end += 1
    return data[:start] + random.choice(MORSELS) + data[end:]


def _delete(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    start, end = _span(data, random)
    return data[:start] + data[end:]


def _repeat(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    start, end = _span(data, random)
    times = min(random.choice((2, 2, 3, 50, 3000)), MOST // max(1, end - start))
    return data[:start] + data[start:end] * times + data[end:]


def _truncate(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    return data[: _place(data, random)]


def _splice(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    other = random.choice(others)
    return data[: _place(data, random)] + other[_place(other, random) :]


def _swap(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    a, b, c = sorted(_place(data, random) for _ in range(3))
    return data[:a] + data[b:c] + data[a:b] + data[c:]


def _recode(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    encoding = random.choice(("utf-16", "utf-16-le", "utf-32-be", "utf-8-sig", "utf-7"))
    return data.decode("utf-8", "replace").encode(encoding, "replace")


Accident = Callable[[bytes, Random, Sequence[bytes]], bytes]
_ACCIDENTS: tuple[Accident, ...] = (
    _flip, _flip, _overwrite, _insert, _insert, _insert, _replace_digits, _replace_digits, _delete, _delete,
    _repeat, _truncate, _splice, _swap, _recode,
)  # fmt: skip
