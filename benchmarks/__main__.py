"""`python -m benchmarks`: time every engine on the same class, in one run, and compare."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import click

from autograder.course import find_course
from autograder.errors import AutograderError
from benchmarks.bench import Bench, Plan
from benchmarks.engines import BenchmarkError
from benchmarks.measure import CommandFailed
from benchmarks.otter import VERSION
from benchmarks.tables import markdown, update_readmes

ROOT = Path(__file__).resolve().parents[1]
README = Path(__file__).with_name("README.md")


@click.command()
@click.option("--assignment", "name", default="vae", show_default=True)
@click.option("--sizes", nargs=2, type=click.IntRange(1), default=(20, 40), show_default=True, metavar="SMALL LARGE")
@click.option("--quick", is_flag=True, help="Sizes 4 and 8, one round: to see that it works.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help="Rounds of the quick engines.")
@click.option("--stock-rounds", type=click.IntRange(0), default=3, show_default=True, help="Of stock nbgrader.")
@click.option("--otter/--no-otter", default=True, help=f"Otter {VERSION}, one round.  [default: otter]")
@click.option("--workers", multiple=True, type=click.IntRange(1), default=(1, 2), show_default=True)
@click.option("--profile/--no-profile", "profiled", default=True, help="Where the time goes.  [default: profile]")
@click.option("--json", "json_path", type=click.Path(path_type=Path, dir_okay=False), help="Also write all figures.")
@click.option("--update-readme", is_flag=True, help="Rewrite the marked block of the README files.")
def bench(
    name: str,
    sizes: tuple[int, int],
    quick: bool,
    rounds: int,
    stock_rounds: int,
    otter: bool,
    workers: tuple[int, ...],
    profiled: bool,
    json_path: Path | None,
    update_readme: bool,
) -> None:
    """Seconds for one more submission in a warm run: the platform, stock nbgrader, Otter, and a floor.

    Every engine grades the same notebooks, and all must give the same scores.
    """
    sizes, rounds, stock_rounds = ((4, 8), 1, min(1, stock_rounds)) if quick else (sizes, rounds, stock_rounds)
    if sizes[0] >= sizes[1]:
        raise click.UsageError("the first size must be the smaller one")
    plan = Plan(workers, rounds, stock_rounds, 1 if otter else 0, profiled)
    with tempfile.TemporaryDirectory(prefix="autograder-bench-") as folder:
        try:
            report = Bench(find_course(ROOT), name, sizes, Path(folder)).run(plan)
        except (AutograderError, BenchmarkError, CommandFailed) as error:
            raise click.ClickException(str(error)) from None
    click.echo(f"\n{markdown(report)}")
    if json_path is not None:
        json_path.write_text(json.dumps(report.to_json(), indent=1) + "\n", encoding="utf-8")
    if update_readme:
        for path in update_readmes("bench", markdown(report), [README, ROOT / "README.md"]):
            click.echo(f"Updated {path}")


if __name__ == "__main__":
    bench()
