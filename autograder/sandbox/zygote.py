"""The trusted side's view of a zygote: start it, ask it for student processes, bury them."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.errors import IsolationError
from autograder.sandbox.inside.channel import Channel
from autograder.sandbox.isolation import Isolation
from autograder.sandbox.launched import Launched

START_TIMEOUT_S = 180.0  # a cold disk can take a minute to import torch
REPLY_TIMEOUT_S = 30.0
PACKET_BYTES = 65536
INSIDE = Path(__file__).parent / "inside"
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/tmp",
    "USER": "student",
    "LOGNAME": "student",
    "LANG": "C.UTF-8",
    "MPLBACKEND": "Agg",
    "MPLCONFIGDIR": "/tmp",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "OMP_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",  # who asks for more threads pays for their work, not for how busy the machine is
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TORCHINDUCTOR_CACHE_DIR": "/tmp/inductor",
}


class ZygoteDied(Exception):
    """The zygote is gone; start another."""


@dataclass
class _Spare:
    """A process that was forked ahead. It is confined already, and has run nothing."""

    limits: dict[str, int]
    sock: socket.socket
    child: int = 0

    def came(self, reply: dict[str, Any]) -> None:
        self.child = reply["child"]

    def is_open(self) -> bool:
        """Whether it still lives; the machine may end processes that do nothing."""
        poll = select.poll()
        poll.register(self.sock, select.POLLRDHUP)
        return not poll.poll(0)


class Zygote:
    """A running zygote. Use as a context manager."""

    def __init__(self, isolation: Isolation, preload: Sequence[str]) -> None:
        self.isolation = isolation
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        readable = [*python_folders(), INSIDE]
        here = str(INSIDE.parent)
        code = f"import sys; sys.path.insert(0, {here!r}); from inside import zygote; zygote.start(sys.argv)"
        mode = "confined" if isolation.confined else "open"
        uid = "" if isolation.student_uid is None else str(isolation.student_uid)
        python = [sys.executable, "-I", "-c", code, str(theirs.fileno()), mode, uid, ",".join(preload)]
        with theirs, isolation.launch(python, readable, ENVIRONMENT) as (command, descriptors):
            self._launched = Launched(command, [theirs.fileno(), *descriptors])
        self.ready = False
        self._spare: _Spare | None = None
        self._owed: deque[Callable[[dict[str, Any]], None]] = deque()  # what to do with the replies to come, in order

    def __enter__(self) -> Zygote:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def wait_until_ready(self) -> dict[str, str]:
        """Wait for the imports. Returns the modules that could not be imported, with the reason.

        Raises:
            IsolationError: it did not come up; the message has what it printed.
        """
        try:
            reply = self._receive(START_TIMEOUT_S)
        except ZygoteDied as error:
            raise IsolationError(f"The sandbox did not start: {error}") from None
        self.ready = True
        return dict(reply["failed"])

    def fork(self, limits: Mapping[str, int]) -> tuple[int, Channel]:
        """A new student process: its number and the channel to it.

        Whoever was dismissed before is gone when this returns.
        """
        self._settle()
        spare, self._spare = self._spare, None
        if spare is not None and not (spare.limits == limits and spare.is_open()):
            spare.sock.close()  # other limits are wanted, or the machine has killed it
            self.dismiss(spare.child)
            spare = None
        if spare is None:
            spare = self._ask_for(limits)
            self._settle()
        return spare.child, Channel(spare.sock)

    def fork_ahead(self, limits: Mapping[str, int]) -> None:
        """Have a process forked for the next `fork` with these limits, which then need not wait for it."""
        if self._spare is None:
            self._spare = self._ask_for(limits)

    def _ask_for(self, limits: Mapping[str, int]) -> _Spare:
        if not self.ready:
            self.wait_until_ready()
        ours, theirs = socket.socketpair()
        spare = _Spare(dict(limits), ours)
        with theirs:
            try:
                request = json.dumps({"op": "fork", "limits": spare.limits}).encode()
                socket.send_fds(self._control, [request], [theirs.fileno()])
            except OSError as error:
                raise ZygoteDied(str(error)) from None
        self._owed.append(spare.came)
        return spare

    def dismiss(self, child: int) -> None:
        """Kill the student process, without waiting until it is gone."""
        try:
            self._control.send(json.dumps({"op": "reap", "child": child}).encode())
        except OSError as error:
            raise ZygoteDied(str(error)) from None
        self._owed.append(lambda reply: None)

    def reap(self, child: int) -> str:
        """Kill the student process where it still runs; how it ended, in words ("" where it was killed here)."""
        replies: list[dict[str, Any]] = []
        self.dismiss(child)
        self._owed[-1] = replies.append
        self._settle()
        (reply,) = replies
        if "why" in reply:
            return str(reply["why"])
        if "signal" in reply:
            with contextlib.suppress(ValueError):
                return f"signal {signal.Signals(reply['signal']).name}"
            return f"signal {reply['signal']}"
        return f"exit status {reply['status']}" if "status" in reply else ""

    def _settle(self) -> None:
        """Wait for all replies that are still to come."""
        while self._owed:
            self._owed[0](self._receive(REPLY_TIMEOUT_S))
            self._owed.popleft()

    def close(self) -> None:
        """End the zygote and with it every process it forked."""
        self._control.close()
        if self._spare is not None:
            self._spare.sock.close()
        self._launched.close()  # kills: an orderly exit of torch would take seconds

    def is_alive(self) -> bool:
        """Whether nothing has ended it yet."""
        return not self._launched.ended_within(0)

    @property
    def pid(self) -> int:
        return self._launched.pid

    def _receive(self, timeout_s: float) -> dict[str, Any]:
        ready, _, _ = select.select([self._control.fileno(), self._launched.fileno()], [], [], timeout_s)
        try:  # what it said before it ended is of no use: whom it forked ends with it
            packet = self._control.recv(PACKET_BYTES) if ready and self.is_alive() else b""
        except OSError:  # reset: it died with a request unread
            packet = b""
        if not packet:
            self._launched.bury()
            raise ZygoteDied(f"{'it went away' if ready else 'no answer'}\n{self._launched.printed()}".strip())
        return dict(json.loads(packet))


def python_folders() -> list[Path]:
    """The folders that hold this Python and its packages: what the sandbox must be able to read."""
    executable = Path(os.path.realpath(sys.executable))
    folders = {Path(sys.prefix), Path(sys.base_prefix), executable.parent.parent}
    return sorted(folder for folder in folders if folder != Path("/"))
