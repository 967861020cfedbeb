"""A student process that is honest but for one message: the far end of real sockets, in a thread.

It stands where a sandbox would, since what is under test is the side that listens. Everything on that
side is real: socket, channel, wire, process, session, student.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Mapping
from typing import Any

import torch

from autograder.sandbox.inside.channel import BadFrame, Channel, ChannelClosed, ChannelTimeout
from autograder.sandbox.inside.wire import Ref, encode
from tests.platform.fuzz.message import NUMBER, Message, frame

_NUMBER = re.compile(rb'\["id",(\d+)\]')
_OPERATION = re.compile(rb'\["op","([a-z]+)"\]')


class Nursery:
    """Gives out channels as a zygote does. The first child sends the hostile message, later ones are honest."""

    def __init__(self, message: Message) -> None:
        self._message = message
        self.children: list[_Child] = []

    def fork(self, limits: Mapping[str, int]) -> tuple[int, Channel]:
        """A number and a channel, behind which a child waits."""
        ours, theirs = socket.socketpair()
        child = _Child(theirs, None if self.children else self._message)
        self.children.append(child)
        child.start()
        return len(self.children), Channel(ours)

    def reap(self, child: int) -> str:
        """How it ended."""
        return "signal SIGKILL"

    def is_alive(self) -> bool:
        """Always: what a child sends does not end a zygote."""
        return True

    def wait(self) -> None:
        """Until all children are gone; the other ends of their sockets must have been closed."""
        for child in self.children:
            child.join(timeout=30)
            assert not child.is_alive(), "a child was left behind"


class _Child(threading.Thread):
    def __init__(self, sock: socket.socket, message: Message | None) -> None:
        super().__init__(daemon=True)
        self._sock = sock
        self._message = message

    def run(self) -> None:
        """Greet, then answer until the other side closes the socket."""
        with self._sock as sock:
            channel = Channel(sock)
            try:
                self._say("hello", {"ready": True}, 0)
                while self._sock.fileno() >= 0:
                    header, _ = channel.receive()
                    operation, number = _OPERATION.search(header), _NUMBER.search(header)
                    if operation is not None and number is not None:  # `begin` has no number and no reply
                        self._say(operation[1].decode(), honest_reply(operation[1].decode()), int(number[1]))
            except (ChannelClosed, ChannelTimeout, BadFrame, OSError):
                pass

    def _say(self, operation: str, reply: dict[str, Any], number: int) -> None:
        message = self._message
        if message is None or message.operation != operation:
            self._write(frame(*encode({**reply, "id": number})))
            return
        self._message = None
        self._write(message.stream.replace(NUMBER, str(number).ljust(len(NUMBER)).encode()))
        if message.closes:
            self._sock.close()

    def _write(self, data: bytes) -> None:
        self._sock.setblocking(True)
        self._sock.sendall(data)
        self._sock.setblocking(False)


def honest_reply(operation: str) -> dict[str, Any]:
    """What an honest process answers to the requests of `replies.py`, but for the number."""
    values: dict[str, Any] = {
        "hello": None,
        "cell": {"error": None, "notes": [], "output": "", "printed": 0, "noticed": {"os.fork": 1}},
        "call": [torch.ones(2, 3, requires_grad=True), Ref(1, "VAE"), torch.zeros(2, dtype=torch.int64)],
        "get": torch.ones(2, 3),
        "shapes": {"fc.weight": (3, 2), "fc.bias": (3,)},
        "run": {"losses": [1.0, 0.5]},
        "backward": [torch.ones(2, 3)],
        "noticed": {"the process listed its memory": 1},
        "put": None,
    }
    if operation == "hello":
        return {"ready": True}
    return {"ok": True, "value": values[operation], **({"call": 1} if operation == "call" else {})}
