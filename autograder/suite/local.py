"""Answer a suite's requests in this process: for the reference and for an instructor's own modules.

The same server as in the sandbox and the same encoding, so a suite cannot tell the difference.
Never for student code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.sandbox.inside.output import BoundedOutput
from autograder.sandbox.inside.server import Server
from autograder.sandbox.inside.wire import decode, encode

CALL_TIMEOUT_S = 60.0


class LocalBackend:
    """Names of a module, behind the interface of a student process."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self._server = Server(BoundedOutput(65536))
        self._server.notebook.module.__dict__.update(names)

    def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        reply = self._handle({**message, "timeout_s": CALL_TIMEOUT_S})
        assert reply is not None, "a request without a reply was asked"
        return reply

    def tell(self, message: dict[str, Any]) -> None:
        self._handle(message)

    def _handle(self, message: dict[str, Any]) -> dict[str, Any] | None:
        reply = self._server.handle(*_bytes(encode(message)))
        return None if reply is None else decode(*_bytes(reply))


def _bytes(encoded: tuple[bytes, list[bytes | memoryview]]) -> tuple[bytes, bytearray]:
    header, buffers = encoded
    return header, bytearray(b"".join(buffers))
