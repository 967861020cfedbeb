"""Lines of problems, found again in the text of a TOML file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.course.course import CourseFile
from autograder.course.toml_file import line_of, read_toml
from autograder.errors import ConfigurationError

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


@pytest.mark.parametrize(
    "value", ["9" * 5000, "[" * 5000 + "]" * 5000, "{a = " * 2000 + "1" + "}" * 2000], ids=["digits", "lists", "tables"]
)
def test_what_no_reader_can_take_is_refused_by_name(value: str, tmp_path: Path) -> None:
    """More digits or brackets than Python takes are a problem of the file, not of the platform."""
    path = tmp_path / "course.toml"
    path.write_text(f"schema = {value}\n")
    with pytest.raises(ConfigurationError, match="not TOML that can be read") as caught:
        read_toml(path, CourseFile)
    assert [problem.path for problem in caught.value.problems] == [path]


def test_lines_are_counted_as_editors_count_them() -> None:
    """A string may hold characters that Python takes for ends of lines."""
    assert line_of('a = "\u2028\x85\x0b"\nb = 1\n', ("b",)) == 2


@given(st.text(), st.lists(st.text() | st.integers(0, 5), max_size=4))
def test_it_never_fails(text: str, location: list[int | str]) -> None:
    """Any text, any place: a line of the text, or 0."""
    assert 0 <= line_of(text, tuple(location)) <= len(text.splitlines())
