"""A last look at a release before it leaves: nothing in it that students must not have.

The release is put together from parts that hold no solution, so this should never find anything.
It is here for what slips in by hand: a solution pasted into the prose, a hidden test that was
copied as an example, a path of the instructor's machine.

Outside its own cell, code such as `optimizer.step()` may well stand both in a solution and in a
training loop. So there a body counts as given away where most of its lines stand in one cell.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from autograder.authoring.spec import ReleaseSpec, Role, SpecCell
from autograder.authoring.stub import BEGIN, END, kept_lines, solution_regions
from autograder.authoring.suite_source import SuiteTest

MOST = 0.6  # share of a body's lines in one cell from which on it counts as given away
TELLING_LINE = 12  # characters; shorter lines ("else:", "return x") say nothing
TELLING_TEXT = 24  # characters of a hint or of a line of a rubric
HOME_FOLDER = re.compile(r"(?<![\w/.:-])(?:/home/\w+|/Users/\w+|/root/|[A-Z]:\\+Users\\+\w+)")
REFERENCE_IMPORT = re.compile(r"^\s*(?:from|import)\s+reference\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Secrets:
    """What no student may see.

    Attributes:
        stubs: question -> its source with the solutions between markers.
        tests: all tests of the suite; those that are public may be seen.
        rubrics: written part -> its rubric.
        folder: the course's folder on this machine.
    """

    stubs: Mapping[str, str]
    tests: Sequence[SuiteTest]
    rubrics: Mapping[str, str]
    folder: Path


def find_leaks(release: bytes, secrets: Secrets) -> list[str]:
    """One sentence for each thing in `release` that must not be there, or that it lacks."""
    spec = ReleaseSpec.parse(release)
    text = json.dumps(json.loads(release), ensure_ascii=False)
    return [
        *_wrong_cells(spec, secrets),
        *(leak for cell in spec for leak in _solutions_in(cell, secrets.stubs)),
        *(leak for cell in spec for leak in _tests_in(cell, spec, secrets.tests)),
        *(leak for cell in spec for leak in _rubrics_in(cell, secrets.rubrics)),
        *(f"{_place(cell)} imports the reference" for cell in spec if _imports_reference(cell)),
        *_traces(text, secrets.folder),
    ]


def _wrong_cells(spec: ReleaseSpec, secrets: Secrets) -> Iterator[str]:
    for role in (Role.QUESTION, Role.TEST):
        names = [cell.name for cell in spec if cell.role is role]
        for name in secrets.stubs:
            if names.count(name) != 1:
                yield f"question {name} has {names.count(name)} {role} cells, not one"


def _solutions_in(cell: SpecCell, stubs: Mapping[str, str]) -> Iterator[str]:
    lines = set(_telling(cell.source.splitlines()))
    for question, stub in stubs.items():
        kept = set(_telling(kept_lines(stub)))
        for region in solution_regions(stub):
            secret = set(_telling(region)) - kept
            if cell.name == question and cell.role is Role.QUESTION and secret & lines:
                yield f"the cell of {question} still holds a line of its solution: {min(secret & lines)}"
            elif _gives_away(secret, lines):
                yield f"{_place(cell)} holds the solution of {question}: {min(secret & lines)}"


def _tests_in(cell: SpecCell, spec: ReleaseSpec, tests: Sequence[SuiteTest]) -> Iterator[str]:
    public = {test.name for test in tests if test.public} | spec.by_grade_id.keys()
    shown = {line for test in tests if test.public for line in _telling(test.source.splitlines())}
    lines = set(_telling(cell.source.splitlines()))
    for test in (test for test in tests if not test.public):
        if test.name not in public and re.search(rf"\b{test.name}\b", cell.source):
            yield f"{_place(cell)} names the hidden test {test.name}"
        elif _gives_away(set(_telling(test.body)) - shown, lines):
            yield f"{_place(cell)} holds the hidden test {test.name}"
        if len(test.hint) >= TELLING_TEXT and test.hint in cell.source:
            yield f"{_place(cell)} holds the hint of {test.name}"


def _rubrics_in(cell: SpecCell, rubrics: Mapping[str, str]) -> Iterator[str]:
    for name, rubric in rubrics.items():
        lines = [line.strip() for line in rubric.splitlines() if len(line.strip()) >= TELLING_TEXT]
        if any(line in cell.source for line in lines):
            yield f"{_place(cell)} holds the rubric of {name}"


def _traces(text: str, folder: Path) -> Iterator[str]:
    for marker in (BEGIN, END, "BEGIN HIDDEN TESTS", "BEGIN MARK SCHEME"):
        if marker in text:
            yield f"the release holds a marker, `{marker}`"
    found = HOME_FOLDER.search(text)
    if found or (len(folder.parts) > 1 and str(folder) in text):
        yield f"the release holds a path of this machine: {found[0] if found else folder}"


def _imports_reference(cell: SpecCell) -> bool:
    return cell.cell_type == "code" and bool(REFERENCE_IMPORT.search(cell.source))


def _gives_away(secret: set[str], lines: set[str]) -> bool:
    return bool(secret) and len(secret & lines) >= MOST * len(secret)


def _telling(lines: Sequence[str]) -> Iterator[str]:
    """The lines that say something: no comments, no spacing, nothing short, no `super().__init__()`."""
    for line in lines:
        code = _without_comment(line)
        if len(code) >= TELLING_LINE and code != "super().__init__()":
            yield code


@lru_cache(maxsize=2**14)  # the lines of a suite are compared with each cell of the release
def _without_comment(line: str) -> str:
    """The line's code with single spaces."""
    return " ".join(re.sub(r"(^|\s)#.*", "", line).split())


def _place(cell: SpecCell) -> str:
    first = next((line.strip() for line in cell.source.splitlines() if line.strip()), "")
    return f"the {cell.role} cell that begins with {first[:50]!r}"
