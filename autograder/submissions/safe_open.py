"""Open files below a folder that students can write to.

Covered: no link is followed in any part of the path below `root` (each part is opened relative to
the one before with O_NOFOLLOW, so nothing can be swapped in between), only regular files are read,
a FIFO or a device cannot make us wait, and never more than `max_bytes` are read.
Not covered: links in the path of `root` itself, which is the instructor's.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class RefusedError(Exception):
    """Something that is not to be read, with the reason in words. Never leaves this package."""


@contextmanager
def open_folder(root: Path, *parts: str) -> Iterator[int]:
    """A descriptor of the folder root/parts…, without following links below `root`.

    Raises:
        RefusedError: a part is a link, or no folder, or cannot be opened.
    """
    descriptor = _open(str(root), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, None)
    try:
        for part in parts:
            inner = _open(part, _FOLDER, descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def list_folder(folder: int) -> list[str]:
    """Names in the folder, sorted. Raises RefusedError where it cannot be listed."""
    try:
        return sorted(os.listdir(folder))
    except OSError as error:
        raise RefusedError(f"cannot be listed ({error.strerror or error})") from None


def kind_of(name: str, folder: int) -> str:
    """What `name` is: "file", "folder", "link", "missing", or another kind in words."""
    try:
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return "missing"
    except OSError as error:
        return f"unreadable ({error.strerror or error})"
    kinds = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link", stat.S_IFIFO: "named pipe"}
    return kinds.get(stat.S_IFMT(mode), "device or socket")


def read_file(name: str, folder: int, max_bytes: int) -> tuple[bytes, float]:
    """The content of a regular file and the time it was last changed (seconds since the epoch).

    Raises:
        RefusedError: it is a link, no regular file, too large, or cannot be read.
    """
    descriptor = _open(name, _FILE, folder)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise RefusedError("is not a regular file")
        if status.st_size > max_bytes:
            raise RefusedError(f"is {_mib(status.st_size)} large, where {_mib(max_bytes)} are allowed")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise RefusedError(f"cannot be read ({error.strerror or error})") from None
    finally:
        os.close(descriptor)
    if len(data) > max_bytes:
        raise RefusedError(f"grew beyond {_mib(max_bytes)} while it was read")
    return data, status.st_mtime


def _open(name: str, flags: int, folder: int | None) -> int:
    try:
        return os.open(name, flags, dir_fd=folder)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise RefusedError(_reason(name, folder, error)) from None


def _reason(name: str, folder: int | None, error: OSError | ValueError) -> str:
    kind = kind_of(name, folder) if folder is not None and isinstance(error, OSError) else ""
    if kind == "link":
        return "is a symbolic link, and links are not followed"
    if kind in {"file", "named pipe", "device or socket"} and isinstance(error, NotADirectoryError):
        return f"is a {kind} where a folder is expected"
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"cannot be opened ({reason})"


def _mib(size: int) -> str:
    return f"{size / 2**20:.1f} MiB" if size >= 2**20 // 10 else f"{size} bytes"
