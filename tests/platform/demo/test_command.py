"""`autograder demo` on the command line; tests/platform/demo/test_demo_run.py runs it for real."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from autograder.cli.demo import demo
from autograder.course import Course
from autograder.errors import UsageError


def test_help_names_the_options_with_their_defaults(course: Course) -> None:
    result = CliRunner().invoke(demo, ["--help"], obj=course)
    assert result.exit_code == 0
    for text in ("--students", "default: 24", "--seed", "default: 7", "--workers", "--folder", "Exit status"):
        assert text in result.output


def test_a_folder_with_something_else_in_it_is_refused_before_anything_is_done(course: Course, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "gradebook.db").write_text("a real one")
    result = CliRunner().invoke(demo, ["--folder", str(tmp_path / "mine")], obj=course)
    assert isinstance(result.exception, UsageError)  # which the program's entry point turns into exit status 2
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["gradebook.db"]


def test_a_class_that_is_too_small_is_wrong_usage(course: Course) -> None:
    assert CliRunner().invoke(demo, ["--students", "1"], obj=course).exit_code == 2
