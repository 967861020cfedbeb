"""nbgrader's own commands on nbgrader's own quickstart course, with students' code in the sandbox."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from benchmarks.quickstart import NBGRADER, OURS, Line, Scores, compare, grade, make_course

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the submissions of nbgrader's documentation, and some that use a hole."""
    folder = tmp_path_factory.mktemp("quickstart")
    make_course(folder)
    course = folder / "course101"
    for student in ("raises", "text", "silent", "boolean", "numpy", "warns", "too-much", "solution"):
        shutil.rmtree(course / "submitted" / student)
    leak = course / "submitted" / "right" / "ps2" / "partial.ipynb"
    leak.write_text(leak.read_text().replace("return 2.0", f"print(open('{leak}').read()); return 2.0"))
    return course


@pytest.fixture(scope="module")
def scores(course: Path) -> Scores:
    return grade(course, OURS)


def test_every_cell_has_points_or_waits_for_a_person(scores: Scores) -> None:
    assert {key: scores[key] for key in scores if key[1] in ("partial", "asserts")} == {
        ("half", "partial"): (1.0, False), ("half", "asserts"): (1.0, False),
        ("nothing", "partial"): (0.0, False), ("nothing", "asserts"): (1.0, False),
        ("negative", "partial"): (None, True), ("negative", "asserts"): (1.0, False),
        ("nan", "partial"): (None, True), ("nan", "asserts"): (1.0, False),
        ("right", "partial"): (0.0, False), ("right", "asserts"): (0.0, False),  # it reads a file of the machine
        ("quits", "partial"): (0.0, False), ("quits", "asserts"): (0.0, False),  # its definition did not run to its end
    }  # fmt: skip


def test_nbgraders_own_example_has_the_points_that_stock_nbgrader_gives(scores: Scores) -> None:
    of = {name: points for (student, name), (points, _) in scores.items() if student == "bitdiddle"}
    assert of == {
        "correct_squares": 0.0, "squares_invalid_input": 1.0, "correct_sum_of_squares": 0.0,
        "sum_of_squares_uses_squares": 0.5, "sum_of_squares_equation": None, "sum_of_squares_application": 0.0,
        "part-a": None, "part-b": None, "cell-938593c4a215c6cc": None,
    }  # fmt: skip
    assert {name for (student, name), (points, _) in scores.items() if student == "blank" and points} == set()


def test_what_a_person_gave_survives_the_next_run(course: Path, scores: Scores) -> None:
    database = f"sqlite:///{course / 'gradebook.db'}"
    with Gradebook(database) as gradebook:
        gradebook.find_grade("partial", "partial", "ps2", "negative").manual_score = 1.5
        gradebook.db.commit()
    path = os.pathsep.join([str(NBGRADER.parent), os.environ["PATH"]])
    again = [str(NBGRADER), "autograde", "ps2", "--student=negative", "--force"]
    subprocess.run(again, cwd=course, env={**os.environ, "PATH": path}, check=True, capture_output=True)
    with Gradebook(database) as gradebook:
        grade = gradebook.find_grade("partial", "partial", "ps2", "negative")
        assert (grade.manual_score, grade.score, grade.needs_manual_grade) == (1.5, 1.5, True)


def test_the_comparison_names_what_differs_and_reasons_that_do_not_occur() -> None:
    stock: Scores = {("a", "x"): (1.0, False), ("a", "y"): (0.0, False), ("b", "x"): (1.0, False)}
    ours: Scores = {("a", "x"): (1.0, False), ("a", "y"): (2.0, False), ("c", "x"): (None, True)}
    assert compare(stock, ours, {("a", "x"): "why", ("c", "x"): "known"}) == [
        Line("a", "x", "1", "1", ""),
        Line("a", "y", "0", "2", ""),
        Line("b", "x", "1", "not graded", ""),
        Line("c", "x", "not graded", "no points, by hand", "known"),
    ]
