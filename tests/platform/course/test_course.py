"""course.toml, and where a course is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.course import find_course
from autograder.errors import ConfigurationError, UsageError
from tests.platform.course.conftest import Files


def test_a_course_is_found_from_below(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    """From its folder, from any folder in it, and from the current one."""
    assert find_course(files.root).root == files.root
    assert find_course(files.assignment.parent).root == files.root
    monkeypatch.chdir(files.assignment.parent)
    assert find_course().root == files.root


def test_the_nearest_course_counts(files: Files) -> None:
    """A course inside another one's folder is a course of its own."""
    inner = Files(files.root / "archive" / "last_year")
    assert find_course(inner.assignment.parent).root == inner.root


def test_no_course(tmp_path: Path) -> None:
    """It says where it looked and what to do."""
    with pytest.raises(UsageError, match=rf"(?s){tmp_path}.*assignments/course\.toml.*--course"):
        find_course(tmp_path)


def test_a_folder_in_place_of_the_file_is_none(tmp_path: Path) -> None:
    """Nor is a file in place of the folder."""
    (tmp_path / "a" / "assignments" / "course.toml").mkdir(parents=True)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "assignments").write_text("")
    for folder in ("a", "b"):
        with pytest.raises(UsageError):
            find_course(tmp_path / folder)


def test_where_everything_lies(files: Files, tmp_path: Path) -> None:
    """The class's data lie in the course, or where the caller says."""
    course = find_course(files.root)
    assert course.submitted == files.root / "submitted"
    elsewhere = find_course(files.root, tmp_path / "data")
    for place in ("submitted", "autograded", "feedback", "reports", "gradebook", "state"):
        assert getattr(elsewhere, place).parent == tmp_path / "data"
    assert elsewhere.root == files.root


@pytest.mark.parametrize("name", ["sum", "", "../sums", "sums/", "Sums", "/etc", "course.toml"])
def test_an_assignment_that_is_not_listed(files: Files, name: str) -> None:
    """What is listed is said; no path is ever made of a name that is not."""
    with pytest.raises(UsageError, match=r"There is no assignment .* lists: sums"):
        find_course(files.root).assignment(name)


@pytest.mark.parametrize(
    ("old", "new", "line", "word"),
    [
        ('id = "tiny"', 'id = "tiny course"', 2, "pattern"), ('id = "tiny"\n', "", 0, "missing"),
        ('["sums"]', "[]", 4, "at least 1"), ('["sums"]', '["../sums"]', 4, "pattern"), ('["sums"]', '"sums"', 4, ""),
        ("schema = 1", "schema = 3", 1, ""), ('title = "A tiny course"', "title = 3", 3, "string"),
        ('["sums"]', '["sums"]\n[sandbox]\npreloads = ["torch"]', 6, "unknown key"),
        ('["sums"]', '["sums"]\n[sandbox]\npreload = "torch"', 6, ""),
        ('["sums"]', '["sums"]\ngpu = true', 5, "unknown key"), ("schema = 1", "schema 1", 1, "not valid TOML"),
    ],
)  # fmt: skip
def test_a_wrong_course_file(files: Files, old: str, new: str, line: int, word: str) -> None:
    """Told with file and line, before anything else is done."""
    files.change(old, new, files.course)
    with pytest.raises(ConfigurationError) as caught:
        find_course(files.root)
    (problem, *_) = caught.value.problems
    assert (problem.path, problem.line) == (files.course, line), str(problem)
    assert word in problem.message


def test_an_assignment_listed_twice(files: Files) -> None:
    """Would be built and graded twice."""
    files.change('["sums"]', '["sums", "sums"]', files.course)
    with pytest.raises(ConfigurationError, match="sums"):
        find_course(files.root)
