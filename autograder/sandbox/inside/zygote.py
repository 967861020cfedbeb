"""The process that forks: imports what student code needs once, then one child per request.

It runs no student code. Requests come over a SOCK_SEQPACKET socket (one JSON packet each, `fork`
with the child's channel as a passed descriptor):

    {"op": "fork", "limits": {...}}   -> {"child": n}      the child answers on its own channel
    {"op": "reap", "child": n}        -> {"signal": s} or {"status": s}; kills it where it still runs;
                                         {"why": "..."} where it was ended for its memory

When the control socket closes, the zygote exits; as process 1's only business in its namespace,
it takes every child along.
"""

from __future__ import annotations

import array
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from .memory import INTERVAL_S, TOGETHER, Memory

if TYPE_CHECKING:
    from .confine import PidNamespaces

PACKET_BYTES = 65536


def main(control_fd: int, confined: bool, uid: int | None, preload: list[str]) -> None:
    """Import, say so, and serve fork requests until the other side goes away."""
    control = socket.socket(fileno=control_fd)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the trusted side's business
    namespaces = None
    if confined:
        from .confine import PidNamespaces

        namespaces = PidNamespaces()
    failed = _preload(preload)
    zygote = Zygote(control, namespaces, uid)
    control.send(json.dumps({"ready": True, "failed": failed}).encode())
    zygote.run()


def _preload(names: list[str]) -> dict[str, str]:
    failed = {}
    for name in names:
        try:
            importlib.import_module(name)
        except Exception as error:
            failed[name] = f"{type(error).__name__}: {error}"[:500]
    import torch

    torch.set_num_threads(1)
    _seed_only_what_is_there()
    torch.manual_seed(0)
    for optimizer in (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.RMSprop):
        optimizer([torch.nn.Parameter(torch.zeros(1))], lr=0.1)  # the first one imports, and wraps the class's `step`
    return failed


def _seed_only_what_is_there() -> None:
    """Let `torch.manual_seed` pass over accelerators that this machine lacks.

    It would keep each seed for them, with a formatted stack trace: a millisecond a call, and most
    notebooks and probes seed a lot. After a fork it passes over them in the same way.
    """
    import torch

    for name in ("cuda", "xpu", "mtia"):
        device = getattr(torch, name)
        if not device.is_available():
            device._is_in_bad_fork = lambda: True


class Zygote:
    """Forks children and buries them."""

    def __init__(self, control: socket.socket, namespaces: PidNamespaces | None, uid: int | None) -> None:
        from . import server  # noqa: F401  (what the children need, imported once)
        from .output import BoundedOutput
        from .watch import Watch

        self.control = control
        self.namespaces = namespaces
        self.uid = uid
        self.children: dict[int, int] = {}
        self.count = 0
        self.may_hold: dict[int, float] = {}  # pid -> bytes, of it and all its descendants
        self.ended: dict[int, str] = {}  # pid -> why it was ended
        self.memory = Memory()
        self.interval_ms = INTERVAL_S * 1000
        self.readable = select.poll()
        self.readable.register(control, select.POLLIN)
        self.output = BoundedOutput(0)
        self.watch = Watch()
        gc.collect()
        gc.freeze()  # a later collection must not touch, and so copy, the pages shared with the children

    def run(self) -> None:
        while True:
            packet, descriptors = self._receive()
            if not packet:
                return
            request = json.loads(packet)
            if request["op"] == "fork":
                reply = self._fork(descriptors[0], request["limits"])
            else:
                reply = self._reap(request["child"])
            self.control.send(json.dumps(reply).encode())

    def _receive(self) -> tuple[bytes, list[int]]:
        while not self.readable.poll(self.interval_ms if self.children else None):
            self._end_hogs()
        size = array.array("i").itemsize
        packet, ancillary, _, _ = self.control.recvmsg(PACKET_BYTES, socket.CMSG_SPACE(size))
        descriptors = array.array("i")
        for _, _, data in ancillary:
            descriptors.frombytes(data[: len(data) - len(data) % size])
        return packet, list(descriptors)

    def _fork(self, channel_fd: int, limits: dict[str, int]) -> dict[str, Any]:
        if self.namespaces:
            self.namespaces.prepare()
        pid = os.fork()
        if pid == 0:
            self._child(channel_fd, limits)
        if self.namespaces:
            self.namespaces.reset()
        os.close(channel_fd)
        self.count += 1
        self.children[self.count] = pid
        self.may_hold[pid] = TOGETHER * limits["memory_mib"] * 2**20
        return {"child": self.count}

    def _end_hogs(self) -> None:
        """Kill every child whose processes hold too much together, and so all of them."""
        alive = set(self.children.values()) - self.ended.keys()
        for pid, held in self.memory.held_by(alive).items():
            if held > self.may_hold[pid]:
                os.kill(pid, signal.SIGKILL)  # not yet buried, so the number is still its own
                self.ended[pid] = f"too much memory ({held / 2**20:.0f} MiB in all its processes)"

    def _reap(self, child: int) -> dict[str, Any]:
        pid = self.children.pop(child, None)
        if pid is None:
            return {"status": 0}
        self.may_hold.pop(pid)
        if pid in self.ended:
            os.waitpid(pid, 0)
            return {"why": self.ended.pop(pid)}
        done, status = os.waitpid(pid, os.WNOHANG)
        if not done:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return {"killed": True}
        if os.WIFSIGNALED(status):
            return {"signal": os.WTERMSIG(status)}
        return {"status": os.WEXITSTATUS(status)}

    def _child(self, channel_fd: int, limits: dict[str, int]) -> NoReturn:
        try:
            become_student(channel_fd, limits, self)
        finally:
            os._exit(70)


def become_student(channel_fd: int, limits: dict[str, int], zygote: Zygote) -> None:
    """In the forked child: close, confine, and serve."""
    from . import confine, server
    from .channel import Channel
    from .wire import encode

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.dup2(channel_fd, 3)
    os.closerange(4, 65536)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    if null > 3:
        os.close(null)
    channel = Channel(socket.socket(fileno=3))
    try:
        if zygote.namespaces:
            missing = confine.confine(limits, zygote.uid)
        else:
            confine.set_limits(limits)
            missing = ["isolation is off"]
    except OSError as error:
        channel.send(*encode({"ready": False, "why": str(error)}))
        return
    output = zygote.output
    output.limit = limits["output_kib"] * 1024
    sys.stdout = sys.stderr = output
    sys.stdin = open(os.devnull)  # noqa: SIM115  (for the process's whole life)
    serving = server.Server(output, zygote.watch)
    serving.notebook.install()
    channel.send(*encode({"ready": True, "missing": missing}))
    zygote.watch.start()
    server.serve(channel, serving)
    os._exit(0)


def start(argv: list[str]) -> None:
    """Entry point: `-c`, control descriptor, "confined" or "open", uid or "", comma-separated modules."""
    preload = [name for name in argv[4].split(",") if name]
    main(int(argv[1]), argv[2] == "confined", int(argv[3]) if argv[3] else None, preload)
