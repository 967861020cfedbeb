"""One benchmark: warm every engine up, time them in turn, check that they agree, and sum up."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean

import click

from autograder.authoring.suite_source import list_tests
from autograder.course import Course
from benchmarks.engines import BenchmarkError, Engine, Floor, Ours, Stock, environment
from benchmarks.hidden_cells import hidden_tests
from benchmarks.machine import describe_machine, load_average, usable_cores
from benchmarks.measure import Timing, peak_memory_mib, run_timed
from benchmarks.notebooks import make_class
from benchmarks.otter import Otter, OtterMissing, install_otter
from benchmarks.results import EngineResult, Profile, Ratio, Report
from benchmarks.scores import Scores, disagreements

WARM_UP_SIZE = 2


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Attributes:
        workers: the platform and the floor are measured with each of these numbers of workers.
        rounds: of the platform and the floor.
        stock_rounds, otter_rounds: of those who take minutes; 0 leaves them out.
        profiled: whether to measure where the time goes, too.
    """

    workers: tuple[int, ...] = (1, 2)
    rounds: int = 3
    stock_rounds: int = 1
    otter_rounds: int = 0
    profiled: bool = True


@dataclass(frozen=True)
class _LineUp:
    rounds_of: dict[Engine, int]
    pairs: list[tuple[Engine, Engine]]  # the slower, the faster
    notes: list[str]


class Bench:
    """A class of submissions, and what every engine has made of it so far."""

    def __init__(self, course: Course, name: str, sizes: tuple[int, int], folder: Path) -> None:
        self.load_before = load_average()  # before the benchmark itself makes some
        self.course = course
        self.assignment = course.assignment(name)
        self.sizes = sizes
        self.folder = folder
        self.submissions = make_class(self.assignment, sizes[1])
        self.expected: dict[int, tuple[str, Scores]] = {}  # class size -> the first engine, its scores

    def run(self, plan: Plan) -> Report:
        """Time everything in turn, so that drift of the machine shows.

        Raises:
            BenchmarkError: the engines disagree about a score.
            CommandFailed: a command failed.
        """
        lineup = self._line_up(plan)
        machine = describe_machine()
        parts = self._where_time_goes() if plan.profiled else None
        memory = {engine: self._warm_up(engine) for engine in lineup.rounds_of}
        timings = self._time_all(lineup.rounds_of)
        results = {
            engine: EngineResult(engine.name, self.sizes, *timings[engine], memory_mib=memory[engine])
            for engine in lineup.rounds_of
        }
        ratios = [Ratio.of(results[slower], results[faster]) for slower, faster in lineup.pairs]
        scores = self.expected[self.sizes[1]][1]
        return Report(
            assignment=self.assignment.name,
            sizes=self.sizes,
            date=f"{datetime.now(UTC):%Y-%m-%d}",
            machine=machine,
            cores=usable_cores(),
            load_before=self.load_before,
            load_after=load_average(),
            tests=len(list_tests(self.assignment.suite_folder)),
            scores_compared=sum(len(questions) for questions in scores.values()),
            mean_score=mean(sum(questions.values()) for questions in scores.values()),
            engines=tuple(results.values()),
            ratios=tuple(ratio for ratio in ratios if ratio is not None),
            profile=parts,
            notes=tuple(lineup.notes),
        )

    def _line_up(self, plan: Plan) -> _LineUp:
        """Who takes part, and who is compared with whom."""
        ours: list[Engine] = [Ours(self.course, self.assignment, count) for count in plan.workers]
        floors: list[Engine] = [Floor(self.course, self.assignment, count) for count in plan.workers]
        others, notes = self._others(plan)
        rounds_of = {ours[0]: plan.rounds, **others, **dict.fromkeys((*ours[1:], *floors), plan.rounds)}
        pairs = [(other, engine) for other in others for engine in ours]
        return _LineUp(rounds_of, [*pairs, *zip(ours, floors, strict=True)], notes)

    def _others(self, plan: Plan) -> tuple[dict[Engine, int], list[str]]:
        """Stock nbgrader and Otter with their rounds, ready to grade, and why one of them is missing."""
        others: dict[Engine, int] = {}
        notes: list[str] = []
        tests = hidden_tests(self.assignment) if plan.stock_rounds or plan.otter_rounds else []
        if plan.stock_rounds:
            stock = Stock(self.assignment, self.folder / "stock-template")
            stock.make_template(tests)
            others[stock] = plan.stock_rounds
        if plan.otter_rounds:
            otter = Otter(self.assignment, self.folder / "otter-autograder.zip")
            try:
                click.echo(f"Looking for {otter.name}, which may have to be installed ...", err=True)
                install_otter()
                otter.make_autograder(tests)
                others[otter] = plan.otter_rounds
            except OtterMissing as error:
                notes.append(f"{otter.name} is not among them: it cannot be installed here ({error}).")
        return others, notes

    def _where_time_goes(self) -> Profile:
        """Of one worker, measured apart: reading the clock that often would cost the others' figures something."""
        click.echo("Measuring where the time goes ...", err=True)
        path, count = self.folder / "profile.json", self.sizes[1] - self.sizes[0]
        options = ["--assignment", self.assignment.name, "-n", str(count), "--json", str(path)]
        command = [sys.executable, "-m", "benchmarks.profile", *options]
        run_timed(command, self.course.root, environment(), self.folder / "log")
        return Profile.from_json(json.loads(path.read_text(encoding="utf-8")))

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
