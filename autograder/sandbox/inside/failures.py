"""An exception of student code as plain, bounded data: type, message, cell and line."""

from __future__ import annotations

from types import TracebackType
from typing import Any

MAX_MESSAGE = 2000
MAX_NAMES = 12
MAX_LINE = 10_000_000


class TimeLimit(BaseException):
    """Raised inside student code by the timer. A BaseException, so that `except Exception` lets it through."""


class MissingName(Exception):
    """The notebook defines no such name."""


def cell_filename(index: int) -> str:
    """The file name that code of cell `index` is compiled under."""
    return f"<cell {index}>"


def describe(error: BaseException) -> dict[str, Any]:
    """The exception as plain data. Never raises: `__str__`, properties and metaclasses belong to the student."""
    cell, line = _place(error)
    return {
        "type": _name(type(error)),
        "mro": [_name(kind) for kind in _mro(type(error))[:MAX_NAMES]],
        "message": _message(error),
        "cell": cell,
        "line": line,
    }


def _name(kind: type) -> str:
    try:
        return str(type.__dict__["__name__"].__get__(kind))[:100]
    except BaseException:
        return "Exception"


def _mro(kind: type) -> tuple[type, ...]:
    # Past attributes of the same name in the student's class or metaclass, here and below.
    return tuple(type.__dict__["__mro__"].__get__(kind))


def _message(error: BaseException) -> str:
    try:
        text = str(error)
        return text[:MAX_MESSAGE] if type(text) is str else ""
    except BaseException:
        return "(the exception's message cannot be shown)"


def _place(error: BaseException) -> tuple[int, int]:
    """Cell index and line of the innermost frame that is student code; (-1, 0) where there is none."""
    if SyntaxError in _mro(type(error)):
        filename, line = (SyntaxError.__dict__[name].__get__(error) for name in ("filename", "lineno"))
        if type(filename) is str and filename.startswith("<cell "):
            return _cell_of(filename), line if type(line) is int and 0 < line < MAX_LINE else 0
    place = (-1, 0)
    traceback: TracebackType | None = BaseException.__dict__["__traceback__"].__get__(error)
    for _ in range(2000):
        if traceback is None:
            break
        filename = traceback.tb_frame.f_code.co_filename
        if filename.startswith("<cell "):
            place = (_cell_of(filename), traceback.tb_lineno)
        traceback = traceback.tb_next
    return place


def _cell_of(filename: str) -> int:
    digits = filename.removeprefix("<cell ").removesuffix(">")
    return int(digits) if digits.isdecimal() and len(digits) < 8 else -1
