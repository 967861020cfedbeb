"""A process that starts a sandbox: that it has ended is noticed at once, and nothing of it stays behind.

Bubblewrap is two processes, and at first the second waits for a word of the first, and cannot know yet whether the
first still lives. Where the first is killed in these moments, by a machine short of memory say, the second waits for
ever, with every descriptor that it inherited open: neither a pipe's end nor a socket's tells that the sandbox is gone.
So the first process itself is watched, and both are a process group of their own, which is ended as a whole.

Not covered: where the worker itself is killed in the few microseconds in which bubblewrap has asked to be ended with
it, and has not said the word to its child yet, nobody is left to end that child. (A child that has left the group, and
has not asked yet to be ended with its bubblewrap, starts; a zygote then finds its channel closed, and ends.)
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

PRINTED_BYTES = 2000


class Launched:
    """A running command, without input, in a process group of its own. Use as a context manager, or `close` it.

    It has a descriptor, for `select`, that is readable once the process has ended.
    """

    def __init__(self, command: Sequence[str], descriptors: Sequence[int]) -> None:
        self._printed = tempfile.TemporaryFile()  # noqa: SIM115  (lives as long as the process)
        self._process = subprocess.Popen(
            command,
            pass_fds=descriptors,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._printed,
            process_group=0,
        )
        self._end = open(os.pidfd_open(self.pid), "rb", buffering=0)  # noqa: SIM115

    def __enter__(self) -> Launched:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def fileno(self) -> int:
        return self._end.fileno()

    def ended_within(self, seconds: float) -> bool:
        """Wait for its end, so long; it is not buried by that."""
        if self._process.returncode is not None:
            return True
        poll = select.poll()
        poll.register(self, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def bury(self) -> int:
        """End it, and what it has started; its exit status, negative where a signal ended it."""
        if self._process.returncode is None:  # until it is waited for, its number and its group's are nobody else's
            if not self.ended_within(0):
                self._stop()
            for child in self._children():  # one may have left the group, and not be bound to its parent's end yet
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        return self._process.wait()

    def _stop(self) -> None:
        """Stopped, it can start nothing more, so that none of its children is missed."""
        os.kill(self.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)  # until it has stopped

    def _children(self) -> list[int]:
        try:
            return [int(child) for child in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]
        except OSError:  # gone
            return []

    def printed(self) -> str:
        """The end of what it wrote to stderr."""
        self._printed.seek(0)
        return self._printed.read()[-PRINTED_BYTES:].decode(errors="replace").strip()

    def close(self) -> None:
        """Bury it, and forget what it wrote."""
        self.bury()
        self._end.close()
        self._printed.close()
