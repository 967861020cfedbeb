"""Suites that cannot be used: the engine does not start, and the message names file and cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.course import Course
from autograder.engine import Engine, Job
from autograder.errors import AutograderError, SuiteError
from autograder.results import Outcome
from tests.platform.engine.tiny import MAX_SCORE, SUITE, make_course, notebook, tiny

pytestmark = pytest.mark.slow


@pytest.fixture
def broken(tmp_path: Path) -> Course:
    return make_course(tmp_path)


def change(course: Course, old: str, new: str) -> None:
    path = tiny(course).suite_folder / "test_tiny.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def message(course: Course) -> str:
    with pytest.raises(SuiteError) as caught, Engine(course, tiny(course)):
        pass
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("import torch\n", "import torch\ndef broken(:\n", ["test_tiny.py", "SyntaxError"]),
        ("import torch\n", "import torch\nimport no_such_module\n", ["test_tiny.py", "no_such_module"]),
        ("import torch\n", "import torch\n1 / 0\n", ["test_tiny.py", "ZeroDivisionError"]),
        ('@pytest.mark.question("total")\n', "", ["test_tiny.py", "test_total", "has no question", "mark it"]),
        ('@pytest.mark.question("total")', '@pytest.mark.question("sum")',
         ["test_tiny.py", "test_total", "'sum'", "assignment.toml", "'total' has no test"]),
        ("@pytest.mark.weight(3)", "@pytest.mark.wieght(3)", ["test_tiny.py", "wieght"]),
        ("@pytest.mark.weight(3)", '@pytest.mark.weight("three")', ["test_tiny.py", "weight"]),
        ("@pytest.mark.weight(3)", "@pytest.mark.weight(-3)", ["test_tiny.py", "weight"]),
        ("@pytest.mark.weight(3)", '@pytest.mark.weight(float("nan"))', ["test_tiny.py", "weight"]),
        ("@pytest.mark.weight(3)", "@pytest.mark.weight()", ["test_tiny.py", "weight"]),
    ],
    ids=["syntax", "import", "raises", "no question", "unknown question", "unknown marker", "text weight",
         "negative weight", "nan weight", "empty weight"],
)  # fmt: skip
def test_a_suite_that_cannot_be_used(broken: Course, old: str, new: str, words: list[str]) -> None:
    """Nothing is graded by half a suite."""
    change(broken, old, new)
    text = message(broken)
    assert [word for word in words if word not in text] == [], text


def test_a_suite_that_is_not_there(broken: Course) -> None:
    """No folder, or no tests in it."""
    path = tiny(broken).suite_folder / "test_tiny.py"
    path.rename(path.with_name("tiny_tests.py"))
    assert str(tiny(broken).suite_folder) in message(broken)


def test_two_tests_of_one_name_in_one_question(broken: Course) -> None:
    """The later would replace the earlier's result."""
    (tiny(broken).suite_folder / "test_more.py").write_text(
        'import pytest\n\n@pytest.mark.question("total")\ndef test_total(student):\n    """Again."""\n'
        "    assert student.total is None\n"
    )
    text = message(broken)
    assert "test_total" in text
    assert "test_more.py" in text


def test_a_release_or_reference_that_is_missing(broken: Course) -> None:
    """Named, with the command that makes it."""
    tiny(broken).release_path.unlink()
    with pytest.raises(AutograderError, match=r"tiny\.ipynb.*autograder build"), Engine(broken, tiny(broken)):
        pass


def test_a_broken_fixture_is_an_error_of_the_test(broken: Course) -> None:
    """It earns nobody anything, is no fault of the student, and asks for a person."""
    change(broken, "def test_total(student):", "def test_total(student, no_such_fixture):")
    with Engine(broken, tiny(broken)) as engine:
        ((_, result),) = engine.run([Job("ada", notebook(broken))])
    (test,) = next(q for q in result.questions if q.name == "total").tests
    assert test.outcome is Outcome.ERROR
    assert "not your fault" in test.hint
    assert result.score == MAX_SCORE - 30
    assert result.status == "partial"


def test_a_configuration_of_the_course_does_not_change_grading(broken: Course) -> None:
    """pytest.ini, conftest options, plugins in the environment or a pyproject beside the suite have no say."""
    (broken.root / "pytest.ini").write_text(
        "[pytest]\naddopts = --deselect tests/hidden/tiny/test_tiny.py::test_total\n"
    )
    (broken.root / "pyproject.toml").write_text("[tool.pytest.ini_options]\naddopts = ['--collect-only']\n")
    with Engine(broken, tiny(broken)) as engine:
        assert engine.tests == {"scale": 3, "total": 1, "Shift": 2}
        ((_, result),) = engine.run([Job("ada", notebook(broken))])
    assert result.score == MAX_SCORE
    assert SUITE
