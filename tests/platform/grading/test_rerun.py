"""What a second run grades: exactly what is new, has changed, or is not whole."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.course import Course
from autograder.gradebook.quick_look import look_up
from autograder.grading import GradeOptions, grade_assignment
from autograder.grading import grade as grade_module
from autograder.grading.records import load_run, record_path
from autograder.results import GradeRun, Status
from tests.platform.engine.tiny import (
    HONEST_WRONG,
    HONEST_WRONG_SCORE,
    MAX_SCORE,
    notebook,
    submit,
    tiny,
)
from tests.platform.grading.conftest import STUDENTS, Plan

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.slow  # the class is graded once


def scores(run: GradeRun) -> dict[str, float]:
    return {s.student: s.score for s in run.submissions}


def test_the_first_run_has_a_result_for_everybody(graded_once: tuple[Path, GradeRun]) -> None:
    """In the order of ids; what cannot be read is there with its reason."""
    run = graded_once[1]
    assert scores(run) == {"ada": MAX_SCORE, "bob": HONEST_WRONG_SCORE, "cleo": 0, "dora": 0}
    assert [s.student for s in run.submissions] == sorted(STUDENTS)
    assert [str(s.status) for s in run.submissions] == ["graded", "graded", "unreadable", "unreadable"]
    assert all(s.problems for s in run.submissions if s.status is Status.UNREADABLE)
    assert run.isolation == "bubblewrap"


def test_a_second_run_grades_nothing_and_says_the_same(
    graded: Course, graded_once: tuple[Path, GradeRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No engine is started, no file is written."""

    class NoEngine:
        def __init__(self, *_: object, **__: object) -> None:
            raise AssertionError("an engine was started")

    monkeypatch.setattr(grade_module, "Engine", NoEngine)
    before = {p: p.stat().st_mtime_ns for p in (graded.data / "autograded").rglob("*") if p.is_file()}
    run = grade_assignment(graded, tiny(graded), GradeOptions(workers=1))
    assert scores(run) == scores(graded_once[1])
    assert run.submissions == load_run(graded, tiny(graded)).submissions
    assert before == {p: p.stat().st_mtime_ns for p in (graded.data / "autograded").rglob("*") if p.is_file()}


def test_the_record_keeps_what_the_run_said(graded: Course, graded_once: tuple[Path, GradeRun]) -> None:
    """Every test with its detail; seconds rounded."""
    for fresh, kept in zip(graded_once[1].submissions, load_run(graded, tiny(graded)).submissions, strict=True):
        assert fresh.problems == kept.problems
        assert [
            [(t.name, t.title, t.outcome, t.weight, t.hint, t.detail) for t in q.tests] for q in fresh.questions
        ] == [[(t.name, t.title, t.outcome, t.weight, t.hint, t.detail) for t in q.tests] for q in kept.questions]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def config(course: Course, old: str, new: str) -> None:
    edit(tiny(course).config_path, old, new)


EVERYBODY = {
    "the suite": lambda c: edit(tiny(c).suite_folder / "test_tiny.py", "weight(3)", "weight(4)"),
    "a comment in the suite": lambda c: edit(tiny(c).suite_folder / "test_tiny.py", "import torch", "import torch  #"),
    "another file of the suite": lambda c: (tiny(c).suite_folder / "helper.py").write_text("X = 1\n"),
    "data of the suite": lambda c: (tiny(c).suite_folder / "values.json").write_text("[1]"),
    "the reference": lambda c: edit(tiny(c).reference_path, "x * factor", "factor * x"),
    "the release": lambda c: edit(tiny(c).release_path, "Scale, add, shift.", "Scale, add and shift."),
    "a limit": lambda c: config(c, "call_timeout_s = 1", "call_timeout_s = 1.5"),
    "the points": lambda c: config(c, "points = 40\n\n[[question]]\nname = \"total\"\npoints = 30",
                                   "points = 35\n\n[[question]]\nname = \"total\"\npoints = 35"),
    "a dependency": lambda c: config(c, 'depends_on = ["scale"]', "depends_on = []"),
    "the sandbox": lambda c: edit(c.root / "assignments/course.toml", '"torch", "numpy"', '"torch"'),
}  # fmt: skip


@pytest.mark.parametrize("what", EVERYBODY)
def test_a_change_that_may_change_a_score_regrades_everybody(graded: Course, plan: Plan, what: str) -> None:
    """Whatever a result depends on."""
    assert plan(graded) == (0, 4)
    EVERYBODY[what](graded)
    assert plan(_again(graded)) == (4, 0)


def _again(course: Course) -> Course:
    from autograder.course import find_course

    return find_course(course.root)


@pytest.mark.parametrize(
    ("old", "new"), [('title = "Tiny"', 'title = "Small"'), ("2030-01-01", "2031-01-01")], ids=["title", "due date"]
)
def test_a_change_that_changes_no_score_regrades_nobody(graded: Course, plan: Plan, old: str, new: str) -> None:
    """A later due date costs no hour of grading."""
    config(graded, old, new)
    assert plan(graded) == (0, 4)


def test_other_files_in_the_course_regrade_nobody(graded: Course, plan: Plan) -> None:
    """Caches and what other assignments have."""
    for name in (
        "reference/other.py",
        "tests/hidden/other/test_x.py",
        "tests/hidden/tiny/__pycache__/x.pyc",
        "notes.md",
    ):
        (graded.root / name).parent.mkdir(parents=True, exist_ok=True)
        (graded.root / name).write_text("x = 1\n")
    assert plan(graded) == (0, 4)


ONE = {
    "another notebook": lambda c: submit(c, "ada", notebook(c, HONEST_WRONG)),
    "one byte": lambda c: submit(c, "ada", notebook(c) + b" "),
    "handed in again": lambda c: submit(c, "ada", notebook(c), "2029-12-31 11:00:00 UTC"),
    "a notebook that was missing": lambda c: submit(c, "dora", notebook(c)),
    "a notebook that is gone": lambda c: os.remove(c.submitted / "ada" / "tiny" / "tiny.ipynb"),
    "autograded notebook deleted": lambda c: os.remove(c.autograded / "ada" / "tiny" / "tiny.ipynb"),
    "autograded folder deleted": lambda c: shutil.rmtree(c.autograded / "bob"),
    "record deleted": lambda c: record_path(c, tiny(c), "ada").unlink(),
}


@pytest.mark.parametrize("what", ONE)
def test_a_change_of_one_regrades_one(graded: Course, plan: Plan, what: str) -> None:
    """And leaves the others alone."""
    ONE[what](graded)
    assert plan(graded) == (1, 3)


def _changed(change: Callable[[dict], object]) -> Callable[[Path], None]:  # type: ignore[type-arg]
    def spoil(path: Path) -> None:
        data = json.loads(path.read_text())
        change(data)
        path.write_text(json.dumps(data))

    return spoil


CORRUPT: dict[str, Callable[[Path], object]] = {
    "empty": lambda p: p.write_bytes(b""),
    "truncated": lambda p: p.write_bytes(p.read_bytes()[:-40]),
    "not JSON": lambda p: p.write_bytes(b"\x00\xff\xfe"),
    "null": lambda p: p.write_text("null"),
    "a list": lambda p: p.write_text("[]"),
    "a number": lambda p: p.write_text("3"),
    "nested": lambda p: p.write_text("[" * 100_000),
    "a folder": lambda p: (p.unlink(), p.mkdir()),
    "another schema": _changed(lambda d: d.update(schema=2)),
    "no result": _changed(lambda d: d.pop("result")),
    "a result that is no object": _changed(lambda d: d.update(result=[])),
    "questions that are text": _changed(lambda d: d["result"].update(questions="x")),
    "NaN": _changed(lambda d: d["result"].update(score=float("nan"))),
    "more than there is": _changed(lambda d: d["result"].update(score=1000)),
    "negative": _changed(lambda d: d["result"].update(score=-1)),
    "an unknown status": _changed(lambda d: d["result"].update(status="perfect")),
    "an unknown outcome": _changed(lambda d: d["result"]["questions"][0]["tests"][0].update(outcome="great")),
    "another student's": _changed(lambda d: d["result"].update(student="bob")),
    "another fingerprint": _changed(lambda d: d.update(fingerprint="0")),
}


@pytest.mark.parametrize("what", CORRUPT)
def test_a_record_that_cannot_be_used_regrades_its_student(graded: Course, plan: Plan, what: str) -> None:
    """Never an error, never a score that nobody earned."""
    CORRUPT[what](record_path(graded, tiny(graded), "ada"))
    assert plan(graded) == (1, 3)
    assert [s.student for s in load_run(graded, tiny(graded)).submissions] == ["bob", "cleo", "dora"]


def test_force_and_choice_of_students(graded: Course, plan: Plan) -> None:
    """`--force` grades what has not changed; `--student` limits either."""
    assert plan(graded, GradeOptions(force=True)) == (4, 0)
    assert plan(graded, GradeOptions(students=["ada", "bob"])) == (0, 2)
    assert plan(graded, GradeOptions(students=["ada"], force=True)) == (1, 0)
    assert plan(graded, GradeOptions(isolation="none")) == (4, 0)


def test_submissions_elsewhere(graded: Course, plan: Plan, tmp_path: Path) -> None:
    """`--submitted`: the same work at another place is the same work."""
    shutil.move(graded.submitted, tmp_path / "elsewhere")
    assert plan(graded, GradeOptions(submitted=tmp_path / "elsewhere")) == (0, 4)


def test_a_gradebook_that_was_deleted_is_written_again(graded: Course) -> None:
    """With everybody in it, and the same scores."""
    graded.gradebook.unlink()
    run = grade_assignment(graded, tiny(graded), GradeOptions(workers=1))
    assert scores(run) == {"ada": MAX_SCORE, "bob": HONEST_WRONG_SCORE, "cleo": 0, "dora": 0}
    assert autograde_scores(graded) == {"ada": MAX_SCORE, "bob": HONEST_WRONG_SCORE, "cleo": 0, "dora": 0}


def autograde_scores(course: Course) -> dict[str, float]:
    with sqlite3.connect(course.gradebook) as database:
        rows = database.execute(
            "select s.student_id, sum(coalesce(g.auto_score, 0)) from submitted_assignment s "
            "join submitted_notebook n on n.assignment_id = s.id join grade g on g.notebook_id = n.id group by 1"
        )
        return dict(rows.fetchall())


def test_a_change_is_graded_and_written_everywhere(graded: Course) -> None:
    """Result, gradebook, record and autograded notebook of the one who changed; the others' stay."""
    before = record_path(graded, tiny(graded), "ada").read_bytes()
    submit(graded, "bob", notebook(graded), "2029-12-31 12:00:00 UTC")
    run = grade_assignment(graded, tiny(graded), GradeOptions(workers=1))
    assert scores(run)["bob"] == MAX_SCORE
    assert autograde_scores(graded)["bob"] == MAX_SCORE
    assert scores(load_run(graded, tiny(graded)))["bob"] == MAX_SCORE
    assert record_path(graded, tiny(graded), "ada").read_bytes() == before
    autograded = graded.autograded / "bob" / "tiny"
    assert (autograded / "timestamp.txt").read_text().startswith("2029-12-31 12:00:00")


def test_an_interrupted_run_keeps_what_was_finished(graded: Course, plan: Plan) -> None:
    """Ctrl-C after the first result: that one is written, the rest is to be done."""
    before = {s: record_path(graded, tiny(graded), s).read_bytes() for s in STUDENTS}
    seen: list[str] = []

    def graded_one(result: object) -> None:
        seen.append(result.student)  # type: ignore[attr-defined]
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grade_assignment(
            graded, tiny(graded), GradeOptions(workers=1, force=True), grade_module.Progress(graded=graded_one)
        )
    written = {s for s in STUDENTS if record_path(graded, tiny(graded), s).read_bytes() != before[s]}
    assert written == set(seen)
    assert plan(graded) == (0, 4)  # what was not reached still has its old, valid record


def test_a_new_deadline_reaches_the_gradebook_though_nothing_is_graded(graded: Course) -> None:
    """nbgrader counts lateness from it."""
    config(graded, "due = 2030-01-01T12:00:00+00:00", "due = 2031-02-03T12:00:00+00:00")
    changed = _again(graded)
    grade_assignment(changed, tiny(changed), GradeOptions(workers=1))
    known = look_up(graded.gradebook, "tiny")
    assert known is not None
    assert known.due == tiny(changed).due


def test_a_run_with_nothing_to_do_does_not_import_nbgrader(graded: Course) -> None:
    """Which takes longer than to look at a whole class."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom autograder.course import find_course\n"
        "from autograder.grading import grade_assignment\n"
        "course = find_course(Path(sys.argv[1]))\nrun = grade_assignment(course, course.assignment('tiny'))\n"
        "print(len(run.submissions), sorted({'nbgrader', 'nbconvert', 'torch'} & sys.modules.keys()))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(graded.root)], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "4 []\n", done.stdout + done.stderr


def test_a_gradebook_that_is_held_for_a_while_is_not_taken_for_an_empty_one(graded: Course, plan: Plan) -> None:
    """Nobody is graded again: the run waits until the other program lets go."""
    holder = sqlite3.connect(graded.gradebook, check_same_thread=False)
    holder.execute("BEGIN EXCLUSIVE")
    timer = threading.Timer(4, holder.rollback)  # longer than a glance
    timer.start()
    try:
        assert plan(graded) == (0, 4)
    finally:
        timer.join()
        holder.close()
