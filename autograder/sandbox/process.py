"""One student process: requests with deadlines, and a clear word on how it ended.

The trusted side's only way to student code. Whatever comes back is parsed by `inside.wire`, and a
process that sends anything else, or nothing in time, is killed.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Mapping
from typing import Any

from autograder.sandbox.inside.channel import BadFrame, ChannelClosed, ChannelTimeout
from autograder.sandbox.inside.patience import WALL_FACTOR
from autograder.sandbox.inside.wire import WireError, decode, encode
from autograder.sandbox.zygote import Zygote, ZygoteDied

GRACE_S = 1.0  # between the limit inside the process and its killing from outside
START_TIMEOUT_S = 30.0


class ProcessEnded(Exception):
    """The student process is gone. `reason` says how, in words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ProcessCrashed(ProcessEnded):
    """It died, or sent what is no message."""


class ProcessHung(ProcessEnded):
    """It did not answer in time and was killed."""


class SandboxDied(Exception):
    """The zygote went, and the student process with it: nobody's answer is to blame, so begin again."""


class ProcessRefused(Exception):
    """The process could not be confined, so no student code was run in it."""


class StudentProcess:
    """A forked, confined process that answers requests."""

    def __init__(self, zygote: Zygote, limits: Mapping[str, int]) -> None:
        self._zygote = zygote
        self._child, self._channel = zygote.fork(limits)
        self.alive = True
        self.sandbox_died = False
        hello = self._receive(START_TIMEOUT_S)
        if hello.get("ready") is not True:
            self.kill()
            raise ProcessRefused(f"The student process could not be confined: {str(hello.get('why'))[:300]}")

    def tell(self, message: dict[str, Any]) -> None:
        """Send a message that has no reply."""
        self._send(message)

    def ask(self, message: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        """Send a request and return its reply, a dict whose values are checked for form, not for sense.

        Args:
            message: the request; `timeout_s` is added to it, for the limit inside the process.
            timeout_s: seconds of processor time; by the clock, the process is killed `GRACE_S` after
                `WALL_FACTOR` times as many.

        Raises:
            ProcessCrashed, ProcessHung: it is dead now.
            SandboxDied: so is the zygote.
        """
        number = secrets.randbits(62)
        self._send({**message, "timeout_s": timeout_s, "id": number})
        reply = self._receive(timeout_s * WALL_FACTOR + GRACE_S)
        answered = reply.pop("id", None)
        if type(answered) is not int or answered != number:  # written by student code, ahead of the real one
            self.kill()
            raise ProcessCrashed("the process sent something that is not an answer (to another question)")
        return reply

    def dismiss(self) -> None:
        """End it, without waiting until it is gone."""
        if self.alive:
            self.alive = False
            self._channel.close()
            with contextlib.suppress(ZygoteDied):
                self._zygote.dismiss(self._child)

    def kill(self) -> str:
        """End it; how it had ended already, in words, or ""."""
        if not self.alive:
            return ""
        self.alive = False
        self._channel.close()
        try:
            return self._zygote.reap(self._child)
        except ZygoteDied:
            self.sandbox_died = True
            return ""

    def _send(self, message: dict[str, Any]) -> None:
        if not self.alive:
            raise ProcessCrashed("the process had ended before")
        try:
            self._channel.send(*encode(message), deadline=time.monotonic() + GRACE_S)
        except ChannelClosed:
            raise self._crashed() from None
        except ChannelTimeout:
            self.kill()
            raise ProcessHung("the process stopped reading") from None

    def _receive(self, timeout_s: float) -> dict[str, Any]:
        try:
            return decode(*self._channel.receive(time.monotonic() + timeout_s))
        except ChannelTimeout:
            self.kill()
            raise ProcessHung(f"no answer within {timeout_s:g} s") from None
        except ChannelClosed:
            raise self._crashed() from None
        except (BadFrame, WireError) as error:
            self.kill()
            raise ProcessCrashed(f"the process sent something that is not an answer ({error})") from None

    def _crashed(self) -> ProcessCrashed | SandboxDied:
        time.sleep(0.005)  # the socket closes a moment before the process is dead
        reason = self.kill()
        if self.sandbox_died or not self._zygote.is_alive():  # it may answer once more while it is dying
            return SandboxDied("the sandbox died")
        return ProcessCrashed(f"the process ended with {reason}" if reason else "the process ended")
