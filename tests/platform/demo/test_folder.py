"""The demo deletes what a demo made, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.demo.folder import MARKER, fresh_folder
from autograder.errors import UsageError


def test_a_new_folder_is_made_and_marked(tmp_path: Path) -> None:
    with fresh_folder(tmp_path / "a" / "demo") as folder:
        assert [path.name for path in folder.iterdir()] == [MARKER]
    assert "deletes" in (tmp_path / "a" / "demo" / MARKER).read_text()


def test_the_next_demo_replaces_the_last(tmp_path: Path) -> None:
    with fresh_folder(tmp_path / "demo") as folder:
        (folder / "submitted" / "ada").mkdir(parents=True)
        (folder / "gradebook.db").write_text("old")
    with fresh_folder(tmp_path / "demo") as folder:
        assert [path.name for path in folder.iterdir()] == [MARKER]


def test_an_empty_folder_may_be_used(tmp_path: Path) -> None:
    with fresh_folder(tmp_path) as folder:
        assert (folder / MARKER).is_file()


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "submitted").mkdir()
    (tmp_path / "submitted" / "thesis.tex").write_text("years of work")
    with pytest.raises(UsageError, match="was not made by"), fresh_folder(tmp_path):
        pass
    assert (tmp_path / "submitted" / "thesis.tex").read_text() == "years of work"
    assert not (tmp_path / MARKER).exists()


def test_a_link_in_place_of_the_marker_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "elsewhere").write_text("kept")
    (tmp_path / "demo" / MARKER).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError), fresh_folder(tmp_path / "demo"):
        pass
    assert (tmp_path / "elsewhere").read_text() == "kept"


def test_links_are_removed_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "kept.txt").write_text("kept")
    with fresh_folder(tmp_path / "demo") as folder:
        (folder / "link").symlink_to(tmp_path / "outside")
    with fresh_folder(tmp_path / "demo") as folder:
        assert not (folder / "link").is_symlink()
    assert (tmp_path / "outside" / "kept.txt").read_text() == "kept"


def test_a_linked_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "demo").symlink_to(tmp_path / "real")
    with pytest.raises(UsageError, match="no plain folder"), fresh_folder(tmp_path / "demo"):
        pass
    assert not list((tmp_path / "real").iterdir())


def test_two_demos_do_not_share_a_folder(tmp_path: Path) -> None:
    with fresh_folder(tmp_path / "demo") as folder:
        (folder / "gradebook.db").write_text("in use")
        with pytest.raises(UsageError, match="Another demo is running"), fresh_folder(tmp_path / "demo"):
            pass
        assert (folder / "gradebook.db").read_text() == "in use"
