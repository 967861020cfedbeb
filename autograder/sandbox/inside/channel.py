"""Frames over a stream socket: two 4-byte lengths, the header, the body.

Every receive has a deadline for the *whole* frame, so that a peer which trickles bytes gains
nothing, and lengths are checked before anything is allocated.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Iterable

from .wire import MAX_BODY_BYTES, MAX_HEADER_BYTES

_LENGTHS = struct.Struct(">II")


class ChannelClosed(Exception):
    """The peer is gone."""


class ChannelTimeout(Exception):
    """The deadline passed before the frame was complete."""


class BadFrame(Exception):
    """The peer announced a frame that is too large."""


class Channel:
    """One end of a socket pair."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._poll_in = select.poll()
        self._poll_in.register(sock, select.POLLIN)
        self._poll_out = select.poll()
        self._poll_out.register(sock, select.POLLOUT)
        sock.setblocking(False)

    def close(self) -> None:
        self._sock.close()

    def send(self, header: bytes, buffers: Iterable[bytes | memoryview], deadline: float | None = None) -> None:
        """Send one frame. `deadline` is in seconds of `time.monotonic()`; None waits for ever."""
        parts = list(buffers)
        size = sum(len(part) for part in parts)
        if size < 2**16:
            self._send_all(b"".join([_LENGTHS.pack(len(header), size), header, *parts]), deadline)
            return
        self._send_all(_LENGTHS.pack(len(header), size) + header, deadline)
        for part in parts:
            self._send_all(part, deadline)

    def receive(self, deadline: float | None = None) -> tuple[bytes, bytearray]:
        """Receive one frame.

        Raises:
            ChannelClosed, ChannelTimeout, BadFrame.
        """
        header_size, body_size = _LENGTHS.unpack(self._receive_exactly(_LENGTHS.size, deadline))
        if header_size > MAX_HEADER_BYTES or body_size > MAX_BODY_BYTES:
            raise BadFrame(f"a frame of {header_size} + {body_size} bytes")
        header = bytes(self._receive_exactly(header_size, deadline))
        return header, self._receive_exactly(body_size, deadline)

    def _receive_exactly(self, size: int, deadline: float | None) -> bytearray:
        # Grows with what really arrives, so an announced length alone costs no memory.
        data = bytearray()
        while len(data) < size:
            if deadline is not None and time.monotonic() > deadline:
                raise ChannelTimeout  # also where there is always one more byte, so that nothing ever has to wait
            try:
                piece = self._sock.recv(min(size - len(data), 2**20))
            except BlockingIOError:
                _wait(self._poll_in, deadline)
                continue
            except OSError as error:
                raise ChannelClosed(str(error)) from None
            if not piece:
                raise ChannelClosed("end of stream")
            data += piece
        return data

    def _send_all(self, data: bytes | memoryview, deadline: float | None) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[self._sock.send(view) :]
            except BlockingIOError:
                _wait(self._poll_out, deadline)
            except OSError as error:
                raise ChannelClosed(str(error)) from None


def _wait(poll: select.poll, deadline: float | None) -> None:
    if deadline is None:
        poll.poll()
        return
    remaining = deadline - time.monotonic()
    if remaining <= 0 or not poll.poll(remaining * 1000):
        raise ChannelTimeout
