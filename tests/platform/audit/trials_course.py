"""A course whose suite is unsteady, blind and slow on purpose: what trials must find out about it."""

from __future__ import annotations

from pathlib import Path

from autograder.course import Course, find_course

SETTINGS = """schema = 1
id = "tiny"
title = "Tiny"
assignments = ["tensors"]
[sandbox]
preload = ["torch"]
[audit]
mutants_killed = 0.9
"""

ASSIGNMENT = """schema = 1
title = "Tensors"
reference = "tensors"
due = 2030-01-01T12:00:00+00:00
[limits]
call_timeout_s = 0.5
[[question]]
name = "blind"
points = 30
[[question]]
name = "scaled"
points = 40
[[question]]
name = "countdown"
points = 30
"""

REFERENCE = '''"""Tensors."""

import torch


def blind(x: torch.Tensor) -> torch.Tensor:
    """x times two, plus one."""
    return x * 2 + 1


def scaled(x: torch.Tensor) -> torch.Tensor:
    """x plus noise of its own, between 0 and 1."""
    return x + torch.rand_like(x)


def countdown(n: int) -> int:
    """The sum of the numbers from n down to 1."""
    total = 0
    while n > 0:
        total += n
        n -= 1
    return total
'''

SUITE = '''import pytest
import torch

from autograder.suite import assert_close, require


@pytest.mark.question("blind")
def test_blind_shape(student):
    """The suite looks at the shape alone."""
    require(student.blind(torch.ones(3)).shape == (3,), "another shape")


@pytest.mark.question("scaled")
def test_scaled_unsteady(student):
    """Fails for about half of all draws of the answer's."""
    noise = student.scaled(torch.zeros(())).item()
    require(noise < 0.5, f"drew {noise}")


@pytest.mark.question("scaled")
def test_scaled_of_double(student):
    """Asks for float32 as the default dtype."""
    require(torch.tensor(1.0).dtype == torch.float32, "another default")
    require(bool((student.scaled(torch.full((100,), 7.0)) >= 7.0).all()), "below 7")


@pytest.mark.question("countdown")
def test_countdown_value(student):
    """4 + 3 + 2 + 1 is 10."""
    assert_close(float(student.countdown(4)), 10.0, rtol=0, atol=0.5, name="the sum")


@pytest.mark.question("countdown")
def test_countdown_again(student):
    """The same once more, so that neither of the two catches anything alone."""
    assert_close(float(student.countdown(4)), 10.0, rtol=0, atol=0.5, name="the sum")
'''

EQUIVALENT = """[[mutants]]
question = "countdown"
verdict = "equivalent"
reason = "At 0 there is nothing to add, and integers have no gradient."
changes = [["n > 0", "n >= 0"], ["n > 0", "n != 0"], ["n > 0", "n > -1"], ["", "@torch.no_grad()"]]

[[mutants]]
question = "countdown"
verdict = "allowed"
reason = "Wrong on purpose: this one is caught."
changes = [["total = 0", "total = 1"]]

[[mutants]]
question = "countdown"
verdict = "allowed"
reason = "Wrong on purpose: there is no such text."
changes = [["m > 0", "m >= 0"]]
"""

MISTAKES = """from autograder.suite import Mistake

EDITS = (("+= n", "+= 2 * n"),)
MISTAKES = (Mistake(question="countdown", name="twice", caught_by="test_countdown_value", hint="", edits=EDITS),)
"""

ALTERNATIVES = """from autograder.suite import Alternative

ALTERNATIVES = (
    Alternative(question="countdown", name="almost", source="def countdown(n):\\n    return n * (n + 1) / 2 + 0.25"),
)
"""


def make_course(root: Path) -> Course:
    """The course, written below `root`. It is never built: trials need no release."""
    files = {
        "assignments/course.toml": SETTINGS,
        "assignments/tensors/assignment.toml": ASSIGNMENT,
        "reference/tensors.py": REFERENCE,
        "tests/hidden/tensors/test_tensors.py": SUITE,
        "tests/hidden/tensors/equivalent.toml": EQUIVALENT,
        "tests/hidden/tensors/mistakes.py": MISTAKES,
        "tests/hidden/tensors/alternatives.py": ALTERNATIVES,
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return find_course(root)
