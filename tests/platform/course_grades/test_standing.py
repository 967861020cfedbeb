"""Adding up, against figures done by hand and against numpy."""

from __future__ import annotations

import random

import numpy as np
import pytest

from autograder.course.policy import Component
from autograder.course_grades.lateness import Lateness
from autograder.course_grades.standing import ItemMark, State, lowest, mean_of, standing_of
from autograder.course_grades.what_if import needed, suppose
from autograder.errors import UsageError

WORK = Component(name="work", weight=40, items=("a", "b", "c"), drop_lowest=1)
EXAM = Component(name="exam", weight=60, items=("exam",))
COMPONENTS = (WORK, EXAM)


def marked(item: str, percent: float, open_points: float = 0.0) -> ItemMark:
    return ItemMark(item, State.MARKED, percent, 100.0, provisional=open_points > 0, open_points=open_points)


def marks(*items: ItemMark) -> dict[str, ItemMark]:
    return {item.item: item for item in items}


def test_a_finished_course_by_hand() -> None:
    """Without the 50: (90 + 70) / 2 = 80; 0.4 * 80 + 0.6 * 95 = 89."""
    done = marks(marked("a", 90), marked("b", 50), marked("c", 70), marked("exam", 95))
    standing = standing_of("ada", done, COMPONENTS)
    assert (standing.so_far, standing.certain, standing.possible) == pytest.approx((89, 89, 89))
    assert [item.dropped for item in standing.items] == [False, True, False, False]
    assert standing.complete


def test_a_course_that_is_still_running_has_three_figures() -> None:
    """So far b is dropped: 90. Certain: (90 + 50) / 2 of 40 %. Possible: (90 + 100) / 2, and a full exam."""
    pending = (ItemMark("c", State.PENDING), ItemMark("exam", State.PENDING))
    standing = standing_of("ada", marks(marked("a", 90), marked("b", 50), *pending), COMPONENTS)
    assert standing.so_far == pytest.approx(90)
    assert standing.certain == pytest.approx(0.4 * 70)
    assert standing.possible == pytest.approx(0.4 * 95 + 60)
    assert not standing.complete


def test_missing_work_counts_as_nothing_and_can_be_dropped() -> None:
    mixed = marks(marked("a", 90), ItemMark("b", State.MISSING), marked("c", 70), marked("exam", 50))
    assert standing_of("ada", mixed, COMPONENTS).so_far == pytest.approx(0.4 * 80 + 0.6 * 50)


def test_what_is_excused_counts_for_nobody_and_its_weight_goes_to_the_rest() -> None:
    excused = marks(marked("a", 90), ItemMark("b", State.EXCUSED), marked("c", 70), ItemMark("exam", State.EXCUSED))
    standing = standing_of("ada", excused, COMPONENTS)
    assert (standing.so_far, standing.certain, standing.possible) == pytest.approx((90, 90, 90))  # 70 is dropped
    assert standing.components[1].so_far is None


def test_lateness_and_other_scales() -> None:
    late = ItemMark("exam", State.MARKED, 45.0, 60.0, Lateness(1, 0, 0.9))
    standing = standing_of("ada", marks(*(marked(n, 100) for n in "abc"), late), COMPONENTS)
    assert standing.certain == pytest.approx(40 + 0.6 * 67.5)


def test_nobody_has_a_mark_before_there_is_one() -> None:
    standing = standing_of("ada", marks(*(ItemMark(n, State.PENDING) for n in ("a", "b", "c", "exam"))), COMPONENTS)
    assert (standing.so_far, standing.certain, standing.possible) == (None, 0.0, 100.0)


def test_what_a_person_still_has_to_grade_can_only_add() -> None:
    part = marked("exam", 60, open_points=10.0)
    standing = standing_of("ada", marks(*(marked(n, 100) for n in "abc"), part), COMPONENTS)
    assert (standing.certain, standing.possible) == pytest.approx((40 + 36, 40 + 42))
    assert not standing.complete


def test_a_cap_and_extra_credit() -> None:
    capped = Component(name="x", weight=100, items=("a", "b"))
    assert mean_of([120, 100], capped) == 100
    assert mean_of([120, 100], capped.model_copy(update={"cap_percent": 105.0})) == 105
    assert mean_of([], capped) is None


def test_the_lowest_are_never_all() -> None:
    assert lowest([3, 1, 2], 1) == {1}
    assert lowest([1, 1, 1], 2) == {0, 1}
    assert lowest([5.0], 3) == frozenset()
    assert lowest([], 1) == frozenset()


def test_it_agrees_with_numpy_on_a_random_class() -> None:
    """Sorted columns without the lowest ones, weighted: as anybody would do it in a spreadsheet."""
    draw = random.Random(7)
    components = (
        Component(name="homework", weight=35, items=tuple(f"h{n}" for n in range(8)), drop_lowest=2),
        Component(name="quizzes", weight=15, items=tuple(f"q{n}" for n in range(5)), drop_lowest=1),
        Component(name="exam", weight=50, items=("exam",)),
    )
    for _ in range(200):
        percents = {item: draw.uniform(0, 100) for component in components for item in component.items}
        expected = sum(
            c.weight / 100 * np.sort([percents[item] for item in c.items])[c.drop_lowest :].mean() for c in components
        )
        mine = standing_of("x", marks(*(marked(item, value) for item, value in percents.items())), components)
        assert mine.certain == pytest.approx(expected)


PENDING = marks(marked("a", 90), marked("b", 50), ItemMark("c", State.PENDING), ItemMark("exam", State.PENDING))


def test_suppositions_fill_what_is_not_there_yet_and_nothing_else() -> None:
    standing = standing_of("ada", PENDING, COMPONENTS)
    assert suppose(standing, {"exam": 80, "a": 0}, COMPONENTS).certain == pytest.approx(0.4 * 70 + 48)
    assert suppose(standing, {"work": 100, "c": 60, "exam": 80}, COMPONENTS).certain == pytest.approx(0.4 * 75 + 48)


def test_an_unknown_item_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"No item and no component finale\. There are: work, exam, a, b, c"):
        suppose(standing_of("ada", PENDING, COMPONENTS), {"finale": 1}, COMPONENTS)


@pytest.mark.parametrize("least", [50, 70, 90, 95])
def test_what_is_needed_is_enough_and_no_less_would_be(least: float) -> None:
    standing = standing_of("ada", PENDING, COMPONENTS)
    percent = needed(standing, least, COMPONENTS)
    assert percent is not None
    assert suppose(standing, {"c": percent, "exam": percent}, COMPONENTS).certain >= least - 1e-6
    less = percent - 0.01
    assert suppose(standing, {"c": less, "exam": less}, COMPONENTS).certain < least


def test_what_is_certain_needs_nothing_and_what_is_out_of_reach_has_no_figure() -> None:
    standing = standing_of("ada", PENDING, COMPONENTS)
    assert needed(standing, 28, COMPONENTS) == 0
    assert needed(standing, 98.5, COMPONENTS) is None
