"""Reading a reference: exact sources, what a question uses, and what is carried into a sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.authoring.reference import Reference
from autograder.errors import AuthoringError, ConfigurationError
from tests.platform.authoring.conftest import TinyCourse

QUESTIONS = ("double", "Counter")


@pytest.fixture
def reference(tiny: TinyCourse) -> Reference:
    return Reference.load(tiny.path(tiny.reference), QUESTIONS)


def test_names_are_functions_and_classes_in_order(reference: Reference) -> None:
    assert reference.names == ("clip", "double", "Counter")
    assert reference.questions == QUESTIONS
    assert "LIMIT" in reference
    assert "math" not in reference


def test_source_is_the_exact_text_with_the_comment_above(reference: Reference) -> None:
    source = reference.source_of("double")
    assert source.startswith("# Twice as much.\ndef double(x: float) -> float:\n")
    assert source.endswith("    return clip(math.fsum([secret_sum]))\n")
    assert source in reference.path.read_text()


def test_constants_have_a_source_too(reference: Reference) -> None:
    assert reference.source_of("LIMIT") == "LIMIT = 7  # a constant that students are given\n"


def test_helpers_are_found_through_other_helpers(reference: Reference) -> None:
    assert reference.helpers_of("double") == ("LIMIT", "clip")
    assert reference.helpers_of("Counter") == ()


def test_imported_names(reference: Reference) -> None:
    assert reference.imported_names_of("double") == ("math",)
    assert reference.imported_names_of("Counter") == ()


def test_what_is_carried_runs_on_its_own(reference: Reference) -> None:
    scope: dict[str, object] = {}
    exec(reference.carry_source("double"), scope)
    assert scope["double"](2) == 4  # type: ignore[operator]
    assert scope["double"](100) == 7  # type: ignore[operator]


def test_what_is_carried_never_holds_another_question(reference: Reference) -> None:
    carried = reference.carry_source("Counter")
    assert "class Counter" in carried
    assert "def double" not in carried
    assert "def clip" not in carried


def test_without_a_list_of_questions_public_names_are_questions(tmp_path: Path) -> None:
    path = tmp_path / "r.py"
    path.write_text("def _h(x):\n    return x\n\n\ndef f(x):\n    return _h(g(x))\n\n\ndef g(x):\n    return x\n")
    reference = Reference.load(path)
    assert reference.questions == ("f", "g")
    assert "def _h" in reference.carry_source("f")
    assert "def g" not in reference.carry_source("f")


def test_a_parameter_with_the_name_of_a_helper_is_not_the_helper(tmp_path: Path) -> None:
    path = tmp_path / "r.py"
    path.write_text("def _h(x):\n    return x\n\n\ndef f(_h):\n    return _h + 1\n")
    assert Reference.load(path).helpers_of("f") == ()


def test_a_comment_at_the_end_of_a_body_belongs_to_it(tmp_path: Path) -> None:
    path = tmp_path / "r.py"
    path.write_text("def f(x):\n    return x\n    # why\n\n\n# Above g.\ndef g(x):\n    return x\n")
    reference = Reference.load(path)
    assert reference.source_of("f") == "def f(x):\n    return x\n    # why\n"
    assert reference.source_of("g").startswith("# Above g.\n")


def test_an_unknown_name_is_an_error_that_lists_the_known_ones(reference: Reference) -> None:
    with pytest.raises(AuthoringError, match=r"no 'treble'.*clip, double, Counter"):
        reference.source_of("treble")


def test_a_question_without_a_body_is_refused_with_its_line(tiny: TinyCourse) -> None:
    reference = Reference.load(tiny.path(tiny.reference), QUESTIONS)
    with pytest.raises(ConfigurationError, match=r"sums\.py:5: LIMIT: is neither a function nor a class"):
        reference.stub_of("LIMIT")


@pytest.mark.parametrize(("text", "message"), [("def f(:\n", r"r\.py:1: no valid Python"), (None, "cannot be read")])
def test_a_file_that_is_no_reference(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / "r.py"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigurationError, match=message):
        Reference.load(path)
