"""Forked processes of the floor."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.forks import Turns, start_fork


def test_processes_take_each_path_once():
    paths = [Path(str(number)) for number in range(200)]
    turns = Turns(paths)
    workers = [start_fork(lambda: [str(path) for path in turns]) for _ in range(3)]
    taken = [name for worker in workers for name in worker()]
    assert sorted(taken, key=int) == [str(path) for path in paths]


def test_work_is_done_in_another_process():
    assert start_fork(os.getpid)() != os.getpid()


def test_a_process_that_ends_early_is_an_error():
    wait = start_fork(lambda: os._exit(3))
    with pytest.raises(RuntimeError, match="ended its process"):
        wait()
