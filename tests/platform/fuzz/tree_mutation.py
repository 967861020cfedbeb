"""Spoil JSON as somebody would who knows its structure: any value of another type, lost, doubled or moved.

`dump` writes what `json` itself would not: the same key twice, numbers of thousands of digits, 1e999,
brackets deeper than Python recurses. Such values stand in the tree as `@raw:<name>@`, keys that are to
be there twice as `@twice:<key>@`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from random import Random
from typing import Any

RAW: dict[str, bytes] = {
    "digits": b"9" * 5000,
    "many-digits": b"-" + b"8" * 300_000,
    "400-digits": b"7" * 400,
    "64-bits": b"18446744073709551616",
    "overflow": b"1e999",
    "underflow": b"-1e-999",
    "minus-zero": b"-0",
    "nan": b"NaN",
    "infinity": b"-Infinity",
    "long-fraction": b"0." + b"3" * 9000,
    "twins": b'{"a":1,"a":2,"source":[],"source":"x"}',
    "deep-list": b"[" * 900 + b"]" * 900,
    "deep-dict": b'{"a":' * 200 + b"1" + b"}" * 200,
    "deeper-list": b"[" * 100_000 + b"]" * 100_000,
    "48-deep": b"[" * 48 + b"]" * 48,
    "open": b"[[[[",
    "surrogates": b'"\\ud83d\\ud83d\\ude00\\udc00"',
    "many": b"[" + b"[]," * 50_000 + b"0]",
    "keys": b"{" + b",".join(b'"%d":%d' % (n, n) for n in range(20_000)) + b"}",
}
TEXTS = (
    "", " ", "\x00", "\ud800", "a\udfffb", "\u202e", "\u2028", "\r", "\n" * 50, "😀" * 300, "Ａ", "ß" * 5000,
    "x" * 200_000,
    "code", "markdown", "raw", "test_", "../..", "<script>alert(1)</script>", "\x1b]0;x\x07", "%s", "{0}", "nan",
    "inf", "1e999",
)  # fmt: skip
_RAW = re.compile(rb'"@raw:([a-z0-9-]+)@"')
_TWICE = re.compile(rb'"@twice:([^"@]*)@"')


def dump(tree: Any) -> bytes:
    """The tree as JSON, or what passes for it."""
    data = json.dumps(tree).encode()
    return _TWICE.sub(rb'"\1"', _RAW.sub(lambda match: RAW[match[1].decode()], data))


def odd_value(random: Random) -> Any:
    """A value that hardly any place expects."""
    kind = random.randrange(6)
    if kind == 0:
        return random.choice((None, True, False, 0, 1, -1, 2**31, 2**53, 2**63 - 1, 2**63, -(2**63), 10**200))
    if kind == 1:
        return random.choice((0.0, -0.0, 0.5, 1e308, 5e-324, float("nan"), float("inf"), float("-inf")))
    if kind == 2:
        return random.choice(TEXTS)
    if kind == 3:
        return random.choice(
            ([], {}, [[]], [{}], {"": None}, [None] * 300, ["a", 1, None, []], {"a": {"b": {"c": []}}})
        )
    if kind == 4:
        return f"@raw:{random.choice(tuple(RAW))}@"
    return [odd_value(random) for _ in range(random.randint(0, 4))]


def mutate_tree(tree: Any, random: Random, times: int = 1) -> Any:
    """The same tree, changed in place at `times` random spots. (A new one where the root itself is hit.)"""
    for _ in range(times):
        slots = list(_slots(tree))
        if not slots or random.random() < 0.005:
            return odd_value(random)
        container, key = random.choice(slots)
        _change(container, key, random, slots)
    return tree


def _slots(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in the tree that holds a value, as (container, key)."""
    waiting = [tree]
    while waiting:
        container = waiting.pop()
        keys = list(container) if isinstance(container, dict) else range(len(container))
        for key in keys:
            yield container, key
            if isinstance(container[key], dict | list):
                waiting.append(container[key])


def _change(container: Any, key: Any, random: Random, slots: list[tuple[Any, Any]]) -> None:
    value = container[key]
    what = random.randrange(8)
    if what == 0:
        del container[key]
    elif what == 1 and isinstance(container, list):
        container[key:key] = [value] * random.choice((1, 1, 3, 40))
    elif what == 1:
        container[f"@twice:{key}@"] = odd_value(random)
    elif what == 2 and isinstance(container, list):
        random.shuffle(container)
    elif what == 2:
        container[random.choice(TEXTS)] = container.pop(key)
    elif what == 3:
        other, place = random.choice(slots)
        container[key] = (
            _copy(other[place]) if place in (other if isinstance(other, dict) else range(len(other))) else None
        )
    elif what == 4:
        container[key] = random.choice(([value], {"a": value}, str(value)[:5000], [value, value]))
    else:
        container[key] = odd_value(random)


def _copy(value: Any) -> Any:
    return json.loads(json.dumps(value))
