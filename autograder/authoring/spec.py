"""The trusted shape of a release: which cells were handed out, and what each of them is for.

Everything that reads a submission compares it with a `ReleaseSpec`, never with what the
submission says about itself. Roles follow from nbgrader's metadata and the cells' tags:

    question    code, solution                the student's function or class
    test        code, grade, locked           the public tests of one question, worth its points
    written     markdown, grade and solution  an answer that a person grades
    prompt      markdown, locked              what such an answer is about
    given       code, locked                  a helper of the course, needed by questions
    setup       code, tag "setup"             imports
    experiment  code, tag "experiment"        for students to run; grading skips it
    prose       markdown, all the rest
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from autograder.errors import AuthoringError

TEST_PREFIX = "test_"  # grade_id of the test cell of question `name`: "test_" + name
PROMPT_PREFIX = "prompt_"
GIVEN_PREFIX = "given_"
NOT_ANSWERED = "YOUR ANSWER HERE"  # what nbgrader leaves where a written answer goes


class Role(StrEnum):
    """What a cell of a release is for."""

    QUESTION = "question"
    TEST = "test"
    WRITTEN = "written"
    PROMPT = "prompt"
    GIVEN = "given"
    SETUP = "setup"
    EXPERIMENT = "experiment"
    PROSE = "prose"


@dataclass(frozen=True, slots=True)
class SpecCell:
    """One cell as it was handed out.

    Attributes:
        id: nbformat's cell id, unique in the notebook.
        grade_id: nbgrader's, or "" where nbgrader does not know the cell.
        cell_type: "code" or "markdown".
        role: what it is for.
        name: the question (for `question` and `test`), the written part (`written`, `prompt`)
            or the helper (`given`) that it belongs to; "" for all others.
        source: its text, as handed out.
        points: what it is worth; 0 for all but `test` and `written`.
    """

    id: str
    grade_id: str
    cell_type: str
    role: Role
    name: str
    source: str
    points: float


@dataclass(frozen=True, slots=True)
class ReleaseSpec:
    """All cells of one release, in order."""

    cells: tuple[SpecCell, ...]

    @classmethod
    def load(cls, path: Path) -> ReleaseSpec:
        """Read `release/<assignment>/<assignment>.ipynb`.

        Raises:
            AuthoringError: there is none, or it is no release that `autograder build` wrote.
        """
        cure = f"run `autograder build {path.stem}`"
        try:
            return cls.parse(path.read_bytes())
        except FileNotFoundError:
            raise AuthoringError(f"{path}: there is no release yet; {cure}") from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
            raise AuthoringError(f"{path}: this is no release that can be used ({error}); {cure}") from None

    @classmethod
    def parse(cls, notebook: bytes) -> ReleaseSpec:
        """Read the bytes of a release, which are trusted.

        Raises:
            ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError: they are no release.
        """
        return cls(tuple(_spec_cell(cell) for cell in json.loads(notebook)["cells"]))

    def __iter__(self) -> Iterator[SpecCell]:
        return iter(self.cells)

    def named(self, role: Role) -> dict[str, SpecCell]:
        """The cells of one role by the name that they belong to, in order."""
        return {cell.name: cell for cell in self.cells if cell.role is role}

    @property
    def by_id(self) -> dict[str, SpecCell]:
        """Every cell by its cell id."""
        return {cell.id: cell for cell in self.cells}

    @property
    def by_grade_id(self) -> dict[str, SpecCell]:
        """Every cell that nbgrader knows, by its grade_id."""
        return {cell.grade_id: cell for cell in self.cells if cell.grade_id}

    @property
    def questions(self) -> dict[str, SpecCell]:
        return self.named(Role.QUESTION)

    @property
    def tests(self) -> dict[str, SpecCell]:
        return self.named(Role.TEST)

    @property
    def written(self) -> dict[str, SpecCell]:
        return self.named(Role.WRITTEN)


def _spec_cell(cell: Mapping[str, Any]) -> SpecCell:
    metadata = cell["metadata"]
    nbgrader = metadata.get("nbgrader", {})
    grade_id = nbgrader.get("grade_id", "")
    if not (isinstance(cell["id"], str) and isinstance(cell["cell_type"], str)):
        raise TypeError("a cell without an id or a type")
    role = _role(cell["cell_type"], nbgrader, metadata.get("tags", []))
    source = cell["source"]
    return SpecCell(
        id=cell["id"],
        grade_id=grade_id,
        cell_type=cell["cell_type"],
        role=role,
        name=_name(role, grade_id),
        source=source if isinstance(source, str) else "".join(source),
        points=float(nbgrader.get("points", 0)) if nbgrader.get("grade") else 0.0,
    )


def _role(cell_type: str, nbgrader: Mapping[str, Any], tags: list[str]) -> Role:
    is_code = cell_type == "code"
    if nbgrader.get("solution"):
        return Role.QUESTION if is_code else Role.WRITTEN
    if nbgrader.get("grade"):
        return Role.TEST
    if nbgrader.get("locked"):
        return Role.GIVEN if is_code else Role.PROMPT
    if not is_code:
        return Role.PROSE
    return Role.SETUP if "setup" in tags else Role.EXPERIMENT


def _name(role: Role, grade_id: str) -> str:
    prefixes = {Role.TEST: TEST_PREFIX, Role.PROMPT: PROMPT_PREFIX, Role.GIVEN: GIVEN_PREFIX}
    return grade_id.removeprefix(prefixes.get(role, ""))
