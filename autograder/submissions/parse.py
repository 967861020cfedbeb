"""A student's notebook, matched with the release: what is to be run, and what is wrong.

The release decides what a cell is; what the submission says about itself (points, `locked`,
`grade`) is never looked at. Cells keep the student's order, as in Jupyter.

    question   the cell carries a question's grade_id, or else its cell id; duplicates all run
    extra      setup and given cells as the student left them, and cells that the student added
    skip       public tests and experiments: never run, the hidden tests decide

A setup or given cell that was deleted is put back in front. Nothing here runs, compiles or
imports what a student wrote, and no byte string raises.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from enum import StrEnum

from autograder.authoring.spec import ReleaseSpec, Role, SpecCell
from autograder.course import Limits
from autograder.submissions.notebook import Notebook, NotebookCell, Problems, read_notebook
from autograder.submissions.wording import counted

EXPERIMENT_TAG = "experiment"


class Kind(StrEnum):
    """What grading does with a code cell."""

    QUESTION = "question"
    EXTRA = "extra"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Cell:
    """One code cell. `index` counts from 0 in the student's file; -1 for a cell put back from the release.

    `name` is the question of a `question` cell, and "" for all others.
    """

    index: int
    kind: Kind
    name: str
    source: str


@dataclass(frozen=True, slots=True)
class ParsedSubmission:
    """What grading needs of one notebook.

    Attributes:
        student: the student id.
        readable: whether there is a notebook at all.
        sha256: of the bytes, in hexadecimal.
        cells: the code cells, in the order in which they run.
        problems: each names place, cause and cure; may be shown to the student.
        unanswered: questions and written parts that are still as they were handed out.
        notebook: every cell, with its outputs, for the autograded notebook.
        matches: index of a student's cell -> the release's cell that it is.
    """

    student: str
    readable: bool
    sha256: str
    cells: tuple[Cell, ...] = ()
    problems: tuple[str, ...] = ()
    unanswered: frozenset[str] = frozenset()
    notebook: Notebook = field(default_factory=lambda: Notebook(readable=False))
    matches: tuple[tuple[int, SpecCell], ...] = ()


def parse_submission(data: bytes, student: str, spec: ReleaseSpec, limits: Limits | None = None) -> ParsedSubmission:
    """Read and match one notebook.

    Args:
        data: any bytes.
        student: the student id.
        spec: the release that was handed out.
        limits: only `notebook_mib` is used.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    allowed = (limits or Limits()).notebook_mib
    if len(data) > allowed * 2**20:
        size = f"The notebook is {len(data) / 2**20:.1f} MiB large, where {allowed} MiB are allowed."
        cure = "Clear all outputs, save, and hand it in again."
        return ParsedSubmission(student, readable=False, sha256=sha256, problems=(f"{size} {cure}",))
    notebook = read_notebook(data)
    if not notebook.readable:
        return ParsedSubmission(student, readable=False, sha256=sha256, problems=notebook.problems)
    return _match(notebook, student, spec, sha256)


def _match(notebook: Notebook, student: str, spec: ReleaseSpec, sha256: str) -> ParsedSubmission:
    matches = match_cells(notebook.cells, spec)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    cells = [_classified(cell, matches.get(cell.index)) for cell in code]
    problems = Problems(list(notebook.problems), notebook.left_out)
    restored = _restore_missing(notebook, matches, spec, problems)
    _report_questions(cells, notebook, matches, spec, problems)
    _report_locked(notebook, matches, problems)
    return ParsedSubmission(
        student=student,
        readable=True,
        sha256=sha256,
        cells=(*restored, *cells),
        problems=problems.all(),
        unanswered=_unanswered(notebook, matches, spec),
        notebook=notebook,
        matches=tuple(sorted(matches.items())),
    )


def match_cells(cells: tuple[NotebookCell, ...], spec: ReleaseSpec) -> dict[int, SpecCell]:
    """Which cell of the release each of the student's cells is, by the student's cell index.

    A grade_id decides; where no cell of the right type carries one, the cell id does, and else the
    same text: some editors drop both.
    """
    by_grade_id, by_id = spec.by_grade_id, spec.by_id
    matches = {cell.index: by_grade_id[cell.grade_id] for cell in cells if cell.grade_id in by_grade_id}
    typed = {cell.index: cell.cell_type for cell in cells}
    claimed = {match.id for index, match in matches.items() if typed[index] == match.cell_type}
    by_text = {(cell.cell_type, _plain(cell.source)): cell for cell in reversed(spec.cells)}
    for find in (
        lambda cell: by_id.get(cell.cell_id),
        lambda cell: by_text.get((cell.cell_type, _plain(cell.source))),
    ):
        for cell in cells:
            match = find(cell) if cell.index not in matches else None
            if match is not None and match.id not in claimed:
                matches[cell.index] = match
                claimed.add(match.id)
    return matches


def _classified(cell: NotebookCell, match: SpecCell | None) -> Cell:
    role = match.role if match is not None else None
    if role is Role.QUESTION and match is not None:
        return Cell(cell.index, Kind.QUESTION, match.name, cell.source)
    skipped = role in {Role.TEST, Role.EXPERIMENT, Role.WRITTEN, Role.PROMPT} or EXPERIMENT_TAG in cell.tags
    return Cell(cell.index, Kind.SKIP if skipped else Kind.EXTRA, "", cell.source)


def _restore_missing(
    notebook: Notebook, matches: dict[int, SpecCell], spec: ReleaseSpec, problems: Problems
) -> list[Cell]:
    """Setup and given cells of the release that the student's notebook no longer has as code."""
    kept = {matches[cell.index].id for cell in notebook.cells if cell.index in matches and cell.cell_type == "code"}
    missing = [cell for cell in spec if cell.role in {Role.SETUP, Role.GIVEN} and cell.id not in kept]
    for cell in missing:
        what = f"The given cell {cell.name}" if cell.role is Role.GIVEN else "A setup cell"
        problems.add(
            f"{what} is missing from the notebook; the released one was run first. Restore it from the "
            "released notebook."
        )
    return [Cell(-1, Kind.EXTRA, "", cell.source) for cell in missing]


def _report_questions(
    cells: list[Cell], notebook: Notebook, matches: dict[int, SpecCell], spec: ReleaseSpec, problems: Problems
) -> None:
    for name in spec.questions:
        found = [cell for cell in cells if cell.name == name]
        retyped = [
            cell
            for cell in notebook.cells
            if cell.cell_type != "code" and (match := matches.get(cell.index)) is not None
            if match.role is Role.QUESTION and match.name == name
        ]
        for cell in retyped:
            problems.add(
                f"Cell {cell.index + 1}, the answer to {name}, was turned into a {cell.cell_type} cell; "
                "its code was not run. "
                "Turn it back into a code cell (Esc, then Y)."
            )
        if len(found) > 1:
            places = ", ".join(str(cell.index + 1) for cell in found[:10])
            problems.add(
                f"There are {len(found)} cells for {name} (cells {places}); all were run and the last one "
                "counts. Keep one."
            )
        if not found and not retyped:
            problems.add(_missing_question(name, cells))


def _missing_question(name: str, cells: list[Cell]) -> str:
    defined = re.compile(
        rf"^(?:async[ \t]+def|def|class)[ \t]+{re.escape(name)}\b|^{re.escape(name)}[ \t]*(?::[^=\n]+)?=(?!=)",
        re.MULTILINE,
    )
    elsewhere = [cell for cell in cells if defined.search(cell.source)]
    start = f"The cell of {name} is missing"
    if any(cell.kind is not Kind.SKIP for cell in elsewhere):
        place = next(cell for cell in elsewhere if cell.kind is not Kind.SKIP).index + 1
        return f"{start}, but cell {place} defines {name} and was run. Put the answer back into its own cell."
    if elsewhere:
        place = elsewhere[0].index + 1
        return (
            f"{start}, and cell {place}, which defines {name}, is an experiment or a test, which grading does "
            "not run. Move the answer."
        )
    return (
        f"{start} and no other cell defines {name}. Copy the cell from the released notebook, answer it, and "
        "hand in again."
    )


def _report_locked(notebook: Notebook, matches: dict[int, SpecCell], problems: Problems) -> None:
    changed = [
        (cell, match)
        for cell in notebook.cells
        if (match := matches.get(cell.index)) is not None and match.role is Role.TEST
        if _plain(cell.source) != _plain(match.source) or cell.cell_type != "code"
    ]
    if changed:
        names = ", ".join(dict.fromkeys(match.name for _, match in changed))
        problems.add(
            f"{counted(len(changed), 'test cell')} ({names}) changed; that is harmless, since the "
            "released tests are used. "
            "Put code of your own into a cell of its own."
        )


def _unanswered(notebook: Notebook, matches: dict[int, SpecCell], spec: ReleaseSpec) -> frozenset[str]:
    answered = {
        match.name
        for cell in notebook.cells
        if (match := matches.get(cell.index)) is not None and match.role in {Role.QUESTION, Role.WRITTEN}
        if _plain(cell.source) != _plain(match.source) and cell.source.strip()
    }
    return frozenset(name for name in (*spec.questions, *spec.written) if name not in answered)


def _plain(source: str) -> str:
    """Without what an editor may change by itself."""
    return "\n".join(line.rstrip() for line in source.strip().splitlines())
