"""Workers and cores."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from autograder.engine.core import cores_for, keep_to


def test_each_worker_gets_a_core_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {3, 5, 6})
    assert cores_for(2) == [3, 5]
    assert cores_for(3) == [3, 5, 6]


def test_the_system_decides_where_there_is_no_core_for_each_or_one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """One worker may use the cores in turn: processes are forked ahead and buried beside it."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {3, 5})
    assert cores_for(3) == [None] * 3
    assert cores_for(1) == [None]


def test_a_worker_is_kept_to_its_core() -> None:
    """And one whose core has been taken away runs where it can."""
    core = min(os.sched_getaffinity(0))

    def kept(to: int | None) -> set[int]:  # in a thread: it has an affinity of its own
        keep_to(to)
        return os.sched_getaffinity(0)

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(kept, core).result() == {core}
        assert pool.submit(kept, 10_000).result() == {core}
