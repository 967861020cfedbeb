"""A mended test: who gains and who loses is shown before anything is written, and then written once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder.cli.regrade import regrade as command
from autograder.course import Course, find_course
from autograder.gradebook import store
from autograder.gradebook.store import open_gradebook, read_scores
from autograder.grading import GradeOptions
from autograder.grading import grade as grade_module
from autograder.grading.records import Record, read_record
from autograder.grading.regrade import Regrade, compare, regrade
from autograder.results import GradeRun, Outcome, QuestionResult, Status, SubmissionResult, TestResult
from tests.platform.engine.tiny import HONEST_WRONG_SCORE, MAX_SCORE, notebook, submit, tiny
from tests.platform.grading.conftest import Plan
from tests.platform.grading.test_rerun import edit

OPTIONS = GradeOptions(workers=1)
# The wrong answer of bob doubles whatever the factor: a test that asks for doubling alone accepts it.
LENIENT = ("assert_close(student.scale(x, SECRET), x * SECRET,", "assert_close(student.scale(x, 2.0), x * 2.0,")
BOB_THEN = HONEST_WRONG_SCORE + 40 * 3 / 5
BROKEN = ("2 * x.sum(), name=", "2 * x.sum() + 1, name=")  # nobody passes it any more
LOST = 30.0


def ended(name: str, outcome: Outcome, weight: float = 1.0) -> TestResult:
    return TestResult(name, name.upper(), outcome, weight)


def result(score: float, *tests: TestResult) -> SubmissionResult:
    question = QuestionResult("f", 10, score, tests=tests)
    return SubmissionResult("ada", Status.GRADED, score, 10, questions=(question,))


def test_the_comparison_names_every_test_that_ended_differently() -> None:
    change = compare(
        result(5, ended("a", Outcome.FAILED), ended("b", Outcome.PASSED), ended("old", Outcome.PASSED)),
        result(8, ended("a", Outcome.PASSED), ended("b", Outcome.PASSED), ended("new", Outcome.TIMEOUT)),
    )
    assert [(t.test, t.before, t.after) for t in change.tests] == [
        ("a", "failed", "passed"),
        ("old", "passed", "absent"),
        ("new", "absent", "timeout"),
    ]
    assert (change.difference, change.rises, change.falls, change.reweighted) == (3, True, False, ())


def test_other_weights_alone_are_named_as_such() -> None:
    change = compare(
        result(5, ended("a", Outcome.FAILED), ended("b", Outcome.PASSED)),
        result(2.5, ended("a", Outcome.FAILED, 3.0), ended("b", Outcome.PASSED)),
    )
    assert (change.tests, change.reweighted, change.falls) == ((), ("f",), True)


# The rest is graded for real: once with each of the two suites, and what waits to be applied is copied for each test.
slow = pytest.mark.slow
Previewed = Callable[[], tuple[Course, Regrade]]


def previewed(graded_once: tuple[Path, GradeRun], folder: Path, change: tuple[str, str]) -> tuple[Path, Regrade]:
    shutil.copytree(graded_once[0], folder)
    course = find_course(folder)
    edit(tiny(course).suite_folder / "test_tiny.py", *change)
    return folder, regrade(course, tiny(course), OPTIONS)


@pytest.fixture(scope="module")
def lenient_once(graded_once: tuple[Path, GradeRun], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Regrade]:
    return previewed(graded_once, tmp_path_factory.mktemp("lenient") / "course", LENIENT)


@pytest.fixture(scope="module")
def broken_once(graded_once: tuple[Path, GradeRun], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Regrade]:
    return previewed(graded_once, tmp_path_factory.mktemp("broken") / "course", BROKEN)


@pytest.fixture
def lenient(lenient_once: tuple[Path, Regrade], tmp_path: Path) -> Course:
    return find_course(Path(shutil.copytree(lenient_once[0], tmp_path / "lenient")))


@pytest.fixture
def broken(broken_once: tuple[Path, Regrade], tmp_path: Path) -> Course:
    return find_course(Path(shutil.copytree(broken_once[0], tmp_path / "broken")))


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing may be graded again: what was seen is what is written."""

    class NoEngine:
        def __init__(self, *_: object, **__: object) -> None:
            raise AssertionError("an engine was started")

    monkeypatch.setattr(grade_module, "Engine", NoEngine)


def in_gradebook(course: Course) -> dict[str, float]:
    with open_gradebook(course) as gradebook:
        return read_scores(gradebook, "tiny")


def record(course: Course, student: str) -> Record:
    found = read_record(course, tiny(course), student)
    assert found is not None
    return found


def files(course: Course) -> dict[str, bytes]:
    """Everything that a grade consists of."""
    folders = [course.autograded, course.state / "results"]
    return {str(p.relative_to(course.data)): p.read_bytes() for f in folders for p in f.rglob("*") if p.is_file()}


@slow
def test_a_preview_lists_exactly_what_changes_and_writes_nothing(
    lenient_once: tuple[Path, Regrade], graded_once: tuple[Path, GradeRun]
) -> None:
    course, done = find_course(lenient_once[0]), lenient_once[1]
    (bob,) = done.rising
    assert (bob.student, bob.before.score, bob.after.score) == ("bob", HONEST_WRONG_SCORE, BOB_THEN)
    assert [(t.question, t.test, t.before, t.after) for t in bob.tests] == [
        ("scale", "test_scale_by_any_factor", "failed", "passed")
    ]
    assert done.falling == ()
    assert [change.student for change in done.changes] == ["ada", "bob", "cleo", "dora"]
    assert files(course) == files(find_course(graded_once[0]))
    assert in_gradebook(course)["bob"] == HONEST_WRONG_SCORE


@slow
def test_applying_writes_what_was_seen_with_its_history(lenient: Course, no_engine: None, plan: Plan) -> None:
    before = record(lenient, "bob")
    done = regrade(lenient, tiny(lenient), OPTIONS, apply=True)
    assert (done.applied, done.kept) == (True, ())
    assert in_gradebook(lenient) == {"ada": MAX_SCORE, "bob": BOB_THEN, "cleo": 0, "dora": 0}
    after = record(lenient, "bob")
    assert after.result.score == BOB_THEN
    assert after.history == (before.as_past,)
    assert set(after.provenance) == {
        "suite", "reference", "release", "settings", "engine", "torch", "isolation", "device",
    }  # fmt: skip
    changed = {name for name in before.provenance if before.provenance[name] != after.provenance[name]}
    assert changed == {"suite"}
    assert plan(lenient) == (0, 4)
    again = regrade(lenient, tiny(lenient), OPTIONS)
    assert (again.changes, again.current) == ((), 4)


@slow
def test_nobody_loses_without_being_told_to(broken: Course, no_engine: None, plan: Plan) -> None:
    done = regrade(broken, tiny(broken), OPTIONS, apply=True)
    assert [change.student for change in done.falling] == ["ada", "bob"] == list(done.kept)
    assert in_gradebook(broken) == {"ada": MAX_SCORE, "bob": HONEST_WRONG_SCORE, "cleo": 0, "dora": 0}
    assert f"would have given {MAX_SCORE - LOST:g} points" in record(broken, "ada").note
    assert plan(broken) == (0, 4)  # an ordinary run does not take the points either

    again = regrade(broken, tiny(broken), OPTIONS)
    assert [change.student for change in again.falling] == ["ada", "bob"]
    regrade(broken, tiny(broken), OPTIONS, apply=True, allow_lower=True)
    assert in_gradebook(broken)["ada"] == MAX_SCORE - LOST
    assert record(broken, "ada").note == ""
    assert regrade(broken, tiny(broken), OPTIONS).changes == ()


@slow
@pytest.mark.parametrize("place", ["write_results", "write_record"])
def test_applying_that_is_interrupted_and_repeated_leaves_one_consistent_state(
    broken: Course, no_engine: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str
) -> None:
    """Stopped before the gradebook is written, or after it, in the middle of the records."""
    undisturbed = find_course(Path(shutil.copytree(broken.root, tmp_path / "undisturbed")))
    regrade(undisturbed, tiny(undisturbed), OPTIONS, apply=True, allow_lower=True)

    owner = store if place == "write_results" else grade_module
    real, calls = getattr(owner, place), []

    def stop_at_the_second(*words: object, **more: object) -> object:
        calls.append(words)
        if place == "write_results" or len(calls) == 2:
            raise KeyboardInterrupt
        return real(*words, **more)

    with monkeypatch.context() as patch:
        patch.setattr(owner, place, stop_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            regrade(broken, tiny(broken), OPTIONS, apply=True, allow_lower=True)
    regrade(broken, tiny(broken), OPTIONS, apply=True, allow_lower=True)
    assert in_gradebook(broken) == in_gradebook(undisturbed)
    for student in ("ada", "bob", "cleo", "dora"):
        ours, theirs = record(broken, student), record(undisturbed, student)
        assert ours.result == theirs.result
        assert [past.score for past in ours.history] == [past.score for past in theirs.history]
        assert ours.fingerprint == theirs.fingerprint
    assert not list((broken.state / "regrade").rglob("*.json"))


@slow
def test_what_a_person_gave_stays(lenient: Course, no_engine: None) -> None:
    with open_gradebook(lenient) as gradebook:
        written = gradebook.find_grade("written_why", "tiny", "tiny", "bob")
        written.manual_score, written.needs_manual_grade = 7.0, False
        gradebook.db.commit()
    regrade(lenient, tiny(lenient), OPTIONS, apply=True)
    assert in_gradebook(lenient)["bob"] == BOB_THEN + 7


@slow
def test_work_that_was_handed_in_again_is_left_to_grading(lenient: Course, no_engine: None) -> None:
    submit(lenient, "bob", notebook(lenient))
    done = regrade(lenient, tiny(lenient), OPTIONS, apply=True)
    assert done.not_graded == ("bob",)
    assert in_gradebook(lenient)["bob"] == HONEST_WRONG_SCORE


def invoke(course: Course, *arguments: str) -> Result:
    return CliRunner().invoke(command, ["tiny", *arguments], obj=course, env={"COLUMNS": "160"})


@slow
def test_the_command_says_who_and_why(lenient: Course, broken: Course, no_engine: None, tmp_path: Path) -> None:
    seen = invoke(lenient)
    assert seen.exit_code == 0, seen.output
    assert "scale: Any factor, any shape. (failed → passed)" in seen.output
    assert "1 gain, 0 lose, 3 stay the same" in seen.output
    assert "Nothing was written; `autograder regrade tiny --apply` writes it." in seen.output

    lost = invoke(broken, "--json", str(tmp_path / "changes.json"))
    assert lost.exit_code == 1
    assert "0 gain, 2 lose, 2 stay the same" in lost.output
    told = json.loads((tmp_path / "changes.json").read_text())
    ada = next(change for change in told["changes"] if change["student"] == "ada")
    assert (ada["before"], ada["after"]) == (MAX_SCORE, MAX_SCORE - LOST)
    assert ada["tests"] == [{"question": "total", "name": "test_total", "before": "passed", "after": "failed"}]
    assert "2 kept the higher grade" in invoke(broken, "--apply").output
    assert invoke(broken, "--allow-lower").exit_code == 2
