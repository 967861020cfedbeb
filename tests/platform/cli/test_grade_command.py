"""`autograder grade` from outside: the JSON contract, exit statuses, and what is printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from autograder.course import Course
from autograder.results import Outcome, Status
from tests.platform.cli.running import Ran, autograder
from tests.platform.engine.tiny import (
    EXPECTED_CANARY,
    HONEST_WRONG,
    HONEST_WRONG_SCORE,
    MAX_SCORE,
    make_course,
    notebook,
    submit,
    tiny,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return make_course(tmp_path_factory.mktemp("course"))


def check_contract(data: Any) -> list[dict[str, Any]]:
    """The documented JSON, schema 1: exactly these keys, of these types, with values in their ranges."""
    assert list(data) == ["schema", "assignment", "isolation", "submissions"]
    assert (data["schema"], data["assignment"]) == (1, "tiny")
    for s in data["submissions"]:
        assert list(s) == ["student", "status", "score", "max_score", "seconds", "problems", "questions"]
        assert s["status"] in set(Status)
        assert type(s["student"]) is str
        assert all(type(s[key]) is float for key in ("score", "max_score", "seconds"))
        assert 0 <= s["score"] <= s["max_score"] == MAX_SCORE
        assert abs(s["score"] - sum(q["score"] for q in s["questions"])) < 1e-6
        assert all(type(problem) is str for problem in s["problems"])
        for q in s["questions"]:
            assert list(q) == ["name", "points", "score", "carried_forward", "tests"]
            assert 0 <= q["score"] <= q["points"]
            for t in q["tests"]:
                assert list(t) == ["name", "title", "outcome", "weight", "hint", "seconds"]
                assert t["outcome"] in set(Outcome)
                assert type(t["weight"]) is float
                assert t["hint"] if t["outcome"] != "passed" else not t["hint"]
    return list(data["submissions"])


def grade_one(course: Course, path: Path, *more: str) -> tuple[Ran, dict[str, Any]]:
    ran = autograder("--course", course.root, "grade", "tiny", "--notebook", path, "--json", "-", *more)
    (result,) = check_contract(json.loads(ran.out))
    return ran, result


def test_one_notebook_as_json(course: Course, tmp_path: Path) -> None:
    """Only JSON on the terminal, exit status 0 for whatever score, and no trace in the class's data."""
    path = tmp_path / "my notebook.ipynb"
    expected = {"right": MAX_SCORE, "wrong": HONEST_WRONG_SCORE, "release": 0.0}
    contents = {"right": notebook(course), "wrong": notebook(course, HONEST_WRONG),
                "release": tiny(course).release_path.read_bytes()}  # fmt: skip
    for name, score in expected.items():
        path.write_bytes(contents[name])
        ran, result = grade_one(course, path)
        assert (ran.status, result["status"], result["score"]) == (0, "graded", score)
        assert result["student"] == "my notebook"
        assert [len(q["tests"]) for q in result["questions"]] == [3, 1, 2]
        assert EXPECTED_CANARY not in ran.all
    assert not course.gradebook.exists()
    assert not course.autograded.exists()
    assert not (course.state / "results").exists()


def test_one_notebook_that_needs_a_person(course: Course, tmp_path: Path) -> None:
    """Exit status 1 where it cannot be read, with the reason in the JSON."""
    path = tmp_path / "broken.ipynb"
    path.write_bytes(b"no notebook")
    ran, result = grade_one(course, path)
    assert (ran.status, result["status"], result["score"]) == (1, "unreadable", 0.0)
    assert result["problems"]


def test_one_notebook_on_the_terminal(course: Course, tmp_path: Path) -> None:
    """A table with scores and hints; text of the student's cannot colour or clear the terminal."""
    path = tmp_path / "ada.ipynb"
    answer = "raise ValueError('\\x1b[2J\\x1b[31m[bold red]MARKUP[/] 100 of 90 points')"
    path.write_bytes(notebook(course, {**HONEST_WRONG, "total": answer}))
    ran = autograder("--course", course.root, "grade", "tiny", "--notebook", path)
    assert ran.status == 1
    assert "ada: partial, 28 of 90 points" in ran.out
    assert "scale" in ran.out
    assert "8/40" in ran.out
    assert "[bold red]MARKUP[/]" in ran.out
    assert "\x1b" not in ran.out


def test_without_a_sandbox_it_is_loud_and_recorded(course: Course, tmp_path: Path) -> None:
    """On stderr, so that the JSON stays JSON; and in the JSON."""
    path = tmp_path / "ada.ipynb"
    path.write_bytes(notebook(course))
    ran, result = grade_one(course, path, "--isolation", "none")
    assert "WARNING: no sandbox" in ran.err
    assert json.loads(ran.out)["isolation"] == "none"
    assert result["score"] == MAX_SCORE


def test_a_class(tmp_path: Path) -> None:
    """From submitting to a second run; a file of JSON; statuses 0 and 1; students by name."""
    course = make_course(tmp_path)
    command = ["--course", course.root, "grade", "tiny", "--workers", "1"]
    ran = autograder(*command)
    assert ran.status in (0, 2), ran.all
    assert "submitted" in ran.all

    submit(course, "ada", notebook(course))
    submit(course, "bob", notebook(course, HONEST_WRONG))
    ran = autograder(*command, "--json", tmp_path / "out.json")
    assert ran.status == 0, ran.all
    results = check_contract(json.loads((tmp_path / "out.json").read_text()))
    assert {s["student"]: s["score"] for s in results} == {"ada": MAX_SCORE, "bob": HONEST_WRONG_SCORE}
    assert "2 submissions of tiny: 2 graded now, 0 unchanged" in ran.out
    assert "autograder report tiny" in ran.out

    submit(course, "cleo", b"no notebook")
    ran = autograder(*command)
    assert ran.status == 1
    assert "3 submissions of tiny: 1 graded now, 2 unchanged" in ran.out
    assert "cleo" in ran.out

    ran = autograder(*command, "--student", "ada", "--json", "-")
    assert ran.status == 0
    assert [s["student"] for s in check_contract(json.loads(ran.out))] == ["ada"]

    ran = autograder(*command, "--student", "ada", "--student", "zoe")
    assert ran.status == 2
    assert "zoe" in ran.err

    ran = autograder(*command, "--submitted", tmp_path / "nowhere")
    assert ran.status == 2
    assert "nowhere" in ran.err

    ran = autograder(*command, "--json", tmp_path / "no" / "folder.json")
    assert ran.status == 2
    assert "no such folder" in ran.err

    (tmp_path / "data").mkdir()
    ran = autograder("--data", tmp_path / "data", *command)
    assert "submitted" in ran.all
    assert str(tmp_path / "data") in ran.all


def test_json_to_a_pipe_that_closes(course: Course, tmp_path: Path) -> None:
    """`autograder ... | head -1` ends without a traceback."""
    import subprocess
    import sys

    path = tmp_path / "ada.ipynb"
    path.write_bytes(notebook(course))
    command = f"'{sys.executable}' -m autograder.cli.main --course '{course.root}' grade tiny --notebook '{path}'"
    done = subprocess.run(
        ["bash", "-c", f"{command} --json - | true"], cwd=Path(__file__).parents[3], capture_output=True, text=True
    )
    assert "Traceback" not in done.stderr
    assert "Unexpected" not in done.stderr
