"""Files beside the notebook: named where they look like an attempt, silent for honest data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from autograder.submissions.find import find_submissions


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a student who handed in a notebook."""
    path = tmp_path / "ada" / "vae"
    path.mkdir(parents=True)
    (path / "vae.ipynb").write_text("{}")
    return path


def problems(folder: Path) -> str:
    (submission,) = find_submissions(folder.parents[1], "vae").submissions
    assert submission.notebook == "vae.ipynb"
    return "\n".join(submission.problems)


def test_data_and_pictures_are_nobodys_business(folder: Path) -> None:
    """What honest students hand in beside a notebook."""
    for name in ("samples.png", "notes.md", "model.pt", "helper.py", "config.json", "data.csv"):
        (folder / name).touch()
    (folder / "figures").mkdir()
    assert problems(folder) == ""


@pytest.mark.parametrize("name", ["conftest.py", "pytest.ini", "sitecustomize.py", "x.pth", "nbgrader_config.py"])
def test_configuration_is_named(folder: Path, name: str) -> None:
    """It was not used, and somebody should know."""
    (folder / name).touch()
    assert f"'{name}' (configures Python or its tools)" in problems(folder)


def test_shadows_links_and_pipes_are_named(folder: Path) -> None:
    """Each with what it is."""
    (folder / "torch.py").touch()
    (folder / "a").symlink_to("/")
    os.mkfifo(folder / "b")
    text = problems(folder)
    assert "'a' (a link), 'b' (a named pipe), 'torch.py' (has the name of a library)" in text
    assert "not used" in text


def test_many_are_cut(folder: Path) -> None:
    """A student cannot make the line long."""
    for number in range(50):
        (folder / f"{number:02d}.pth").touch()
    assert "and 45 more" in problems(folder)
    assert len(problems(folder)) < 500
