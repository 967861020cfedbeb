"""A sample of the audit's trials on this course itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.course import find_course
from tests.platform.audit.test_audit_command import ROOT, invoke


@pytest.mark.slow
def test_a_sample_of_mutants_and_seeds_finds_nothing_in_this_course(tmp_path: Path) -> None:
    """The part of `make audit` that is cheap enough to run with every change."""
    file = tmp_path / "audit.json"
    sample = ("--part", "mutants", "--part", "steadiness", "--mutants", "4", "--seeds", "4", "--gate")
    result = invoke(find_course(ROOT), *sample, "--json", str(file))
    assert result.exit_code == 0, result.output
    assert "a sample of 4 mutants a question" in result.output
    for assignment in json.loads(file.read_text(encoding="utf-8"))["trials"]:
        assert all(question["killed"] > 0 for question in assignment["questions"])
        assert all(question["test_runs"] > 0 for question in assignment["questions"])
