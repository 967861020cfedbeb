"""Spoil notebooks as somebody would who knows nbformat and nbgrader."""

from __future__ import annotations

import base64
import json
import struct
import warnings
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import nbformat

from tests.platform.fuzz.byte_mutation import mutate
from tests.platform.fuzz.markdown_bombs import hostile_markdown
from tests.platform.fuzz.tree_mutation import RAW, TEXTS, dump, mutate_tree, odd_value

Notebook = dict[str, Any]

MIMES = (
    "text/html", "image/svg+xml", "application/javascript", "text/markdown", "text/latex", "application/pdf",
    "application/vnd.jupyter.widget-view+json", "application/vnd.plotly.v1+json", "application/json", "image/gif",
    "image/webp", "text/plain", "video/mp4", "application/vnd.dataresource+json", "IMAGE/PNG", "", "a/b\x00", "x" * 500,
)  # fmt: skip


class NotebookMaker:
    """Makes hostile notebooks from valid ones."""

    def __init__(self, valid: Sequence[bytes]) -> None:
        self._valid = valid
        self._json = [data for data in valid if data.startswith(b"{")]  # one is a PDF, one is empty

    def make(self, random: Random) -> bytes:
        """A quarter is spoilt as bytes, the others by structure, and some of those as bytes afterwards."""
        if random.random() < 0.25:
            return mutate(random.choice(self._valid), random, self._valid)
        notebook = json.loads(random.choice(self._json))
        for _ in range(random.choice((1, 1, 2, 3, 6))):
            if not _has_cells(notebook):
                break
            notebook = random.choice(CHANGES)(notebook, random)
        spoilt = dump(notebook)
        return mutate(spoilt, random, self._valid) if random.random() < 0.1 else spoilt


def _has_cells(notebook: Any) -> bool:
    """Whether the changes below can be made: an earlier one may have made the notebook something else."""
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    whole = isinstance(cells, list) and all(isinstance(c, dict) and isinstance(c.get("metadata"), dict) for c in cells)
    return whole and bool(cells)


def _anything(notebook: Notebook, random: Random) -> Any:
    return mutate_tree(notebook, random, random.choice((1, 1, 2, 4, 20)))


def _in_a_cell(notebook: Notebook, random: Random) -> Notebook:
    at = random.randrange(len(notebook["cells"]))
    notebook["cells"][at] = mutate_tree(notebook["cells"][at], random, random.choice((1, 2, 4)))
    return notebook


def _cells_moved(notebook: Notebook, random: Random) -> Notebook:
    cells: list[Notebook] = notebook["cells"]
    what = random.randrange(5)
    if what == 0:
        random.shuffle(cells)
    elif what == 1:
        cells.reverse()
    elif what == 2:
        notebook["cells"] = [cell for cell in cells if random.random() < 0.6]
    elif what == 3:
        notebook["cells"] = [cell for cell in cells for _ in range(random.choice((1, 1, 2, 5)))]
    else:
        times = random.choice((2, 10, 140, 200) if random.random() < 0.05 else (2, 3))
        notebook["cells"] = cells * times
    return notebook


def _retyped(notebook: Notebook, random: Random) -> Notebook:
    for cell in random.sample(notebook["cells"], min(len(notebook["cells"]), random.choice((1, 3, 50)))):
        cell["cell_type"] = random.choice(("code", "markdown", "raw", "heading", "Code", "", None, ["code"], 4))
    return notebook


def _identifiers(notebook: Notebook, random: Random) -> Notebook:
    cells = notebook["cells"]
    taken = [cell.get("id") for cell in cells]
    strange = [*taken, "autograder-notice", "added-1", "autograder-left-out", "", "ö/\x00", "a" * 300, 7, None, [], {}]
    for cell in random.sample(cells, min(len(cells), random.choice((1, 4, 60)))):
        cell["id"] = random.choice(strange)
    return notebook


def _forged(notebook: Notebook, random: Random) -> Notebook:
    """Metadata of nbgrader's on cells to which it does not belong."""
    cells = notebook["cells"]
    known = [c["metadata"]["nbgrader"] for c in cells if isinstance(c["metadata"].get("nbgrader"), dict)]
    for cell in random.sample(cells, min(len(cells), random.choice((1, 3, 20)))):
        forged = dict(random.choice(known)) if known else {"grade_id": "VAE"}
        key = random.choice(
            ("grade_id", "points", "grade", "locked", "solution", "task", "schema_version", "cell_type")
        )
        forged[key] = odd_value(random) if random.random() < 0.6 else random.choice((True, False, 1000, -1, "VAE"))
        cell["metadata"]["nbgrader"] = random.choice((forged, forged, forged, [forged], "VAE", None))
        cell["metadata"]["tags"] = random.choice((["setup"], ["experiment"], "setup", ["x"] * 5000, [None, {}], 3))
    return notebook


def _sources(notebook: Notebook, random: Random) -> Notebook:
    for cell in random.sample(notebook["cells"], min(len(notebook["cells"]), random.choice((1, 2, 8)))):
        text = hostile_markdown(random) if random.random() < 0.6 else _hostile_code(random)
        cell["source"] = random.choice(
            (text, text, text.splitlines(keepends=True), [text, 7, None], [[text]], {"text": text})
        )
        if random.random() < 0.4:
            cell["cell_type"] = random.choice(("code", "markdown", "raw"))
    return notebook


def _hostile_code(random: Random) -> str:
    piece = random.choice(
        (*TEXTS, "def VAE(", "VAE = ", "%%bash\n", "!id\n", "\\\n", "(" * 500, "\t", "'''", "# -*- coding: utf-7 -*-\n")
    )
    return piece * random.choice(
        (1, 2, 30, 1 + random.randrange(1_200_000) // max(1, len(piece)) if random.random() < 0.1 else 1)
    )


def _outputs(notebook: Notebook, random: Random) -> Notebook:
    for cell in random.sample(notebook["cells"], min(len(notebook["cells"]), random.choice((1, 4)))):
        cell["outputs"] = [_output(random) for _ in range(random.choice((1, 1, 3, 40)))]
    return notebook


def _output(random: Random) -> Any:
    text = random.choice(
        (*TEXTS, ["a\n", "b"], ["a", None, {}], "\x1b[31mred\x1b[0m" * 50, "\x1b[" * 5000, "\x1b]8;;" * 3000, 5)
    )
    data = {mime: random.choice((text, odd_value(random))) for mime in random.sample(MIMES, random.randint(0, 5))}
    if random.random() < 0.6:
        data[random.choice(("image/png", "image/jpeg"))] = _image(random)
    kind = random.choice(("display_data", "execute_result", "stream", "error", "pyout", "update_display_data", None, 3))
    output = {"output_type": kind, "data": data, "metadata": odd_value(random), "text": text, "name": "stderr"}
    output |= {"ename": text, "evalue": odd_value(random), "traceback": [text], "execution_count": odd_value(random)}
    whole = {key: value for key, value in output.items() if random.random() < 0.7 or key == "output_type"}
    return random.choice((whole, whole, whole, whole, [whole], text))


def _image(random: Random) -> Any:
    """A picture's base64, or nearly."""
    png = (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I4sIIB", 13, b"IHDR", *_size(random), 8)
        + bytes(random.choice((4, 8, 400)))
    )
    frame = b"\xff\xc0" + struct.pack(">HBHH", random.choice((17, 0, 1)), 8, *(n & 0xFFFF for n in _size(random)))
    blocks = b"".join(
        b"\xff\xe0" + struct.pack(">H", random.choice((0, 1, 2, 16, 65535))) for _ in range(random.choice((0, 2, 9000)))
    )
    jpeg = b"\xff\xd8\xff" + random.choice((b"", blocks, b"\xe0\x00\x02")) + frame + bytes(random.choice((0, 5, 300)))
    data = random.choice((png, jpeg, png[: random.randrange(40)], mutate(jpeg, random)[:100_000], b"GIF89a"))
    text = base64.encodebytes(data).decode()
    return random.choice(
        (text, text, text.replace("\n", ""), text.splitlines(keepends=True), text + "=", text + "\ud800", [text, 1])
    )


def _size(random: Random) -> tuple[int, int]:
    sides = (0, 1, 640, 65535, 2**31, 2**32 - 1)
    return random.choice(sides), random.choice(sides)


def _attachments(notebook: Notebook, random: Random) -> Notebook:
    names = ("image.png", "a b.png", "%61.png", "attachment-1.png", "\ud800.png", "", "x" * 3000, "a](javascript:x)")
    for cell in random.sample(notebook["cells"], min(len(notebook["cells"]), random.choice((1, 5)))):
        chosen = random.sample(names, random.randint(1, 4))
        content = {"image/png": _image(random), "image/jpeg": _image(random), "text/html": "<b>"}
        kept = {key: value for key, value in content.items() if random.random() < 0.7}
        cell["attachments"] = random.choice((dict.fromkeys(chosen, kept), dict.fromkeys(chosen, "x"), [kept], "x"))
        cell["cell_type"] = "markdown"
        cell["source"] = "\n".join(f"![a](attachment:{name})" for name in chosen) + hostile_markdown(random)[:500]
    return notebook


def _version(notebook: Notebook, random: Random) -> Notebook:
    notebook["nbformat"] = random.choice((1, 2, 3, 4, 5, 99, "4", 4.0, None, [], "@raw:digits@", True, -1))
    notebook["nbformat_minor"] = random.choice((0, 1, 4, 5, 99, None, "5"))
    if random.random() < 0.5:
        notebook["worksheets"] = random.choice(([{"cells": notebook["cells"]}], notebook["cells"], [None, 3], {}, [[]]))
    return notebook


def _converted(notebook: Notebook, random: Random) -> Notebook:
    """Really converted to nbformat 3, where nbformat can still read it, and then spoilt."""
    try:
        with warnings.catch_warnings(action="ignore"):  # about ids that an earlier change has doubled
            old = nbformat.convert(nbformat.from_dict(notebook), 3)
    except Exception:  # an earlier change has made it what nbformat itself cannot read
        return _version(notebook, random)
    return mutate_tree(json.loads(json.dumps(old)), random, random.choice((0, 1, 3)))


def _heavy(notebook: Notebook, random: Random) -> Notebook:
    """One value that costs a careless reader time or memory."""
    cell = random.choice(notebook["cells"])
    key = random.choice(("source", "outputs", "metadata", "id", "attachments", "cell_type"))
    cell[key] = f"@raw:{random.choice(tuple(RAW))}@"
    return notebook


Change = Callable[[Notebook, Random], Any]
CHANGES: tuple[Change, ...] = (
    _anything, _anything, _in_a_cell, _in_a_cell, _cells_moved, _retyped, _identifiers, _forged, _forged, _sources,
    _sources,
    _outputs, _outputs, _attachments, _version, _converted, _heavy,
)  # fmt: skip
