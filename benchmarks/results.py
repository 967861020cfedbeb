"""What was measured, and what follows from it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from benchmarks.measure import Timing


@dataclass(frozen=True)
class EngineResult:
    """All runs of one engine. `small[i]` and `large[i]` are of the same round, shortly after each other."""

    name: str
    sizes: tuple[int, int]
    small: tuple[Timing, ...]
    large: tuple[Timing, ...]
    memory_mib: float

    @property
    def per_added_s(self) -> float:
        """Wall-clock seconds for one more submission in a warm run: the median over the rounds."""
        return median(self.per_round())

    @property
    def per_added_cpu_s(self) -> float:
        """The same in processor seconds, which other work on the machine disturbs less."""
        return median(self._difference(a.cpu_s, b.cpu_s) for a, b in zip(self.small, self.large, strict=True))

    @property
    def start_up_s(self) -> float:
        """What a run costs before its first submission: t_small − n_small · per_added."""
        return self.small_s - self.sizes[0] * self.per_added_s

    @property
    def small_s(self) -> float:
        return median(t.wall_s for t in self.small)

    @property
    def large_s(self) -> float:
        return median(t.wall_s for t in self.large)

    def per_round(self) -> list[float]:
        return [self._difference(a.wall_s, b.wall_s) for a, b in zip(self.small, self.large, strict=True)]

    def _difference(self, small: float, large: float) -> float:
        return (large - small) / (self.sizes[1] - self.sizes[0])


@dataclass(frozen=True)
class Ratio:
    """How many times as long `slower` takes for one more submission as `faster`."""

    slower: str
    faster: str
    wall: float
    cpu: float

    @classmethod
    def of(cls, slower: EngineResult, faster: EngineResult) -> Ratio | None:
        """None where noise has swallowed the difference: then there is no figure to give."""
        if min(faster.per_added_s, faster.per_added_cpu_s, slower.per_added_s) <= 0:
            return None
        cpu = slower.per_added_cpu_s / faster.per_added_cpu_s
        return cls(slower.name, faster.name, slower.per_added_s / faster.per_added_s, cpu)


@dataclass(frozen=True)
class Profile:
    """Where the time of one worker goes: seconds of each part for one more submission, in a warm run.

    Attributes:
        submissions: over how many this is the mean.
        elapsed_s: by the clock, for one submission. What is missing from the sum of the parts is the last of them.
    """

    submissions: int
    elapsed_s: float
    parts: dict[str, float]

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Profile:
        return cls(data["submissions"], data["elapsed_s"], data["parts"])


@dataclass(frozen=True)
class Report:
    """One run of the benchmark."""

    assignment: str
    sizes: tuple[int, int]
    date: str
    machine: dict[str, str]
    cores: int
    load_before: str
    load_after: str
    tests: int
    scores_compared: int
    mean_score: float
    engines: tuple[EngineResult, ...]
    ratios: tuple[Ratio, ...]
    profile: Profile | None = None
    notes: tuple[str, ...] = ()

    @property
    def was_busy(self) -> bool:
        """Whether something else kept more than a quarter of the cores at work when the benchmark began."""
        return float(self.load_before.partition(",")[0]) > self.cores / 4

    def to_json(self) -> dict[str, Any]:
        """Everything, with the derived figures beside each engine's raw timings."""
        derived = ("per_added_s", "per_added_cpu_s", "start_up_s", "small_s", "large_s")
        engines = [
            {**asdict(engine), **{name: getattr(engine, name) for name in derived}, "per_round_s": engine.per_round()}
            for engine in self.engines
        ]
        return {"schema": 1, **asdict(self), "was_busy": self.was_busy, "engines": engines}
