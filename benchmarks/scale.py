"""Scale on one machine: thousands of submissions in one run of `autograder grade`.

python -m benchmarks.scale [--submissions 2000] [--workers 2] [--assignment vae]
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from autograder.course import Assignment, Course, find_course
from autograder.errors import AutograderError
from benchmarks.engines import BenchmarkError, environment
from benchmarks.large_class import make_large_class
from benchmarks.machine import describe_machine, load_average, usable_cores
from benchmarks.measure import MIB, CommandFailed, run_watched
from benchmarks.process_tree import memory_bytes, process_tree
from benchmarks.scale_results import MemorySample, ScaleReport, markdown, plot
from benchmarks.tables import update_readmes

HERE = Path(__file__).resolve().parent
SAMPLE_EVERY_S = 1.0
NEEDS_A_PERSON = 1  # exit status: some submissions are broken, as they should be


class Scale:
    """One class in a folder of its own, and the platform's commands on it."""

    def __init__(self, course: Course, assignment: Assignment, folder: Path) -> None:
        self.course, self.assignment, self.folder = course, assignment, folder
        self.data = find_course(course.root, folder / "data")

    def run(self, count: int, workers: int) -> ScaleReport:
        """Make the class, grade it, report on it, and grade it again.

        Raises:
            BenchmarkError: a submission has no result, or the second run did not leave everything alone.
            CommandFailed: a command failed.
        """
        click.echo(f"Making {count} submissions ...", err=True)
        self.data.data.mkdir(parents=True)
        large = make_large_class(self.course, self.assignment, count, self.data.data, self.folder / "scratch")
        machine, load_before = describe_machine(), load_average()
        results = self.folder / "results.json"
        grade = ["grade", self.assignment.name, "--workers", str(workers), "--json", str(results)]
        click.echo("Grading them ...", err=True)
        samples: list[MemorySample] = []
        began = time.time()
        wall_s = self._command(grade, lambda root: samples.append(_sample(root, began)))
        first = json.loads(results.read_text(encoding="utf-8"))["submissions"]
        finished_s = self._finished_s(count, began)
        report_s = self._command(["report", self.assignment.name])
        again_s = self._command(grade)
        self._must_be_the_same(first, json.loads(results.read_text(encoding="utf-8"))["submissions"])
        return ScaleReport(
            assignment=self.assignment.name,
            date=f"{datetime.now(UTC):%Y-%m-%d}",
            machine=machine,
            cores=usable_cores(),
            load_before=load_before,
            load_after=load_average(),
            workers=workers,
            kinds=large.kinds,
            statuses=dict(Counter(one["status"] for one in first).most_common()),
            compared=large.compared,
            wall_s=wall_s,
            finished_s=finished_s,
            memory=tuple(samples),
            report_s=report_s,
            gradebook_mib=self.data.gradebook.stat().st_size / MIB,
            again_s=again_s,
        )

    def _command(self, verb: Sequence[str], watch: Any = lambda root: None) -> float:
        """Run one of the platform's commands on the class; its seconds."""
        where = ["--course", str(self.course.root), "--data", str(self.data.data)]
        command = [sys.executable, "-m", "autograder.cli.main", *where, *verb]
        log, accepted = self.folder / "log", (0, NEEDS_A_PERSON)
        return run_watched(command, self.folder, environment(), log, watch, SAMPLE_EVERY_S, accepted)

    def _finished_s(self, count: int, began: float) -> tuple[float, ...]:
        """When each result was written: its autograded notebook is the first thing, and the only one not in batches."""
        pattern = f"*/{self.assignment.name}/{self.assignment.name}.ipynb"
        written = sorted(path.stat().st_mtime - began for path in self.data.autograded.glob(pattern))
        if len(written) != count:
            raise BenchmarkError(f"{len(written)} of {count} submissions have an autograded notebook")
        return tuple(written)

    def _must_be_the_same(self, first: list[dict[str, Any]], again: list[dict[str, Any]]) -> None:
        """Also the seconds that grading took: a submission graded again would have others."""
        changed = [a["student"] for a, b in zip(first, again, strict=True) if a != b]
        if changed:
            raise BenchmarkError(f"the second run graded {len(changed)} submissions again: {', '.join(changed[:5])}")


def _sample(root: int, began: float) -> MemorySample:
    tree = process_tree(root)
    return MemorySample(time.time() - began, sum(map(memory_bytes, tree)) / MIB, len(tree))


@click.command()
@click.option("--submissions", "count", type=click.IntRange(30), default=2000, show_default=True)
@click.option("--workers", type=click.IntRange(1), default=2, show_default=True)
@click.option("--assignment", "name", default="vae", show_default=True)
@click.option("--json", "json_path", type=click.Path(path_type=Path, dir_okay=False), help="Also write all figures.")
@click.option("--update-readme", is_flag=True, help="Rewrite the marked block of benchmarks/README.md.")
def main(count: int, workers: int, name: str, json_path: Path | None, update_readme: bool) -> None:
    """Rate, memory over time, and what the last hundred cost beside the first, in one run of a large class."""
    course = find_course(HERE)
    with tempfile.TemporaryDirectory(prefix="autograder-scale-") as folder:
        try:
            report = Scale(course, course.assignment(name), Path(folder)).run(count, workers)
        except (AutograderError, BenchmarkError, CommandFailed) as error:
            raise click.ClickException(str(error)) from None
    click.echo(f"\n{markdown(report)}")
    picture = HERE / "results" / f"scale-{name}-{count}.png"
    plot(report, picture)
    click.echo(f"Memory and rate over time: {picture}")
    if json_path is not None:
        json_path.write_text(json.dumps(report.to_json(), indent=1) + "\n", encoding="utf-8")
    if update_readme:
        for path in update_readmes("scale", markdown(report), [HERE / "README.md"]):
            click.echo(f"Updated {path}")


if __name__ == "__main__":
    main()
