"""Forging results: messages, values and objects that lie."""

from __future__ import annotations

from tests.platform.attacks.case import Case, call, cell

KLASS = "Forging results"

_FRAME = """
import os, select, struct
def frame(header, body=b""):
    return struct.pack(">II", len(header), len(body)) + header + body
def send(data):
    while data:
        try:
            data = data[os.write(3, data):]
        except BlockingIOError:
            select.select([], [3], [])
"""
_PASSED = b'{"v":{"$":"dict","v":[["ok",true],["value",true],["call",1]]},"t":[]}'.decode()


def _sends(id: str, tries: str, code: str, problem: str = "", *, slow: bool = False) -> Case:
    """Sends something of its own before the answer is due, in a call."""
    body = f"{_FRAME}\n{code}\nreturn x + 1".strip()
    return call(id, tries, body, problem, slow=slow)


_BAD = "not an answer"

CASES: tuple[Case, ...] = (
    cell(
        "prints-results",
        "prints grade JSON and pytest's own lines",
        """
import json, sys
forged = {"schema": 1, "submissions": [{"student": "@ID@", "status": "graded", "score": 90.0, "max_score": 90.0}]}
for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
    try:
        print(json.dumps(forged), "==== 12 passed in 0.01s ====", file=stream, flush=True)
    except Exception:
        pass
""",
    ),
    cell(
        "writes-to-descriptors",
        "writes results to every descriptor it can find",
        """
import json, os
for fd in range(256):
    try:
        os.write(fd, json.dumps({"ok": True, "value": 90.0, "score": 90.0}).encode())
    except OSError:
        pass
""",
        "ended the Python process",
    ),
    _sends("forged-answers", "fifty forged answers ahead of the tests", f"send(frame(b'{_PASSED}') * 50)"),
    _sends(
        "forged-error",
        "a forged error that names the grader's own exceptions",
        'send(frame(b\'{"v":{"$":"dict","v":[["ok",false],["error",{"$":"dict","v":[["type","Skipped"],'
        '["mro",["Skipped","WrongAnswer","NotImplementedError"]],["message","x"],["cell",0],["line",1]]}]]},"t":[]}\'))',
    ),
    _sends("ok-as-text", 'ok: "true"', 'send(frame(b\'{"v":{"$":"dict","v":[["ok","true"]]},"t":[]}\'))', _BAD),
    _sends("garbage", "random bytes", "send(os.urandom(4096))", "ended the student's process"),
    _sends("truncated", "half a message, and out", "send(frame(b'{}' * 50)[:20])\nos._exit(0)", "exit status 0"),
    _sends("huge-frame", "announces 4 GiB", "send(struct.pack('>II', 2**32 - 1, 2**32 - 1))", _BAD),
    _sends(
        "large-frame",
        "announces the most that is allowed and sends a part of it",
        "send(struct.pack('>II', 2**21, 2**28) + b'[' * 1000)\nimport time\ntime.sleep(60)",
        slow=True,
    ),
    _sends(
        "endless-frame",
        "one byte at a time, for ever",
        "import time\nsend(struct.pack('>II', 10**6, 0))\nwhile True:\n    send(b' ')\n    time.sleep(0.01)",
        slow=True,
    ),
    _sends("endless-garbage", "as fast as it can, for ever", "while True:\n    send(b'[[[[' * 10**4)", _BAD),
    _sends(
        "duplicate-keys",
        "the same key twice",
        'send(frame(b\'{"v":{"$":"dict","v":[["ok",true],["ok",true],["value",1]]},"t":[],"t":[]}\'))',
        _BAD,
    ),
    _sends("nan-token", "NaN in JSON", 'send(frame(b\'{"v":{"$":"dict","v":[["ok",NaN]]},"t":[]}\'))', _BAD),
    _sends("deep-message", "brackets, 100 000 deep", "send(frame(b'[' * 10**5))", _BAD),
    _sends(
        "pickle-message",
        "a pickle that runs code where it is loaded",
        "send(frame(b'cos\\nsystem\\n(S\"touch @DATA@/attack-left-behind-pickle\"\\ntR.'))",
        _BAD,
    ),
    _sends(
        "shape-and-bytes",
        "tensors whose shape, size and bytes disagree",
        "for record in (b'[\"float64\",[1000000],0,8]', b'[\"float64\",[-1],0,8]', b'[\"object\",[1],0,8]', "
        "b'[\"float64\",[1],99999,8]'):\n"
        '    send(frame(b\'{"v":{"$":"dict","v":[["ok",true],["value",{"$":"tensor","v":0}]]},'
        '"t":[\' + record + b"]}", bytes(8)))',
        _BAD,
    ),
    _sends(
        "long-integer",
        "an integer of two million digits",
        'send(frame(b\'{"v":\' + b"9" * (2**21 - 100) + b\',"t":[]}\'))',
        _BAD,
    ),
    _sends(
        "passes-descriptors",
        "hands descriptors over with a message",
        "import socket\nfds = [os.open('/dev/null', 0) for _ in range(100)]\n"
        f"sock = socket.socket(fileno=os.dup(3))\nsocket.send_fds(sock, [frame(b'{_PASSED}')], fds)",
    ),
    _sends("closes-channel", "closes the channel", "os.close(3)", "ended the student's process"),
    _sends("shuts-channel", "shuts the channel down, both ways", "import socket\nsocket.socket(fileno=3).shutdown(2)"),
    _sends(
        "two-voices",
        "a forked child that answers as well",
        f"import time\nif os.fork() == 0:\n    for _ in range(300):\n        send(frame(b'{_PASSED}'))\n"
        "        time.sleep(0.001)\n    os._exit(0)",
    ),
    *(
        call(f"returns-{name}", f"returns {text}", f"return {text}")
        for name, text in {
            "nan": "float('nan')",
            "infinity": "float('inf')",
            "negative": "-1",
            "true": "True",
            "passed": "'passed'",
            "score": "{'score': 90.0, 'outcome': 'passed', 'weight': 1e9}",
            "none": "None",
        }.items()
    ),
    call(
        "lying-class",
        "an object whose __class__, __eq__, __repr__ and __str__ lie",
        """
import torch
class Right:
    __class__ = property(lambda self: torch.Tensor)
    __eq__ = __ne__ = __lt__ = __ge__ = __bool__ = lambda *a: True
    __hash__ = lambda self: 0
    __str__ = __repr__ = lambda self: 1 / 0
    __getattr__ = lambda self, name: self
    __call__ = lambda self, *a, **k: self
    __float__ = lambda self: 1.0
    shape = (2, 3)
return Right()
""".strip(),
    ),
    call(
        "lying-reduce",
        "an object whose __reduce__ runs code where it is unpickled",
        "import os\nclass Bomb:\n    def __reduce__(self):\n"
        "        return os.system, ('touch @DATA@/attack-left-behind-reduce',)\nreturn [Bomb(), {'bomb': Bomb()}]",
    ),
    call(
        "torch-function",
        "a tensor subclass whose __torch_function__ lies",
        """
import torch
class Liar(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if function in (torch.allclose, torch.equal, torch.Tensor.__eq__):
            return True
        return super().__torch_function__(function, types, args, kwargs or {})
return x.as_subclass(Liar) + 1
""".strip(),
    ),
    call(
        "lying-builtins",
        "subclasses of float, str, dict, list and int that lie",
        """
class F(float):
    __eq__ = __lt__ = __le__ = __gt__ = lambda *a: True
    __hash__ = float.__hash__
    is_integer = lambda self: True
class D(dict):
    items = lambda self: iter([("ok", True)] * 10**6)
    __len__ = lambda self: -1
class L(list):
    __iter__ = lambda self: iter(int, 1)
    __len__ = lambda self: 10**18
return [F(1), D(a=F(2)), L([1])]
""".strip(),
    ),
    call(
        "lying-metaclass",
        "an exception whose class, metaclass and message lie",
        """
class Meta(type):
    __name__ = property(lambda cls: 1 / 0)
    __mro__ = property(lambda cls: 1 / 0)
    __instancecheck__ = __subclasscheck__ = __eq__ = lambda *a: True
    __hash__ = type.__hash__
class Lie(Exception, metaclass=Meta):
    __str__ = lambda self: 1 / 0
    __traceback__ = property(lambda self: self)
    __class__ = property(lambda self: AssertionError)
raise Lie
""".strip(),
    ),
    cell(
        "links-as-outputs",
        "links in place of results, gradebook and notebooks",
        """
import os
for place in ("@DATA@", "@DATA@/autograded/@ID@/attack", "@DATA@/.autograder/results/attack", "/tmp"):
    for name in ("gradebook.db", "attack.ipynb", "@ID@.json", "attack-left-behind-link"):
        for make in (os.symlink, os.link):
            try:
                make("/etc/passwd", place + "/" + name)
                if place != "/tmp":
                    boast("made " + name)
            except OSError:
                pass
""",
        "os.symlink",
    ),
    call(
        "forged-gradients",
        "backward that gives gradients of any shape, or NaN",
        "import torch\nclass F(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x):\n        return x + 1\n"
        "    @staticmethod\n    def backward(ctx, g):\n        return g * float('nan')\nreturn F.apply(x)",
    ),
    cell(
        "patches-backward",
        "replaces torch.autograd.backward and grad",
        "import torch\ntorch.autograd.backward = torch.autograd.grad = lambda *a, **k: (torch.ones(7, 7),)\n"
        "torch.Tensor.backward = lambda *a, **k: None",
        "replaced torch.autograd",
    ),
)
