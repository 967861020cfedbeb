"""Known mistakes and alternatives: edits apply to the reference as it is, or fail loudly."""

from __future__ import annotations

import pytest

from autograder.suite import Alternative, Mistake

SOURCE = "def f(x):\n    return x + x  # twice x\n"


def test_edits_apply_in_order_and_everywhere() -> None:
    """Each to the text that the one before has left."""
    variant = Alternative(question="f", name="v", edits=(("x + x", "2 * x"), ("2 *", "2.0 *")))
    assert variant.apply(SOURCE) == "def f(x):\n    return 2.0 * x  # twice x\n"
    assert Alternative(question="f", name="v", edits=(("x", "y"),)).apply("x = x") == "y = y"


def test_an_edit_that_no_longer_fits_is_an_error() -> None:
    """The reference has moved on; a variant that changes nothing would pass for a caught mistake."""
    variant = Alternative(question="f", name="gone", edits=(("x - x", "0"),))
    with pytest.raises(ValueError, match=r"f/gone: the reference no longer contains 'x - x'"):
        variant.apply(SOURCE)


def test_a_whole_source_is_dedented() -> None:
    """Written indented in the module of variants."""
    variant = Alternative(question="f", name="v", source="\n        def f(x):\n            return 1\n        ")
    assert variant.apply(SOURCE) == "def f(x):\n    return 1\n"


@pytest.mark.parametrize("given", [{}, {"source": "def f(): pass", "edits": (("a", "b"),)}])
def test_exactly_one_of_both_is_given(given: dict[str, object]) -> None:
    """Neither is no variant, both would contradict each other."""
    with pytest.raises(ValueError, match="exactly one"):
        Mistake(question="f", name="v", caught_by="test_f", hint="h", **given)  # type: ignore[arg-type]
