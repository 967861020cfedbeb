"""What follows from timings, and the report of a benchmark as text."""

from __future__ import annotations

import json

import pytest

from benchmarks.measure import Timing
from benchmarks.results import EngineResult, Profile, Ratio, Report
from benchmarks.tables import markdown


def engine(name: str, start_up_s: float, added_s: float, sizes: tuple[int, int] = (20, 40)) -> EngineResult:
    """Two rounds, the second of which is 10 % slower in what is added; processor time is half of the clock's."""
    rounds = [[start_up_s + size * added_s * slower for slower in (1.0, 1.1)] for size in sizes]
    small, large = (tuple(Timing(wall_s, wall_s / 2, 0.1) for wall_s in of_size) for of_size in rounds)
    return EngineResult(name, sizes, small, large, memory_mib=100.0)


OURS, FLOOR, STOCK = engine("ours", 8.0, 0.1), engine("floor", 5.0, 0.08), engine("stock", 2.0, 4.0)


def report(**changes) -> Report:
    fields = {
        "assignment": "vae",
        "sizes": (20, 40),
        "date": "2027-01-01",
        "machine": dict.fromkeys(("processor", "system", "python", "torch", "nbgrader", "ipykernel"), "some"),
        "cores": 2,
        "load_before": "0.1, 0.1, 0.1",
        "load_after": "2.0, 1.0, 0.5",
        "tests": 70,
        "scores_compared": 320,
        "mean_score": 97.5,
        "engines": (OURS, STOCK, FLOOR),
        "ratios": (Ratio.of(STOCK, OURS), Ratio.of(OURS, FLOOR)),
        "profile": Profile(20, 0.1, {"fork": 0.02, "load": 0.08}),
        "notes": ("Otter is not among them: no network.",),
    }
    return Report(**{**fields, **changes})


def test_start_up_cancels_out_of_what_is_added():
    assert engine("slow to start", 100.0, 0.1).per_added_s == pytest.approx(OURS.per_added_s)
    assert pytest.approx([0.1, 0.11]) == OURS.per_round()


def test_ratios_compare_what_is_added():
    ratio = Ratio.of(STOCK, OURS)
    assert ratio is not None
    assert (ratio.wall, ratio.cpu) == pytest.approx((40, 40))


def test_there_is_no_ratio_below_the_noise():
    assert Ratio.of(STOCK, engine("too quick", 8.0, -0.001)) is None


def test_the_text_has_ratios_notes_and_the_profile():
    text = markdown(report())
    for part in ("- stock / ours: **40.00**", "- ours / floor: **1.25**", "- Otter is not among them", "80.0 %"):
        assert part in text
    assert "busy" not in text


def test_a_busy_machine_is_named():
    assert "The machine was busy" in markdown(report(load_before="1.5, 0.1, 0.1"))


def test_all_figures_are_json():
    data = json.loads(json.dumps(report().to_json()))
    assert data["engines"][0]["per_added_s"] == pytest.approx(0.105)
    assert data["profile"]["parts"] == {"fork": 0.02, "load": 0.08}
