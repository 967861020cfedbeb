"""Staff pages can be used with a keyboard and a screen reader, in light and dark, and load nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.course import Assignment, Course
from autograder.reports import write_report
from autograder.reports.similar import write_similar
from autograder.results import GradeRun
from tests.platform.accessibility import look, needs_browser

pytestmark = [pytest.mark.slow, needs_browser]
CODE = """def interpolate(z0, z1, steps):
    table = {n: z0 * n + z1 / n for n in range(1, steps)}
    for key in sorted(table):
        table[key] = torch.logsumexp(table[key], dim=0).clamp(max=3.0)
    return table
"""


@pytest.fixture(scope="module")
def here(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    return Course(root=course.root, data=tmp_path_factory.mktemp("pages"), settings=course.settings)


@pytest.fixture(scope="module")
def pages(here: Course, vae: Assignment, make_run: Callable[..., GradeRun]) -> dict[str, Path]:
    """A report with examples, and look-alikes."""
    run = make_run(60)
    students = [submission.student for submission in run.submissions]
    for student in students:
        about = {"nbgrader": {"grade_id": "interpolate", "solution": True}}
        target = here.autograded / student / "vae" / "vae.ipynb"
        target.parent.mkdir(parents=True)
        code = CODE if student in students[:2] else f"def interpolate(z0, z1, steps):\n    return z0.{student[:2]}()\n"
        target.write_text(json.dumps({"cells": [{"cell_type": "code", "metadata": about, "source": code}]}))
    similar = write_similar(here, vae, students).html
    return {"report": write_report(here, vae, run).html, "similar": similar}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["report", "similar"])
def test_axe_finds_nothing_and_nothing_is_loaded(pages: dict[str, Path], name: str, scheme: str) -> None:
    looked = look(pages[name], scheme)
    assert looked.findings == ()
    assert looked.loaded == ()


def test_axe_would_find_something(pages: dict[str, Path], tmp_path: Path) -> None:
    """Grey on white, and a table whose caption is gone."""
    spoilt = (
        pages["report"].read_text().replace("--soft: #515c6b", "--soft: #c0c0c0").replace('<html lang="en">', "<html>")
    )
    (tmp_path / "spoilt.html").write_text(spoilt)
    assert {rule for rule, _, _ in look(tmp_path / "spoilt.html").serious} == {"color-contrast", "html-has-lang"}
