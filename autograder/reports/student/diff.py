"""A student's code beside the stub that was handed out, line by line."""

from __future__ import annotations

import difflib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        stub, answer: the text on each side; None where that side has no such line.
        same: whether both sides are the same.
    """

    stub: str | None
    answer: str | None
    same: bool


def beside_stub(stub: str, answer: str) -> tuple[Row, ...]:
    """All lines of both, in order; those that stayed as they were stand beside each other."""
    left, right = stub.splitlines(), answer.splitlines()
    rows: list[Row] = []
    for kind, i, j, k, m in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if kind == "equal":
            rows.extend(Row(line, line, True) for line in left[i:j])
            continue
        for n in range(max(j - i, m - k)):
            rows.append(Row(left[i + n] if i + n < j else None, right[k + n] if k + n < m else None, False))
    return tuple(rows)
