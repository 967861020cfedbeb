"""Files that a command was asked to write; `-` is standard output."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.errors import UsageError


def write_output(path: str | Path, content: str | bytes) -> None:
    """Write in one step, with grades not for everybody to read.

    Raises:
        UsageError: the file cannot be written.
    """
    data = content.encode() if isinstance(content, str) else content
    if str(path) == "-":
        click.echo(data, nl=False)
        return
    from autograder.gradebook.whole_file import write_file

    target = Path(path).resolve()
    try:
        if target.exists() and not target.is_file():  # a pipe
            target.write_bytes(data)
        else:
            write_file(target, data, mode=0o640)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}.") from None
