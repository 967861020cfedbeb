"""A course on disk: the instructor's tree (`root`) and the class's data (`data`).

They are the same folder in everyday use; the demo and the tests keep a class's data elsewhere.

    root/   assignments/ reference/ release/ tests/hidden/      written by instructors, in version control
    data/   submitted/ autograded/ feedback/ reports/ gradebook.db .autograder/     the class
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from autograder.course.assignment import Assignment, AssignmentFile, Identifier
from autograder.course.policy import Component, GradebookPolicy
from autograder.course.servers import ServersSettings
from autograder.course.toml_file import read_toml
from autograder.errors import UsageError


class SandboxSettings(BaseModel):
    """Modules that the zygote imports before it forks, so that no student process has to."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    preload: tuple[str, ...] = ("torch", "torch._dynamo", "numpy", "matplotlib.pyplot")


class AuditSettings(BaseModel):
    """What every question's hidden tests must reach: `autograder audit --gate` fails below, `autograder build` warns.

    Attributes:
        mutants_killed: least share of the automatic mutants, equivalent and allowed ones aside.
        flaky_per_10000: most outcomes in 10 000 test runs that change with the seed, threads or default dtype.
        largest_right: the largest error of a right answer, as a share of what a comparison allows.
        smallest_wrong: the smallest error of a wrong answer that a comparison is to reject, in the same measure.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    mutants_killed: Annotated[float, Field(ge=0, le=1)] = 0.98
    flaky_per_10000: Annotated[float, Field(ge=0, le=10_000)] = 0.0
    largest_right: Annotated[float, Field(gt=0, le=1)] = 0.95
    smallest_wrong: Annotated[float, Field(ge=1)] = 1.05


def _once(names: tuple[str, ...], what: str) -> tuple[str, ...]:
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ValueError(f"{', '.join(doubled)} is listed more than once; list every {what} once")
    return names


class StaffSettings(BaseModel):
    """Who grades by hand; `autograder queue` shares the work out among them."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    graders: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = ()

    @field_validator("graders")
    @classmethod
    def _each_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return _once(names, "grader")


class CourseFile(BaseModel):
    """The content of assignments/course.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    schema_: Literal[1] = Field(alias="schema")
    id: Identifier
    title: Annotated[str, Field(min_length=1, max_length=200)]
    assignments: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    formgrader_url: Annotated[str, Field(pattern=r"^(https?://[^\s\"'<>]+)?$")] = ""  # for links from staff pages
    sandbox: SandboxSettings = SandboxSettings()
    audit: AuditSettings = AuditSettings()
    gradebook: GradebookPolicy = GradebookPolicy()
    staff: StaffSettings = StaffSettings()
    servers: ServersSettings = ServersSettings()

    @field_validator("assignments")
    @classmethod
    def _each_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return _once(names, "assignment")

    @model_validator(mode="after")
    def _points_are_said_once(self) -> CourseFile:
        for component in self.gradebook.component:
            if known := sorted(component.out_of.keys() & set(self.assignments)):
                raise ValueError(
                    f"gradebook: out_of of {component.name!r} names the assignment {known[0]!r}, whose points are in "
                    "its assignment.toml; leave it out"
                )
        return self

    @property
    def components(self) -> tuple[Component, ...]:
        """What the course's mark consists of; all assignments alike where course.toml does not say."""
        return self.gradebook.component or (Component(name="assignments", weight=100.0, items=self.assignments),)


@dataclass(frozen=True)
class Course:
    """Where everything lies. Nothing here reads a submission."""

    root: Path
    data: Path
    settings: CourseFile = field(repr=False)

    @property
    def assignment_names(self) -> tuple[str, ...]:
        return self.settings.assignments

    def assignment(self, name: str) -> Assignment:
        """Load one assignment.

        Raises:
            UsageError: course.toml does not list it.
            ConfigurationError: its assignment.toml is wrong.
        """
        if name not in self.assignment_names:
            known = ", ".join(self.assignment_names)
            raise UsageError(f"There is no assignment {name!r}. assignments/course.toml lists: {known}.")
        content = read_toml(self.root / "assignments" / name / "assignment.toml", AssignmentFile)
        return Assignment(name, self.root, content)

    @property
    def submitted(self) -> Path:
        return self.data / "submitted"

    @property
    def autograded(self) -> Path:
        return self.data / "autograded"

    @property
    def feedback(self) -> Path:
        return self.data / "feedback"

    @property
    def reports(self) -> Path:
        return self.data / "reports"

    @property
    def gradebook(self) -> Path:
        return self.data / "gradebook.db"

    @property
    def state(self) -> Path:
        """What re-runs need: records of results, the nbgrader sources, logs."""
        return self.data / ".autograder"


def find_course(start: Path | None = None, data: Path | None = None) -> Course:
    """The course whose folder is `start` (default: the current one) or the nearest above it.

    Raises:
        UsageError: no assignments/course.toml was found.
        ConfigurationError: it is wrong.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        path = folder / "assignments" / "course.toml"
        if path.is_file():
            return Course(root=folder, data=(data or folder).resolve(), settings=read_toml(path, CourseFile))
    raise UsageError(
        f"No course here: neither {here} nor a folder above it has assignments/course.toml. Use --course DIR."
    )
