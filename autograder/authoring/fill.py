"""Put answers into a release: what a student hands in, made from known sources.

Audits, the demo and benchmarks grade such notebooks. Only `source` fields change, so a filled
notebook passes for a submission in every other respect.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from autograder.authoring.source_notebook import Cell, cell_id, to_bytes
from autograder.authoring.spec import ReleaseSpec
from autograder.errors import AuthoringError


def fill_notebook(
    release: bytes,
    answers: Mapping[str, str],
    helpers: Mapping[str, str] | None = None,
    appended: Sequence[str] = (),
) -> bytes:
    """The release with answers in it.

    Args:
        release: the bytes of a release.
        answers: question -> source of its cell, or written part -> text of its answer. Cells of
            others stay as they were handed out.
        helpers: question -> source of an extra code cell that stands right before the question's.
        appended: sources of extra code cells at the end.

    Raises:
        AuthoringError: the release has no such question or written part.
    """
    helpers = helpers or {}
    spec = ReleaseSpec.parse(release)
    targets = {cell.id: name for name, cell in (spec.questions | spec.written).items()}
    unknown = sorted((answers.keys() | helpers.keys()) - set(targets.values()))
    if unknown:
        raise AuthoringError(f"the release has no question {', '.join(unknown)}; it has {', '.join(targets.values())}")
    notebook = json.loads(release)
    cells: list[Cell] = []
    for cell in notebook["cells"]:
        name = targets.get(cell["id"], "")
        if name in helpers:
            cells.append(_code_cell("helper", name, helpers[name]))
        if name in answers:
            cell = {**cell, "source": _lines(answers[name])}
        cells.append(cell)
    cells.extend(_code_cell("appended", str(number), source) for number, source in enumerate(appended))
    return to_bytes({**notebook, "cells": cells})


def _code_cell(role: str, key: str, source: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": cell_id("filled", role, key),
        "metadata": {},
        "outputs": [],
        "source": _lines(source),
    }


def _lines(source: str) -> list[str]:
    return source.strip("\n").splitlines(keepends=True)
