"""A fresh student process in a real sandbox, and whole notebooks in it."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping

import pytest

from autograder.sandbox.process import StudentProcess
from autograder.sandbox.session import CodeCell, Session, SessionLimits
from tests.platform.sandbox.running import LIMITS, Make, Sandbox, shared_zygote

FAST = SessionLimits(cell_s=1.0, call_s=5.0, load_s=30.0, process=LIMITS)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def make() -> Iterator[Make]:
    """Makes sessions and closes them. A cell is a source, or (source, question)."""
    made: list[Session] = []

    def make(
        *cells: str | tuple[str, str],
        put_in: Mapping[str, str] | None = None,
        leave_out: Collection[int] = (),
        limits: SessionLimits = FAST,
        deadline: float = math.inf,
    ) -> Session:
        pairs = [(cell, "") if isinstance(cell, str) else cell for cell in cells]
        numbered = [CodeCell(index, source, defines) for index, (source, defines) in enumerate(pairs)]
        session = Session(
            lambda limits: StudentProcess(shared_zygote(), limits), numbered, limits, put_in, leave_out, deadline
        )
        made.append(session)
        return session

    yield make
    for session in made:
        session.close()
