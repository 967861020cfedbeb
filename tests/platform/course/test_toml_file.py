"""Lines of problems, found again in the text of a TOML file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.course.toml_file import line_of

TEXT = """title = "x"
points = 0

[limits]
points = 1  # of the limits

[[question]]
name = "a"
points = 2

[[question]]
name = "b"
"quoted" = 4

[[ question ]]
name = "c"
  points = 5
"""


@pytest.mark.parametrize(
    ("location", "line"),
    [
        (("title",), 1), (("points",), 2), (("limits",), 4), (("limits", "points"), 5), 
        (("question", 0), 7), (("question", 0, "points"), 9), (("question", 1, "points"), 11),
        (("question", 1, "quoted"), 13), (("question", 2), 15), (("question", 2, "points"), 17),
        (("question", 9, "points"), 0), (("limits", "memory"), 4), (("nothing",), 0), ((), 0), (("name",), 0),
        (("question", 0, "depends_on", 3), 7),
    ],
)  # fmt: skip
def test_the_line_of_a_key_or_else_of_its_table(location: tuple[int | str, ...], line: int) -> None:
    """A key of the same name in another table is never meant."""
    assert line_of(TEXT, location) == line


@given(st.text(), st.lists(st.text() | st.integers(0, 5), max_size=4))
def test_it_never_fails(text: str, location: list[int | str]) -> None:
    """Any text, any place: a line of the text, or 0."""
    assert 0 <= line_of(text, tuple(location)) <= len(text.splitlines())
