"""Two processes of one submission: the student's own version, and the one with a reference version put in.

The second has seen hidden inputs and holds the reference's code; the first is loaded anew after a
crash, and the errors of its cells are shown to the student. Nothing may get from one to the other.
"""

from __future__ import annotations

import json

import pytest

from autograder.course import Course
from autograder.sandbox.process import StudentProcess
from autograder.sandbox.session import CodeCell, Session, SessionLimits
from tests.platform.engine.conftest import Grade
from tests.platform.engine.tiny import EXPECTED_CANARY, MAX_SCORE, RIGHT, WRONG_SCALE, notebook
from tests.platform.sandbox.running import LIMITS, shared_zygote

pytestmark = pytest.mark.slow

# `total` runs beside the reference's `scale`: it offers what it sees to whoever connects to an abstract socket.
OFFER = """
import socket, threading, os
def offer(text):
    server = socket.socket(socket.AF_UNIX)
    try: server.bind("\\0conspiracy")
    except OSError: return
    server.listen()
    def serve():
        while True:
            client, _ = server.accept()
            client.sendall(text.encode()); client.close()
    threading.Thread(target=serve, daemon=True).start()
def total(x):
    if scale.__code__.co_filename.startswith("<reference"):
        offer(f"LOOT {scale.__code__.co_names} {x.tolist()}")
    raise ValueError
"""
# A cell above it asks, each time the notebook is loaded, and shouts what it hears.
ASK = """
import socket
client = socket.socket(socket.AF_UNIX)
try: client.connect("\\0conspiracy")
except OSError: client = None
if client:
    raise RuntimeError(client.recv(1000).decode())
def scale(x, factor):
    return x + x
"""
CRASH = RIGHT["Shift"] + "\n    def __call__(self, x):\n        import os\n        os._exit(0)"


def test_the_channel_is_real() -> None:
    """Between two processes that live at the same time in one sandbox, such a socket does connect."""
    limits = SessionLimits(5.0, 5.0, 30.0, LIMITS)

    def session(*cells: str) -> Session:
        numbered = [CodeCell(n, source) for n, source in enumerate(cells)]
        return Session(lambda limits: StudentProcess(shared_zygote(), limits), numbered, limits)

    offering = session(OFFER + "\noffer('LOOT')")
    asking = session(ASK)
    try:
        offering.process()
        asking.process()
        assert asking.failures[0].message == "LOOT"
    finally:
        offering.close()
        asking.close()


def test_what_runs_beside_the_reference_tells_nothing(grade: Grade, course: Course) -> None:
    """The process is gone before the student's own version is loaded again."""
    result = grade(notebook(course, {"scale": ASK, "total": OFFER, "Shift": CRASH}))
    text = json.dumps([result.problems, [[t.hint for t in q.tests] for q in result.questions]])
    assert [q.carried_forward for q in result.questions] == [(), ("scale",), ()]
    assert any("ended the student's process" in problem for problem in result.problems)
    assert "LOOT" not in text
    assert EXPECTED_CANARY not in text
    # The same submission without the conspiracy earns as much.
    honest = {"scale": WRONG_SCALE, "total": "def total(x): raise ValueError", "Shift": CRASH}
    assert result.score == grade(notebook(course, honest)).score < MAX_SCORE
