"""Mutants that are no mistakes: `tests/hidden/<assignment>/equivalent.toml`, reviewed by hand.

    [[mutants]]
    question = "reparameterize"
    verdict = "equivalent"
    reason = "The noise never requires grad."
    changes = [["torch.randn_like(sigma)", "torch.randn_like(sigma).detach()"]]

`equivalent` means that no input tells the mutant from the reference; `allowed` that the docstring leaves it to the
student. A change is (old, new): a piece of the reference's normal form, and what stands in its place. An empty old
text stands for lines that are added. `where`, for instance "VAE.forward", keeps to one function.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from autograder.audit.mutants.model import Mutant
from autograder.course import Assignment
from autograder.course.toml_file import read_toml
from autograder.errors import ConfigurationError, Problem


class Entry(BaseModel):
    """Mutants of one question that are no mistakes, for one reason."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    question: str
    verdict: Literal["equivalent", "allowed"]
    reason: Annotated[str, Field(min_length=10)]
    changes: Annotated[tuple[tuple[str, str], ...], Field(min_length=1)]
    where: str = ""

    def covers(self, mutant: Mutant) -> bool:
        return any(self.makes(change, mutant) for change in self.changes)

    def makes(self, change: tuple[str, str], mutant: Mutant) -> bool:
        """Whether this change gives this mutant."""
        if mutant.question != self.question or (self.where and mutant.where != self.where):
            return False
        return mutant.becomes in _applied(change, mutant.was)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    mutants: tuple[Entry, ...] = ()


def load_entries(assignment: Assignment) -> tuple[Entry, ...]:
    """The entries of an assignment; none where it has no such file.

    Raises:
        ConfigurationError: the file is no TOML, holds something else, or names an unknown question.
    """
    path = path_of(assignment)
    entries = read_toml(path, _File).mutants if path.is_file() else ()
    unknown = sorted({entry.question for entry in entries} - set(assignment.question_names))
    if unknown:
        raise ConfigurationError([Problem(path, 0, f"no question of {assignment.name}: {', '.join(unknown)}")])
    return entries


def path_of(assignment: Assignment) -> Path:
    return assignment.suite_folder / "equivalent.toml"


def unused(entries: Iterable[Entry], mutants: Iterable[Mutant]) -> Iterator[tuple[Entry, tuple[str, str]]]:
    """Changes that no mutant makes, so that the list has outlived the reference."""
    listed = tuple(mutants)
    for entry in entries:
        for change in entry.changes:
            if not any(entry.makes(change, mutant) for mutant in listed):
                yield entry, change


def _applied(change: tuple[str, str], was: str) -> set[str]:
    """The text with one occurrence of the old piece replaced, for each occurrence."""
    old, new = change
    if not old:
        return {new} if not was else set()
    starts = [n for n in range(len(was)) if was.startswith(old, n)]
    return {was[:start] + new + was[start + len(old) :] for start in starts}
