"""Figures of a run at scale."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.scale_results import MemorySample, ScaleReport, markdown, plot

# The first result after 20 s, then 100 at 0.5 s, 100 at 1 s, 100 at 0.6 s.
STEPS = [20.0] + [0.5] * 100 + [1.0] * 100 + [0.6] * 100
REPORT = ScaleReport(
    assignment="vae",
    date="2027-01-01",
    machine={"processor": "some", "system": "Linux", "python": "3", "torch": "2"},
    cores=2,
    load_before="0.1, 0.1, 0.1",
    load_after="2.0, 1.0, 0.5",
    workers=2,
    kinds={"half_finished": 301},
    statuses={"graded": 301},
    compared=100,
    wall_s=235.0,
    finished_s=tuple(sum(STEPS[: number + 1]) for number in range(len(STEPS))),
    memory=tuple(MemorySample(float(second), 500.0 + second, 7) for second in range(235)),
    report_s=1.5,
    gradebook_mib=3.25,
    again_s=2.5,
)


def test_the_first_and_the_last_hundred_are_counted_without_start_up():
    assert pytest.approx(0.5) == REPORT.first_s
    assert pytest.approx(0.6) == REPORT.last_s
    assert pytest.approx(300 / 210) == REPORT.rate


def test_memory_over_time_is_of_the_time_of_grading_alone():
    samples = REPORT.memory_over_time()
    assert [sample.at_s for sample in samples] == [40, 61, 82, 103, 124, 145, 166, 187, 208, 229]
    assert REPORT.peak_mib == 734.0


def test_a_peak_while_starting_counts():
    early = replace(REPORT, memory=(MemorySample(1.0, 9000.0, 3), *REPORT.memory))
    assert early.peak_mib == 9000.0


def test_the_text_has_the_figures():
    text = markdown(REPORT)
    for figure in ("1.200", "301 half finished", "734 MiB", "3.2 MiB", "2.5 s"):
        assert figure in text


def test_the_plot_is_a_picture(tmp_path):
    path = tmp_path / "results" / "scale.png"
    plot(REPORT, path)
    assert path.read_bytes().startswith(b"\x89PNG")
