"""scores.csv reads back as it was written, and no cell of it is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pandas as pd
import pytest

from autograder.reports.scores_csv import scores_csv
from autograder.results import GradeRun, QuestionResult, Status, SubmissionResult
from autograder.spreadsheet import guarded


def test_scores_read_back_as_numbers(make_run: Callable[..., GradeRun]) -> None:
    run = make_run(60)
    names = [q.name for q in next(s for s in run.submissions if s.questions).questions]
    table = pd.read_csv(io.StringIO(scores_csv(run, names)))
    assert list(table.columns) == ["student", "status", "score", "max_score", *names, "problems"]
    assert table.student.tolist() == [s.student for s in run.submissions]
    assert table.score.tolist() == pytest.approx([s.score for s in run.submissions], abs=1e-4)
    readable = table[table.status != "unreadable"]
    assert readable[names].sum(axis=1).tolist() == pytest.approx(readable.score.tolist(), abs=1e-3)
    assert table.problems.tolist() == [len(s.problems) for s in run.submissions]


def test_questions_without_a_result_are_empty() -> None:
    run = GradeRun("vae", "bubblewrap", (SubmissionResult("ada", Status.UNREADABLE, 0, 10, problems=("broken",)),))
    assert scores_csv(run, ["f", "g"]).splitlines()[1] == "ada,unreadable,0,10,,,1"


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "=cmd|' /C calc'!A0"])
def test_formulas_are_defused(name: str) -> None:
    """The cell starts with an apostrophe and holds the name otherwise unchanged."""
    assert guarded(name) == "'" + name
    submission = SubmissionResult(name, Status.GRADED, 1, 1, questions=(QuestionResult(name, 1, 1),))
    rows = list(csv.reader(io.StringIO(scores_csv(GradeRun("vae", "none", (submission,)), [name]), newline="")))
    assert rows[1][0] == "'" + name
    assert rows[0][4] == "'" + name


@pytest.mark.parametrize("name", ["ada", "o'neil", "müller-22", "a=b", "x@example.org", ""])
def test_ordinary_names_are_left_alone(name: str) -> None:
    assert guarded(name) == name
