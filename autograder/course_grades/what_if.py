"""What would be: marks that are not there yet, supposed; and what would have to come for a letter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from autograder.course.policy import WHOLE, Component
from autograder.course_grades.standing import ItemMark, Standing, State, standing_of
from autograder.errors import UsageError

STEPS = 40  # halvings of 0..100: far below what anybody rounds to


def suppose(standing: Standing, percents: Mapping[str, float], components: Sequence[Component]) -> Standing:
    """The standing where what is still to come is given so many per cent.

    Args:
        percents: of an item, or of all items of a component. What has a mark already keeps it.

    Raises:
        UsageError: there is no such item or component.
    """
    by_item = _of_items(percents, components)
    marks = {item.item: _supposed(item, by_item) for item in standing.items}
    return standing_of(standing.student, marks, components)


def needed(standing: Standing, least: float, components: Sequence[Component]) -> float | None:
    """Per cent that all that is still to come must get, one like the other, for a mark of at least `least`.

    Returns:
        0..100; None where not even full marks would do.
    """
    pending = {item.item for item in standing.items if item.state is State.PENDING}

    def reached(percent: float) -> bool:
        return suppose(standing, dict.fromkeys(pending, percent), components).certain + 1e-9 >= least

    if not reached(WHOLE):
        return None
    low, high = 0.0, WHOLE
    if reached(low):
        return low
    for _ in range(STEPS):  # the mark never falls where an item's rises
        middle = (low + high) / 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


def _of_items(percents: Mapping[str, float], components: Sequence[Component]) -> dict[str, float]:
    items = {item: {item} for component in components for item in component.items}
    known = {component.name: set(component.items) for component in components} | items
    if unknown := sorted(percents.keys() - known.keys()):
        raise UsageError(f"No item and no component {', '.join(unknown)}. There are: {', '.join(known)}.")
    spread = {item: percent for name, percent in percents.items() if name not in items for item in known[name]}
    return spread | {name: percent for name, percent in percents.items() if name in items}


def _supposed(item: ItemMark, percents: Mapping[str, float]) -> ItemMark:
    if item.state is not State.PENDING or item.item not in percents:
        return item
    return replace(item, state=State.MARKED, points=item.out_of * percents[item.item] / WHOLE)
