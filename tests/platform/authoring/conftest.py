"""A course of a few lines that every test can bend to its purpose."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from autograder.authoring.build import Build, build
from autograder.course import Course, find_course

COURSE = """schema = 1
id = "tiny"
title = "A tiny course"
assignments = ["sums"]
"""

TOML = """schema = 1
title = "Sums"
reference = "sums"
due = 2030-01-01T12:00:00+00:00

[[question]]
name = "double"
points = 30

[[question]]
name = "Counter"
points = 60.5

[[written]]
name = "written_why"
points = 9.5
"""

REFERENCE = '''"""Sums."""

import math

LIMIT = 7  # a constant that students are given


def clip(x):
    """x, but at most LIMIT."""
    return min(x, LIMIT)


# Twice as much.
def double(x: float) -> float:
    """Two times x."""
    secret_sum = x + x  # the trick
    return clip(math.fsum([secret_sum]))


class Counter:
    """Counts up."""

    start = 0

    def __init__(self):
        self.secret_count = self.start

    def step(self, by=1):
        """Add `by`."""
        self.secret_count += by
        return double(self.secret_count)
'''

MASTER = """---
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# Sums

Add things up.

```{code-cell} ipython3
:tags: [setup]

import math
```

```{code-cell} ipython3
:given: LIMIT

from reference.sums import LIMIT
```

```{code-cell} ipython3
:given: clip

from reference.sums import clip
```

## Doubling

```{code-cell} ipython3
:question: double

from reference.sums import double
```

```{code-cell} ipython3
:question: Counter

from reference.sums import Counter
```

```{code-cell} ipython3
:tags: [experiment]

print(double(2))
```

+++ {"written": "written_why"}

Why add?

+++ {"rubric": "written_why"}

Full points for the sentence that sums are useful.
"""

SUITE = '''import math

import pytest

from autograder.suite import require


@pytest.mark.question("double")
@pytest.mark.public
@pytest.mark.hint("Add x to itself, and nothing else besides.")
def test_double_of_two(student):
    """Two and two are four."""
    assert math.isclose(student.double(2), 4)


@pytest.mark.question("double")
@pytest.mark.hint("Think of numbers below zero as well.")
def test_double_negative_number(student):
    """Negative numbers double as well."""
    doubled_negative = student.double(-21.5)
    require(doubled_negative == -43, "not -43")


@pytest.mark.question("Counter")
def test_counter_counts_twice(student):
    """Two steps."""
    counter_under_test = student.Counter()
    require(counter_under_test.step() == 2, "not 2")
'''


@dataclass
class TinyCourse:
    """The files of a course under `root`, one assignment `sums`."""

    root: Path

    master = "assignments/sums/sums.md"
    toml = "assignments/sums/assignment.toml"
    reference = "reference/sums.py"
    suite = "tests/hidden/sums/test_sums.py"
    release = "release/sums/sums.ipynb"

    def path(self, name: str) -> Path:
        return self.root / name

    def write(self, name: str, text: str) -> None:
        self.path(name).parent.mkdir(parents=True, exist_ok=True)
        self.path(name).write_text(text, encoding="utf-8")

    def replace(self, name: str, old: str, new: str) -> None:
        """Edit one file; the old text must occur there exactly once."""
        text = self.path(name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {name}"
        self.write(name, text.replace(old, new))

    def line(self, name: str, text: str) -> int:
        """The 1-based line of a file that begins with `text`."""
        lines = self.path(name).read_text(encoding="utf-8").splitlines()
        return next(n for n, line in enumerate(lines, start=1) if line.startswith(text))

    @property
    def course(self) -> Course:
        return find_course(self.root)

    def build(self) -> Build:
        return build(self.course, self.course.assignment("sums"))


@pytest.fixture
def tiny(tmp_path: Path) -> TinyCourse:
    course = TinyCourse(tmp_path)
    for name, text in (
        ("assignments/course.toml", COURSE),
        (TinyCourse.toml, TOML),
        (TinyCourse.reference, REFERENCE),
        (TinyCourse.master, MASTER),
        (TinyCourse.suite, SUITE),
    ):
        course.write(name, text)
    return course
