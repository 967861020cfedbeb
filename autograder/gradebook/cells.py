"""The cells of an autograded notebook: the release's where they are locked, else the student's, harmless."""

from __future__ import annotations

import re
from typing import Any

from autograder.authoring.spec import ReleaseSpec, Role, SpecCell
from autograder.gradebook.markup import neutral_markdown, verbatim
from autograder.gradebook.outputs import ImageBudget, plain_text, safe_outputs, stream
from autograder.gradebook.results_table import results_html, results_text
from autograder.results import QuestionResult, SubmissionResult
from autograder.submissions.notebook import NotebookCell
from autograder.submissions.parse import ParsedSubmission

MAX_ADDED = 500
MAX_CODE = 100_000
MAX_MARKDOWN = 300_000  # characters of students' Markdown in one notebook

_LOCKED = {Role.TEST, Role.PROMPT, Role.GIVEN}
_IMAGE_NAMES = {"image/png": "png", "image/jpeg": "jpg"}


class CellWriter:
    """Makes the cells of one student's autograded notebook."""

    def __init__(self, spec: ReleaseSpec, released: dict[str, dict[str, Any]], result: SubmissionResult) -> None:
        self._spec = spec
        self._released = released
        self._results = {question.name: question for question in result.questions}
        self._images = ImageBudget()
        self._markdown_left = MAX_MARKDOWN

    def cells(self, parsed: ParsedSubmission) -> list[dict[str, Any]]:
        """The student's cells in their order, with what was deleted of the release put back."""
        places = _places(parsed)
        written: list[tuple[str, dict[str, Any]]] = []  # release cell id or "", cell
        added = 0
        for cell in parsed.notebook.cells:
            match = places.get(cell.index)
            if match is None:
                added += 1
                if added > MAX_ADDED:
                    continue
            written.append((match.id if match else "", self._cell(cell, match)))
        self._put_back(written, {match.id for match in places.values()}, parsed)
        if added > MAX_ADDED:
            text = f"*({added - MAX_ADDED} more cells that the student added are not shown.)*"
            written.append(("", _markdown("autograder-left-out", text)))
        return [cell for _, cell in written]

    def _cell(self, cell: NotebookCell, match: SpecCell | None) -> dict[str, Any]:
        if match is not None and match.role in _LOCKED:
            return self._restored(match)
        if match is None:
            return self._added(cell)
        if match.cell_type == "markdown":
            return self._markdown_of(cell, match)
        return self._code(cell, match.id, self._metadata(match))

    def _restored(self, match: SpecCell) -> dict[str, Any]:
        """A cell as it was released, with the results where it is a test cell."""
        if match.cell_type == "markdown":
            released = self._released[match.id]
            shown = _markdown(match.id, match.source, self._metadata(match))
            return {**shown, "attachments": released["attachments"]} if released.get("attachments") else shown
        outputs = _results(self._results.get(match.name)) if match.role is Role.TEST else []
        return _code(match.id, match.source, outputs, self._metadata(match))

    def _added(self, cell: NotebookCell) -> dict[str, Any]:
        identifier = f"added-{cell.index + 1}"
        if cell.cell_type == "code":
            return self._code(cell, identifier, {})
        if cell.cell_type == "raw":
            return _markdown(identifier, verbatim(cell.source))
        return self._harmless(cell, identifier, {})

    def _markdown_of(self, cell: NotebookCell, match: SpecCell) -> dict[str, Any]:
        """A Markdown cell of the release that students may write in."""
        if cell.source == match.source and cell.cell_type == "markdown":
            return self._restored(match)
        if cell.cell_type != "markdown":
            return _markdown(match.id, verbatim(cell.source), self._metadata(match))
        return self._harmless(cell, match.id, self._metadata(match))

    def _harmless(self, cell: NotebookCell, identifier: str, metadata: dict[str, Any]) -> dict[str, Any]:
        self._markdown_left -= len(cell.source)
        if self._markdown_left < 0:
            text = "*(This cell was left out: the notebook has too much text to be shown.)*"
            return _markdown(identifier, text, metadata)
        names, attachments = self._attachments(cell.attachments)
        shown = _markdown(identifier, neutral_markdown(cell.source, names), metadata)
        return {**shown, "attachments": attachments} if attachments else shown

    def _attachments(self, attachments: Any) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        """Images pasted into a Markdown cell: their names as written and as kept, and the images."""
        names: dict[str, str] = {}
        kept: dict[str, dict[str, str]] = {}
        for name, data in list(attachments.items())[:20] if isinstance(attachments, dict) else []:
            mime = next((mime for mime in _IMAGE_NAMES if isinstance(data, dict) and mime in data), "")
            encoded = self._images.image(mime, data[mime]) if mime else None
            if encoded is not None:
                names[name] = f"attachment-{len(kept) + 1}.{_IMAGE_NAMES[mime]}"
                kept[names[name]] = {mime: encoded}
        return names, kept

    def _code(self, cell: NotebookCell, identifier: str, metadata: dict[str, Any]) -> dict[str, Any]:
        source = re.sub("[\x00-\x08\x0b-\x1f\x7f]", "", cell.source.replace("\r\n", "\n").replace("\r", "\n"))
        if len(source) > MAX_CODE:
            source = f"{source[:MAX_CODE]}\n# … {len(source) - MAX_CODE} more characters are not shown"
        return _code(identifier, source, safe_outputs(cell.outputs, self._images), metadata)

    def _put_back(self, written: list[tuple[str, dict[str, Any]]], kept: set[str], parsed: ParsedSubmission) -> None:
        """Insert the release's missing cells behind the cell that they followed in the release."""
        before = ""
        for match in self._spec:
            needed = match.grade_id or not parsed.readable
            if match.id not in kept and needed:
                place = next((n + 1 for n, (identifier, _) in enumerate(written) if identifier == before), 0)
                written.insert(place, (match.id, self._missing(match, parsed)))
                kept.add(match.id)
            if match.id in kept:
                before = match.id

    def _missing(self, match: SpecCell, parsed: ParsedSubmission) -> dict[str, Any]:
        if match.role is Role.QUESTION and parsed.readable:
            text = f"# The cell of {match.name} is missing from the notebook that was handed in."
            return _code(match.id, text, [], self._metadata(match))
        if match.role is Role.WRITTEN and parsed.readable:
            text = "*(This cell is missing from the notebook that was handed in.)*"
            return _markdown(match.id, text, self._metadata(match))
        return self._restored(match)

    def _metadata(self, match: SpecCell) -> dict[str, Any]:
        return dict(self._released[match.id].get("metadata", {}))


def _places(parsed: ParsedSubmission) -> dict[int, SpecCell]:
    """Which of the student's cells stands for which cell of the release: one each.

    The last code cell counts for a question, as it does in Jupyter; the first cell for all others.
    """
    types = {cell.index: cell.cell_type for cell in parsed.notebook.cells}
    chosen: dict[str, int] = {}
    for index, match in parsed.matches:
        right = types[index] == match.cell_type
        other = chosen.get(match.id)
        if other is None or (right and (types[other] != match.cell_type or match.role is Role.QUESTION)):
            chosen[match.id] = index
    by_id = {match.id: match for _, match in parsed.matches}
    return {index: by_id[identifier] for identifier, index in chosen.items()}


def _results(question: QuestionResult | None) -> list[dict[str, Any]]:
    if question is None:
        return [stream("Not graded.")]
    data = {"text/html": results_html(question), "text/plain": plain_text(results_text(question))}
    return [{"output_type": "display_data", "data": data, "metadata": {}}]


def _code(identifier: str, source: str, outputs: list[dict[str, Any]], metadata: dict[str, Any]) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": identifier,
        "metadata": metadata,
        "source": source,
        "execution_count": None,
        "outputs": outputs,
    }


def _markdown(identifier: str, source: str, metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": identifier, "metadata": metadata or {}, "source": source}
