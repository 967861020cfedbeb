"""The stopwatch of the profile."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import stopwatch
from benchmarks.stopwatch import Stopwatch


@pytest.fixture
def clock(monkeypatch):
    """A clock that moves when it is told to."""
    now = [0.0]
    monkeypatch.setattr(stopwatch.time, "perf_counter", lambda: now[0])

    def wait(seconds: float) -> None:
        now[0] += seconds

    return wait


def functions(clock) -> Any:
    """`outer` takes 1 s, then calls `inner`, which takes 10 s, then takes 2 s."""
    owner = SimpleNamespace()
    owner.inner = lambda: clock(10)

    def outer() -> str:
        clock(1)
        owner.inner()
        clock(2)
        return "done"

    owner.outer = outer
    return owner


def test_time_of_an_inner_part_is_not_counted_to_the_outer_one(clock):
    watch, owner = Stopwatch(), functions(clock)
    watch.measure(owner, "inner", "in")
    watch.measure(owner, "outer", "out")
    assert owner.outer() == "done"
    assert watch.seconds == {"out": 3, "in": 10}


def test_a_part_keeps_what_is_called_within_it(clock):
    watch, owner = Stopwatch(), functions(clock)
    watch.measure(owner, "inner", "in", within="out")
    watch.measure(owner, "outer", "out")
    owner.outer()
    owner.inner()
    assert watch.seconds == {"out": 13, "in": 10}


def test_an_exception_ends_the_part_that_it_leaves(clock):
    watch, owner = Stopwatch(), SimpleNamespace()

    def fails() -> None:
        clock(1)
        raise ValueError

    owner.fails, owner.works = fails, lambda: clock(5)
    watch.measure(owner, "fails", "first")
    watch.measure(owner, "works", "second")
    with pytest.raises(ValueError):
        owner.fails()
    owner.works()
    assert watch.seconds == {"first": 1, "second": 5}


def test_what_is_measured_begins_anew_after_a_reset(clock):
    watch, owner = Stopwatch(), functions(clock)
    watch.measure(owner, "inner", "in")
    owner.inner()
    watch.reset()
    owner.inner()
    assert watch.seconds == {"in": 10}
