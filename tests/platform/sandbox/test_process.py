"""How a student process ends, and that its end is told apart from an answer."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from autograder.errors import IsolationError
from autograder.sandbox.isolation import BACKENDS, get_isolation
from autograder.sandbox.process import ProcessCrashed, ProcessEnded, ProcessHung, SandboxDied, StudentProcess
from autograder.sandbox.zygote import Zygote, ZygoteDied
from tests.platform.sandbox.running import LIMITS, Sandbox, shared_zygote
from tests.platform.sandbox.test_limits import processes_below, settled

pytestmark = pytest.mark.slow  # processes that end, and zygotes started anew

WRITE = "import os, struct\ndef frame(h, b=b''): return struct.pack('>II', len(h), len(b)) + h + b\n"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import os; os._exit(0)", "exit status 0"), ("import os; os._exit(3)", "exit status 3"),
        ("import os; os.abort()", "signal SIG"), ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
        ("import sys\nsys.setrecursionlimit(10**8)\nx = []\nfor _ in range(10**6): x = [x]\nrepr(x)", ""),
        ("import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass", ""),
        ("import os\nos.close(3)", ""), ("import os\nos.dup2(os.open('/dev/null', os.O_RDWR), 3)", ""),
        ("import os\nos.execv('/bin/true', ['true'])", "exit status 0"),
    ],
    ids=["_exit(0)", "_exit(3)", "abort", "segfault", "C stack", "cpu limit", "close", "dup2", "exec"],
)  # fmt: skip
def test_a_process_that_ends(sandbox: Sandbox, source: str, reason: str) -> None:
    """Every way out is noticed, with the reason where there is one; none of them passes for an answer."""
    ended = sandbox.ends(source, timeout_s=5)
    assert isinstance(ended, ProcessCrashed | ProcessHung)
    assert reason in ended.reason
    assert not sandbox.process.alive
    with pytest.raises(ProcessCrashed, match="ended before"):
        sandbox.cell("1")


@pytest.mark.parametrize("source", ["import sys; sys.exit(0)", "raise SystemExit", "raise KeyboardInterrupt"])
def test_python_exits_are_errors_of_the_cell(sandbox: Sandbox, source: str) -> None:
    """The process is still there."""
    assert sandbox.fails(source) in ("SystemExit", "KeyboardInterrupt")
    assert sandbox.prints("print('on')") == "on\n"


@pytest.mark.parametrize(
    "garbage",
    [
        "os.write(3, b'garbage, and more of it')",
        "os.write(3, bytes(8))",
        "os.write(3, b'\\xff' * 8)",
        "os.write(3, frame(b'{}'))",
        "os.write(3, frame(b'[' * 10000))",
        "os.write(3, frame(b'null'))",
        """os.write(3, frame(b'{"v":{"$":"dict","v":[["x",{"$":"tensor","v":0}]]},"t":[["int8",[9],0,4]]}', b'12'))""",
        """os.write(3, frame(b'{"v":{"$":"dict","v":[["x",{"$":"tensor","v":0}]]},"t":[["float32",[0,1e3],0,0]]}'))""",
        "while True: os.write(3, b'x' * 1000)",
        "os.write(3, frame(b'\\x80\\x04cos\\nsystem\\n.'))",
    ],
    ids=lambda garbage: garbage[:35],
)
def test_garbage_on_the_channel_ends_the_process(sandbox: Sandbox, garbage: str) -> None:
    """It is no answer, so nothing that follows is listened to; the next process is in order."""
    ended = sandbox.ends(WRITE + garbage, timeout_s=2)
    assert isinstance(ended, ProcessCrashed)
    assert not sandbox.process.alive
    with Sandbox() as fresh:
        assert fresh.prints("print('on')") == "on\n"


@pytest.mark.parametrize("extra", ["", ',["id",1]', ',["id",null]', ',["id",true]', ',["id","1"]'])
def test_a_forged_answer_is_told_from_the_real_one(sandbox: Sandbox, extra: str) -> None:
    """A well-formed frame does not carry the number of the question, and ends the process that sent it."""
    forged = WRITE + f"""os.write(3, frame(b'{{"v":{{"$":"dict","v":[["value","mine"]{extra}]}},"t":[]}}'))"""
    ended = sandbox.ends(forged, timeout_s=5)
    assert isinstance(ended, ProcessCrashed)
    assert "not an answer" in ended.reason


def test_an_announced_giant_that_never_comes(sandbox: Sandbox) -> None:
    """200 MiB announced and nothing sent: the deadline ends it."""
    source = WRITE + "import time\nos.write(3, struct.pack('>II', 0, 200 * 2**20))\ntime.sleep(60)"
    assert isinstance(sandbox.ends(source, timeout_s=0.3), ProcessHung | ProcessCrashed)


def test_a_process_that_stops_itself(sandbox: Sandbox) -> None:
    """SIGSTOP of its own cannot stop process 1; a child that is stopped is gone with it."""
    before = processes_below(shared_zygote().pid)
    sandbox.prints("import os, signal\npid = os.fork()\nif pid == 0: os.kill(os.getpid(), signal.SIGSTOP)\nprint(1)")
    sandbox.process.kill()
    assert settled(before - 1)


def test_threads_left_running_do_not_answer_for_later_cells(sandbox: Sandbox) -> None:
    """They may print and compute; the process answers on."""
    sandbox.prints(
        "import threading, time\nstop = False\ndef spin():\n    while not stop: time.sleep(0.001)\n"
        "for _ in range(3): threading.Thread(target=spin).start()"
    )
    assert sandbox.prints("print(threading.active_count())") == "4\n"


def test_grandchildren_are_gone_with_the_process() -> None:
    """Detached by double fork and setsid, with signals ignored: they live in a namespace that is torn down."""
    before = processes_below(shared_zygote().pid)
    with Sandbox() as sandbox:
        sandbox.prints(
            "import os, signal, time\n"
            "for _ in range(3):\n"
            "    if os.fork() == 0:\n"
            "        os.setsid()\n"
            "        if os.fork(): os._exit(0)\n"
            "        for s in range(1, 32):\n            if s not in (9, 19): signal.signal(s, signal.SIG_IGN)\n"
            "        time.sleep(600)\n"
            "time.sleep(0.3)"
        )
        assert processes_below(shared_zygote().pid) > before + 2
    assert settled(before)


def test_an_exit_handler_does_not_act_later(sandbox: Sandbox) -> None:
    """Killed processes run none."""
    sandbox.cell("import atexit, os\natexit.register(os.fork)")
    before = processes_below(shared_zygote().pid)
    sandbox.process.kill()
    assert settled(before - 1)


def test_killing_twice_is_killing_once(sandbox: Sandbox) -> None:
    """And says how it had ended only where it had."""
    assert sandbox.process.kill() == ""
    assert sandbox.process.kill() == ""


def test_a_process_that_does_not_read_is_killed(sandbox: Sandbox) -> None:
    """A request larger than the socket's buffer must not stop the grader."""
    with pytest.raises(ProcessEnded):
        sandbox.cell("import signal, time\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\ntime.sleep(60)", 0.1)
    assert not sandbox.process.alive


def test_hundreds_of_processes_leave_nothing_behind() -> None:
    """No descriptor, no zombie, no process stays in the grader or in the zygote."""
    StudentProcess(shared_zygote(), LIMITS).kill()
    before = processes_below(shared_zygote().pid), len(os.listdir("/proc/self/fd"))
    for _ in range(60):
        with Sandbox() as sandbox:
            sandbox.cell("x = 1")
    assert settled(before[0])
    assert len(os.listdir("/proc/self/fd")) == before[1]


def test_a_zygote_that_is_killed_takes_its_children_along() -> None:
    """And says so, once to each who asks."""
    zygote = Zygote(get_isolation("bubblewrap"), ["torch"])
    zygote.wait_until_ready()
    process = StudentProcess(zygote, LIMITS)
    os.kill(zygote.pid, signal.SIGKILL)
    with pytest.raises(SandboxDied):
        process.ask({"op": "cell", "index": 0, "source": "import time; time.sleep(1)"}, 5)
    with pytest.raises(ZygoteDied):
        StudentProcess(zygote, LIMITS)
    zygote.close()


def test_a_zygote_that_cannot_import_something_says_so() -> None:
    """A missing module to preload is no reason not to grade, and is named."""
    with Zygote(get_isolation("bubblewrap"), ["torch", "no_such_module"]) as zygote:
        failed = zygote.wait_until_ready()
        assert list(failed) == ["no_such_module"]
        assert "ModuleNotFoundError" in failed["no_such_module"]


def test_without_isolation_limits_still_hold() -> None:
    """`--isolation none`: a process of its own, a cleared environment, memory and time limits; nothing more."""
    os.environ["AWS_SECRET_ACCESS_KEY"] = "canary"
    try:
        zygote = Zygote(get_isolation("none"), ["torch"])
    finally:
        del os.environ["AWS_SECRET_ACCESS_KEY"]
    with zygote:
        process = StudentProcess(zygote, LIMITS)

        def cell(source: str, timeout_s: float = 20) -> dict[str, Any]:
            return dict(process.ask({"op": "cell", "index": 0, "source": source}, timeout_s)["value"])

        assert cell("x = bytearray(4 * 2**30)")["error"]["type"] == "MemoryError"
        assert cell("while True: pass", 0.2)["error"]["type"] == "TimeLimit"
        assert cell("import os\nprint('AWS_SECRET_ACCESS_KEY' in os.environ)")["output"] == "False\n"
        process.kill()


@pytest.mark.parametrize("name", ["docker", "", "None", "bubblewrap "])
def test_an_unknown_isolation_is_refused_with_the_choices(name: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(IsolationError, match=f"choose one of: {', '.join(BACKENDS)}"):
        get_isolation(name)


def test_without_bubblewrap_nothing_is_graded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names what is missing, its cure, and the way to look closer."""
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(IsolationError, match=r"(?s)bwrap is not installed; run: .*autograder doctor.*--isolation none"):
        get_isolation("bubblewrap")


def test_a_bubblewrap_that_fails_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """What counts is whether a sandbox starts, not whether a program of that name is there."""
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(IsolationError, match="No permissions to create new namespace"):
        get_isolation("bubblewrap")


SHOT = """#!/bin/sh
echo >> {count}
[ $(wc -l < {count}) -gt {times} ] || {end}
exec /usr/bin/bwrap "$@"
"""


@pytest.mark.parametrize("end", ["kill -9 $$", "exit 137"])
def test_a_bubblewrap_that_is_killed_is_tried_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, end: str) -> None:
    """Or what it runs, which its exit status says. Somebody's signal says nothing about the machine; where it comes
    each time, nobody is sent to sysctl.
    """
    fake = tmp_path / "bwrap"
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    fake.write_text(SHOT.format(count=tmp_path / "once", times=1, end=end))
    fake.chmod(0o755)
    assert get_isolation("bubblewrap").confined
    fake.write_text(SHOT.format(count=tmp_path / "always", times=99, end=end))
    with pytest.raises(IsolationError, match="twice by signal 9, from outside") as refused:
        get_isolation("bubblewrap")
    assert "sysctl" not in str(refused.value)


def test_a_zygote_that_does_not_come_up_says_what_it_printed() -> None:
    """An import error of torch itself, for instance, is in the message."""

    class Broken:
        name, confined, student_uid = "broken", False, None

        def missing(self) -> list[str]:
            return []

        def launch(self, python: Any, readable: Any, environment: Any) -> Any:
            import contextlib

            return contextlib.nullcontext((["/bin/sh", "-c", "echo the reason >&2; exit 1"], ()))

    start = time.monotonic()
    zygote = Zygote(Broken(), [])  # type: ignore[arg-type]
    with pytest.raises(IsolationError, match="the reason"):
        zygote.wait_until_ready()
    assert time.monotonic() - start < 20
    zygote.close()
