"""Bytes to cells, for bytes that were written to hurt.

Covered: anything that is not UTF-8, not JSON, nested too deep, of another nbformat, of wrong types
anywhere, with too many or too large cells, and lone surrogates. Time and memory are bounded by
counting brackets and commas before anything is parsed. No byte string raises.
Not covered: what the cells say. Outputs are passed on as they are, for the autograded notebook to
choose from; grading never looks at them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from autograder.submissions.wording import counted, quoted

MAX_CELLS = 5_000
MAX_CELL_CHARACTERS = 1_000_000
MAX_CELL_BYTES = 2_000_000  # as JSON, which is how a cell is sent to the sandbox: an emoji takes 12
MAX_CONTAINERS = 1_000_000
MAX_ITEMS = 4_000_000
MAX_PROBLEMS = 40

_CELL_TYPES = {"code", "markdown", "raw"}


@dataclass(frozen=True, slots=True)
class NotebookCell:
    """One cell as the student saved it. `index` counts from 0 in the file.

    `outputs` and `attachments` are whatever JSON stood there.
    """

    index: int
    cell_type: str
    source: str
    cell_id: str = ""
    grade_id: str = ""
    tags: frozenset[str] = frozenset()
    outputs: tuple[Any, ...] = ()
    attachments: Any = None


@dataclass(frozen=True, slots=True)
class Notebook:
    """The cells that could be read, in the file's order, and what was wrong; `left_out` counts further problems."""

    readable: bool
    cells: tuple[NotebookCell, ...] = ()
    problems: tuple[str, ...] = ()
    left_out: int = 0


@dataclass(slots=True)
class Problems:
    """Collects problem lines; a student cannot make it long."""

    lines: list[str] = field(default_factory=list)
    left_out: int = 0

    def add(self, line: str) -> None:
        """Note one problem, unless there are very many."""
        if len(self.lines) < MAX_PROBLEMS:
            self.lines.append(line)
        else:
            self.left_out += 1

    def all(self) -> tuple[str, ...]:
        """The lines, and how many more there were."""
        return (*self.lines, *([f"… and {counted(self.left_out, 'more problem')}."] if self.left_out else []))


def read_notebook(data: bytes) -> Notebook:
    """Read any bytes. Never raises: what cannot be read is a problem that names place, cause and cure."""
    content, problem = _read_json(data)
    if problem:
        return Notebook(readable=False, problems=(problem,))
    problems = Problems()
    cells = _cell_list(content, problems)
    if cells is None:
        return Notebook(readable=False, problems=problems.all())
    if len(cells) > MAX_CELLS:
        problems.add(
            f"The notebook has {len(cells)} cells, where {MAX_CELLS} are allowed. Remove the cells that are not needed."
        )
        return Notebook(readable=False, problems=problems.all())
    found = tuple(cell for index, raw in enumerate(cells) if (cell := _read_cell(index, raw, problems)) is not None)
    return Notebook(readable=True, cells=found, problems=tuple(problems.lines), left_out=problems.left_out)


def _read_json(data: bytes) -> tuple[Any, str]:
    """The parsed JSON, or the reason why there is none."""
    if not data.strip():
        return None, "The notebook file is empty. Save the notebook and hand it in again."
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, (
            f"The notebook is not UTF-8 text (byte {error.start}): it is damaged or not a notebook. "
            "Open it in Jupyter, save it, and hand it in again."
        )
    if data.count(b"{") + data.count(b"[") > MAX_CONTAINERS or data.count(b",") > MAX_ITEMS:
        return None, "The notebook holds too many items to be read. Clear all outputs, save, and hand it in again."
    try:
        return json.loads(text, parse_int=_small_int, parse_float=_zero, parse_constant=_zero), ""
    except json.JSONDecodeError as error:
        return None, (
            f"The notebook is not valid JSON (line {error.lineno}, column {error.colno}: {error.msg}): it "
            "was cut off or edited by hand. "
            "Open it in Jupyter, save it, and hand it in again."
        )
    except RecursionError:
        return None, "The notebook's JSON is nested too deep to be a notebook. Save it again in Jupyter and hand it in."
    except (ValueError, MemoryError) as error:
        return None, f"The notebook cannot be read ({type(error).__name__}). Save it again in Jupyter and hand it in."


def _small_int(digits: str) -> int:
    """nbformat is the only number we look at; a long one would cost quadratic time."""
    return int(digits) if len(digits) < 10 else 0


def _zero(_: str) -> float:
    return 0.0


def _cell_list(content: Any, problems: Problems) -> list[Any] | None:
    """The list of cells of nbformat 4, or of the worksheets of nbformat 2 and 3; None where there is none."""
    if not isinstance(content, dict):
        problems.add(
            f"The file is JSON, but no notebook (a {type(content).__name__} at the top). Hand in the "
            ".ipynb file that Jupyter saves."
        )
        return None
    version = content.get("nbformat")
    if version in (2, 3) and isinstance(content.get("worksheets"), list):
        problems.add(
            f"The notebook has the old nbformat {version}; it was converted. Open it in a current Jupyter and save it."
        )
        return list(_worksheet_cells(content["worksheets"]))
    cells = content.get("cells")
    if not isinstance(cells, list):
        problems.add(
            f"The notebook has no list of cells (nbformat {_shown(version)}). Open it in Jupyter, save "
            "it, and hand it in again."
        )
        return None
    if version != 4:
        problems.add(
            f"The notebook says nbformat {_shown(version)}, where 4 is expected; it was read as 4. Save "
            "it again in Jupyter."
        )
    return cells


def _worksheet_cells(worksheets: list[Any]) -> Iterator[Any]:
    for sheet in worksheets:
        cells = sheet.get("cells") if isinstance(sheet, dict) else None
        for cell in cells if isinstance(cells, list) else [sheet]:
            yield _upgraded(cell)


def _upgraded(cell: Any) -> Any:
    """A cell of nbformat 3 as one of nbformat 4; outputs are left behind."""
    if not isinstance(cell, dict):
        return cell
    if cell.get("cell_type") == "code":
        return {"cell_type": "code", "metadata": cell.get("metadata"), "source": cell.get("input", "")}
    if cell.get("cell_type") == "heading":
        level = cell.get("level")
        marks = "#" * (level if isinstance(level, int) and 1 <= level <= 6 else 1)
        return {"cell_type": "markdown", "metadata": {}, "source": f"{marks} {_joined(cell.get('source'))[0]}"}
    return cell


def _read_cell(index: int, raw: Any, problems: Problems) -> NotebookCell | None:
    """One cell; None, with a problem, where it is none."""
    place = f"Cell {index + 1}"
    if not isinstance(raw, dict):
        problems.add(
            f"{place} is not a cell but a {type(raw).__name__}; it was left out. Save the notebook again in Jupyter."
        )
        return None
    cell_type = raw.get("cell_type")
    if not isinstance(cell_type, str) or cell_type not in _CELL_TYPES:
        problems.add(
            f"{place} has the unknown type {_shown(cell_type)}; it was left out. Save the notebook again in Jupyter."
        )
        return None
    source, whole = _joined(raw.get("source"))
    if not whole:
        problems.add(
            f"{place} has a source that is not text; what is not text was left out. Save the notebook again in Jupyter."
        )
    if len(source) > MAX_CELL_CHARACTERS:
        problems.add(
            f"{place} has {len(source)} characters, where {MAX_CELL_CHARACTERS} are allowed; it was left "
            "out. Shorten it."
        )
        return None
    if len(source) > MAX_CELL_BYTES // 12 and len(json.dumps(source)) > MAX_CELL_BYTES:
        problems.add(
            f"{place} takes {len(json.dumps(source))} bytes as JSON, where {MAX_CELL_BYTES} are allowed; it was left "
            "out. Shorten it."
        )
        return None
    metadata = raw.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    nbgrader = metadata.get("nbgrader")
    outputs = raw.get("outputs")
    return NotebookCell(
        index=index,
        cell_type=cell_type,
        source=source,
        cell_id=_name(raw.get("id")),
        grade_id=_name(nbgrader.get("grade_id")) if isinstance(nbgrader, dict) else "",
        tags=_tags(metadata.get("tags")),
        outputs=tuple(outputs) if isinstance(outputs, list) else (),
        attachments=raw.get("attachments"),
    )


def _joined(source: Any) -> tuple[str, bool]:
    """The source as one string that UTF-8 can hold, and whether all of it was text."""
    if isinstance(source, list):
        text, whole = (
            "".join(part for part in source if isinstance(part, str)),
            all(isinstance(part, str) for part in source),
        )
    else:
        text, whole = (source, True) if isinstance(source, str) else ("", False)
    return text.encode("utf-8", "replace").decode("utf-8"), whole


def _shown(value: Any) -> str:
    """A value in a message. A list or object is only named: printing a deep one would recurse."""
    return quoted(str(value)) if isinstance(value, (str, int, float, type(None))) else f"a {type(value).__name__}"


def _name(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= 200 else ""


def _tags(value: Any) -> frozenset[str]:
    return frozenset(tag for tag in value[:100] if isinstance(tag, str)) if isinstance(value, list) else frozenset()
