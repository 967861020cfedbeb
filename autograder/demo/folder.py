"""The demo's own folder. A folder that another demo made is emptied; any other is left alone."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.errors import UsageError

MARKER = ".autograder-demo"
_SAYS = "Everything beside this file was made by `autograder demo`, and the next demo deletes it.\n"


@contextmanager
def fresh_folder(folder: Path) -> Iterator[Path]:
    """`folder` with nothing in it but the marker, and no other demo in it during the block.

    Raises:
        UsageError: something else lies there, or another demo is running in it.
    """
    _refuse_what_is_not_ours(folder)
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / MARKER, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"Another demo is running in {folder}. Wait for it, or use --folder.") from None
        os.pwrite(descriptor, _SAYS.encode(), 0)
        _empty(folder)
        yield folder
    finally:
        os.close(descriptor)


def _refuse_what_is_not_ours(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UsageError(f"{folder} is no plain folder. Name another one with --folder.")
    if not folder.is_dir():
        return
    marker = folder / MARKER
    ours = marker.is_file() and not marker.is_symlink()
    if not ours and any(folder.iterdir()):
        raise UsageError(
            f"{folder} was not made by `autograder demo` (it has no {MARKER}), so it was left as it is. "
            "Move it away, or name another folder with --folder."
        )


def _empty(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.name == MARKER:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
