"""Reading hidden tests without importing them."""

from __future__ import annotations

from pathlib import Path

from autograder.authoring.suite_source import list_tests, read_suite
from tests.platform.authoring.conftest import TinyCourse


def suite(folder: Path, text: str) -> Path:
    (folder / "test_x.py").write_text(text)
    return folder


def test_every_test_with_its_markers(tiny: TinyCourse) -> None:
    tests = {test.name: test for test in list_tests(tiny.path(tiny.suite).parent)}
    assert list(tests) == ["test_double_of_two", "test_double_negative_number", "test_counter_counts_twice"]
    public = tests["test_double_of_two"]
    assert (public.question, public.public, public.title) == ("double", True, "Two and two are four.")
    assert public.hint == "Add x to itself, and nothing else besides."
    assert public.source.startswith("def test_double_of_two(student):\n")
    assert public.line == tiny.line(tiny.suite, "def test_double_of_two")
    assert not tests["test_counter_counts_twice"].public


def test_nothing_is_imported_or_run(tmp_path: Path) -> None:
    folder = suite(tmp_path, "import no_such_module\nraise SystemExit(3)\n\n\ndef test_a(student):\n    '''A.'''\n")
    assert [test.name for test in list_tests(folder)] == ["test_a"]


def test_a_function_marker_wins_over_the_module_marker(tmp_path: Path) -> None:
    text = (
        "import pytest\n\npytestmark = [pytest.mark.question('a'), pytest.mark.gpu]\n\n\n"
        "def test_one(student): ...\n\n\n@pytest.mark.question('b')\ndef test_two(student): ...\n"
    )
    assert [(t.name, t.question) for t in list_tests(suite(tmp_path, text))] == [("test_one", "a"), ("test_two", "b")]


def test_markers_may_have_been_given_a_name(tmp_path: Path) -> None:
    text = (
        "import pytest\n\nmine = pytest.mark.question('a')\npytestmark = mine\n\n\ndef test_one(student): ...\n\n\n"
        "other = pytest.mark.question('b')\n\n\n@other\ndef test_two(student): ...\n"
    )
    assert [t.question for t in list_tests(suite(tmp_path, text))] == ["a", "b"]


def test_a_title_is_the_first_paragraph_on_one_line(tmp_path: Path) -> None:
    text = 'def test_a(student):\n    """A title\n    on two lines.\n\n    More.\n    """\n'
    assert list_tests(suite(tmp_path, text))[0].title == "A title on two lines."


def test_imports_are_known_by_the_name_that_they_bind(tmp_path: Path) -> None:
    text = "import torch.nn.functional as F, math\nfrom torch import nn, optim as o\nimport torch.autograd\n"
    files, problems = read_suite(suite(tmp_path, text))
    assert not problems
    assert files[0].imports == {
        "F": "import torch.nn.functional as F",
        "math": "import math",
        "nn": "from torch import nn",
        "o": "from torch import optim as o",
        "torch": "import torch.autograd",
    }


def test_a_file_that_is_no_python_is_a_problem_with_its_line(tmp_path: Path) -> None:
    files, problems = read_suite(suite(tmp_path, "x = 1\ndef test_a(:\n"))
    assert files == []
    assert [(p.path.name, p.line) for p in problems] == [("test_x.py", 2)]
