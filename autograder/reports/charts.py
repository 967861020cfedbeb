"""The score histogram as plain geometry; templates/histogram.html draws it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.reports.statistics import ScoreSummary, histogram

WIDTH, HEIGHT = 760, 300
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 46, 52
LARGE_CLASS = 150


@dataclass(frozen=True, slots=True)
class Bar:
    """One bin: scores from `low` up to `high` points, and its rectangle in the drawing's units."""

    low: float
    high: float
    count: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Tick:
    """One mark of an axis: its label and its place along the axis."""

    label: str
    place: float


@dataclass(frozen=True, slots=True)
class Histogram:
    """Everything the drawing needs, in its own units, y downwards."""

    bars: tuple[Bar, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lower_quartile: float
    median: float
    upper_quartile: float
    left: float = LEFT
    right: float = WIDTH - RIGHT
    top: float = TOP
    bottom: float = HEIGHT - BOTTOM
    width: int = WIDTH
    height: int = HEIGHT


def score_histogram(scores: Sequence[float], summary: ScoreSummary, max_score: float) -> Histogram:
    """Lay out the distribution of `scores` over 0..max_score: ten bins, twenty for a large class."""
    bins = 20 if len(scores) >= LARGE_CLASS else 10
    counts = histogram((s / max_score if max_score > 0 else 0.0 for s in scores), bins)
    across, tall = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    step, top_value = _round_steps(max(counts))
    slot = across / bins

    def place(score: float) -> float:
        return round(LEFT + across * (score / max_score if max_score > 0 else 0.0), 2)

    return Histogram(
        bars=tuple(
            Bar(
                low=n * max_score / bins,
                high=(n + 1) * max_score / bins,
                count=count,
                x=round(LEFT + n * slot + 1.5, 2),
                y=round(TOP + tall * (1 - count / top_value), 2),
                width=round(slot - 3, 2),
                height=round(tall * count / top_value, 2),
            )
            for n, count in enumerate(counts)
        ),
        x_ticks=tuple(Tick(f"{max_score * n / 10:.3g}", round(LEFT + across * n / 10, 2)) for n in range(11)),
        y_ticks=tuple(Tick(str(v), round(TOP + tall * (1 - v / top_value), 2)) for v in range(0, top_value + 1, step)),
        lower_quartile=place(summary.lower_quartile),
        median=place(summary.median),
        upper_quartile=place(summary.upper_quartile),
    )


def _round_steps(highest: int) -> tuple[int, int]:
    """(step, end) of a whole-numbered axis that holds `highest`, with at most five steps of 1, 2 or 5 · 10ⁿ."""
    step, factors = 1, (2, 2.5, 2)
    n = 0
    while step * 5 < highest:
        step = int(step * factors[n % 3])
        n += 1
    return step, step * max(1, -(-highest // step))
