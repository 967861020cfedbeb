"""Public tests: which hidden tests may go into a notebook, and the cell that they make there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from autograder.authoring.public_tests import not_plain, public_test_cell
from autograder.authoring.suite_source import SuiteFile, read_suite

HEADER = """import math
import os
import torch
import torch.nn.functional as F
from torch import nn
from autograder.suite import require
import pytest

SIZE = 3


def probe(module):
    return 1


"""


def read(folder: Path, body: str, decorators: str = "@pytest.mark.public\n") -> SuiteFile:
    (folder / "test_x.py").write_text(f"{HEADER}{decorators}{body}\n")
    files, problems = read_suite(folder)
    assert not problems
    return files[0]


def problems_of(folder: Path, body: str, decorators: str = "@pytest.mark.public\n") -> list[str]:
    file = read(folder, body, decorators)
    return [str(p) for p in not_plain(file.tests[0], file.imports)]


@pytest.mark.parametrize(
    "body",
    [
        "def test_a(student):\n    'A.'\n    assert math.isclose(student.f(torch.ones(2)).sum(), 2)",
        "def test_a(student):\n    'A.'\n    assert all(F.relu(nn.Identity()(t)).sum() > 0 for t in torch.ones(3, 2))",
        "def test_a(student):\n    'A.'\n    import math as m\n    from torch import nn\n    assert m.pi and nn",
    ],
)
def test_plain_python_is_accepted(tmp_path: Path, body: str) -> None:
    assert problems_of(tmp_path, body) == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("def test_a(student):\n    'A.'\n    require(True, '')", "`require`"),
        ("def test_a(student):\n    'A.'\n    assert SIZE", "`SIZE`"),
        ("def test_a(student):\n    'A.'\n    assert os.sep", "`os`"),
        ("def test_a(student):\n    'A.'\n    with pytest.raises(ValueError):\n        student.f()", "`pytest`"),
        ("def test_a(student):\n    'A.'\n    assert student.run(1)", "student.run"),
        ("def test_a(student):\n    'A.'\n    assert student.A().get('w')", ".get"),
        ("def test_a(student):\n    'A.'\n    assert student.A().parameter_shapes()", ".parameter_shapes"),
        ("def test_a(student):\n    'A.'\n    import numpy", "imports numpy"),
        ("def test_a(student):\n    'A.'\n    from reference import sums", "imports reference"),
        ("def test_a(student, tmp_path):\n    'A.'", "takes (student, tmp_path)"),
        ("def test_a(student, x=1):\n    'A.'", "takes (student, x)"),
        ("def test_a():\n    'A.'", "takes ()"),
        ("def test_a(student):\n    assert student", "no docstring"),
    ],
)
def test_what_a_notebook_cannot_run_is_refused(tmp_path: Path, body: str, message: str) -> None:
    (problem,) = problems_of(tmp_path, body)
    assert message in problem
    assert "test_x.py:" in problem
    assert "remove the marker `public`" in problem


def test_parametrized_tests_are_refused(tmp_path: Path) -> None:
    decorators = "@pytest.mark.public\n@pytest.mark.parametrize('student', [1])\n"
    (problem,) = problems_of(tmp_path, "def test_a(student):\n    'A.'", decorators)
    assert "parametrized" in problem


def test_the_line_is_that_of_the_fault(tmp_path: Path) -> None:
    file = read(tmp_path, "def test_a(student):\n    'A.'\n    x = 1\n    assert SIZE == x")
    (problem,) = not_plain(file.tests[0], file.imports)
    assert problem.line == file.tests[0].line + 3


def run_cell(cell: str, student: str) -> subprocess.CompletedProcess[str]:
    """What the cell does below a student's code, as in a notebook: in `__main__`."""
    return subprocess.run([sys.executable, "-c", f"{student}\n{cell}"], capture_output=True, text=True, check=False)


@pytest.fixture
def cell(tmp_path: Path) -> str:
    text = (
        "import math\nimport os\nimport pytest\n\n\n@pytest.mark.public\n@pytest.mark.weight(2)\ndef test_a(student):\n"
        "    '''A.'''\n    # a comment that stays\n    assert math.isclose(student.f(2), 4)\n\n\n"
        "@pytest.mark.public\ndef test_b(student):\n    '''B.'''\n    assert student.f(0) == 0, 'f(0) is not 0'\n"
    )
    (tmp_path / "test_x.py").write_text(text)
    (file,) = read_suite(tmp_path)[0]
    return public_test_cell("f", file.tests, file.imports)


def test_the_cell_holds_the_tests_without_decorators_and_only_the_imports_needed(cell: str) -> None:
    assert "pytest" not in cell
    assert "import os" not in cell
    assert "import math" in cell
    assert "    # a comment that stays" in cell


def test_the_cell_passes_for_right_code(cell: str) -> None:
    done = run_cell(cell, "def f(x): return 2 * x")
    assert done.returncode == 0
    assert done.stdout == "f: 2 public tests pass.\n"


def test_the_cell_fails_for_wrong_code_and_says_what_is_wrong(cell: str) -> None:
    done = run_cell(cell, "def f(x): return x * x if x else 1")
    assert done.returncode == 1
    assert "f(0) is not 0" in done.stderr
    assert "pass" not in done.stdout


def test_a_question_without_public_tests_has_a_cell_that_says_so() -> None:
    done = run_cell(public_test_cell("f", [], {}), "")
    assert done.stdout == "f: no public tests; the hidden tests will grade it.\n"


def test_one_public_test_is_counted_in_the_singular(tmp_path: Path) -> None:
    file = read(tmp_path, "def test_a(student):\n    'A.'")
    assert run_cell(public_test_cell("f", file.tests, file.imports), "").stdout == "f: 1 public test passes.\n"
