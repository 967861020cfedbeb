"""How the command ends: known errors by message, unknown ones by a log, interruptions by 130."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import pytest

from autograder.cli import main as main_module
from autograder.errors import ConfigurationError, Problem, SuiteError


def ends(monkeypatch: pytest.MonkeyPatch, error: BaseException | object) -> int:
    """The exit status where a command raises, or returns, this."""

    def raising(**_: object) -> object:
        if isinstance(error, BaseException):
            raise error
        return error

    monkeypatch.setattr(main_module.cli, "main", raising)
    with pytest.raises(SystemExit) as stop:
        main_module.main()
    return int(stop.value.code or 0)


def test_done(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ends(monkeypatch, None) == 0


@pytest.mark.parametrize("status", [0, 1, 2])
def test_a_status_of_a_command(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    assert ends(monkeypatch, click.exceptions.Exit(status)) == status


def test_a_known_error_is_one_message(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ends(monkeypatch, SuiteError("test_x.py has no question")) == 2
    assert capsys.readouterr().err == "Error: test_x.py has no question\n"


def test_a_wrong_configuration_lists_all_problems(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    problems = [Problem(Path("a.toml"), 3, "wrong"), Problem(Path("b.toml"), 0, "missing")]
    assert ends(monkeypatch, ConfigurationError(problems)) == 2
    assert capsys.readouterr().err == "2 problems in the course:\n  a.toml:3: wrong\n  b.toml: missing\n"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interruption(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException
) -> None:
    assert ends(monkeypatch, error) == 130
    assert "What was finished is kept" in capsys.readouterr().err


def test_an_unknown_error_leaves_a_log_to_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A short message, and the traceback in a file of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["autograder", "grade", "vae"])
    assert ends(monkeypatch, ZeroDivisionError("oops")) == 1
    err = capsys.readouterr().err
    assert "Unexpected error: ZeroDivisionError: oops" in err
    (log,) = (tmp_path / "autograder").glob("*.log")
    assert str(log) in err
    text = log.read_text()
    assert text.startswith("autograder grade vae\n")
    assert "Traceback" in text
