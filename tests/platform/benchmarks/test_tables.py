"""Reports as text."""

from __future__ import annotations

import pytest

from benchmarks.results import Profile
from benchmarks.tables import profile_lines, update_readmes

README = "before\n<!-- bench:start -->\nold\n<!-- bench:end -->\n<!-- scale:start -->\nold\n<!-- scale:end -->\nafter\n"


def test_only_the_named_block_of_a_file_is_replaced(tmp_path):
    path = tmp_path / "README.md"
    path.write_text(README)
    assert update_readmes("scale", "new\n", [path, tmp_path / "missing.md"]) == [path]
    begin, middle, end = path.read_text().partition("<!-- scale:start -->\nnew\n<!-- scale:end -->")
    assert middle
    assert "bench:start -->\nold" in begin
    assert end == "\nafter\n"


@pytest.mark.parametrize("text", ["nothing\n", "<!-- bench:start -->\nold\n"])
def test_a_file_without_the_markers_is_left_alone(tmp_path, text):
    path = tmp_path / "README.md"
    path.write_text(text)
    assert update_readmes("bench", "new\n", [path]) == []
    assert path.read_text() == text


def test_a_profile_has_milliseconds_and_shares():
    lines = profile_lines(Profile(20, 0.2, {"fork": 0.05, "load": 0.15}))
    assert "200.0 ms" in lines[0]
    assert [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[-2:]] == [
        ["fork", "50.00 ms", "25.0 %"],
        ["load", "150.00 ms", "75.0 %"],
    ]
