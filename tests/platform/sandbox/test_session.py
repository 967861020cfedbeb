"""A notebook in the sandbox: cells that fail, crash or hang, and what is said about them."""

from __future__ import annotations

import time

import pytest

from autograder.sandbox.process import ProcessCrashed, ProcessEnded, ProcessHung
from autograder.sandbox.session import Session, SessionLimits
from tests.platform.sandbox.running import LIMITS, NUMBER, Make, value


def kinds(session: Session) -> dict[int, str]:
    return {index: failure.kind for index, failure in session.failures.items()}


def test_a_failing_cell_does_not_stop_the_next(make: Make) -> None:
    """As when a student runs all cells by hand."""
    session = make("a = 1\n1 / 0", ("def f(): return a", "f"), "syntax error here", "b = 2")
    assert value(session, "f") == 1
    assert kinds(session) == {0: "error", 2: "error"}
    failure = session.failures[0]
    assert (failure.type_name, failure.line, failure.defines) == ("ZeroDivisionError", 2, "")


def test_the_process_is_kept_until_it_ends(make: Make) -> None:
    """One load for many calls."""
    session = make("n = 0\ndef count():\n    global n\n    n += 1\n    return n")
    assert [value(session, "count") for _ in range(3)] == [1, 2, 3]


def test_a_crash_in_a_call_costs_one_process(make: Make) -> None:
    """The next call gets a new one, in which all cells have run again."""
    session = make("import os\nn = 0\ndef count():\n    global n\n    n += 1\n    return n\ndef crash(): os._exit(1)")
    assert value(session, "count") == 1
    with pytest.raises(ProcessCrashed, match="exit status 1"):
        value(session, "crash")
    assert value(session, "count") == 1
    assert session.failures == {}


@pytest.mark.parametrize("crash", ["import os; os._exit(0)", "import ctypes; ctypes.string_at(0)"])
def test_a_cell_that_ends_the_process_is_left_out(make: Make, crash: str) -> None:
    """The cells before and after it count."""
    session = make("a = 1", (crash, "g"), ("def f(): return a", "f"))
    assert value(session, "f") == 1
    assert kinds(session) == {1: "crashed"}
    assert session.failures[1].defines == "g"
    assert session.unrunnable == {1}


def test_a_cell_that_cannot_be_stopped_is_left_out(make: Make) -> None:
    """Signals blocked, so the process is killed from outside."""
    hang = "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: pass"
    session = make("a = 1", hang, "def f(): return a", limits=SessionLimits(0.1, 5.0, 30.0, LIMITS))
    assert value(session, "f") == 1
    assert kinds(session) == {1: "timeout"}


def test_an_endless_loop_is_stopped_with_its_line(make: Make) -> None:
    """And the process lives on with what the cell had defined before."""
    session = make("a = 1\nwhile True:\n    a += 0", "def f(): return a", limits=SessionLimits(0.2, 5.0, 30.0, LIMITS))
    assert value(session, "f") == 1
    failure = session.failures[0]
    assert (failure.kind, failure.type_name) == ("timeout", "TimeLimit")
    assert failure.line in (2, 3)


def test_several_crashing_cells_are_all_left_out(make: Make) -> None:
    """Each reload gets further, up to the limit of reloads."""
    crash = "import os; os._exit(1)"
    session = make(crash, "a = 1", crash, "b = 2", crash, "def f(): return a + b")
    assert value(session, "f") == 3
    assert kinds(session) == {0: "crashed", 2: "crashed", 4: "crashed"}


def test_a_notebook_of_nothing_but_crashes_is_given_up(make: Make) -> None:
    """After four processes; asking again does not start the whole thing anew for ever."""
    session = make(*["import os; os._exit(1)"] * 40)
    with pytest.raises(ProcessCrashed, match="each time"):
        session.process()
    assert len(session.failures) == 4


def test_a_cell_that_crashes_only_later(make: Make) -> None:
    """A thread that ends the process after its cell is done; what is left of the notebook is still loaded."""
    late = "import os, threading\nthreading.Timer(0.3, os._exit, (1,)).start()"
    session = make("a = 1", late, "import time; time.sleep(0.8)", "def f(): return a")
    assert value(session, "f") == 1
    assert "crashed" in kinds(session).values()


def test_forged_reports_of_a_cell_are_taken_for_nothing_else(make: Make) -> None:
    """Whatever a process says about a cell is text, bounded; wrong types are ignored."""
    forged = (
        "import os, struct, json, sys\n"
        f"{NUMBER}"
        "def value(v): return {'$': 'dict', 'v': [[k, value(x)] for k, x in v.items()]} if type(v) is dict else v\n"
        "def reply(v):\n    h = json.dumps({'v': value({**v, 'id': number()}), 't': []}).encode()\n"
        "    os.write(3, struct.pack('>II', len(h), 0) + h)\n"
    )
    session = make(
        forged + "reply({'ok': True, 'value': {'error': {'type': 'E' * 9999, 'message': 'x' * 99999, 'line': 'one'},"
        " 'notes': ['n' * 999] * 99}})\nos._exit(0)",
        "def a(): pass",
    )
    with pytest.raises(ProcessEnded):
        value(session, "a")
    for failure in session.failures.values():
        assert len(failure.message) <= 2000
        assert len(failure.type_name) <= 100
        assert isinstance(failure.line, int)
    assert all(len(notes) <= 20 and max(map(len, notes)) <= 200 for notes in session.notes.values())


def test_text_for_reports_has_no_control_characters(make: Make) -> None:
    """A message could otherwise clear a terminal, forge lines, or turn the direction of writing."""
    session = make("raise ValueError('a\\x1b[2J\\x07\\r\\u202eb\\ud800')", "!echo \x1b[31m")
    session.process()
    texts = [session.failures[0].message, *session.notes.get(1, ())]
    for text in texts:
        assert not [c for c in text if c != "\n" and not c.isprintable()], repr(text)
    assert session.failures[0].message.startswith("a")


def test_cells_after_the_time_for_loading_are_skipped_but_answers_are_run(make: Make) -> None:
    """A slow experiment must not cost the answers below it."""
    limits = SessionLimits(0.3, 5.0, 0.5, LIMITS)
    session = make(*["while True: pass"] * 3, "b = 1", ("def f(): return 1", "f"), limits=limits)
    assert value(session, "f") == 1
    assert kinds(session)[3] == "skipped"
    assert "time was used up" in session.failures[3].message
    assert 4 not in session.failures


def test_many_slow_answers_have_an_end(make: Make) -> None:
    """A hundred cells that all claim to answer f, each as slow as may be, do not hold the grader for minutes."""
    limits = SessionLimits(0.3, 5.0, 0.5, LIMITS)
    start = time.monotonic()
    session = make(*[("import time; time.sleep(60)", "f")] * 100, limits=limits, deadline=start + 2.0)
    session.process()
    assert time.monotonic() - start < 15
    assert kinds(session)[99] == "skipped"
    with pytest.raises(ProcessHung, match="used up"):
        session.process()


def test_nothing_is_started_after_the_deadline(make: Make) -> None:
    """The submission's time is used up: a timeout, whatever the cells are."""
    session = make("a = 1", deadline=time.monotonic() - 1)
    with pytest.raises(ProcessHung, match="used up"):
        session.process()


def test_left_out_cells_are_not_run(make: Make) -> None:
    """What another session of the same notebook has learnt."""
    session = make("a = 1", "a = 2", "def f(): return a", leave_out=[1])
    assert value(session, "f") == 1


def test_what_is_noticed_is_bounded_text_and_numbers(make: Make) -> None:
    """Also where the process makes it up."""
    session = make(
        "import gc\nfor o in gc.get_objects():\n"
        "    if type(o).__name__ == 'Watch':\n"
        "        o.seen = {'\\x1b[2J' + 'x' * 10**5 + str(i): i for i in range(5000)}\n"
        "        o.seen['not a number'] = 'text'"
    )
    session.process()
    noticed = session.noticed()
    assert len(noticed) <= 100
    assert all(type(k) is str and len(k) <= 160 and k.isprintable() and type(v) is int for k, v in noticed.items())


def test_nothing_noticed_where_there_is_no_process(make: Make) -> None:
    """Before the first load and after the end."""
    session = make("a = 1")
    assert session.noticed() == {}
    session.process()
    session.close()
    assert session.noticed() == {}


FORKS = "import os, time\nif os.fork() == 0:\n    {}\n    os._exit(0)"


def test_what_a_cell_did_is_known_though_its_process_ended(make: Make) -> None:
    """Told with the cell's own answer: whoever ends the process later hides nothing. A second load adds nothing."""
    session = make(FORKS.format("pass"), "def crash(): os._exit(1)")
    with pytest.raises(ProcessCrashed):
        value(session, "crash")
    assert session.noticed() == {"os.fork": 1}
    session.process()
    assert session.noticed() == {"os.fork": 1}


def test_a_process_that_ends_when_it_is_asked_is_noticed(make: Make) -> None:
    """A forked child that shouts over the channel until nothing else can be understood."""
    shout = "time.sleep(0.3)\n    while True: os.write(3, b'\\0\\0\\0\\2\\0\\0\\0\\0{}'); time.sleep(0.01)"
    session = make(FORKS.replace("{}", shout))
    session.process()
    time.sleep(1.0)
    first, second = session.noticed()
    assert first == "os.fork"
    assert second.startswith("its process ended when it was asked what it had done")


def test_honest_work_is_not_noticed(make: Make) -> None:
    """Training, plotting, saving and loading a file, defining classes, catching errors, numpy, reading one's source."""
    session = make(
        "import torch, math, inspect\nimport torch.nn as nn\nimport torch.nn.functional as F\nimport numpy as np",
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.l = nn.Linear(3, 2)\n"
        "    def forward(self, x): return F.relu(self.l(x))",
        "net = Net(); opt = torch.optim.AdamW(net.parameters()); net(torch.ones(2, 3)).sum().backward(); opt.step()",
        "torch.manual_seed(0); torch.set_default_dtype(torch.float64); torch.set_default_dtype(torch.float32)",
        "torch.save(net.state_dict(), 'net.pt'); net.load_state_dict(torch.load('net.pt'))",
        "inspect.getsource(Net.forward); np.random.seed(0); torch.autograd.gradcheck(lambda x: x * 2, torch.ones(2, "
        "dtype=torch.float64, requires_grad=True))",
        "from torch.utils.data import DataLoader, TensorDataset\nlist(DataLoader(TensorDataset(torch.ones(4)), 2))",
        limits=SessionLimits(20.0, 5.0, 60.0, LIMITS),
    )
    session.process()
    assert session.failures == {}
    assert session.noticed() == {}


def test_tampering_is_noticed(make: Make) -> None:
    """Each plain attempt leaves a line."""
    attempts = {
        "socket.connect": "import socket\nsocket.socket(socket.AF_UNIX).connect('/tmp/x')",
        "gc.get_objects": "import gc\ngc.get_objects()",
        "/proc/1/environ": "open('/proc/1/environ')",
        "subprocess": "import subprocess\nsubprocess.run(['/bin/true'])",
        "os.fork": "import os\nif os.fork() == 0: os._exit(0)",
        "torch.allclose": "import torch\ntorch.allclose = lambda *a, **k: True",
        "settrace": "import sys\nsys.settrace(None)",
        "os.listdir": "import os\nos.listdir('/proc')",
        "os.kill": "import os\nos.kill(1, 0)",
        "ctypes.dlopen": "import ctypes\nctypes.CDLL('libc.so.6')",
    }
    session = make(*[f"try:\n    {source.replace(chr(10), chr(10) + '    ')}\nexcept OSError: pass"
                     for source in attempts.values()])  # fmt: skip
    session.process()
    seen = " | ".join(session.noticed())
    assert [what for what in attempts if what not in seen] == []
