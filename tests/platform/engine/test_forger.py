"""The forger: a submission that tries everything at once, and each of its tricks in a submission of its own.

The class is graded by the command line, as an instructor does it. The grader's environment, the
reference and the hidden suite hold canaries, and so does a hidden input. Each trick is tried in
earnest: what it gets hold of it puts into every place that reaches the student or the results
(printed lines, error messages, return values, names of files that it opens).
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from autograder.course import Course
from tests.platform.engine.tiny import (
    EXPECTED_CANARY,
    HONEST_WRONG,
    HONEST_WRONG_SCORE,
    MAX_SCORE,
    REFERENCE_CANARY,
    RIGHT,
    SUITE_CANARY,
    make_course,
    submit,
    with_cells,
)

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[3]
ENVIRONMENT_CANARY = "canary-environment-51ab"
CANARIES = (ENVIRONMENT_CANARY, REFERENCE_CANARY, SUITE_CANARY)

# `LOOT` collects what was found; `SEEN` makes it public in every way a cell has.
COLLECT = """
LOOT = []
def mark(): return 'yranac'[::-1] + '-'  # spelt so that this source is not what is found
def found(value):
    try: text = value if isinstance(value, str) else repr(value)
    except BaseException: return
    if mark() in text: LOOT.append(text[max(0, text.index(mark()) - 30):][:200])
def publish():
    import sys
    print(LOOT); print(LOOT, file=sys.stderr)
    if LOOT: raise RuntimeError('LOOT ' + ' '.join(LOOT)[:1500])
"""
FORGED_LINE = r"""
import json, os, sys
forged = {"schema": 1, "assignment": "tiny", "isolation": "bubblewrap", "submissions": [{"student": "line",
    "status": "graded", "score": 90.0, "max_score": 90.0, "seconds": 0.1, "problems": [], "questions": [
    {"name": "scale", "points": 40.0, "score": 40.0, "carried_forward": [], "tests": []}]}]}
line = json.dumps(forged)
for text in (line, '{"name": "test_scale_by_any_factor", "outcome": "passed"}', "6 passed in 0.01s",
             '{"ok": true, "value": 1}', '##autograder: score=90'):
    print(text); print(text, file=sys.stderr); sys.__stdout__ and print(text, file=sys.__stdout__)
    for descriptor in (1, 2):
        os.write(descriptor, text.encode() + b"\n")
"""
CHANNEL = r"""
import json, os, struct
def tagged(v): return {"$": "dict", "v": [[k, tagged(x)] for k, x in v.items()]} if type(v) is dict else v
def send(message):
    header = json.dumps({"v": tagged(message), "t": []}).encode()
    os.write(3, struct.pack(">II", len(header), 0) + header)
for _ in range(50):
    send({"ok": True, "value": {"error": None, "notes": [], "output": "", "printed": 0}})
    send({"ok": True, "value": {"name": "scale", "score": 40.0, "outcome": "passed"}})
"""
CHANNEL_IN_THE_CALL = """
def scale(x, factor):
    for _ in range(50): send({"ok": True, "value": {"name": "scale", "score": 40.0, "outcome": "passed"}})
    return x * factor
"""
PATCH = """
import torch, sys
yes = lambda *a, **k: True
torch.allclose = torch.equal = torch.testing.assert_close = yes
torch.Tensor.allclose = torch.Tensor.equal = torch.Tensor.__eq__ = yes
torch.isclose = lambda a, b, **k: torch.ones_like(a, dtype=torch.bool)
torch.randn = lambda *s, **k: torch.zeros(*[n for n in s if isinstance(n, int)])
class AlwaysEqual:
    def __eq__(self, other): return True
    __ne__ = lambda self, other: False
    __bool__ = lambda self: True
    __hash__ = None
"""
MEMORY = """
import gc, sys, inspect, traceback
for o in gc.get_objects(): found(o)
for name, module in list(sys.modules.items()):
    found(name)
    for value in list(getattr(module, '__dict__', {}).values()):
        if isinstance(value, (str, bytes)): found(value if isinstance(value, str) else value.decode('latin-1'))
frame = inspect.currentframe()
while frame: found(dict(frame.f_locals)); found(dict(frame.f_globals)); frame = frame.f_back
import linecache
found(str(linecache.cache))
for frame in sys._current_frames().values(): found(frame.f_locals)
publish()
"""
PROC = """
import os
for pid in ['self', *[p for p in os.listdir('/proc') if p.isdigit()]]:
    for name in ('environ', 'cmdline', 'maps', 'mem', 'stack', 'status'):
        try: found(open(f'/proc/{pid}/{name}', 'rb').read(4 * 10**6).decode('latin-1'))
        except (OSError, ValueError): pass
found(str(os.environ))
publish()
"""
FILES = """
import os, sys
for folder in ('@COURSE@', '@ROOT@', '/root', '/home', os.getcwd(), '..'):
    for at, folders, names in os.walk(folder):
        if at.startswith(('/proc', '/sys', '/usr', '/lib', sys.prefix, sys.base_prefix)): folders[:] = []; continue
        for name in names:
            if name.endswith(('.py', '.md', '.toml', '.db', '.json', '.ipynb', '.pyc')):
                try: found(open(os.path.join(at, name), 'rb').read(10**6).decode('latin-1'))
                except OSError: pass
for module in ('reference.tiny', 'reference', 'tests.hidden.tiny.test_tiny', 'test_tiny', 'autograder.engine'):
    try: found(open(__import__(module, fromlist=['x']).__file__).read()); LOOT.append(mark() + 'imported ' + module)
    except ImportError: pass
publish()
"""
OPEN_SUITE = "print(open('@COURSE@/tests/hidden/tiny/test_tiny.py').read())"
SOCKET = """
import socket
def reach(family, address):
    try:
        with socket.socket(family) as s:
            s.settimeout(2); s.connect(address); s.sendall(b'hello'); found(mark() + 'connected')
    except OSError: pass
for address in (('127.0.0.1', @PORT@), ('1.1.1.1', 53)):
    reach(socket.AF_INET, address); reach(socket.AF_INET6, address)
for name in ('\\0@ABSTRACT@', '@SOCKET@'):
    reach(socket.AF_UNIX, name)
publish()
"""
CONNECT = "import socket\nsocket.create_connection(('127.0.0.1', @PORT@), timeout=2)"
OPEN_PROC = "print(open('/proc/1/environ', 'rb').read())"
EXIT = "import os\nos._exit(0)"
HIDDEN_INPUT = """
import torch
class MissingName(Exception): pass
class StudentError(Exception): pass
CALLS = []
def scale(x, factor):
    text = f"{x.flatten().tolist()} {factor}"
    CALLS.append(text)
    print(text)
    try: open(f"/tell/{text}")
    except OSError: pass
    get_ipython().system(text)
    raise [MissingName, ValueError, StudentError, NotImplementedError, AssertionError][len(CALLS) % 5](text)
"""


ABSTRACT = f"autograder-forger-{os.getpid()}"  # abstract names are the whole machine's


@dataclass(frozen=True)
class Trick:
    """Cells of a submission, what it must earn, and a word that its problems must hold ("" for none)."""

    cells: tuple[str, ...]
    score: float = HONEST_WRONG_SCORE
    said: tuple[str, ...] = ()
    scale: str = HONEST_WRONG["scale"]


IN_THE_CALL = "import os\ndef scale(x, factor):\n    os._exit(0)"
TRICKS = {
    "line": Trick((FORGED_LINE,)),
    "channel": Trick((CHANNEL,), said=("not an answer",)),
    "channel_in_a_call": Trick((), 50.0, ("not an answer",), f"{CHANNEL.rpartition('for _')[0]}{CHANNEL_IN_THE_CALL}"),
    "patch": Trick((PATCH,), said=("replaced", "allclose")),
    "patched_answer": Trick((PATCH,), 50.0, ("replaced",), "def scale(x, factor):\n    return AlwaysEqual()"),
    "memory": Trick((COLLECT, MEMORY), said=("gc.get_objects",)),
    "proc": Trick((COLLECT, PROC, OPEN_PROC), said=("open /proc/self/environ", "PermissionError")),
    "files": Trick((COLLECT, OPEN_SUITE, FILES), said=("tests/hidden", "FileNotFoundError")),
    "socket": Trick((COLLECT, SOCKET, CONNECT), said=("socket.connect", "Error in line 2")),
    "exit": Trick((EXIT,), said=("ended the Python process",)),
    "exit_in_a_call": Trick((), 50.0, ("ended the student's process",), IN_THE_CALL),
    "hidden_input": Trick((), 50.0, (), HIDDEN_INPUT),
    # The sentence of the acceptance test, in one cell: each part in a `try`, so that it gets to the last.
    "everything": Trick(
        (COLLECT + "".join(f"try:\n{textwrap.indent(part, '    ')}\nexcept Exception: pass\n"
         for part in (FORGED_LINE, PATCH, MEMORY, PROC, OPEN_PROC, SOCKET, CONNECT)) + EXIT,),
        said=("ended the Python process",),
    ),
}  # fmt: skip
HONEST, HONEST_LAST = "an_honest_mistake", "zz_honest"


@dataclass(frozen=True)
class Graded:
    """What the run left behind."""

    course: Course
    contract: dict[str, Any]
    printed: str
    connections: list[str]

    def of(self, student: str) -> dict[str, Any]:
        (result,) = [s for s in self.contract["submissions"] if s["student"] == student]
        return dict(result)

    def files(self, *folders: str) -> Iterator[tuple[Path, str]]:
        """Every file below these folders of the class's data, as text."""
        for folder in folders:
            for path in (self.course.data / folder).rglob("*"):
                if path.is_file():
                    yield path, path.read_bytes().decode("utf-8", "replace")


@contextlib.contextmanager
def listening(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Sockets of the grader's machine that note whoever reaches them: TCP, a path, an abstract name."""
    seen: list[str] = []
    servers = [socket.create_server(("127.0.0.1", 0))]
    for name in (str(path), f"\0{ABSTRACT}"):
        servers.append(socket.socket(socket.AF_UNIX))
        servers[-1].bind(name)
        servers[-1].listen()

    def accept(server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                server.accept()
                seen.append(str(server.getsockname()))

    for server in servers:
        threading.Thread(target=accept, args=(server,), daemon=True).start()
    yield servers[0].getsockname()[1], seen
    for server in servers:
        server.close()


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graded]:
    root = tmp_path_factory.mktemp("forger")
    course = make_course(root)
    with listening(root / "socket") as (port, connections):
        places = {"@PORT@": str(port), "@ABSTRACT@": ABSTRACT, "@SOCKET@": str(root / "socket")}
        places |= {"@COURSE@": str(root), "@ROOT@": str(ROOT)}
        for name, trick in TRICKS.items():
            cells = list(trick.cells)
            for word, place in places.items():
                cells = [cell.replace(word, place) for cell in cells]
            submit(course, name, with_cells(course, cells, {**RIGHT, "scale": trick.scale}))
        submit(course, HONEST, with_cells(course, [], HONEST_WRONG))
        submit(course, HONEST_LAST, with_cells(course, []))
        command = [sys.executable, "-m", "autograder.cli.main", "--course", str(root), "grade", "tiny"]
        command += ["--workers", "1", "--feedback", "--json", str(root / "out.json")]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "AWS_SECRET_ACCESS_KEY": ENVIRONMENT_CANARY}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=500)
        assert done.returncode == 1, done.stderr  # some of them need a person
        contract = json.loads((root / "out.json").read_text())
        yield Graded(course, contract, done.stdout + done.stderr, connections)


def test_all_are_graded_in_the_sandbox(graded: Graded) -> None:
    """One result a submission, none lost."""
    assert graded.contract["isolation"] == "bubblewrap"
    assert sorted(s["student"] for s in graded.contract["submissions"]) == sorted([*TRICKS, HONEST, HONEST_LAST])


@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_earns_what_an_honest_wrong_answer_earns(graded: Graded, name: str) -> None:
    """The same tests pass, and no others."""
    result, honest = graded.of(name), graded.of(HONEST)
    assert honest["score"] == HONEST_WRONG_SCORE
    assert result["score"] == TRICKS[name].score <= honest["score"]
    passed, allowed = (
        {t["name"] for q in r["questions"] for t in q["tests"] if t["outcome"] == "passed"} for r in (result, honest)
    )
    assert passed <= allowed
    assert result["max_score"] == MAX_SCORE


@pytest.mark.parametrize("name", [name for name, trick in TRICKS.items() if trick.said])
def test_what_was_tried_is_said(graded: Graded, name: str) -> None:
    """In the problems, so that a person looks."""
    problems = " ".join(graded.of(name)["problems"])
    assert [word for word in TRICKS[name].said if word not in problems] == [], problems


@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_reads_nothing(graded: Graded, name: str) -> None:
    """What it found it would have shouted in an error message."""
    result = json.dumps(graded.of(name))
    assert "LOOT" not in result
    assert [canary for canary in CANARIES if canary in result] == []


def test_no_canary_is_in_anything_that_was_written(graded: Graded) -> None:
    """Gradebook, autograded notebooks, feedback, records, JSON, terminal."""
    texts = [*graded.files("autograded", "feedback", ".autograder"), (Path("terminal"), graded.printed)]
    texts.append((Path("gradebook"), graded.course.gradebook.read_bytes().decode("utf-8", "replace")))
    texts.append((Path("json"), json.dumps(graded.contract)))
    assert len(texts) > 30
    # nbgrader's source notebooks hold the reference, for staff; the suite's own texts never.
    exempt = {str(path) for path, _ in texts if "source" in path.parts}
    leaks = [(str(p), canary) for p, text in texts if str(p) not in exempt for canary in CANARIES if canary in text]
    assert leaks == []


def test_hidden_inputs_reach_no_student(graded: Graded) -> None:
    """Not by error messages, pretended names, prints, file names or magics: nothing a student gets holds them."""
    feedback = dict(graded.files("autograded", "feedback"))
    assert any("hidden_input" in str(path) for path in feedback)
    assert [str(path) for path, text in feedback.items() if EXPECTED_CANARY in text] == []
    hints = [t["hint"] for s in graded.contract["submissions"] for q in s["questions"] for t in q["tests"]]
    assert not any(EXPECTED_CANARY in hint for hint in hints)


def test_no_connection_was_made(graded: Graded) -> None:
    """Neither to a port of this machine, nor to a socket file, nor to an abstract name."""
    assert graded.connections == []


def test_forged_lines_are_nowhere_taken_for_results(graded: Graded) -> None:
    """They are dropped output: no file of the class's data, and not the terminal, repeats them."""
    assert "##autograder" not in graded.printed
    assert [str(p) for p, text in graded.files(".autograder") if "##autograder" in text] == []
    assert graded.of("line")["questions"][0]["tests"] != []


def test_the_honest_submission_after_them_gets_full_marks(graded: Graded) -> None:
    """Graded last, by the same worker; nothing of the others is left."""
    result = graded.of(HONEST_LAST)
    assert (result["status"], result["score"], result["problems"]) == ("graded", MAX_SCORE, [])
    assert graded.of(HONEST)["status"] == "graded"
    assert graded.of(HONEST)["problems"] == []


def test_the_canaries_were_there_to_be_found(graded: Graded) -> None:
    """The test could fail: suite and reference hold them, and a process outside of the sandbox sees them."""
    assert SUITE_CANARY in (graded.course.root / "tests/hidden/tiny/test_tiny.py").read_text()
    assert REFERENCE_CANARY in (graded.course.root / "reference/tiny.py").read_text()
    look = "import os; print(os.environ.get('AWS_SECRET_ACCESS_KEY'))"
    environment = {**os.environ, "AWS_SECRET_ACCESS_KEY": ENVIRONMENT_CANARY}
    done = subprocess.run([sys.executable, "-c", look], env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == ENVIRONMENT_CANARY
