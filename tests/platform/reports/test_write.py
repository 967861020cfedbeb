"""Files are replaced in one step, whatever students are called; five lines go to the terminal."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.course import Assignment, Course
from autograder.reports import write_report
from autograder.reports.summary import summary_lines
from autograder.results import GradeRun, Outcome, QuestionResult, Status, SubmissionResult, TestResult


@pytest.fixture
def here(course: Course, tmp_path: Path) -> Course:
    return Course(root=course.root, data=tmp_path, settings=course.settings)


def test_both_files_are_written_and_nothing_else(
    here: Course, vae: Assignment, make_run: Callable[..., GradeRun]
) -> None:
    for students in (5, 3):  # the second report replaces the first
        paths = write_report(here, vae, make_run(students))
        assert sorted(p.name for p in (here.reports / "vae").iterdir()) == ["index.html", "scores.csv"]
        assert len(paths.csv.read_text().splitlines()) == students + 1


def test_an_interrupted_write_leaves_the_old_report(
    here: Course, vae: Assignment, make_run: Callable[..., GradeRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    old = write_report(here, vae, make_run(3)).html.read_bytes()

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_report(here, vae, make_run(5))
    assert (here.reports / "vae" / "index.html").read_bytes() == old
    assert sorted(p.name for p in (here.reports / "vae").iterdir()) == ["index.html", "scores.csv"]


def test_names_that_are_not_utf8_are_survived(here: Course, vae: Assignment) -> None:
    """A folder's name is bytes; Python shows those that are no UTF-8 as lone surrogates."""
    name = os.fsdecode(b"caf\xe9")
    notebook = here.autograded / name / "vae" / "vae.ipynb"
    notebook.parent.mkdir(parents=True)
    notebook.touch()
    paths = write_report(here, vae, GradeRun("vae", "bubblewrap", (SubmissionResult(name, Status.GRADED, 1, 90),)))
    page = paths.html.read_text(encoding="utf-8")
    assert "caf\\udce9" in page
    assert "../../autograded/caf%E9/vae/vae.ipynb" in page
    assert "caf\\udce9" in paths.csv.read_text(encoding="utf-8")


def test_the_summary_has_five_lines(here: Course, vae: Assignment, make_run: Callable[..., GradeRun]) -> None:
    lines = summary_lines(write_report(here, vae, make_run(60)).report)
    assert len(lines) == 5
    assert lines[0].startswith("Variational autoencoders: 60 submissions")
    assert "median" in lines[1]
    assert "ConditionalVAE" in lines[2]


def test_the_summary_of_nothing_readable(here: Course, vae: Assignment) -> None:
    run = GradeRun("vae", "none", (SubmissionResult("ada", Status.UNREADABLE, 0, 90),))
    lines = summary_lines(write_report(here, vae, run).report)
    assert len(lines) == 5
    assert "no submission could be read" in lines[1]


def test_the_summary_prints_no_control_characters(here: Course, vae: Assignment) -> None:
    test = TestResult("t", "T.", Outcome.FAILED, 1, "\x1b]0;title\x07\nline")
    good = TestResult("t", "T.", Outcome.PASSED, 1)
    questions = [QuestionResult("VAE", 18, s, (), (t,)) for s, t in ((0, test), (18, good))]
    run = GradeRun(
        "vae",
        "none",
        tuple(SubmissionResult(f"s{q.score}", Status.GRADED, q.score, 90, questions=(q,)) for q in questions),
    )
    lines = summary_lines(write_report(here, vae, run).report)
    assert "title" in lines[3]
    assert all(line.isprintable() for line in lines)
