"""One hostile message: what the child writes into its socket, and when."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass

NUMBER = b"4000000000000000019"  # stands for the number of the question, which the child learns only then
OPERATIONS = ("hello", "cell", "call", "get", "shapes", "run", "backward", "noticed", "put")


@dataclass(frozen=True, slots=True)
class Message:
    """What is written.

    Attributes:
        operation: the request whose answer it is; "hello" for the greeting.
        closes: whether the child ends afterwards; else it goes on as if nothing had been.
        stream: the bytes, lengths and all.
    """

    operation: str
    closes: bool
    stream: bytes

    def to_bytes(self) -> bytes:
        """As a case: a line of JSON, then the stream."""
        return json.dumps({"operation": self.operation, "closes": self.closes}).encode() + b"\n" + self.stream

    @classmethod
    def from_bytes(cls, case: bytes) -> Message:
        """The inverse of `to_bytes`."""
        line, _, stream = case.partition(b"\n")
        return cls(**json.loads(line), stream=stream)


def frame(header: bytes, buffers: Iterable[bytes | memoryview]) -> bytes:
    """Both lengths, header and body."""
    body = b"".join(buffers)
    return struct.pack(">II", len(header), len(body)) + header + body


def is_whole(stream: bytes) -> bool:
    """Whether the stream holds at least all of the frame that it announces."""
    if len(stream) < 8:
        return False
    header, body = struct.unpack(">II", stream[:8])
    return len(stream) >= 8 + header + body
