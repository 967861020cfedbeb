"""The value of a cell's last expression."""

from __future__ import annotations

from typing import Any

import pytest

from autograder.gradebook.plain.value import keep_last_value


def value(source: str) -> Any:
    names: dict[str, Any] = {}
    exec(keep_last_value(source, "kept"), names)
    return names.get("kept", "nothing kept")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("0.5", 0.5),
        ("x = 2\nx + 1", 3),
        ("x = 2; x", 2),
        ("(1 +\n 2)", 3),
        ("sum([\n  1,\n  2,\n])  # a comment", 3),
        ("'ä'; 'ü' + 'x'", "üx"),
        ("1,\n", (1,)),
        ("def f():\n    return 7\nf()\n\n", 7),
        ("lambda: 1", "a function"),
    ],
)
def test_it_is_kept(source: str, expected: object) -> None:
    found = value(source)
    assert callable(found) if expected == "a function" else found == expected


@pytest.mark.parametrize(
    "source", ["x = 1", "assert True", "", "# nothing", "3;", "for x in (1, 2):\n    x", "%time f()", "f("]
)
def test_a_cell_that_does_not_end_in_an_expression_stays_as_it_is(source: str) -> None:
    assert keep_last_value(source, "kept") == source


def test_lines_stay_where_they_are() -> None:
    changed = keep_last_value("a = 1\n\n(a +\n  missing)", "kept")
    assert changed.split("\n")[:2] == ["a = 1", ""]
    assert changed.count("\n") == 3
