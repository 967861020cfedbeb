"""What a cell says when it fails is shown to students, so no process that came after a test may say it."""

from __future__ import annotations

from autograder.sandbox.process import ProcessCrashed, StudentProcess
from autograder.sandbox.session import CodeCell, Session, SessionLimits
from tests.platform.sandbox.running import LIMITS, shared_zygote

SAYS = "import os\nraise ValueError(os.urandom(8).hex())"
ENDS = "def end():\n    os._exit(1)"


def _session(*sources: str) -> Session:
    cells = [CodeCell(index, source) for index, source in enumerate(sources)]
    return Session(lambda limits: StudentProcess(shared_zygote(), limits), cells, SessionLimits(5, 5, 30, LIMITS))


def _end(session: Session) -> None:
    message = {"op": "call", "target": "end", "path": "", "args": [], "kwargs": {}, "grad": False}
    process = session.process()
    try:
        process.ask(message, 5)
    except ProcessCrashed:
        return
    raise AssertionError("the process lives on")


def test_the_words_are_those_of_the_first_process() -> None:
    """A process that has seen hidden inputs can tell the next one something, by the clock if by nothing else."""
    session = _session(SAYS, "import os", ENDS)
    session.process()
    before = dict(session.failures)
    assert len(before[0].message) == 16
    for _ in range(3):
        _end(session)
        session.process()
        assert session.failures == before
    session.close()


def test_a_cell_that_fails_later_has_no_words() -> None:
    """That it failed is reported."""
    chance = "import os\nif os.urandom(1)[0] % 2:\n    raise ValueError('hidden')"
    for _ in range(30):
        session = _session(chance, "import os", ENDS)
        session.process()
        if not session.failures:
            _end(session)
            session.process()
        failed_later = session.failures and session.failures[0].message != "hidden"
        session.close()
        if failed_later:
            failure = session.failures[0]
            assert (failure.kind, failure.type_name, failure.line) == ("error", "an exception", 0)
            assert "hidden" not in failure.message
            return
    raise AssertionError("in thirty tries the cell never failed at the second time alone")


def test_before_any_test_the_latest_words_count() -> None:
    """A cell above one that ends the process is run twice before the first test; either may speak."""
    session = _session("x = 1", "import os\nos._exit(1)", "raise ValueError('said')")
    session.process()
    assert {index: failure.kind for index, failure in session.failures.items()} == {1: "crashed", 2: "error"}
    assert session.failures[2].message == "said"
    session.close()
