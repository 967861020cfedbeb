"""What a run at scale showed, as figures, as text and as a plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.tables import table

POINTS = 10
RATE_OVER = 50  # submissions


@dataclass(frozen=True)
class MemorySample:
    """Memory of all processes together, shared pages counted once, `at_s` seconds after the command began."""

    at_s: float
    mib: float
    processes: int


@dataclass(frozen=True)
class ScaleReport:
    """One run at scale.

    Attributes:
        kinds: what kind of notebook -> how many were handed in.
        statuses: graded, partial or unreadable -> how many.
        compared: how many submissions the first and the last "hundred" have; both are of the same notebooks.
        finished_s: for each result, seconds from the start of the command to its autograded notebook; ascending.
        again_s: the same command once more, with nothing to do.
    """

    assignment: str
    date: str
    machine: dict[str, str]
    cores: int
    load_before: str
    load_after: str
    workers: int
    kinds: dict[str, int]
    statuses: dict[str, int]
    compared: int
    wall_s: float
    finished_s: tuple[float, ...]
    memory: tuple[MemorySample, ...]
    report_s: float
    gradebook_mib: float
    again_s: float

    @property
    def submissions(self) -> int:
        return len(self.finished_s)

    @property
    def first_s(self) -> float:
        """Seconds for each of the first hundred, from the first result on."""
        return (self.finished_s[self.compared] - self.finished_s[0]) / self.compared

    @property
    def last_s(self) -> float:
        """Seconds for each of the last hundred."""
        return (self.finished_s[-1] - self.finished_s[-1 - self.compared]) / self.compared

    @property
    def rate(self) -> float:
        """Submissions a second, from the first result to the last."""
        return (self.submissions - 1) / (self.finished_s[-1] - self.finished_s[0])

    @property
    def peak_mib(self) -> float:
        return max(sample.mib for sample in self.memory)

    def memory_over_time(self) -> list[MemorySample]:
        """The largest in each tenth of the time between the first result and the last."""
        begin, end = self.finished_s[0], self.finished_s[-1]
        tenths: list[list[MemorySample]] = [[] for _ in range(POINTS)]
        for sample in self.memory:
            if begin <= sample.at_s < end:
                tenths[int(POINTS * (sample.at_s - begin) / (end - begin))].append(sample)
        return [max(tenth, key=lambda sample: sample.mib) for tenth in tenths if tenth]

    def to_json(self) -> dict[str, Any]:
        derived = ("submissions", "rate", "first_s", "last_s", "peak_mib")
        return {"schema": 1, **asdict(self), **{name: getattr(self, name) for name in derived}}


def markdown(report: ScaleReport) -> str:
    """Machine, class and figures."""
    machine = report.machine
    rows = [
        ["what", "figure"],
        ["whole command", f"{report.wall_s:.1f} s"],
        ["first result after", f"{report.finished_s[0]:.1f} s"],
        ["rate from then on", f"{report.rate:.2f} submissions a second"],
        [f"each of the first {report.compared}", f"{report.first_s:.3f} s"],
        [f"each of the last {report.compared}, the same notebooks", f"{report.last_s:.3f} s"],
        ["last / first", f"{report.last_s / report.first_s:.3f}"],
        ["peak memory of all processes together", f"{report.peak_mib:.0f} MiB"],
        ["report for teaching staff", f"{report.report_s:.1f} s"],
        ["gradebook.db", f"{report.gradebook_mib:.1f} MiB"],
        ["once more, nothing to do", f"{report.again_s:.1f} s"],
    ]
    samples = report.memory_over_time()
    over_time = [
        ["", *(f"{number}" for number in range(1, len(samples) + 1))],
        ["MiB", *(f"{sample.mib:.0f}" for sample in samples)],
        ["processes", *(f"{sample.processes}" for sample in samples)],
    ]
    lines = [
        f"Measured on {report.date}: {report.submissions} submissions of `{report.assignment}`, {report.workers} "
        f"workers; {_listed(report.kinds)}. Results: {_listed(report.statuses)}.",
        f"{machine['processor']}; {machine['system']}; python {machine['python']}, torch {machine['torch']}; "
        f"load average {report.load_before} before and {report.load_after} after.",
        "",
        *table(rows),
        "",
        "Memory, the largest of each tenth of the time between the first result and the last:",
        "",
        *table(over_time),
    ]
    return "\n".join(lines) + "\n"


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())


def plot(report: ScaleReport, path: Path) -> None:
    """Memory and rate over time, as a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, (memory, rate) = plt.subplots(2, 1, sharex=True, figsize=(9, 6), layout="constrained")
    memory.plot([sample.at_s for sample in report.memory], [sample.mib for sample in report.memory])
    memory.set(ylabel="memory of all processes, MiB", ylim=(0, None))
    memory.set_title(f"{report.submissions} submissions of {report.assignment}, {report.workers} workers")
    times, rates = _rates(report.finished_s)
    rate.plot(times, rates)
    rate.set(xlabel="seconds", ylabel="submissions a second", ylim=(0, None))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def _rates(finished_s: Sequence[float]) -> tuple[list[float], list[float]]:
    """Submissions a second over the last `RATE_OVER`, at the time of each result."""
    window = min(RATE_OVER, len(finished_s) // 3)
    pairs = list(zip(finished_s, finished_s[window:], strict=False))
    return [end for _, end in pairs], [window / (end - begin) for begin, end in pairs]
