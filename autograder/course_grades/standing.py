"""One student's mark: items to components, components to a whole. Pure functions.

Three figures, because a course that is still running has no one mark:

    so_far    what there is, over the weights of what there is
    certain   what is not there yet counts as nothing: the mark where nothing more comes
    possible  what is not there yet counts as full marks

Where everything is there, the three are the same, and that is the mark of the course.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from autograder.course.policy import WHOLE, Component
from autograder.course_grades.lateness import ON_TIME, Lateness


class State(StrEnum):
    """What is known of one item of one student."""

    MARKED = "marked"
    MISSING = "missing"  # the deadline of an assignment has passed: it counts as nothing
    PENDING = "pending"  # it may still come
    EXCUSED = "excused"  # it does not count at all


@dataclass(frozen=True, slots=True)
class ItemMark:
    """One item of one student.

    Attributes:
        points, out_of: as they were given, before lateness; points are 0 where the item has no mark.
        provisional: a part of it still has to be graded by hand; `open_points` is what that can add.
        dropped: it is one of the lowest, which do not count.
    """

    item: str
    state: State
    points: float = 0.0
    out_of: float = 100.0
    lateness: Lateness = ON_TIME
    provisional: bool = False
    open_points: float = 0.0
    dropped: bool = False

    @property
    def percent(self) -> float:
        """Of the item's points, lateness included; 0 where there is no mark."""
        return self._share(self.points) if self.state is State.MARKED else 0.0

    @property
    def at_best(self) -> float:
        """What `percent` can still become."""
        if self.state is State.PENDING:
            return WHOLE
        return self._share(self.points + self.open_points) if self.state is State.MARKED else 0.0

    def _share(self, points: float) -> float:
        return points / self.out_of * 100 * self.lateness.keeps


@dataclass(frozen=True, slots=True)
class ComponentMark:
    """One component of one student. The three figures are per cent of it; None where nothing counts."""

    name: str
    weight: float
    items: tuple[ItemMark, ...]
    so_far: float | None
    certain: float | None
    possible: float | None


@dataclass(frozen=True, slots=True)
class Standing:
    """One student's course, in per cent. `so_far` is None where nothing has a mark yet."""

    student: str
    components: tuple[ComponentMark, ...]
    so_far: float | None
    certain: float
    possible: float

    @property
    def complete(self) -> bool:
        """Whether nothing can change the mark but a regrade."""
        return not any(item.state is State.PENDING or item.provisional for item in self.items)

    @property
    def items(self) -> tuple[ItemMark, ...]:
        return tuple(item for component in self.components for item in component.items)


def standing_of(student: str, marks: Mapping[str, ItemMark], components: Sequence[Component]) -> Standing:
    """Add up one student's items, of which each component finds its own in `marks`."""
    parts = tuple(component_mark(component, [marks[item] for item in component.items]) for component in components)
    return Standing(
        student,
        parts,
        so_far=_weighted((part.weight, part.so_far) for part in parts),
        certain=_weighted((part.weight, part.certain) for part in parts) or 0.0,
        possible=_weighted((part.weight, part.possible) for part in parts) or 0.0,
    )


def component_mark(component: Component, items: Sequence[ItemMark]) -> ComponentMark:
    """The mean of what counts: excused items never do, nor the lowest ones."""
    known = [item for item in items if item.state in (State.MARKED, State.MISSING)]
    counted = [item for item in items if item.state is not State.EXCUSED]
    dropped = lowest([item.percent for item in known], component.drop_lowest)
    shown = {known[n].item for n in dropped}
    return ComponentMark(
        component.name,
        component.weight,
        tuple(replace(item, dropped=item.item in shown) for item in items),
        so_far=mean_of([item.percent for item in known], component),
        certain=mean_of([item.percent for item in counted], component),
        possible=mean_of([item.at_best for item in counted], component),
    )


def mean_of(percents: Sequence[float], component: Component) -> float | None:
    """Without the lowest, and at most the component's cap; None where there is nothing."""
    if not percents:
        return None
    dropped = lowest(percents, component.drop_lowest)
    kept = [percent for n, percent in enumerate(percents) if n not in dropped]
    return min(sum(kept) / len(kept), component.cap_percent)


def lowest(percents: Sequence[float], count: int) -> frozenset[int]:
    """Indices of the `count` lowest, the first of equal ones; never of all."""
    count = min(count, len(percents) - 1)
    return frozenset(sorted(range(len(percents)), key=lambda n: percents[n])[: max(0, count)])


def _weighted(parts: Iterable[tuple[float, float | None]]) -> float | None:
    pairs = [(weight, percent) for weight, percent in parts if percent is not None]
    total = sum(weight for weight, _ in pairs)
    return sum(weight * percent for weight, percent in pairs) / total if pairs else None
