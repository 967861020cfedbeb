"""The last look at a release finds what must not be in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.authoring.check import Secrets, find_leaks
from autograder.authoring.fill import fill_notebook
from autograder.authoring.reference import Reference
from autograder.authoring.suite_source import list_tests
from autograder.errors import ConfigurationError
from tests.platform.authoring.conftest import REFERENCE, SUITE, TinyCourse


@pytest.fixture
def secrets(tiny: TinyCourse) -> Secrets:
    reference = Reference.load(tiny.path(tiny.reference), ("double", "Counter"))
    return Secrets(
        stubs={name: reference.stub_of(name) for name in ("double", "Counter")},
        tests=list_tests(tiny.path(tiny.suite).parent),
        rubrics={"written_why": "Full points for the sentence that sums are useful."},
        folder=tiny.root,
    )


def test_a_release_as_it_is_built_has_no_leaks(tiny: TinyCourse, secrets: Secrets) -> None:
    assert find_leaks(tiny.build().notebook, secrets) == []


@pytest.mark.parametrize(
    ("cell", "leak"),
    [
        ("secret_sum = x + x\nreturn clip(math.fsum([secret_sum]))", "holds the solution of double"),
        (
            "y = 1\nself.secret_count   +=  by  # counts\nreturn double(self.secret_count)",
            "holds the solution of Counter",
        ),
        ("# like test_double_negative_number", "names the hidden test test_double_negative_number"),
        (
            'doubled_negative = student.double(-21.5)\nrequire(doubled_negative == -43, "not -43")',
            "holds the hidden test",
        ),
        ("# Think of numbers below zero as well.", "holds the hint of test_double_negative_number"),
        ("# Full points for the sentence that sums are useful.", "holds the rubric of written_why"),
        ("open('/home/teacher/data')", "a path of this machine: /home/teacher"),
        ("from reference.sums import double", "imports the reference"),
        ("### BEGIN SOLUTION", "holds a marker"),
    ],
)
def test_what_slips_into_another_cell_is_found(tiny: TinyCourse, secrets: Secrets, cell: str, leak: str) -> None:
    release = fill_notebook(tiny.build().notebook, {}, appended=[cell])
    assert any(leak in found for found in find_leaks(release, secrets)), find_leaks(release, secrets)


def test_the_course_folder_is_found_wherever_it_lies(tiny: TinyCourse, secrets: Secrets) -> None:
    release = fill_notebook(tiny.build().notebook, {}, appended=[f"data = {str(tiny.root / 'x')!r}"])
    assert find_leaks(release, secrets) == [f"the release holds a path of this machine: {tiny.root}"]


def test_a_single_line_of_a_solution_left_in_its_own_cell_is_found(tiny: TinyCourse, secrets: Secrets) -> None:
    stub = "class Counter:\n    def __init__(self):\n        self.secret_count = self.start\n"
    leaks = find_leaks(fill_notebook(tiny.build().notebook, {"Counter": stub}), secrets)
    assert leaks == ["the cell of Counter still holds a line of its solution: self.secret_count = self.start"]


def test_a_common_line_in_a_training_loop_is_no_leak(tiny: TinyCourse, secrets: Secrets) -> None:
    release = fill_notebook(tiny.build().notebook, {}, appended=["secret_sum = x + x\nprint(secret_sum)"])
    assert find_leaks(release, secrets) == []


@pytest.mark.parametrize(
    "text", ["https://example.org/home/page", "import references", "# differs from reference values"]
)
def test_what_only_looks_like_a_trace_is_no_leak(tiny: TinyCourse, secrets: Secrets, text: str) -> None:
    assert find_leaks(fill_notebook(tiny.build().notebook, {}, appended=[text]), secrets) == []


def test_a_windows_home_folder_is_found(tiny: TinyCourse, secrets: Secrets) -> None:
    release = fill_notebook(tiny.build().notebook, {}, appended=[r"data = r'C:\Users\teacher\x'"])
    assert any("a path of this machine" in leak for leak in find_leaks(release, secrets))


def test_public_tests_may_be_shown(tiny: TinyCourse, secrets: Secrets) -> None:
    assert "test_double_of_two" in SUITE
    release = fill_notebook(tiny.build().notebook, {}, appended=["test_double_of_two(student)"])
    assert find_leaks(release, secrets) == []


def test_a_question_that_is_missing_is_found(tiny: TinyCourse, secrets: Secrets) -> None:
    more = Secrets({**secrets.stubs, "treble": secrets.stubs["double"]}, secrets.tests, {}, Path("/nowhere"))
    leaks = find_leaks(tiny.build().notebook, more)
    assert "question treble has 0 question cells, not one" in leaks


def test_a_leaking_master_is_not_built(tiny: TinyCourse) -> None:
    line = "    return clip(math.fsum([secret_sum]))"
    assert line in REFERENCE
    tiny.replace(tiny.master, "print(double(2))", f"def double(x):\n    secret_sum = x + x\n{line}")
    with pytest.raises(ConfigurationError, match=r"sums\.md: the release would leak: .*solution of double"):
        tiny.build()
