"""Frames over a socket: deadlines hold whatever the peer does, and announced lengths cost nothing."""

from __future__ import annotations

import socket
import struct
import threading
import time
import tracemalloc
from collections.abc import Iterator

import pytest

from autograder.sandbox.inside.channel import BadFrame, Channel, ChannelClosed, ChannelTimeout
from autograder.sandbox.inside.wire import MAX_BODY_BYTES, MAX_HEADER_BYTES


@pytest.fixture
def pair() -> Iterator[tuple[Channel, socket.socket]]:
    """A channel, and the bare socket of a peer that may do anything."""
    ours, theirs = socket.socketpair()
    channel = Channel(ours)
    yield channel, theirs
    channel.close()
    theirs.close()


def soon(seconds: float = 0.3) -> float:
    return time.monotonic() + seconds


@pytest.mark.parametrize("sizes", [(0, 0), (1, 0), (0, 1), (100, 65_000), (70_000, 3), (1, 5_000_000)])
def test_a_frame_arrives_whole(sizes: tuple[int, int]) -> None:
    """Small ones in one piece, large ones in many, empty parts too."""
    left, right = (Channel(s) for s in socket.socketpair())
    header, body = b"h" * sizes[0], b"b" * sizes[1]
    sender = threading.Thread(target=left.send, args=(header, [body[:7], memoryview(body[7:])], soon(20)))
    sender.start()
    assert right.receive(soon(20)) == (header, bytearray(body))
    sender.join()
    left.close()
    right.close()


def test_frames_keep_their_order(pair: tuple[Channel, socket.socket]) -> None:
    """Two frames sent in one go are two frames."""
    channel, peer = pair
    peer.sendall(struct.pack(">II", 1, 1) + b"ab" + struct.pack(">II", 2, 0) + b"cd")
    assert channel.receive(soon()) == (b"a", bytearray(b"b"))
    assert channel.receive(soon()) == (b"cd", bytearray())


@pytest.mark.parametrize("announced", [(MAX_HEADER_BYTES + 1, 0), (0, MAX_BODY_BYTES + 1), (2**32 - 1, 2**32 - 1)])
def test_an_oversized_frame_is_refused_before_it_is_read(
    pair: tuple[Channel, socket.socket], announced: tuple[int, int]
) -> None:
    """The lengths alone decide."""
    channel, peer = pair
    peer.sendall(struct.pack(">II", *announced))
    with pytest.raises(BadFrame):
        channel.receive(soon())


def test_a_length_that_is_only_announced_allocates_nothing(pair: tuple[Channel, socket.socket]) -> None:
    """256 MiB announced, ten bytes sent: the receiver holds ten bytes until its deadline."""
    channel, peer = pair
    peer.sendall(struct.pack(">II", 0, MAX_BODY_BYTES) + b"0123456789")
    tracemalloc.start()
    with pytest.raises(ChannelTimeout):
        channel.receive(soon(0.1))
    assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    tracemalloc.stop()


@pytest.mark.parametrize("sent", [b"", b"\0", struct.pack(">II", 5, 5), struct.pack(">II", 1, 5) + b"h12"])
def test_a_peer_that_stops_in_the_middle(pair: tuple[Channel, socket.socket], sent: bytes) -> None:
    """Before, within or after the lengths: the deadline ends it."""
    channel, peer = pair
    peer.sendall(sent)
    start = time.monotonic()
    with pytest.raises(ChannelTimeout):
        channel.receive(soon(0.2))
    assert 0.1 < time.monotonic() - start < 3


@pytest.mark.parametrize("pause_s", [0.02, 0.0])
def test_a_peer_that_trickles_gains_no_time(pair: tuple[Channel, socket.socket], pause_s: float) -> None:
    """The deadline is for the whole frame, be it one byte now and then or always one more without a wait."""
    channel, peer = pair
    peer.sendall(struct.pack(">II", 0, MAX_BODY_BYTES))
    stop = threading.Event()

    def trickle() -> None:
        while not stop.is_set():
            try:
                peer.send(b"x" if pause_s else b"x" * 64)
            except OSError:
                return
            if pause_s:
                time.sleep(pause_s)

    thread = threading.Thread(target=trickle)
    thread.start()
    try:
        start = time.monotonic()
        with pytest.raises(ChannelTimeout):
            channel.receive(soon(0.4))
        assert time.monotonic() - start < 4
    finally:
        stop.set()
        channel.close()
        thread.join()


@pytest.mark.parametrize("sent", [b"", b"\0\0\0", struct.pack(">II", 3, 0), struct.pack(">II", 1, 9) + b"hb"])
def test_a_peer_that_goes_away(pair: tuple[Channel, socket.socket], sent: bytes) -> None:
    """However far it got."""
    channel, peer = pair
    peer.sendall(sent)
    peer.close()
    with pytest.raises(ChannelClosed):
        channel.receive(soon(5))


def test_sending_to_a_peer_that_is_gone(pair: tuple[Channel, socket.socket]) -> None:
    """An error of ours, and no SIGPIPE."""
    channel, peer = pair
    peer.close()
    with pytest.raises(ChannelClosed):
        channel.send(b"h" * 100_000, [], soon(5))


def test_sending_to_a_peer_that_does_not_read(pair: tuple[Channel, socket.socket]) -> None:
    """The socket's buffer fills up, and the deadline ends it."""
    channel, _ = pair
    with pytest.raises(ChannelTimeout):
        channel.send(b"h", [bytes(20_000_000)], soon(0.2))
