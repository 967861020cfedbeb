"""Tampering with the runner: its configuration, its test items, its processes."""

from __future__ import annotations

from pathlib import Path

from tests.platform.attacks.case import Case, call, cell, placed

KLASS = "Tampering with the runner"

_TOUCH = "import pathlib\nfor p in ('{data}', '/tmp'):\n    (pathlib.Path(p) / 'attack-left-behind-{what}').touch()\n"
_HOOK = """
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item, call):
    call.excinfo = None

@pytest.fixture
def student():
    return type("Right", (), {"__eq__": lambda *_: True, "__getattr__": lambda *_: (lambda *_, **__: True)})()
"""


def _write(folder: Path, data: Path, **files: str) -> None:
    for name, text in files.items():
        touch = _TOUCH.format(data=data, what=name) if text.endswith("\n") else ""
        (folder / name.replace("__dot__", ".")).write_text(touch + text)


def _conftest(folder: Path, course: Path, data: Path) -> None:
    _write(folder, data, conftest__dot__py=_HOOK)
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -p conftest --collect-only\npython_files = none\n")
    (folder / "tox.ini").write_text("[pytest]\naddopts = --deselect test_attack.py\n")
    (folder.parent / "conftest.py").write_text((folder / "conftest.py").read_text())
    (data / "submitted" / "conftest.py").write_text((folder / "conftest.py").read_text())


def _site(folder: Path, course: Path, data: Path) -> None:
    _write(folder, data, sitecustomize__dot__py="\n", usercustomize__dot__py="\n")
    line = f"import pathlib; pathlib.Path('{data}/attack-left-behind-pth').touch()\n"
    (folder / "evil.pth").write_text(line)
    (folder / "pyvenv.cfg").write_text("include-system-site-packages = true\nhome = /tmp\n")


def _shadows(folder: Path, course: Path, data: Path) -> None:
    names = ("torch", "numpy", "reference", "autograder", "test_attack", "json", "pytest", "student")
    _write(folder, data, **{f"{name}__dot__py": "\n" for name in names})
    (folder / "tests" / "hidden" / "attack").mkdir(parents=True)
    (folder / "tests" / "hidden" / "attack" / "test_attack.py").write_text("def test_nothing(): pass\n")
    (folder / "assignment.toml").write_text("schema = 1\n")


def _config(folder: Path, course: Path, data: Path) -> None:
    text = f"open('{data}/attack-left-behind-config', 'w')\nc = get_config()\nc.Autograde.max_output = 0\n"
    for name in ("nbgrader_config.py", "jupyter_config.py", "ipython_config.py", "jupyter_nbconvert_config.py"):
        (folder / name).write_text(text)


CASES: tuple[Case, ...] = (
    placed("conftest", "conftest.py and pytest.ini in the folder, and in those above it", _conftest, "not used"),
    placed("sitecustomize", "sitecustomize, usercustomize, a .pth and a pyvenv.cfg in the folder", _site, "not used"),
    placed("shadowing-files", "torch.py, reference.py, a hidden suite of its own in the folder", _shadows, "not used"),
    placed(
        "nbgrader-config", "configuration of nbgrader and nbconvert, which is code, in the folder", _config, "not used"
    ),
    cell(
        "gc-swaps-code",
        "finds test functions through gc and swaps their __code__",
        """
import gc
import types
for thing in gc.get_objects():
    if isinstance(thing, types.FunctionType) and thing.__name__.startswith(("test_", "judge", "assert_", "require")):
        thing.__code__ = (lambda *a, **k: None).__code__
""",
        "gc.get_objects",
    ),
    cell(
        "patches-pytest",
        "replaces pytest's reports, its runner and the platform's own checks",
        """
import sys
for name in list(sys.modules):
    if name.startswith(("pytest", "_pytest", "autograder", "pluggy")):
        boast("the grader's modules are here: " + name)
import pytest
import _pytest.runner
import _pytest.reports
_pytest.runner.runtestprotocol = _pytest.runner.call_and_report = lambda *a, **k: None
_pytest.reports.TestReport.from_item_and_call = classmethod(lambda *a, **k: None)
pytest.Item.runtest = lambda self: None
try:
    import autograder.suite.checks
    boast("the grader's package can be imported")
except ImportError:
    pass
""",
    ),
    cell(
        "skip-at-import", "pytest.skip from a cell", "import pytest\npytest.skip('no', allow_module_level=True)", "kip"
    ),  # fmt: skip
    call("skip-in-call", "pytest.skip from the answer", "import pytest\npytest.skip('not today')"),
    call("pytest-exit-in-call", "pytest.exit from the answer", "import pytest\npytest.exit('over', returncode=0)"),
    call("unittest-skip", "unittest.SkipTest from the answer", "import unittest\nraise unittest.SkipTest('no')"),
    cell("sys-exit", "sys.exit(0) in a cell", "import sys\nsys.exit(0)", "SystemExit"),
    cell("quit", "quit() in a cell", "quit()", "SystemExit"),
    cell("os-exit", "os._exit(0) in a cell", "import os\nos._exit(0)", "ended the Python process"),
    Case(
        "os-exit-often",
        "os._exit in twelve cells, to use up all patience",
        cells=("import os\nos._exit(3)",) * 12,
        problem="ended the Python process",
        status="partial",
    ),
    call("sys-exit-in-call", "sys.exit(0) when a test calls", "import sys\nsys.exit(0)"),
    call("os-exit-in-call", "os._exit(0) when a test calls", "import os\nos._exit(0)", "exit status 0"),
    call("abort-in-call", "os.abort() when a test calls", "import os\nos.abort()", "ended the student's process"),
    call("interrupt-in-call", "KeyboardInterrupt when a test calls", "raise KeyboardInterrupt"),
    call("generator-exit", "GeneratorExit and a BaseException of its own", "raise type('E', (GeneratorExit,), {})()"),
    cell("interrupt", "KeyboardInterrupt in a cell", "raise KeyboardInterrupt", "KeyboardInterrupt"),
    cell(
        "asserts-off",
        "starts Python anew with -O, so that assert does nothing",
        "import os, sys\nos.environ['PYTHONOPTIMIZE'] = '2'\n"
        "os.execv(sys.executable, [sys.executable, '-O', '-c', 'pass'])",
        "ended the Python process",
    ),
    Case(
        "raises-everywhere",
        "every answer raises where it is defined, so that there is less to count",
        answers=dict.fromkeys(("affine", "total", "weights", "fit"), "raise ImportError('nothing to collect')\n"),
        problem="ImportError",
        status="partial",
    ),
    cell(
        "atexit",
        "an atexit function that writes results",
        """
import atexit
import os
def late():
    os.write(3, b"late")
    open("/tmp/attack-left-behind-atexit", "w").close()
atexit.register(late)
""",
    ),
    cell(
        "forked-daemon",
        "a forked process that acts later",
        """
import os, time
if os.fork() == 0:
    time.sleep(0.3)
    for _ in range(1000):
        os.write(3, b"\\0\\0\\0\\x02\\0\\0\\0\\0{}")
        time.sleep(0.01)
    os._exit(0)
""",
        "os.fork",
    ),
    cell(
        "signals",
        "signals to the parent, to process 1, to the group and to everybody",
        """
import os, signal
for pid in (os.getppid(), 1, 0, -1, *range(2, 3000)):
    for number in (signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
        try:
            os.kill(pid, number)
        except OSError:
            pass
""",
        "os.kill",
    ),
    cell(
        "patches-server",
        "replaces the code that answers the tests, in its own process",
        """
import sys
import torch
server = sys.modules["inside.server"]
wire = sys.modules["inside.wire"]
def handle(self, header, body):
    if b'"begin"' in header:
        return None
    return wire.encode({"ok": True, "value": torch.ones(()), "call": 1})
server.Server.handle = handle
""",
    ),
    cell(
        "thread-meddles",
        "a thread that changes every result on its way",
        """
import sys, threading, time
def meddle():
    while True:
        frames = sys._current_frames()
        for frame in list(frames.values()):
            if "value" in frame.f_locals:
                frame.f_locals["value"] = True
        time.sleep(0.001)
threading.Thread(target=meddle, daemon=True).start()
""",
        "sys._current_frames",
    ),
    cell(
        "clears-modules",
        "clears sys.modules, sets the recursion limit to 60, makes warnings errors",
        "import sys, warnings\nwarnings.simplefilter('error')\nsys.modules.clear()\nsys.setrecursionlimit(60)",
    ),
    cell(
        "breaks-builtins",
        "replaces isinstance, len, all, type and print",
        """
import builtins
for name in ("isinstance", "len", "all", "any", "abs", "bool", "float", "print", "repr"):
    setattr(builtins, name, lambda *a, **k: True)
""",
        "ended the Python process",
    ),
)
