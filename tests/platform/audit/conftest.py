"""A course whose suites are right about `double` and wrong about everything else, each in its own way."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.authoring.build import build, write_release
from autograder.course import Course, find_course

TOML = """schema = 1
title = "Numbers"
reference = "{name}"
due = 2030-01-01T12:00:00+00:00
{questions}
"""

QUESTION = """
[[question]]
name = "{name}"
points = 50
"""

MASTER_HEAD = """---
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# Numbers
"""

MASTER_CELL = """
```{{code-cell}} ipython3
:question: {name}

from reference.{module} import {name}
```
"""

REFERENCES = {
    "numbers": '''"""Numbers."""


def double(x):
    """Two times x."""
    return 2 * x


def halve(x):
    """Half of x."""
    return x / 2
''',
    "shaky": '''"""A suite that is wrong about the reference and about the stub."""


def triple(x):
    """Three times x."""
    return 3 * x


def lenient(x):
    """x."""
    return x
''',
}

SUITES = {
    "numbers": '''import pytest

from autograder.suite import require


@pytest.mark.question("double")
@pytest.mark.public
@pytest.mark.hint("Take x two times.")
def test_double_value(student):
    """Twice three is six."""
    assert student.double(3) == 6


@pytest.mark.question("double")
@pytest.mark.hint("Numbers below zero as well.")
def test_double_negative(student):
    """Negative numbers double as well."""
    require(student.double(-3) == -6, "not -6")


@pytest.mark.question("halve")
@pytest.mark.hint("Divide by two.")
def test_halve_value(student):
    """Half of four is two."""
    require(student.halve(4) == 2, "not 2")


@pytest.mark.question("halve")
@pytest.mark.hint("Numbers below zero as well.")
def test_halve_negative(student):
    """Negative numbers are halved as well."""
    require(student.halve(-3) == -1.5, "not -1.5")


@pytest.mark.question("halve")
@pytest.mark.hint("A float.")
def test_halve_type(student):
    """The suite asks for more than the docstring says."""
    require(type(student.halve(4)) is float, "no float")
''',
    "shaky": '''import pytest

from autograder.suite import StudentError, require


@pytest.mark.question("triple")
def test_triple_value(student):
    """The suite expects something wrong."""
    require(student.triple(2) == 7, "not 7")


@pytest.mark.question("lenient")
def test_lenient_value(student):
    """The suite lets the stub pass."""
    try:
        require(student.lenient(2) == 2, "not 2")
    except StudentError:
        pass
''',
}

MISTAKES = {
    "numbers": """from made_up import DOUBLE

from autograder.suite import Mistake


def wrong(question, name, caught_by, hint, *edits):
    return Mistake(question=question, name=name, caught_by=caught_by, hint=hint, edits=edits)


MISTAKES = (
    *(wrong("double", *row) for row in DOUBLE),
    wrong("halve", "not_caught", "test_halve_value", "divide", ("x / 2", "x / 2.0")),
    wrong("halve", "other_hint", "test_halve_value", "multiply", ("x / 2", "x * 2.0")),
    wrong("halve", "other_test", "test_halve_value", "divide", ("x / 2", "abs(x) / 2")),
    wrong("halve", "no_such_test", "test_halve_nothing", "divide", ("x / 2", "x / 3")),
    wrong("halve", "moved_on", "test_halve_value", "divide", ("x // 2", "x")),
    wrong("halve", "twice", "test_halve_value", "divide", ("x / 2", "x / 4")),
    wrong("halve", "twice", "test_halve_value", "divide", ("x / 2", "x / 5")),
    wrong("halve", "said_before", "test_halve_value", "divide", ("x / 2", "x / 4")),
)
""",
    "shaky": "from autograder.suite import Mistake\n\nMISTAKES: tuple[Mistake, ...] = ()\n",
}

DOUBLE = """DOUBLE = (
    ("tripled", "test_double_value", "TWO TIMES", ("2 * x", "3 * x")),
    ("absolute", "test_double_negative", "below zero", ("2 * x", "2 * abs(x)")),
    ("raises", "test_double_value", "raised ValueError", ("return 2 * x", "raise ValueError")),
)
"""

ALTERNATIVES = {
    "numbers": '''from autograder.suite import Alternative


def right(question, name, source, helpers=""):
    return Alternative(question=question, name=name, source=source, helpers=helpers)


ALTERNATIVES = (
    right("double", "sum", "def double(x):\\n    return x + x"),
    right("double", "shift", "def double(x):\\n    return x << 1"),
    right("double", "function", "double = lambda x: x * 2"),
    right("double", "helper", "def double(x):\\n    return _twice(x)", "def _twice(x):\\n    return x * 2"),
    right("halve", "times_a_half", "def halve(x):\\n    return 0.5 * x"),
    right("halve", "marked_down", "def halve(x):\\n    return x // 2 if x % 2 == 0 else x / 2"),
    right("halve", "harms_another", "def halve(x):\\n    return x / 2.0", "double = None"),
    right("halve", "raises_later", "def halve(x):\\n    return x / 2.00\\n\\nundefined"),
    right("halve", "unchanged", 'def halve(x):\\n    """Half of x."""\\n    return x / 2'),
)
''',
    "shaky": "ALTERNATIVES = ()\n",
}


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="session")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The course with its releases built. Tests must not write into it."""
    root = tmp_path_factory.mktemp("numbers")
    names = '["numbers", "shaky"]'
    settings = f'schema = 1\nid = "tiny"\ntitle = "Tiny"\nassignments = {names}\n[sandbox]\npreload = ["torch"]\n'
    write(root / "assignments/course.toml", settings)
    write(root / "tests/hidden/numbers/made_up.py", DOUBLE)
    for name, questions in (("numbers", ("double", "halve")), ("shaky", ("triple", "lenient"))):
        tables = "".join(QUESTION.format(name=question) for question in questions)
        cells = [MASTER_CELL.format(name=question, module=name) for question in questions]
        write(root / f"assignments/{name}/assignment.toml", TOML.format(name=name, questions=tables))
        write(root / f"assignments/{name}/{name}.md", MASTER_HEAD + "".join(cells))
        write(root / f"reference/{name}.py", REFERENCES[name])
        write(root / f"tests/hidden/{name}/test_{name}.py", SUITES[name])
        write(root / f"tests/hidden/{name}/mistakes.py", MISTAKES[name])
        write(root / f"tests/hidden/{name}/alternatives.py", ALTERNATIVES[name])
    course = find_course(root)
    for name in course.assignment_names:
        assignment = course.assignment(name)
        write_release(course, assignment, build(course, assignment))
    return course
