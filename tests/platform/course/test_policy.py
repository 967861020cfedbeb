"""[gradebook] of course.toml: what is refused, and with which words."""

from __future__ import annotations

import pytest

from autograder.course import find_course
from autograder.errors import ConfigurationError
from tests.platform.course.conftest import Files

GOOD = """
[gradebook.late]
grace_minutes = 15

[[gradebook.component]]
name = "work"
weight = 40
items = ["sums"]

[[gradebook.component]]
name = "exams"
weight = 60
items = ["midterm", "final"]
out_of = { final = 50 }
drop_lowest = 1

[gradebook.letters]
B = 80
A = 90
"""


def test_it_is_read_and_letters_are_sorted(files: Files) -> None:
    files.course.write_text(files.course.read_text() + GOOD)
    policy = find_course(files.root).settings.gradebook
    assert list(policy.letters) == ["A", "B"]
    assert [component.items for component in policy.component] == [("sums",), ("midterm", "final")]


def test_without_it_all_assignments_count_alike(files: Files) -> None:
    (only,) = find_course(files.root).settings.components
    assert (only.weight, only.items) == (100, ("sums",))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("weight = 40", "weight = 30", "the weights add up to 90, not to 100; change the weight of a component"),
        ('name = "exams"', 'name = "work"', "component 'work' is there 2 times"),
        ('"midterm", "final"', '"sums", "final"', "item 'sums' is there 2 times"),
        ("drop_lowest = 1", "drop_lowest = 2", "drop_lowest = 2 would drop all of 2 items; one must count"),
        ("final = 50", "finale = 50", "out_of names finale, which is no item of this component"),
        ('items = ["sums"]', 'items = ["sums"]\nout_of = { sums = 10 }', "names the assignment 'sums', whose points"),
        ("B = 80", "B = 90", "two letters have the same boundary"),
        ("B = 80", "B = 101", "gradebook.letters.B"),
        ("grace_minutes = 15", "grace_minutes = -1", "gradebook.late.grace_minutes"),
        ("grace_minutes = 15", "grace = 15", "unknown key 'gradebook.late.grace'"),
        ("weight = 60", "weight = nan", "gradebook.component.1.weight"),
    ],
)
def test_what_does_not_hold_together_is_refused(files: Files, old: str, new: str, message: str) -> None:
    assert GOOD.count(old) == 1
    files.course.write_text(files.course.read_text() + GOOD.replace(old, new))
    with pytest.raises(ConfigurationError) as caught:
        find_course(files.root)
    assert message in str(caught.value)
    assert caught.value.problems[0].path == files.course
