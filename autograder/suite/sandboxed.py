"""Answer a suite's requests from a student's notebook in the sandbox."""

from __future__ import annotations

from typing import Any

from autograder.sandbox.process import ProcessCrashed, ProcessHung, SandboxDied, StudentProcess
from autograder.sandbox.session import Session
from autograder.suite.student import StudentCrashed, StudentTimeout


class SandboxBackend:
    """A session behind the interface of a student process; a new process takes over after a crash."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._begin: dict[str, Any] | None = None
        self._told: StudentProcess | None = None

    def tell(self, message: dict[str, Any]) -> None:
        """Only `begin` has no reply; it is sent with the test's first request, to whichever process serves that."""
        self._begin = message
        self._told = None

    def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        try:
            process = self._session.process()
            if self._begin is not None and self._told is not process:
                process.tell(self._begin)
                self._told = process
            return self._plausible(process.ask(message, self._session.limits.call_s))
        except ProcessHung as hung:
            raise StudentTimeout(hung.reason) from None
        except ProcessCrashed as crashed:
            raise StudentCrashed(crashed.reason) from None
        except OSError as error:  # of this side's own making: no answer may pay for it
            raise SandboxDied(str(error)) from error

    def _plausible(self, reply: dict[str, Any]) -> dict[str, Any]:
        """The reply, its error without a line that the cell does not have: students are shown the line."""
        error = reply.get("error")
        if isinstance(error, dict) and type(error.get("line")) is int:
            lines = self._session.lines_of(error.get("cell"))
            error["line"] = error["line"] if error["line"] <= lines else 0
        return reply
