"""Notebooks: parsed, made into an autograded notebook, and that read again as formgrader and feedback do.

All that the trusted side does with a submission without running it, on the course's own VAE release.
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import nbformat
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from autograder.authoring.spec import ReleaseSpec, Role
from autograder.course import Assignment, find_course
from autograder.gradebook.autograded import AutogradedWriter
from autograder.gradebook.results_table import results_html
from autograder.results import (
    GradeRun,
    Outcome,
    QuestionResult,
    Status,
    SubmissionResult,
    TestResult,
    from_record,
    score_question,
    to_contract,
    to_record,
)
from autograder.sandbox.inside.wire import encode
from autograder.submissions.notebook import MAX_PROBLEMS
from autograder.submissions.parse import Kind, ParsedSubmission, parse_submission
from tests.platform.attacks.active import active_elements
from tests.platform.fuzz.corpus import REPOSITORY, require, require_writable
from tests.platform.fuzz.notebook_mutation import NotebookMaker
from tests.platform.fuzz.valid import valid_notebooks

ASSIGNMENT = "vae"
LARGEST_WRITTEN = 40 * 2**20
SHOWN_MIMES = {"text/html", "text/plain", "image/png", "image/jpeg"}


class Notebooks:
    """Notebooks of the VAE assignment."""

    name = "notebooks"
    suffix = ".notebook"

    def __init__(self, folder: Path) -> None:
        course = find_course(REPOSITORY, folder / "class")
        self._assignment = course.assignment(ASSIGNMENT)
        self._spec = ReleaseSpec.load(self._assignment.release_path)
        self._by_id = self._spec.by_id
        released = json.loads(self._assignment.release_path.read_bytes())["cells"]
        self._metadata = {cell["id"]: cell["metadata"] for cell in released}
        self._writer = AutogradedWriter(course, self._assignment, self._spec)
        self._maker = NotebookMaker(valid_notebooks(self._assignment))

    def make(self, random: Random) -> bytes:
        """A hostile notebook."""
        return self._maker.make(random)

    def check(self, data: bytes) -> str:
        """Parse, make the autograded notebook, and read that again."""
        parsed = parse_submission(data, "ada", self._spec, self._assignment.limits)
        self._check_parsed(parsed)
        result = plausible_result(self._assignment, parsed)
        self._check_results(result)
        self._check_written(json.dumps(self._writer.notebook(result, parsed), ensure_ascii=False).encode())
        return _outcome(parsed)

    def _check_parsed(self, parsed: ParsedSubmission) -> None:
        require(parsed.readable or parsed.problems, "unreadable, and nobody is told why")
        require(parsed.readable or not parsed.cells, "unreadable, but with cells to run")
        require(len(parsed.problems) <= MAX_PROBLEMS + 1, f"{len(parsed.problems)} problems")
        require_writable(*parsed.problems)
        require(not any("MemoryError" in problem for problem in parsed.problems), "not enough memory to read it")
        require(
            all(c.kind is not Kind.QUESTION or c.name in self._spec.questions for c in parsed.cells), "odd question"
        )
        for cell in parsed.cells:
            if cell.kind is not Kind.SKIP:  # as the session sends it to the student's process
                encode({"op": "cell", "index": cell.index, "source": cell.source, "timeout_s": 1.0, "id": 2**62})

    def _check_results(self, result: SubmissionResult) -> None:
        json.dumps(to_contract(GradeRun(ASSIGNMENT, "none", (result,))), ensure_ascii=False).encode()
        require(from_record(json.loads(json.dumps(to_record(result)))) == result, "the record says something else")
        for question in result.questions:
            require(not active_elements(results_html(question)), "active elements in a table of results")

    def _check_written(self, data: bytes) -> None:
        require(len(data) <= LARGEST_WRITTEN, f"an autograded notebook of {len(data)} bytes")
        written = json.loads(data)
        nbformat.validate(written)
        cells = {cell["id"]: cell for cell in written["cells"]}
        require(len(cells) == len(written["cells"]), "cell ids are not unique")
        for match in self._spec:
            if match.grade_id:
                require(cells[match.id]["metadata"] == self._metadata[match.id], f"metadata of {match.grade_id}")
        for cell in written["cells"]:
            self._check_cell(cell)

    def _check_cell(self, cell: dict[str, Any]) -> None:
        match = self._by_id.get(cell["id"])
        nbgrader = cell["metadata"].get("nbgrader")
        require(match is not None or nbgrader is None, "an added cell has nbgrader's metadata")
        tables = match is not None and match.role is Role.TEST
        for output in cell.get("outputs", ()):
            mimes = set(output.get("data", ()))
            require(mimes <= SHOWN_MIMES - (set() if tables else {"text/html"}), f"an output of {sorted(mimes)}")
        if cell["cell_type"] == "markdown" and (match is None or cell["source"] != match.source):
            # As nbconvert does for pages; it raises where the text shows an attachment that the cell does not have.
            renderer = IPythonRenderer(escape=False, attachments=cell.get("attachments", {}))
            rendered = MarkdownWithMath(renderer=renderer).render(cell["source"])
            active = [what for what in active_elements(rendered) if not what.startswith("<input ")]  # a list of tasks
            require(not active or cell["id"] == "autograder-notice", f"active elements in Markdown: {active}")


def plausible_result(assignment: Assignment, parsed: ParsedSubmission) -> SubmissionResult:
    """A result as the engine would give it, with every outcome, and hints that quote what the student wrote."""
    quoted = "".join(c for cell in parsed.cells[:40] for c in cell.source[:120] if c.isprintable())[:1500]
    questions = tuple(
        _question(question.name, question.points, quoted if parsed.readable else "")
        for question in assignment.questions
    )
    score = round(sum(question.score for question in questions), 4) if parsed.readable else 0.0
    status = Status.GRADED if parsed.readable else Status.UNREADABLE
    return SubmissionResult("ada", status, score, assignment.max_score, 0.5, parsed.problems, questions)


def _question(name: str, points: float, quoted: str) -> QuestionResult:
    outcomes = tuple(Outcome) if quoted else (Outcome.SKIPPED,)
    hints = (f"Cell 3, the answer to {name}, raised {quoted}.", f"`{quoted}`", "")
    tests = tuple(
        TestResult(f"test_{name}_{n}", quoted if n == 1 else "", outcome, 1.0 + n, hints[n % 3], 0.25, quoted)
        for n, outcome in enumerate(outcomes)
    )
    return QuestionResult(name, points, score_question(points, tests), (), tests)


def _outcome(parsed: ParsedSubmission) -> str:
    if not parsed.readable:
        return f"unreadable: {_kind(parsed.problems[0])}"
    return "readable, with problems" if parsed.problems else "readable"


def _kind(problem: str) -> str:
    """A problem without what differs from one notebook to the next."""
    return " ".join(problem.partition("(")[0].split()[:6])
