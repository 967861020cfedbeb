"""What an attack left on the grader's machine: processes, files, sockets, shared memory, memory, visitors."""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

MARK = "attack-left-behind"
SHARED_MEMORY_KEY = 0xA77AC
PR_SET_CHILD_SUBREAPER = 36
PATIENCE_S = 15.0


@contextlib.contextmanager
def adopting_orphans() -> Iterator[None]:
    """Inside the block, processes whose parents die become children of this one, so that none can hide."""
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def children() -> set[int]:
    """Processes, running or dead, whose parent is this process."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == os.getpid():
                    found.add(int(entry.name))
    return found


def remaining_processes(known: set[int]) -> list[str]:
    """Command lines of children that are new and do not end within `PATIENCE_S`."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        alive = []
        for pid in children() - known:
            with contextlib.suppress(ChildProcessError):
                if os.waitpid(pid, os.WNOHANG) != (0, 0):
                    continue
            with contextlib.suppress(OSError):
                alive.append(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        if not alive or time.monotonic() > deadline:
            return alive
        time.sleep(0.05)


def marked_files(folders: list[Path]) -> list[str]:
    """Files with the attackers' mark in these folders, in temporary folders and in this process's own."""
    found = []
    for folder in (*folders, Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), Path("/"), Path.home(), Path.cwd()):
        with contextlib.suppress(OSError):
            found += [str(path) for path in folder.iterdir() if path.name.startswith(MARK)]
    return found


def marked_sockets() -> list[str]:
    """Listening or connected sockets with the attackers' mark."""
    return [line.split()[-1] for line in Path("/proc/net/unix").read_text().splitlines() if MARK in line]


def marked_shared_memory() -> list[str]:
    """Segments of System V shared memory with the attackers' keys."""
    lines = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    return [line for line in lines if SHARED_MEMORY_KEY <= int(line.split()[0]) < SHARED_MEMORY_KEY + 64]


class Doors:
    """Sockets on which somebody listens: TCP, UDP, abstract and in the file system. Use as a context manager."""

    def __init__(self, folder: Path) -> None:
        self.visitors: list[str] = []
        self._unix = str(folder / "door")
        self._abstract = f"door-{os.getpid()}-{id(self)}"
        self._sockets = {
            "TCP": _bound(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            "UDP": _bound(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            "ABSTRACT": _bound(socket.AF_UNIX, socket.SOCK_STREAM, f"\0{self._abstract}"),
            "UNIX": _bound(socket.AF_UNIX, socket.SOCK_STREAM, self._unix),
        }
        os.chmod(self._unix, 0o777)

    def __enter__(self) -> Doors:
        for name, sock in self._sockets.items():
            threading.Thread(target=self._wait, args=(name, sock), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for sock in self._sockets.values():
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    @property
    def places(self) -> dict[str, str]:
        """What stands in a case's code for the doors' names."""
        ports = {name: str(self._sockets[name].getsockname()[1]) for name in ("TCP", "UDP")}
        return {**ports, "ABSTRACT": self._abstract, "UNIX": self._unix}

    def _wait(self, name: str, sock: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while visitor := sock.recv(100) if name == "UDP" else sock.accept()[0]:
                self.visitors.append(f"{name}: {visitor}")


def _bound(family: int, kind: int, address: object) -> socket.socket:
    sock = socket.socket(family, kind)
    sock.bind(address)
    if kind == socket.SOCK_STREAM:
        sock.listen(16)
    return sock
