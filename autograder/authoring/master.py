"""Read a master notebook: `assignments/<a>/<a>.md`, Jupytext MyST, which runs as it is.

What a cell is for stands in its metadata:

    code      question: NAME      holds `from reference.<topic> import NAME`; students get the stub
              given: NAME         the same, and students get the whole source
              tags: [setup]       imports
              tags: [experiment]  for students to run
    markdown  written: NAME       the prompt of a question that a person grades
              rubric: NAME        how it is graded; for staff alone
              (nothing)           prose
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from autograder.errors import ConfigurationError, Problem


class Kind(StrEnum):
    """What a cell of a master notebook is for."""

    QUESTION = "question"
    GIVEN = "given"
    SETUP = "setup"
    EXPERIMENT = "experiment"
    WRITTEN = "written"
    RUBRIC = "rubric"
    PROSE = "prose"


_NAMED = {"code": (Kind.QUESTION, Kind.GIVEN), "markdown": (Kind.WRITTEN, Kind.RUBRIC)}
_TAGGED = (Kind.SETUP, Kind.EXPERIMENT)


@dataclass(frozen=True, slots=True)
class MasterCell:
    """One cell. `line` is where it stands in the file, 1-based, or 0 where that cannot be told."""

    kind: Kind
    name: str
    source: str
    tags: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Master:
    """All cells of a master notebook, in order."""

    path: Path
    cells: tuple[MasterCell, ...]

    def of(self, *kinds: Kind) -> list[MasterCell]:
        """The cells of these kinds, in order."""
        return [cell for cell in self.cells if cell.kind in kinds]

    def names(self, kind: Kind) -> list[str]:
        """The names that the cells of one kind carry, in order, repeated where the file repeats them."""
        return [cell.name for cell in self.of(kind)]


def read_master(path: Path) -> Master:
    """Parse `path`.

    Raises:
        ConfigurationError: it cannot be read, or cells of it have no kind, with all problems at once.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError([Problem(path, 0, f"the master notebook cannot be read: {error}")]) from None
    lines = text.splitlines()
    code_lines = iter([n for n, line in enumerate(lines, start=1) if line.startswith("```{code-cell}")])
    cells, problems = [], []
    for cell in _notebook_cells(path, text):
        line = next(code_lines, 0) if cell.cell_type == "code" else _markdown_line(cell, lines)
        try:
            cells.append(_master_cell(cell, line))
        except ValueError as error:
            problems.append(Problem(path, line, str(error)))
    if problems:
        raise ConfigurationError(problems)
    return Master(path, tuple(cells))


def _notebook_cells(path: Path, text: str) -> list[Any]:
    import jupytext  # slow to import, and other commands do not need it

    try:
        return list(jupytext.reads(text, fmt="md:myst").cells)
    except Exception as error:  # jupytext lets the errors of several parsers through
        raise ConfigurationError([Problem(path, 0, f"no valid MyST notebook: {error}")]) from None


def _master_cell(cell: Any, line: int) -> MasterCell:
    tags = tuple(cell.metadata.get("tags", ()))
    named = [kind for kind in _NAMED.get(cell.cell_type, ()) if kind in cell.metadata]
    kinds = named + [kind for kind in _TAGGED if kind in tags and cell.cell_type == "code"]
    if cell.cell_type not in _NAMED:
        raise ValueError(f"a {cell.cell_type} cell has no place in an assignment; make it code or markdown")
    if cell.cell_type == "markdown" and not kinds:
        return MasterCell(Kind.PROSE, "", cell.source, tags, line)
    if len(kinds) != 1:
        found = " and ".join(kinds) or "nothing"
        raise ValueError(
            f"the cell is marked as {found}; give a code cell exactly one of `:question: NAME`, `:given: NAME`, "
            "`:tags: [setup]` and `:tags: [experiment]`, and a markdown cell at most one of written and rubric"
        )
    name = str(cell.metadata[kinds[0]]) if named else ""
    if named and not name.isidentifier():
        raise ValueError(f"`{kinds[0]}: {name}` is no name; write `{kinds[0]}: some_name`")
    return MasterCell(kinds[0], name, cell.source, tags, line)


def _markdown_line(cell: Any, lines: list[str]) -> int:
    for kind in _NAMED["markdown"]:
        if kind in cell.metadata:
            pattern = re.compile(rf'\+\+\+.*"{kind}"\s*:\s*"{re.escape(str(cell.metadata[kind]))}"')
            return next((n for n, line in enumerate(lines, start=1) if pattern.match(line)), 0)
    first = cell.source.split("\n", 1)[0]
    return lines.index(first) + 1 if first in lines else 0
