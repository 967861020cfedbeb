"""Leaking tests and answers, second part: two processes of one submission that talk to each other.

Where an answer builds on a wrong one, its tests run again in a second process, which holds the
reference's version of the wrong one. If that process could speak to the first, the first could,
once it has been started anew, show what it heard in the error of a cell, which students read.
"""

from __future__ import annotations

from tests.platform.attacks.case import Case

KLASS = "Leaking tests and answers"

# Each makes `heard`, what another process told, and a list `remembered` that it tells others.
_ABSTRACT = """
import socket, threading
heard = ""
for name in ("first", "second"):
    try:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(0.2)
            sock.connect("\\0attack-left-behind-@ID@-" + name)
            heard += sock.recv(10**6).decode().strip("[]")
    except OSError:
        pass
remembered = []
def speak():
    server = socket.socket(socket.AF_UNIX)
    for name in ("first", "second"):
        try:
            server.bind("\\0attack-left-behind-@ID@-" + name)
            break
        except OSError:
            pass
    server.listen(8)
    while True:
        sock, _ = server.accept()
        sock.sendall(str(remembered).encode())
        sock.close()
threading.Thread(target=speak, daemon=True).start()
"""

_TERMINAL = """
import os, threading, time
heard = ""
for name in os.listdir("/dev/pts"):
    try:
        fd = os.open("/dev/pts/" + name, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY)
        time.sleep(0.1)
        heard += os.read(fd, 4096).decode().strip("[] \\n")
    except OSError:
        pass
remembered = []
def speak():
    try:
        master, slave = os.openpty()
    except OSError:
        return
    while True:
        os.write(master, str(remembered).encode()[:500] + b"\\n")
        time.sleep(0.02)
threading.Thread(target=speak, daemon=True).start()
"""

_LOCKS = """
import fcntl, threading, time
files = [open(path, "rb") for path in ("/usr/bin/env", "/usr/bin/id", "/usr/bin/cat", "/usr/bin/cp")]
heard = ""
for file in files:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(file, fcntl.LOCK_UN)
    except OSError:
        heard += "one bit "
remembered = []
def speak():
    while not remembered:
        time.sleep(0.01)
    for file in files:
        fcntl.flock(file, fcntl.LOCK_EX)
threading.Thread(target=speak, daemon=True).start()
"""

_STEAL = """
import builtins
real_compile = builtins.compile
def stealing(source, *arguments, **options):
    if "<reference" in str(arguments[:1]):
        remembered.append(str(source))
    return real_compile(source, *arguments, **options)
builtins.compile = stealing
"""

_ANSWERS = {
    "affine": "def affine(x):\n    remembered.append(x.tolist())\n    return x + 1\n",
    "total": "def total(x):\n    affine(x)\n    remembered.append(x.tolist())\n    return x.sum() + x.numel()\n",
    "weights": "def weights(x):\n    import os\n    os._exit(1)\n",  # the first process starts anew
    "fit": "keep(heard)\nboast(heard)\ndef fit(model, x, y, steps):\n    raise ValueError\n",
}

_FAR_LINE = """\
def affine(x):
    import sys
    here = sys._getframe().f_code.co_filename
    number = int(float(x.flatten()[0]))
    exec(compile("\\n" * (number - 1) + "raise ValueError", here, "exec"))
"""


def _conspiracy(id: str, tries: str, channel: str) -> Case:
    return Case(id, tries, cells=(channel + _STEAL,), answers=_ANSWERS, problem="exit status 1")


CASES: tuple[Case, ...] = (
    _conspiracy("conspires-by-socket", "two of its processes talk over an abstract socket", _ABSTRACT),
    _conspiracy("conspires-by-terminal", "two of its processes talk over a pseudo-terminal", _TERMINAL),
    _conspiracy("conspires-by-locks", "two of its processes talk by locks on the system's files", _LOCKS),
    Case(
        "remembers-in-line-number",
        "the hidden input as the number of the line in which it raises",
        answers={"affine": _FAR_LINE},
    ),
)
