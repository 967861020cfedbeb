"""A course of three questions for tests of the engine, of grading and of the command line, and answers to it.

`total` builds on `scale`. Reference, suite and private test hold canaries: texts that no student and
no output may ever show.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from autograder.authoring.build import build, write_release
from autograder.authoring.fill import fill_notebook
from autograder.course import Assignment, Course, find_course

REFERENCE_CANARY = "canary-reference-2c9e"
SUITE_CANARY = "canary-suite-8f31"
EXPECTED_CANARY = "31.41592"  # a hidden input and the values expected for it

COURSE = """schema = 1
id = "tiny"
title = "A tiny course"
assignments = ["tiny"]
[sandbox]
preload = ["torch", "numpy"]
"""

ASSIGNMENT = """schema = 1
title = "Tiny"
reference = "tiny"
due = 2030-01-01T12:00:00+00:00

[limits]
cell_timeout_s = 2
call_timeout_s = 1
submission_timeout_s = 40
memory_mib = 1024

[[question]]
name = "scale"
points = 40

[[question]]
name = "total"
points = 30
depends_on = ["scale"]

[[question]]
name = "Shift"
points = 20

[[written]]
name = "written_why"
points = 10
"""

REFERENCE = f'''"""A reference that no student may see: {REFERENCE_CANARY}."""

import torch


def scale(x, factor):
    """x [..., D] times factor, elementwise; gradients reach both."""
    return x * factor  # {REFERENCE_CANARY}


def total(x):
    """Scalar: the sum of scale(x, 2)."""
    return scale(x, 2.0).sum()


class Shift(torch.nn.Module):
    """Adds a learnt offset [D] that starts at zero."""

    def __init__(self, dim):
        super().__init__()
        self.offset = torch.nn.Parameter(torch.zeros(dim))

    def forward(self, x):
        """x [B, D] plus the offset."""
        return x + self.offset
'''

MASTER = """---
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# Tiny

Scale, add, shift.

```{code-cell} ipython3
:tags: [setup]

import torch
```

```{code-cell} ipython3
:question: scale

from reference.tiny import scale
```

```{code-cell} ipython3
:question: total

from reference.tiny import total
```

```{code-cell} ipython3
:question: Shift

from reference.tiny import Shift
```

+++ {"written": "written_why"}

Why?

+++ {"rubric": "written_why"}

Full points for a reason.
"""

SUITE = f'''"""{SUITE_CANARY}"""

import pytest
import torch

from autograder.suite import assert_close, assert_shape, require

SECRET = {EXPECTED_CANARY}  # {SUITE_CANARY}


@pytest.mark.question("scale")
@pytest.mark.public
@pytest.mark.hint("Multiply, and return the product.")
def test_scale_by_two(student):
    """Ones times two are twos."""
    assert torch.equal(student.scale(torch.ones(3), 2.0), torch.full((3,), 2.0))


@pytest.mark.question("scale")
@pytest.mark.weight(3)
@pytest.mark.hint("Think of other factors than two.")
def test_scale_by_any_factor(student):
    """Any factor, any shape."""
    x = torch.tensor([[1.5, -2.0], [SECRET, 0.25]], dtype=torch.float64)
    doubled = "The factor seems to be two, whatever is passed."
    assert_close(student.scale(x, SECRET), x * SECRET, name="the product", mistakes={{doubled: 2 * x}})


@pytest.mark.question("scale")
@pytest.mark.hint("The product must stay in the graph.")
def test_scale_gradient(student):
    """Gradients reach x."""
    x = torch.ones(2, dtype=torch.float64, requires_grad=True)
    student.scale(x, 3.5).sum().backward()
    require(x.grad is not None, "no gradient")
    assert_close(x.grad, torch.full((2,), 3.5, dtype=torch.float64), name="the gradient")


@pytest.mark.question("total")
@pytest.mark.hint("Scale by two, then add everything up.")
def test_total(student):
    """The sum of twice the entries."""
    x = torch.tensor([1.0, SECRET, -2.5], dtype=torch.float64)
    assert_close(student.total(x), 2 * x.sum(), name="the total")


@pytest.mark.question("Shift")
@pytest.mark.hint("The offset is added to every row.")
def test_shift_adds_its_offset(student):
    """Loaded offsets are added."""
    shift = student.Shift(2)
    shift.load_state_dict({{"offset": torch.tensor([SECRET, -1.0])}})
    x = torch.arange(6.0).reshape(3, 2)
    assert_close(shift(x), x + torch.tensor([SECRET, -1.0]), name="the shifted batch")


@pytest.mark.question("Shift")
@pytest.mark.hint("The offset is a parameter of shape [D], zero at the start.")
def test_shift_starts_at_zero(student):
    """The offset is a parameter that starts at zero."""
    shift = student.Shift(4)
    require(shift.parameter_shapes() == {{"offset": (4,)}}, "other parameters")
    assert_shape(shift(torch.ones(2, 4)), (2, 4))
    assert_close(shift(torch.ones(2, 4)), torch.ones(2, 4), name="the shifted batch")
'''

RIGHT = {
    "scale": "def scale(x, factor):\n    return factor * x",
    "total": "def total(x):\n    return (2.0 * x).sum()",
    "Shift": "class Shift(torch.nn.Module):\n    def __init__(self, dim):\n        super().__init__()\n"
    "        self.offset = torch.nn.Parameter(torch.zeros(dim))\n"
    "    def forward(self, x):\n        return x + self.offset",
}
USES_SCALE = "def total(x):\n    return scale(x, 2.0).sum()"
# Right for factor 2, which the public test knows, and wrong for all others: earns 1 of 5 parts of `scale`.
WRONG_SCALE = "def scale(x, factor):\n    return x + x"
HONEST_WRONG = {**RIGHT, "scale": WRONG_SCALE}
HONEST_WRONG_SCORE = 40 / 5 + 30 + 20
MAX_SCORE = 90.0

FILES = {
    "assignments/course.toml": COURSE,
    "assignments/tiny/assignment.toml": ASSIGNMENT,
    "assignments/tiny/tiny.md": MASTER,
    "reference/tiny.py": REFERENCE,
    "tests/hidden/tiny/test_tiny.py": SUITE,
}


def make_course(root: Path) -> Course:
    """The course under `root`, with its release."""
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    course = find_course(root)
    assignment = course.assignment("tiny")
    write_release(course, assignment, build(course, assignment))
    return course


def tiny(course: Course) -> Assignment:
    return course.assignment("tiny")


def notebook(
    course: Course, answers: Mapping[str, str] = RIGHT, helpers: Mapping[str, str] | None = None, *appended: str
) -> bytes:
    """The release with these answers, as a student hands it in."""
    return fill_notebook(tiny(course).release_path.read_bytes(), answers, helpers, appended)


def with_cells(course: Course, first: Sequence[str], answers: Mapping[str, str] = RIGHT) -> bytes:
    """The same with code cells of the student's own before everything else."""
    content: dict[str, Any] = json.loads(notebook(course, answers))
    extra = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"extra{n}",
            "metadata": {},
            "outputs": [],
            "source": source,
        }
        for n, source in enumerate(first)
    ]
    return json.dumps({**content, "cells": [*extra, *content["cells"]]}).encode()


def submit(course: Course, student: str, data: bytes, stamp: str = "2029-12-31 10:00:00 UTC") -> Path:
    """Put a notebook into submitted/."""
    folder = course.submitted / student / "tiny"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tiny.ipynb").write_bytes(data)
    (folder / "timestamp.txt").write_text(stamp)
    return folder
