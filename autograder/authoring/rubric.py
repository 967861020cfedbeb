"""The rubric of a written question, out of the table in the master notebook: item, points, what earns it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from autograder.authoring.master import Kind, Master
from autograder.errors import ConfigurationError, Problem

COLUMNS = 3


@dataclass(frozen=True, slots=True)
class RubricItem:
    """One row. `name` is unique in its rubric; `points` may be given in part."""

    name: str
    points: float
    text: str


def rubrics(master: Master) -> dict[str, tuple[RubricItem, ...]]:
    """Written part -> its items, in order.

    Raises:
        ConfigurationError: a rubric is no such table, with all problems at once.
    """
    found: dict[str, tuple[RubricItem, ...]] = {}
    problems: list[Problem] = []
    for cell in master.of(Kind.RUBRIC):
        items, wrong = _items(cell.source)
        problems.extend(Problem(master.path, cell.line, f"rubric of {cell.name!r}: {text}") for text in wrong)
        found[cell.name] = items
    if problems:
        raise ConfigurationError(problems)
    return found


def _items(source: str) -> tuple[tuple[RubricItem, ...], list[str]]:
    rows = [line.strip().strip("|") for line in source.splitlines() if line.strip().startswith("|")]
    items: dict[str, RubricItem] = {}
    wrong = [] if len(rows) > 2 else ["expected a table `| Item | Points | What earns it |` with a row for each item"]
    for row in rows[2:]:  # below the head and the rule
        cells = [cell.strip() for cell in row.split("|", COLUMNS - 1)]
        if len(cells) < COLUMNS or not cells[0]:
            wrong.append(f"a row has no {COLUMNS} columns: {row[:60]!r}")
            continue
        points = _points(cells[1])
        if points is None:
            wrong.append(f"{cells[0]!r} is worth {cells[1]!r}, which is no number above 0")
        elif cells[0] in items:
            wrong.append(f"{cells[0]!r} stands there twice; give each item a name of its own")
        else:
            items[cells[0]] = RubricItem(cells[0], points, cells[2])
    return tuple(items.values()), wrong


def _points(text: str) -> float | None:
    try:
        points = float(text)
    except ValueError:
        return None
    return points if points > 0 and math.isfinite(points) else None
