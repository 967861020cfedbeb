"""`autograder report` says how to get grades where there are none."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from autograder.cli.report import report
from autograder.course import Course
from autograder.errors import UsageError

pytest.importorskip("autograder.grading.records", reason="the grading layer is not installed")


def test_nothing_graded_yet_names_the_cure(course: Course, tmp_path) -> None:
    here = Course(root=course.root, data=tmp_path, settings=course.settings)
    result = CliRunner().invoke(report, ["vae"], obj=here)
    assert isinstance(result.exception, UsageError)
    assert "autograder grade vae" in str(result.exception)
    assert not here.reports.exists()


def test_an_unknown_assignment_is_named(course: Course) -> None:
    result = CliRunner().invoke(report, ["nonsense"], obj=course)
    assert isinstance(result.exception, UsageError)
    assert "nonsense" in str(result.exception)
