"""`assignment.toml`: the questions of one assignment, their points, dependencies and limits."""

from __future__ import annotations

from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

TOTAL_POINTS = 100

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=80)]
Points = Annotated[float, Field(gt=0, le=TOTAL_POINTS, allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Limits(_Strict):
    """What one submission may use. Sizes are MiB.

    Cells and calls are limited in seconds of processor time (and in three times as many by the
    clock), so that a busy machine costs nobody a point; the whole submission, by the clock.
    """

    cell_timeout_s: Seconds = 10.0
    call_timeout_s: Seconds = 5.0
    submission_timeout_s: Seconds = 120.0
    memory_mib: Annotated[int, Field(ge=256, le=1_000_000)] = 2048
    disk_mib: Annotated[int, Field(ge=1, le=100_000)] = 64
    processes: Annotated[int, Field(ge=1, le=4096)] = 64
    output_kib: Annotated[int, Field(ge=1, le=65536)] = 64
    notebook_mib: Annotated[int, Field(ge=1, le=1024)] = 20


class CheckWork(_Strict):
    """How often students may have their work tried by the hidden tests before they hand it in, at the hub.

    Attributes:
        attempts: for each student; 0 for never.
        cool_down_minutes: from one attempt to the next.
    """

    attempts: Annotated[int, Field(ge=0, le=1000)] = 0
    cool_down_minutes: Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)] = 10.0


class Question(_Strict):
    """One function or class of the reference, graded by hidden tests."""

    name: Identifier
    points: Points
    depends_on: tuple[Identifier, ...] = ()


class Written(_Strict):
    """One question graded by hand, with the rubric of the master notebook."""

    name: Identifier
    points: Points


class AssignmentFile(_Strict):
    """The content of one assignment.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    schema_: Literal[1] = Field(alias="schema")
    title: Annotated[str, Field(min_length=1, max_length=200)]
    reference: Identifier
    due: datetime
    limits: Limits = Limits()
    check_work: CheckWork = CheckWork()
    question: Annotated[tuple[Question, ...], Field(min_length=1)]
    written: tuple[Written, ...] = ()

    @model_validator(mode="after")
    def _holds_together(self) -> AssignmentFile:
        problems = [*self._duplicate_names(), *self._bad_dependencies(), *self._wrong_total()]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _duplicate_names(self) -> list[str]:
        names = [q.name for q in self.question] + [w.name for w in self.written]
        return [
            f"{name!r} is declared {names.count(name)} times" for name in dict.fromkeys(names) if names.count(name) > 1
        ]

    def _bad_dependencies(self) -> list[str]:
        known = {q.name for q in self.question}
        unknown = [
            f"question {q.name!r} depends on {d!r}, which is no question of this assignment"
            for q in self.question
            for d in q.depends_on
            if d not in known
        ]
        try:
            TopologicalSorter({q.name: q.depends_on for q in self.question}).prepare()
        except CycleError as error:
            return [*unknown, f"the questions depend on each other in a circle: {' -> '.join(error.args[1])}"]
        return unknown

    def _wrong_total(self) -> list[str]:
        total = sum(q.points for q in self.question) + sum(w.points for w in self.written)
        if abs(total - TOTAL_POINTS) < 1e-6:
            return []
        return [f"the points add up to {total:g}, not to {TOTAL_POINTS}; change the points of a question"]


class Assignment:
    """One assignment of a course: its file's content and the places that belong to it."""

    def __init__(self, name: str, root: Path, content: AssignmentFile) -> None:
        self.name = name
        self.content = content
        self.title = content.title
        self.due = content.due
        self.limits = content.limits
        self.questions = content.question
        self.written = content.written
        self.folder = root / "assignments" / name
        self.config_path = self.folder / "assignment.toml"
        self.master_path = self.folder / f"{name}.md"
        self.reference_name = content.reference
        self.reference_path = root / "reference" / f"{content.reference}.py"
        self.built_path = self.folder / "built.json"
        self.suite_folder = root / "tests" / "hidden" / name
        self.release_path = root / "release" / name / f"{name}.ipynb"

    @property
    def max_score(self) -> float:
        """Points that the hidden tests give; written questions come on top."""
        return sum(q.points for q in self.questions)

    def question(self, name: str) -> Question:
        """The question of this name. Raises KeyError where there is none."""
        for question in self.questions:
            if question.name == name:
                return question
        raise KeyError(name)

    @property
    def question_names(self) -> tuple[str, ...]:
        """In the order of assignment.toml."""
        return tuple(q.name for q in self.questions)

    def all_dependencies(self, name: str) -> tuple[str, ...]:
        """Every question that `name` depends on, directly or not, dependencies first."""
        found: dict[str, None] = {}
        for direct in self.question(name).depends_on:
            for indirect in self.all_dependencies(direct):
                found.setdefault(indirect)
            found.setdefault(direct)
        return tuple(found)
