"""How a course's final mark is made: `[gradebook]` in assignments/course.toml.

[gradebook.late]
grace_minutes = 15
percent_per_day = 10
slip_days = 4

[[gradebook.component]]
name = "assignments"
weight = 20
items = ["vae", "gan", "diffusion"]
drop_lowest = 1

[[gradebook.component]]
name = "midterm"
weight = 80
items = ["midterm"]             # a column of marks/*.csv
out_of = { midterm = 60 }

[gradebook.letters]
A = 90
B = 80
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

WHOLE = 100.0  # per cent, and what the weights add up to
OUT_OF = 100.0  # points of an external item where nothing else is said

Percent = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[\w][\w .-]*$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LatePolicy(_Strict):
    """What lateness costs. A day is 24 hours that have begun, counted from the end of the grace.

    Attributes:
        grace_minutes: so much after the deadline is not late at all.
        percent_per_day: of the mark that the work earned, for each day that no slip day pays for.
        at_least_percent: of its mark that late work keeps, however late.
        last_day: work that is later than so many days counts nothing, slip days or not; None: no such limit.
        slip_days: days of lateness that each student has free over the whole course. They are spent on the late
            assignments in the order of their deadlines.
    """

    grace_minutes: Annotated[float, Field(ge=0, le=24 * 60, allow_inf_nan=False)] = 0.0
    percent_per_day: Percent = 0.0
    at_least_percent: Percent = 0.0
    last_day: Annotated[int, Field(ge=0, le=366)] | None = None
    slip_days: Annotated[int, Field(ge=0, le=366)] = 0


class Component(_Strict):
    """One line of the syllabus: so many per cent of the course's mark, from one or more items.

    Attributes:
        items: assignments of the course, and columns of marks/*.csv. All count alike, as shares of their points.
        drop_lowest: so many of the lowest items that have a mark do not count; one always does.
        out_of: points of each external item, where they are not 100.
        cap_percent: the most that the component can count; above 100 where extra credit may go beyond full marks.
    """

    name: Name
    weight: Annotated[float, Field(gt=0, le=WHOLE, allow_inf_nan=False)]
    items: Annotated[tuple[Name, ...], Field(min_length=1)]
    drop_lowest: Annotated[int, Field(ge=0)] = 0
    out_of: dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]] = {}
    cap_percent: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)] = WHOLE

    @model_validator(mode="after")
    def _holds_together(self) -> Component:
        problems = []
        if self.drop_lowest >= len(self.items):
            problems.append(
                f"drop_lowest = {self.drop_lowest} would drop all of {len(self.items)} items; one must count"
            )
        if unknown := sorted(self.out_of.keys() - set(self.items)):
            problems.append(f"out_of names {', '.join(unknown)}, which is no item of this component")
        if problems:
            raise ValueError("; ".join(problems))
        return self


class GradebookPolicy(_Strict):
    """The whole of `[gradebook]`.

    Attributes:
        component: what the mark consists of; the weights add up to 100.
        letters: letter -> the least mark in per cent that earns it; no letters where it is empty.
    """

    late: LatePolicy = LatePolicy()
    component: tuple[Component, ...] = ()
    letters: dict[Annotated[str, Field(min_length=1, max_length=20)], Percent] = {}

    @field_validator("letters")
    @classmethod
    def _each_boundary_once(cls, letters: dict[str, float]) -> dict[str, float]:
        if len(set(letters.values())) < len(letters):
            raise ValueError("two letters have the same boundary; give each its own")
        return dict(sorted(letters.items(), key=lambda pair: -pair[1]))

    @model_validator(mode="after")
    def _holds_together(self) -> GradebookPolicy:
        problems = [*self._doubles("component", [c.name for c in self.component])]
        problems += self._doubles("item", [item for c in self.component for item in c.items])
        total = sum(c.weight for c in self.component)
        if self.component and abs(total - WHOLE) > 1e-6:
            problems.append(f"the weights add up to {total:g}, not to 100; change the weight of a component")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @staticmethod
    def _doubles(what: str, names: list[str]) -> list[str]:
        return [f"{what} {n!r} is there {names.count(n)} times" for n in dict.fromkeys(names) if names.count(n) > 1]

    def letter(self, percent: float) -> str:
        """The best letter that so many per cent earn; "" where they earn none."""
        rounded = percent + 1e-9  # a sum of products that should be 90 must not be 89.99999
        return next((letter for letter, least in self.letters.items() if rounded >= least), "")
