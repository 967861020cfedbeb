"""`autograder build`: what it prints, writes and exits with."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner, Result

from autograder.cli.build import build
from autograder.errors import ConfigurationError, UsageError
from tests.platform.authoring.conftest import TinyCourse


def invoke(tiny: TinyCourse, *arguments: str) -> Result:
    return CliRunner().invoke(build, list(arguments), obj=tiny.course, env={"COLUMNS": "200"})


def test_it_writes_and_reports_and_a_second_time_changes_nothing(tiny: TinyCourse) -> None:
    first, second = invoke(tiny), invoke(tiny, "sums")
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.output.split()[-6:-4] == ["sums", "2"]
    assert first.output.rstrip().endswith("written")
    assert second.output.rstrip().endswith("unchanged")
    assert tiny.path(tiny.release).is_file()


def test_check_writes_nothing_and_fails_where_the_release_is_missing_or_stale(tiny: TinyCourse) -> None:
    missing = invoke(tiny, "--check")
    assert missing.exit_code == 1
    assert "does not exist" in missing.output
    assert not tiny.path("release").exists()
    invoke(tiny)
    assert invoke(tiny, "--check").exit_code == 0
    tiny.replace(tiny.master, "Add things up.", "Add things together.")
    stale = invoke(tiny, "--check")
    assert stale.exit_code == 1
    assert '+    "Add things together."' in stale.output
    assert "run `autograder build sums`" in stale.output


def test_problems_are_raised_for_the_caller_and_nothing_is_written(tiny: TinyCourse) -> None:
    tiny.replace(tiny.suite, '@pytest.mark.question("Counter")', '@pytest.mark.question("nothing")')
    result = invoke(tiny)
    assert isinstance(result.exception, ConfigurationError)
    assert len(result.exception.problems) == 2
    assert not tiny.path("release").exists()


def test_one_broken_assignment_does_not_hide_the_others(tiny: TinyCourse) -> None:
    tiny.replace("assignments/course.toml", '["sums"]', '["broken", "sums"]')
    result = invoke(tiny)
    assert isinstance(result.exception, ConfigurationError)
    assert "broken" in str(result.exception)
    assert tiny.path(tiny.release).is_file()


def test_an_unknown_assignment_is_a_usage_error(tiny: TinyCourse) -> None:
    result = invoke(tiny, "nothing")
    assert isinstance(result.exception, UsageError)
    assert "sums" in str(result.exception)


def test_help_shows_examples() -> None:
    output = CliRunner().invoke(build, ["--help"]).output
    assert "autograder build --check" in output


@pytest.mark.parametrize("module", ["nbgrader", "jupytext", "nbformat", "torch"])
def test_importing_the_command_imports_nothing_slow(module: str) -> None:
    code = f"import sys, autograder.cli.build; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
