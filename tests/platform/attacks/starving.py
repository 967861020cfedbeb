"""Starving the machine: time, memory, processes, disk, descriptors."""

from __future__ import annotations

from tests.platform.attacks.case import Case, call, cell

KLASS = "Starving the machine"

_LATE = "did not finish in time"


def _slow_cell(id: str, tries: str, code: str, problem: str = "") -> Case:
    return cell(id, tries, code, problem, slow=True)


_IGNORE = """
import signal, threading
for number in (signal.SIGALRM, signal.SIGPROF, signal.SIGVTALRM, signal.SIGTERM, signal.SIGINT):
    signal.signal(number, signal.SIG_IGN)
signal.setitimer(signal.ITIMER_REAL, 0); signal.setitimer(signal.ITIMER_PROF, 0)
signal.signal = signal.setitimer = lambda *a: None
"""

CASES: tuple[Case, ...] = (
    _slow_cell("endless-cell", "while True in a cell", "while True: pass", _LATE),
    call("endless-call", "while True in a call", "while True: pass", slow=True),
    _slow_cell(
        "ignores-signals", "ignores all signals, stops the timers, and goes on", _IGNORE + "while True: pass", _LATE
    ),
    _slow_cell(
        "blocks-signals",
        "blocks all signals",
        "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: pass",
        _LATE,
    ),  # fmt: skip
    _slow_cell(
        "catches-everything",
        "except BaseException: pass",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        _LATE,
    ),  # fmt: skip
    call(
        "catches-everything-in-call",
        "except BaseException: pass, in a call",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        slow=True,
    ),  # fmt: skip
    _slow_cell("sleeps", "sleeps for an hour", "import time\ntime.sleep(3600)", _LATE),
    _slow_cell(
        "joins",
        "waits for a thread that never ends",
        "import threading\nevent = threading.Event()\nt = threading.Thread(target=event.wait)\nt.start()\nt.join()",
        _LATE,
    ),
    _slow_cell(
        "holds-gil",
        "a regular expression that never lets go of the interpreter",
        "import re\nre.match(r'(a+)+$', 'a' * 60 + 'b')",
        _LATE,
    ),  # fmt: skip
    call(
        "holds-gil-in-call", "an integer power that never lets go of the interpreter", "return pow(7, 10**9)", slow=True
    ),  # fmt: skip
    _slow_cell(
        "children-compute",
        "children compute while the parent waits",
        "import os\nfor _ in range(3):\n    if os.fork() == 0:\n        while True: pass\nos.wait()",
        "os.fork",
    ),
    call(
        "nearly-too-slow",
        "each call waits just less than is allowed",
        "import time\ntime.sleep(1.2)\nreturn x + 1",
        slow=True,
    ),
    cell(
        "fork-bomb",
        "forks for ever",
        "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass",
        "",
        slow=True,
    ),  # fmt: skip
    _slow_cell(
        "thread-bomb",
        "threads for ever",
        """
import threading, time
while True:
    try:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    except RuntimeError:
        pass
""",
    ),
    cell("memory", "30 GB at once", "x = bytearray(30 * 2**30)", "MemoryError"),
    cell("memory-by-torch", "30 GB by torch", "x = torch.ones(30 * 2**28)", "RuntimeError"),
    call(
        "memory-in-call", "all memory, a piece at a time", "kept = []\nwhile True:\n    kept.append(bytearray(2**25))"
    ),
    cell(
        "shared-memory",
        "30 GB in anonymous shared mappings",
        """
import mmap
shared = []
try:
    for _ in range(120):
        shared.append(mmap.mmap(-1, 2**28))
except (OSError, ValueError, MemoryError):
    pass
if len(shared) > 16:
    boast(f"{len(shared) / 4:g} GB of shared memory")
""",
    ),
    cell(
        "memory-files",
        "200 files in memory of 16 MB each",
        """
import os
files = []
try:
    for number in range(200):
        files.append(os.memfd_create("attack"))
        os.write(files[-1], bytes(2**24 - 4096))
except OSError:
    pass
if len(files) > 190:
    boast("3 GB of files in memory")
""",
    ),
    cell(
        "system-v-memory",
        "shared memory of System V",
        """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
made = [libc.shmget(0xA77AC + n, 2**28, 0o1666) for n in range(12)]
for identifier in made:
    if identifier >= 0:
        address = libc.shmat(identifier, None, 0)
        if address and address != 2**64 - 1:
            ctypes.memset(address, 1, 2**28)
if made[-1] >= 0:
    boast("3 GB of System V memory")
""",
    ),
    cell(
        "children-and-memory",
        "thirty children with 300 MB each",
        """
import os, time
readers = []
for _ in range(12):
    reader, writer = os.pipe()
    try:
        if os.fork() == 0:
            kept = bytearray(300 * 2**20)
            for start in range(0, len(kept), 4096):
                kept[start] = 1
            os.write(writer, b"1")
            time.sleep(10)
            os._exit(0)
    except OSError:
        break
    os.close(writer)
    readers.append(reader)
held = sum(os.read(reader, 1) == b"1" for reader in readers)
if held > 8:
    boast(f"{held * 300} MB in {held} children")
""",
        "Cell 4",
    ),  # fmt: skip
    cell(
        "disk",
        "fills /tmp and /dev/shm",
        """
written = 0
for folder in ("/tmp", "/dev/shm"):
    for number in range(40):
        try:
            with open(f"{folder}/attack-left-behind-{number}", "wb") as file:
                written += file.write(bytes(2**22))
        except OSError:
            pass
if written > 40 * 2**20:
    boast(f"{written >> 20} MB on disk")
""",
    ),
    cell(
        "large-file",
        "one sparse file of a terabyte",
        "import os\nfd = os.open('/tmp/x', os.O_CREAT | os.O_RDWR)\nos.ftruncate(fd, 2**40)",
        "",
    ),  # fmt: skip
    cell(
        "inodes",
        "files without end",
        """
try:
    for number in range(20_000):
        open(f"/tmp/attack-left-behind-{number}", "w").close()
    boast("20 000 files")
except OSError:
    pass
""",
    ),
    _slow_cell("endless-output", "prints for ever", "while True:\n    print('x' * 10**5)", _LATE),
    cell(
        "long-output",
        "prints 300 MB, and writes them to descriptors 1 and 2",
        "import os, sys\nfor _ in range(30):\n    print('x' * 10**7)\n    os.write(1, b'x' * 10**6); os.write(2, b'x' * 10**6)",
    ),
    cell("long-message", "an exception with a message of 200 MB", "raise ValueError('x' * 200 * 10**6)", "ValueError"),
    call("long-message-in-call", "the same in a call", "raise type('T' * 10**6, (ValueError,), {})('x' * 100 * 10**6)"),
    cell(
        "long-traceback",
        "a traceback of 100 000 frames",
        """
import sys
sys.setrecursionlimit(10**6)
def deeper(n):
    try:
        return deeper(n + 1) if n < 5000 else 1 / 0
    finally:
        raise KeyError(n)
deeper(0)
""",
        "",
    ),
    cell(
        "detached",
        "grandchildren in a session of their own",
        """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.setsid()
        open("/tmp/attack-left-behind-pid", "w").write(str(os.getpid()))
        time.sleep(3600)
    os._exit(0)
""",
        "os.fork",
    ),  # fmt: skip
    cell(
        "descriptors",
        "every descriptor there is",
        "import os\nfds = []\ntry:\n    while True:\n        fds.append(os.open('/dev/null', 0))\n"
        "except OSError:\n    pass",
    ),  # fmt: skip
    cell(
        "descriptors-in-flight",
        "descriptors in messages that nobody reads",
        """
import os, socket
pairs = []
try:
    while True:
        pairs.append(socket.socketpair())
        socket.send_fds(pairs[-1][0], [b"x"], [pairs[-1][1].fileno()] * 100)
except OSError:
    pass
""",
    ),
    cell(
        "deep-recursion",
        "a recursion that overflows the C stack",
        """
import sys
sys.setrecursionlimit(10**9)
class Deep:
    def __getattr__(self, name):
        return getattr(self, name + "x") if len(name) < 10**7 else None
def deep():
    return deep()
import functools
function = len
for _ in range(200_000):
    function = functools.partial(function)
del function
deep()
""",
        "",
        slow=True,
    ),
    cell("segfault", "reads address 0 in a cell", "import ctypes\nctypes.string_at(0)", "SIGSEGV"),
    call("segfault-in-call", "reads address 0 in a call", "import ctypes\nctypes.string_at(0)", "SIGSEGV"),
    call(
        "kills-itself",
        "SIGKILL, and SIGSTOP, to itself and its threads",
        "import ctypes, os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\n"
        "ctypes.CDLL(None).syscall(234, os.getpid(), os.getpid(), 9)\nreturn x + 1",
    ),  # fmt: skip
    cell(
        "many-threads",
        "torch with 512 threads",
        "import torch\ntorch.set_num_threads(512)\ntorch.ones(2000, 2000) @ torch.ones(2000, 2000)",
    ),  # fmt: skip
    call("large-result", "returns 500 MB", "import torch\nreturn torch.zeros(500 * 2**17, dtype=torch.float64)"),
    call("many-results", "returns a list of a million numbers", "return [0.0] * 10**6"),
    call("deep-result", "returns lists in lists", "r = []\nfor _ in range(10**5):\n    r = [r]\nreturn r"),
    call("cyclic-result", "returns a list that holds itself", "r = []\nr.append(r)\nreturn r"),
    call("many-objects", "returns 10 000 objects", "return [object() for _ in range(10**5)]"),
    call(
        "unpacks-a-bomb",
        "unpacks a gigabyte of zeros",
        "import zlib\nd = zlib.decompressobj()\n"
        "return len(zlib.decompress(zlib.compress(bytes(2**28), 1) , bufsize=2**28) * 8)",
    ),  # fmt: skip
    cell(
        "grabs-limits",
        "raises its own limits",
        """
import os, resource
for name in ("DATA", "AS", "NPROC", "NOFILE", "FSIZE", "CORE", "MEMLOCK", "STACK"):
    number = getattr(resource, "RLIMIT_" + name)
    hard = resource.getrlimit(number)[1]
    try:
        resource.setrlimit(number, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        if hard != resource.RLIM_INFINITY:
            boast("raised " + name)
    except (OSError, ValueError):
        pass
try:
    os.nice(-5)
    boast("better priority")
except OSError:
    pass
try:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
    boast("real-time priority")
except OSError:
    pass
""",
    ),
    Case(
        "many-failing-cells",
        "hides what it did behind eighty errors",
        cells=("import gc\ngc.get_objects()", *("1 / 0",) * 80),
        problem="gc.get_objects",
    ),
)
