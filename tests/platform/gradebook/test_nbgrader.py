"""nbgrader's own tools work on what was written: formgrader's API, export, and the configuration file."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import nbgrader.apps.api
import nbgrader.apps.autogradeapp
import pytest
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config, PyFileConfigLoader

from autograder.gradebook.nbgrader_autograde import SandboxedAutograde
from tests.platform.gradebook.conftest import Classroom
from tests.platform.submissions.small_release import as_bytes, release

ROOT = Path(__file__).parents[3]


def api(classroom: Classroom) -> NbGraderAPI:
    config = Config()
    config.CourseDirectory.root = str(classroom.course.data)
    config.CourseDirectory.course_id = "genai"
    config.CourseDirectory.source_directory = ".autograder/source"
    config.Exchange.root = str(classroom.course.data.parent / "exchange")
    config.SandboxedAutograde.course_root = str(classroom.course.root)
    source = classroom.course.state / "source" / "small"
    source.mkdir(parents=True, exist_ok=True)
    (source / "small.ipynb").write_bytes(as_bytes(release()))
    return NbGraderAPI(coursedir=CourseDirectory(config=config), config=config)


def test_formgrader_sees_the_submissions_as_autograded_with_their_scores(classroom: Classroom) -> None:
    for student, timestamp in (("ada", "2027-02-12 21:30:00.123456 UTC"), ("bob", "")):
        classroom.hand_in(student, timestamp=timestamp)
    classroom.grade(bob={"double": False})
    (assignment,) = api(classroom).get_assignments()
    assert (assignment["name"], assignment["num_submissions"], assignment["max_score"]) == ("small", 2, 100.0)
    assert assignment["average_score"] == 70.0
    ada, bob = sorted(api(classroom).get_submissions("small"), key=lambda item: item["student"])
    for submission, score in ((ada, 90.0), (bob, 50.0)):
        assert (submission["autograded"], submission["submitted"]) == (True, True)
        assert (submission["score"], submission["max_score"]) == (score, 100.0)
        assert submission["needs_manual_grade"]
    assert ada["display_timestamp"] == "2027-02-12 21:30:00 UTC"


def test_a_submission_handed_in_again_is_no_longer_autograded(classroom: Classroom) -> None:
    classroom.hand_in("ada")
    classroom.grade()
    classroom.hand_in("ada", timestamp="2027-02-12 22:00:00 UTC")
    (submission,) = api(classroom).get_submissions("small")
    assert not submission["autograded"]


def test_formgrader_shows_each_notebook_for_manual_grading(classroom: Classroom) -> None:
    classroom.hand_in("ada")
    classroom.grade(ada={"double": False})
    (notebook,) = api(classroom).get_notebook_submissions("small", "small")
    assert (notebook["score"], notebook["failed_tests"]) == (50.0, True)
    assert (notebook["written_score"], notebook["max_written_score"]) == (0.0, 10.0)


def nbgrader_command(classroom: Classroom, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run nbgrader with the repository's own configuration file on the class's data."""
    environment = {**os.environ, "AUTOGRADER_DATA": str(classroom.course.data), "JUPYTER_PREFER_ENV_PATH": "0"}
    command = [sys.executable, "-m", "nbgrader", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.slow
def test_nbgrader_exports_the_grades(classroom: Classroom, tmp_path: Path) -> None:
    classroom.hand_in("ada")
    classroom.grade(ada={"double": False})
    done = nbgrader_command(classroom, "export", f"--to={tmp_path / 'grades.csv'}")
    assert done.returncode == 0, done.stderr
    with (tmp_path / "grades.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (row["assignment"], row["student_id"], float(row["score"])) == ("small", "ada", 50.0)


@pytest.mark.slow
def test_nbgrader_generates_and_keeps_feedback_by_itself(classroom: Classroom) -> None:
    classroom.hand_in("ada")
    classroom.grade()
    done = nbgrader_command(classroom, "generate_feedback", "small")
    assert done.returncode == 0, done.stderr
    assert "90 / 100" in (classroom.course.feedback / "ada" / "small" / "small.html").read_text().replace(".0", "")


def load_config() -> Config:
    config: Config = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
    return config


def test_the_configuration_may_be_executed_any_number_of_times(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AUTOGRADER_DATA", str(tmp_path))
    first = load_config()
    for _ in range(3):
        assert load_config() == first
    assert first.CourseDirectory.course_id == "genai"
    assert first.CourseDirectory.root == str(tmp_path)
    assert nbgrader.apps.api.Autograde is SandboxedAutograde
    assert nbgrader.apps.autogradeapp.Autograde is SandboxedAutograde


def test_nbgraders_autograde_runs_our_command_and_reports_what_it_says(
    classroom: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command is replaced by one that prints what it was asked; that it grades is the command's own test."""
    load_config()
    echo = [sys.executable, "-c", "import os, sys; print(sys.argv[1:], os.environ['AUTOGRADER_DATA']); sys.exit(1)"]
    monkeypatch.setattr("autograder.gradebook.nbgrader_autograde._COMMAND", echo)
    result = api(classroom).autograde("small", "ada")
    assert result["success"], result
    assert "['grade', 'small', '--student', 'ada', '--force']" in result["log"]
    assert str(classroom.course.data) in result["log"]


def test_a_command_that_cannot_grade_is_an_error_in_formgrader(
    classroom: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_config()
    fails = [sys.executable, "-c", "import sys; print('no sandbox here'); sys.exit(2)"]
    monkeypatch.setattr("autograder.gradebook.nbgrader_autograde._COMMAND", fails)
    result = api(classroom).autograde("small", "ada")
    assert not result["success"]
    assert "no sandbox here" in result["error"]


def test_an_assignment_that_the_course_does_not_list_is_not_graded_by_its_public_tests(classroom: Classroom) -> None:
    load_config()
    (classroom.course.root / "assignments" / "retired").mkdir()
    classroom.hand_in("ada")
    (classroom.course.submitted / "ada" / "small").rename(classroom.course.submitted / "ada" / "retired")
    result = api(classroom).autograde("retired", "ada")
    assert not result["success"]
    assert "does not list 'retired'" in result["log"] + result["error"]
