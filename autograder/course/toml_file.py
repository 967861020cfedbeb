"""Read a TOML file into a pydantic model, reporting every problem with file and line.

TOML readers give no line numbers, so lines are found again in the text: good enough to point an
editor at, and never a reason to fail.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from autograder.errors import ConfigurationError, Problem

Model = TypeVar("Model", bound=BaseModel)


def read_toml(path: Path, model: type[Model]) -> Model:
    """Parse and validate `path`.

    Raises:
        ConfigurationError: with all problems of the file, each with its line where it can be told.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigurationError([Problem(path, 0, "no such file; `autograder build` needs it")]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError([Problem(path, 0, f"cannot be read: {error}")]) from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        raise ConfigurationError([Problem(path, int(found[1]) if found else 0, f"not valid TOML: {error}")]) from None
    except (ValueError, RecursionError) as error:  # a number of thousands of digits; brackets in brackets in brackets
        raise ConfigurationError([Problem(path, 0, f"not TOML that can be read: {error}")]) from None
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise ConfigurationError(
            [
                Problem(path, line_of(text, item["loc"]), _message(item["loc"], item["msg"], item["type"]))
                for item in error.errors()
            ]
        ) from None


def line_of(text: str, location: tuple[int | str, ...]) -> int:
    """The 1-based line where the key at `location` stands, or of its table; 0 where neither is found."""
    lines = text.split("\n")  # as editors count: a string may hold what splitlines() takes for more ends of lines
    start = -1  # the line of the table that is being searched; -1: the keys above all tables
    for index, part in enumerate(location):
        if isinstance(part, int):
            continue
        following = location[index + 1] if index + 1 < len(location) else None
        found = _header(lines, part, following if isinstance(following, int) else None)
        if found is None:
            found = _key(lines, part, start)
        if found is None:
            break
        start = found
    return start + 1


def _header(lines: list[str], name: str, number: int | None) -> int | None:
    """The line of `[name]`, or of the `number`-th `[[name]]`."""
    inside = re.escape(name)
    pattern = rf"\s*\[\s*{inside}\s*\]" if number is None else rf"\s*\[\[\s*{inside}\s*\]\]"
    headers = [n for n, line in enumerate(lines) if re.match(pattern, line)]
    return headers[number or 0] if len(headers) > (number or 0) else None


def _key(lines: list[str], name: str, start: int) -> int | None:
    """The line of `name = ...` below line `start` and above the next table."""
    for n in range(start + 1, len(lines)):
        if re.match(r"\s*\[", lines[n]):
            return None
        if re.match(rf"\s*\"?{re.escape(name)}\"?\s*=", lines[n]):
            return n
    return None


def _message(location: tuple[int | str, ...], message: str, kind: str) -> str:
    key = ".".join(str(part) for part in location)
    if kind == "extra_forbidden":
        return f"unknown key {key!r}; remove it or correct its spelling"
    if kind == "missing":
        return f"{key!r} is missing"
    message = message.removeprefix("Value error, ")
    return f"{key}: {message}" if key else message
