"""Ordinary notebooks in the real sandbox: how each cell ends, and its points."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from autograder.course.assignment import Limits
from autograder.gradebook.plain.run import Cell, Ran, Start, points_of, run_cells, sandbox

LIMITS = Limits(cell_timeout_s=2, memory_mib=1024)


@pytest.fixture(scope="module")
def start() -> Iterator[Start]:
    with sandbox(LIMITS) as start:
        yield start


def run(start: Start, *sources: str, files: dict[str, bytes] | None = None) -> list[Ran]:
    """The last cell's value counts."""
    cells = [Cell(source, n == len(sources) - 1) for n, source in enumerate(sources)]
    return run_cells(start, cells, files or {}, LIMITS)


def test_cells_share_names_and_print(start: Start) -> None:
    first, last = run(start, "x = 2\nprint('hello')", "assert x == 2")
    assert (first.printed, first.error_type, last) == ("hello\n", "", Ran())


def test_an_error_costs_its_cell_alone(start: Start) -> None:
    results = run(start, "x = 1", "assert x == 2, 'no'", "x")
    assert [result.error_type for result in results] == ["", "AssertionError", ""]
    assert results[1].error == "no"
    assert points_of(results[1], 3) == 0


@pytest.mark.parametrize(
    ("source", "number"), [("0.25", 0.25), ("1", 1.0), ("True", None), ("'0.5'", None), ("None", None), ("x = 1", None)]
)
def test_a_number_is_partial_credit(start: Start, source: str, number: float | None) -> None:
    assert run(start, source)[0].number == number


def test_numpys_numbers_are_numbers(start: Start) -> None:
    assert run(start, "import numpy as np", "np.float64(0.5)")[1].number == 0.5


def test_a_cell_that_ends_the_process_costs_itself_alone(start: Start) -> None:
    results = run(start, "x = 1", "import os; os._exit(0)", "assert x == 1\n0.5")
    assert [bool(result.error_type) for result in results] == [False, True, False]
    assert results[2].number == 0.5


def test_an_endless_cell_costs_itself_alone(start: Start) -> None:
    results = run(start, "while True: pass", "1")
    assert results[0].error_type == "TimeLimit"
    assert results[1].number == 1.0


def test_cells_that_end_every_process_leave_nothing_ungraded(start: Start) -> None:
    results = run(start, *["import os; os._exit(0)"] * 6, "1")
    assert len(results) == 7
    assert all(points_of(result, 1) == 0 for result in results)


def test_files_beside_the_notebook_can_be_read_and_imported(start: Start) -> None:
    files = {"data/a.csv": b"1,2", "helper.py": b"def f():\n    return 3"}
    assert (
        run(start, "import helper", "helper.f() if open('data/a.csv').read() == '1,2' else 0", files=files)[1].number
        == 3
    )


def test_nothing_of_the_machine_can_be_read_or_reached(start: Start) -> None:
    results = run(
        start, f"open({__file__!r})", "import socket; socket.create_connection(('127.0.0.1', 22), 1)", "import os",
        "os.listdir('/tmp')",
    )  # fmt: skip
    assert [bool(result.error_type) for result in results[:2]] == [True, True]
    assert results[3].shown == "['work']"


def test_a_value_that_was_put_there_before_does_not_count(start: Start) -> None:
    """The name of what is kept is another in each run."""
    cheat = "import sys\nfor n in range(9): globals()[f'_value_{n}'] = 5"
    assert run(start, cheat, "assert False\n1")[1].number is None


@pytest.mark.parametrize(
    ("ran", "points"),
    [
        (Ran(), 2.0), (Ran(number=0.5), 0.5), (Ran(number=2.0), 2.0), (Ran(number=0.0), 0.0), (Ran("no", "E"), 0.0),
        (Ran(number=2.5), None), (Ran(number=-1.0), None), (Ran(number=math.nan), None), (Ran(number=math.inf), None),
    ],
)  # fmt: skip
def test_points(ran: Ran, points: float | None) -> None:
    assert points_of(ran, 2.0) == points
