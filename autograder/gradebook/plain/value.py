"""The value of a cell's last expression, which is how nbgrader's tests give partial credit."""

from __future__ import annotations

import ast


def keep_last_value(source: str, name: str) -> str:
    """The cell, with its last expression kept under a name; as it is where it does not end in one.

    Lines stay where they are, so that an error names the right one.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a magic, or an error for the student to see
        return source
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr) or _ends_in_semicolon(source, last):
        return source
    lines = [line.encode() for line in source.split("\n")]  # columns count bytes
    end, start = last.end_lineno or last.lineno, last.lineno
    close = last.end_col_offset or 0
    lines[end - 1] = lines[end - 1][:close] + b")" + lines[end - 1][close:]
    lines[start - 1] = (
        lines[start - 1][: last.col_offset] + f"{name} = (".encode() + lines[start - 1][last.col_offset :]
    )
    return b"\n".join(lines).decode()


def _ends_in_semicolon(source: str, last: ast.Expr) -> bool:
    """As in IPython, which then shows nothing."""
    rest = source.encode().split(b"\n")[(last.end_lineno or 1) - 1][last.end_col_offset or 0 :]
    return rest.strip().startswith(b";")
