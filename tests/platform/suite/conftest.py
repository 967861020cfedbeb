"""A `Student` whose notebook is any source, once in this process and once in a real sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from autograder.sandbox.process import StudentProcess
from autograder.sandbox.session import CodeCell, Session, SessionLimits
from autograder.suite.local import LocalBackend
from autograder.suite.sandboxed import SandboxBackend
from autograder.suite.student import Student
from tests.platform.sandbox.running import LIMITS, shared_zygote

LIMITS_S = SessionLimits(cell_s=20.0, call_s=5.0, load_s=60.0, process=LIMITS)
Notebook = Callable[..., Student]


@pytest.fixture
def in_sandbox() -> Iterator[Notebook]:
    """Makes students whose cells run in a sandbox."""
    sessions: list[Session] = []

    def make(*cells: str, limits: SessionLimits = LIMITS_S) -> Student:
        numbered = [CodeCell(index, source) for index, source in enumerate(cells)]
        sessions.append(Session(lambda limits: StudentProcess(shared_zygote(), limits), numbered, limits))
        student = Student(SandboxBackend(sessions[-1]))
        student.begin(0)
        return student

    yield make
    for session in sessions:
        session.close()


@pytest.fixture
def in_process() -> Notebook:
    """Makes students whose cells run here, as those of the reference do."""

    def make(*cells: str) -> Student:
        names: dict[str, object] = {"__name__": "__main__"}
        for index, source in enumerate(cells):
            exec(compile(source, f"<cell {index}>", "exec"), names)
        student = Student(LocalBackend({k: v for k, v in names.items() if not k.startswith("__")}))
        student.begin(0)
        return student

    return make


@pytest.fixture(params=["in_process", "in_sandbox"])
def notebook(request: pytest.FixtureRequest) -> Notebook:
    """Either of both: a suite cannot tell the difference."""
    make: Notebook = request.getfixturevalue(request.param)
    return make
