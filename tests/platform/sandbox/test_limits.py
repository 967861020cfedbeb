"""Starving the machine: memory, disk, processes, descriptors, time and output all have an end."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from autograder.sandbox.process import ProcessCrashed, ProcessHung, StudentProcess
from tests.platform.sandbox.running import LIMITS, Sandbox, shared_zygote

pytestmark = pytest.mark.slow  # what runs until it is stopped


def processes_below(pid: int) -> int:
    """How many processes the zygote's tree has, as the grader's /proc shows it."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if stat[0] != "Z":
                parents.setdefault(int(stat[1]), []).append(int(folder.name))
    count, queue = 0, [pid]
    while queue:
        children = parents.get(queue.pop(), [])
        count += len(children)
        queue += children
    return count


def settled(expected: int) -> bool:
    """Whether the zygote's tree is down to this size, or gets there within a few seconds."""
    for _ in range(100):
        if processes_below(shared_zygote().pid) == expected:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize(
    "source",
    ["x = bytearray(3 * 2**30)", "import torch\ntorch.ones(2**30)", "import numpy\nnumpy.ones(2**29)",
     "x = []\nwhile True: x.append(bytearray(2**24))", "import mmap\nm = mmap.mmap(-1, 5 * 2**30)",
     "x = 'a' * (3 * 2**30)",
     "import mmap\nx = []\nwhile True: x.append(mmap.mmap(-1, 2**26))"],
    ids=lambda source: source[:30],
)  # fmt: skip
def test_memory_has_an_end_and_the_process_lives_on(sandbox: Sandbox, source: str) -> None:
    """By Python, torch, numpy or mmap: an error in the cell."""
    assert sandbox.fails(source) in ("MemoryError", "RuntimeError", "OSError", "_ArrayMemoryError")
    sandbox.cell("x = None")
    assert sandbox.prints("print('on')") == "on\n"


HOG = """
import os, time
for _ in range(8):
    if os.fork() == 0:
        kept = bytearray(700 * 2**20)
        for at in range(0, len(kept), 4096):
            kept[at] = 1
        time.sleep(60)
time.sleep(60)
"""


def test_memory_of_many_processes_together_has_an_end(sandbox: Sandbox) -> None:
    """Each may hold what one may; together they are ended at twice as much, and others do not notice."""
    with pytest.raises(ProcessCrashed, match=r"too much memory \(\d+ MiB in all its processes\)"):
        sandbox.cell(HOG, timeout_s=30.0)
    with Sandbox() as other:
        assert other.prints("print('on')") == "on\n"


def test_children_that_share_what_they_inherited_are_not_counted_for_it(sandbox: Sandbox) -> None:
    """Thirty data loading workers hold little, although each maps all of torch."""
    sandbox.prints(
        "import os, time\nfor _ in range(20):\n    if os.fork() == 0:\n        time.sleep(0.5)\n        os._exit(0)\n"
        "for _ in range(20): os.wait()"
    )
    assert sandbox.prints("print('on')") == "on\n"


@pytest.mark.parametrize("call", ["os.memfd_create('x')", "ctypes.CDLL(None).shmget(1, 4096, 0o1666)"])
def test_there_is_no_memory_that_belongs_to_no_process(sandbox: Sandbox, call: str) -> None:
    """No limit of a process would count it."""
    out = sandbox.prints(f"import ctypes, os\ntry: print({call} >= 0)\nexcept PermissionError: print(False)")
    assert out == "False\n"


@pytest.mark.parametrize("folder", ["/tmp", "/dev/shm"])
def test_disk_has_an_end(sandbox: Sandbox, folder: str) -> None:
    """One file by its own limit, many files by the size of the file system, empty ones by its inodes."""
    assert sandbox.fails(f"f = open('{folder}/big', 'wb')\nwhile True: f.write(bytes(2**20)); f.flush()") == "OSError"
    sandbox.cell(f"import os\nf.close()\nos.remove('{folder}/big')")
    many = f"for i in range(1000): open(f'{folder}/{{i}}', 'wb').write(bytes(2**20))"
    assert sandbox.fails(many) == "OSError"
    sandbox.cell(f"import shutil\nfor p in os.listdir('{folder}'): os.remove('{folder}/' + p)")
    assert sandbox.fails(f"for i in range(10**6): os.symlink('x', f'{folder}/{{i}}')") == "OSError"


def test_a_fork_bomb_has_an_end() -> None:
    """It is as large as the limit says, whoever the grader is, and gone with its process."""
    before = processes_below(shared_zygote().pid)
    with Sandbox({**LIMITS, "processes": 20}) as sandbox:
        out = sandbox.prints(
            "import os, time\nn = 0\ntry:\n    for _ in range(60):\n        if os.fork() == 0: time.sleep(60)\n"
            "        n += 1\nexcept OSError: pass\nprint(n)"
        )
        assert 5 <= int(out) < 20
        assert processes_below(shared_zygote().pid) > before + 5
    assert settled(before)


def test_a_real_fork_bomb_costs_its_own_process_only() -> None:
    """Forking without pause and with signals ignored; another submission works on meanwhile."""
    before = processes_below(shared_zygote().pid)
    bomb = "import os, signal\nfor s in (15, 1, 2): signal.signal(s, signal.SIG_IGN)\n"
    bomb += "while True:\n    try: os.fork()\n    except OSError: pass"
    with Sandbox({**LIMITS, "processes": 10}) as sandbox:
        report = None
        try:
            report = sandbox.cell(bomb, timeout_s=0.3)
        except (ProcessHung, ProcessCrashed):
            assert not sandbox.process.alive
        assert report is None or report["error"]["type"] == "TimeLimit"
        with Sandbox() as other:
            assert other.prints("print('honest')") == "honest\n"
    assert settled(before)


def test_a_thread_bomb_has_an_end(sandbox: Sandbox) -> None:
    """Threads count as processes."""
    source = "import threading, time\nfor _ in range(200): threading.Thread(target=time.sleep, args=(60,)).start()"
    assert sandbox.fails(source) == "RuntimeError"
    assert sandbox.prints("print('on')") == "on\n"


def test_descriptors_have_an_end(sandbox: Sandbox) -> None:
    """256 of them."""
    assert sandbox.fails("kept = [open('/dev/null') for _ in range(1000)]") == "OSError"
    assert sandbox.prints("kept = None\nprint('on')") == "on\n"


def test_code_that_blocks_the_timer_is_killed(sandbox: Sandbox) -> None:
    """No limit inside the process can reach it; the trusted side's deadline does."""
    source = "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: pass"
    start = time.monotonic()
    assert isinstance(sandbox.ends(source, timeout_s=0.2), ProcessHung)
    assert time.monotonic() - start < 20


@pytest.mark.parametrize(
    "source",
    [
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "import signal as s\ns.setitimer(s.ITIMER_REAL, 0); s.setitimer(s.ITIMER_PROF, 0)\nwhile True: pass",
        "import ctypes\nctypes.PyDLL(None).sleep(60)",  # holds the GIL all the while
        "import re\nre.match('(a+)+$', 'a' * 60 + 'b')",
        "class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E",
        "import os, signal\nos.kill(os.getpid(), 0)\nsignal.pause() or signal.sigwait([])",
    ],
    ids=["bare excepts", "timers off", "a C call with the GIL", "a regular expression", "a message", "waiting"],
)  # fmt: skip
def test_what_cannot_be_interrupted_is_killed_or_stopped(sandbox: Sandbox, source: str) -> None:
    """However it keeps the timer from working, it ends, and the next process is in order."""
    start = time.monotonic()
    try:
        report = sandbox.cell(source, timeout_s=0.2)
        assert report["error"]["type"] == "TimeLimit"
    except ProcessHung:
        assert not sandbox.process.alive
    assert time.monotonic() - start < 20
    with Sandbox() as fresh:
        assert fresh.prints("print('on')") == "on\n"


def test_printing_for_ever_is_bounded_in_time_and_size() -> None:
    """What is kept is what the limit allows."""
    with Sandbox({**LIMITS, "output_kib": 2}) as sandbox:
        report = sandbox.cell("while True: print('x' * 1000)", timeout_s=0.3)
        assert report["error"]["type"] == "TimeLimit"
        assert len(report["output"]) == 2048
        assert report["printed"] > 2048


def test_the_real_descriptors_lead_nowhere(sandbox: Sandbox) -> None:
    """What is written past Python, or by a child, is gone; reading gives nothing."""
    out = sandbox.prints(
        "import os, subprocess, sys\nos.write(1, b'raw' * 10**5); os.write(2, b'raw')\n"
        "subprocess.run(['/bin/echo', 'child'])\nprint(repr(os.read(0, 10)), repr(sys.stdin.read()))"
    )
    assert out == "b'' ''\n"


def test_input_does_not_wait(sandbox: Sandbox) -> None:
    """`input()` is at its end at once."""
    assert sandbox.fails("input('name? ')") == "EOFError"


def test_limits_do_not_wear_off_from_one_process_to_the_next() -> None:
    """The fifth student gets as much memory as the first: nothing is used up in the zygote."""
    for _ in range(5):
        with Sandbox() as sandbox:
            assert sandbox.prints("x = bytearray(600 * 2**20)\nprint('fits')") == "fits\n"


def test_an_impossible_limit_is_refused_before_any_code_runs() -> None:
    """A process that cannot be confined is no process."""
    with pytest.raises(Exception, match=r"confined|ended"):
        StudentProcess(shared_zygote(), {**LIMITS, "disk_mib": -5})
    with Sandbox() as fresh:
        assert fresh.prints("print('on')") == "on\n"
