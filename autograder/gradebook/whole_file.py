"""Files that are whole wherever they are seen: written beside their place, then moved there in one step.

Covered: a process that is killed, a full disk, a reader at the same time. What a killed process
leaves behind has a name of its own, ends in `UNFINISHED`, and is never read.
Not covered: a machine that loses its power, where the newest files may come back empty or torn, as
nothing here waits for the disk. So records hold the hash of what they speak of, and gradebook.db,
which cannot be made again, is SQLite's to write.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

UNFINISHED = ".unfinished"


def write_file(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Put `content` at `path` in one step; a file that already holds it is left alone.

    Raises:
        OSError: of `path`, which is then as it was: the disk is full, or the folder cannot be written.
    """
    if path.is_file() and not path.is_symlink() and path.read_bytes() == content:
        return
    temporary = ""
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=UNFINISHED)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename, error.filename2 = str(path), None  # a full disk names none, others one nobody knows
        raise


def remove_unfinished(folder: Path) -> None:
    """Remove what a killed process left behind in this folder. Only for whoever alone may write there."""
    for path in folder.glob(f".*{UNFINISHED}"):
        path.unlink(missing_ok=True)
