"""One benchmark: warm every engine up, time them in turn, check that they agree, and sum up."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean

import click

from autograder.authoring.suite_source import list_tests
from autograder.course import Course
from benchmarks.engines import BenchmarkError, Engine, Floor, Ours, Stock, environment
from benchmarks.machine import describe_machine, load_average, usable_cores
from benchmarks.measure import Timing, peak_memory_mib, run_timed
from benchmarks.notebooks import make_class
from benchmarks.results import EngineResult, Ratio, Report
from benchmarks.scores import Scores, disagreements

WARM_UP_SIZE = 2


class Bench:
    """A class of submissions, and what every engine has made of it so far."""

    def __init__(self, course: Course, name: str, sizes: tuple[int, int], folder: Path) -> None:
        self.course = course
        self.assignment = course.assignment(name)
        self.sizes = sizes
        self.folder = folder
        self.submissions = make_class(self.assignment, sizes[1])
        self.expected: dict[int, tuple[str, Scores]] = {}  # class size -> the first engine, its scores

    def run(self, rounds: int, stock_rounds: int, workers: Sequence[int]) -> Report:
        """Time everything in turn, so that drift of the machine shows.

        Raises:
            BenchmarkError: the engines disagree about a score.
            CommandFailed: a command failed.
        """
        ours: list[Engine] = [Ours(self.course, self.assignment, count) for count in workers]
        stock = Stock(self.assignment, self.folder / "stock-template")
        floor = Floor(self.course, self.assignment)
        rounds_of = {ours[0]: rounds, stock: stock_rounds, **dict.fromkeys((*ours[1:], floor), rounds)}
        rounds_of = {engine: count for engine, count in rounds_of.items() if count > 0}
        if stock_rounds:
            stock.make_template()
        machine, load_before = describe_machine(), load_average()
        memory = {engine: self._warm_up(engine) for engine in rounds_of}
        timings = self._time_all(rounds_of)
        results = {
            engine: EngineResult(engine.name, self.sizes, *timings[engine], memory_mib=memory[engine])
            for engine in rounds_of
        }
        pairs = [(stock, engine) for engine in ours if stock_rounds] + [(ours[0], floor)]
        ratios = [Ratio.of(results[slower], results[faster]) for slower, faster in pairs]
        scores = self.expected[self.sizes[1]][1]
        return Report(
            assignment=self.assignment.name,
            sizes=self.sizes,
            date=f"{datetime.now(UTC):%Y-%m-%d}",
            machine=machine,
            cores=usable_cores(),
            load_before=load_before,
            load_after=load_average(),
            tests=len(list_tests(self.assignment.suite_folder)),
            scores_compared=sum(len(questions) for questions in scores.values()),
            mean_score=mean(sum(questions.values()) for questions in scores.values()),
            engines=tuple(results.values()),
            ratios=tuple(ratio for ratio in ratios if ratio is not None),
        )

    def _warm_up(self, engine: Engine) -> float:
        """One small run that fills caches and shows the engine's memory, in MiB; it is not timed."""
        click.echo(f"Warming up {engine.name} ...", err=True)
        folder = self._prepared(engine, WARM_UP_SIZE)
        where, log = engine.working_folder(folder), self.folder / "log"
        memory = peak_memory_mib(engine.command(folder), where, environment(), log)
        shutil.rmtree(folder)
        return memory

    def _time_all(self, rounds_of: Mapping[Engine, int]) -> dict[Engine, tuple[tuple[Timing, ...], tuple[Timing, ...]]]:
        """Engine -> its timings of the small class and of the large one, a pair a round."""
        timings: dict[tuple[Engine, int], list[Timing]] = {(e, size): [] for e in rounds_of for size in self.sizes}
        for engine, size in _turns(rounds_of, self.sizes):
            timings[engine, size].append(self._time(engine, size))
        small, large = self.sizes
        return {engine: (tuple(timings[engine, small]), tuple(timings[engine, large])) for engine in rounds_of}

    def _time(self, engine: Engine, size: int) -> Timing:
        folder = self._prepared(engine, size)
        where, log = engine.working_folder(folder), self.folder / "log"
        timing = run_timed(engine.command(folder), where, environment(), log)
        click.echo(
            f"{engine.name}: {size} submissions in {timing.wall_s:.2f} s "
            f"(processor {timing.cpu_s:.2f} s, load average {timing.load:.1f})",
            err=True,
        )
        self._check_scores(engine, size, engine.scores(folder))
        shutil.rmtree(folder)
        return timing

    def _prepared(self, engine: Engine, size: int) -> Path:
        folder = self.folder / "run"
        folder.mkdir()
        engine.prepare(folder, self.submissions[:size])
        return folder

    def _check_scores(self, engine: Engine, size: int, scores: Scores) -> None:
        """All engines must agree in every run, or none of their times means anything."""
        first, expected = self.expected.setdefault(size, (engine.name, scores))
        if len(scores) != size:
            raise BenchmarkError(f"{engine.name} graded {len(scores)} of {size} submissions")
        about = {submission.student: submission.about for submission in self.submissions}
        wrong = disagreements(engine.name, scores, first, expected, about)
        if wrong:
            raise BenchmarkError("\n".join([f"{engine.name} and {first} disagree:", *wrong[:20]]))


def _turns(rounds_of: Mapping[Engine, int], sizes: tuple[int, int]) -> Iterator[tuple[Engine, int]]:
    """Every engine at the small size, then every engine at the large one; again for the next round."""
    for number in range(max(rounds_of.values())):
        for size in sizes:
            for engine, rounds in rounds_of.items():
                if number < rounds:
                    yield engine, size
