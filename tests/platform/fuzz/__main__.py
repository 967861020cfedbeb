"""`python -m tests.platform.fuzz`: no bytes that reach the trusted side may raise, hang or be taken for something else.

python -m tests.platform.fuzz                                   all of it
python -m tests.platform.fuzz --notebooks 500 --messages 0      a part
python -m tests.platform.fuzz --replay messages:1:4711          one case again, with its traceback
python -m tests.platform.fuzz --replay FOLDER/finding.message   the same from its bytes
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from autograder.cli.progress import Bar, counting
from tests.platform.fuzz.campaign import CORPORA, Finding, Tally, first_of_each_kind, load_corpus, run_campaign
from tests.platform.fuzz.clock import observe
from tests.platform.fuzz.corpus import CaseName
from tests.platform.fuzz.whole_path import CORPUS as GRADED
from tests.platform.fuzz.whole_path import run_whole_path, sample

EVERY = 200  # of so many notebooks, one goes the whole way


@click.command(help=(__doc__ or "").partition("\n")[0])
@click.option("--notebooks", type=click.IntRange(0), default=10_000, show_default=True)
@click.option("--messages", type=click.IntRange(0), default=100_000, show_default=True)
@click.option("--tomls", type=click.IntRange(0), default=2_000, show_default=True)
@click.option("--records", type=click.IntRange(0), default=2_000, show_default=True)
@click.option("--releases", type=click.IntRange(0), default=500, show_default=True)
@click.option("--graded", type=click.IntRange(0), help=f"Through bubblewrap.  [default: one in {EVERY} notebooks]")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--processes", type=click.IntRange(1), default=os.cpu_count() or 1, show_default=True)
@click.option("--keep", type=click.Path(path_type=Path), default=Path("fuzz-findings"), help="Folder for findings.")
@click.option("--replay", metavar="CASE|FILE", help="One case again.")
def fuzz(graded: int | None, seed: int, processes: int, keep: Path, replay: str | None, **counts: int) -> None:
    if replay is not None:
        sys.exit(_replay(replay))
    start = time.monotonic()
    with counting("fuzzing") as bar:
        bar.start(sum(counts.values()), f"seed {seed}, {processes} processes")
        tallies = run_campaign({name: count for name, count in counts.items() if count}, seed, processes, _telling(bar))
    number = counts["notebooks"] // EVERY if graded is None else graded
    if number:
        tallies[GRADED] = _graded(seed, number)
    show(tallies, time.monotonic() - start)
    sys.exit(1 if _keep(tallies, keep) else 0)


def _telling(bar: Bar) -> Callable[[int, int], None]:
    """Move the bar; where nobody sees one, say at every twentieth how far it is."""
    start, said = time.monotonic(), [0]

    def tell(done: int, total: int) -> None:
        bar.set(done, total)
        if not sys.stderr.isatty() and done * 20 // total > said[0]:
            said[0] = done * 20 // total
            print(f"{done} of {total} cases after {time.monotonic() - start:.0f} s", file=sys.stderr)

    return tell


def _graded(seed: int, number: int) -> Tally:
    with tempfile.TemporaryDirectory(prefix="fuzz-graded-") as folder, counting("grading") as bar:
        bar.start(number, "in bubblewrap, each with an honest one behind it")
        return run_whole_path(Path(folder) / "class", sample(Path(folder) / "course", seed, number), bar.advance)


def show(tallies: dict[str, Tally], seconds: float) -> None:
    """The table: what was tried, and what came of it."""
    console = Console(width=None if sys.stdout.isatty() else 160)
    table = Table(box=None, pad_edge=False)
    for column in ("corpus", "cases", "outcomes", "slowest", "seconds", "peak MiB", "findings"):
        table.add_column(column, justify="right" if column not in ("corpus", "slowest") else "left")
    for name, tally in tallies.items():
        row = (
            f"{tally.cases}",
            f"{len(tally.outcomes)}",
            tally.slowest,
            f"{tally.slowest_s:.2f}",
            f"{tally.peak_mib:.0f}",
        )
        table.add_row(name, *row, f"{len(tally.findings)}", style="bold red" if tally.findings else None)
    console.print(table)
    for name, tally in tallies.items():
        console.print(f"\n{name}:", style="bold")
        for outcome, count in tally.outcomes.most_common():
            console.print(f"  {count:7} {escape(outcome)}")
    cases = sum(tally.cases for tally in tallies.values())
    findings = sum(len(tally.findings) for tally in tallies.values())
    console.print(f"\n{cases} cases in {seconds:.0f} s: {findings} uncaught exceptions, hangs and broken promises.")


def _keep(tallies: dict[str, Tally], folder: Path) -> int:
    """Print the findings and write their bytes; how many there are."""
    findings = [finding for tally in tallies.values() for finding in tally.findings]
    for finding in first_of_each_kind(findings):
        print(f"\nFOUND {finding.case}\n{finding.what.strip()}")
        if finding.data is not None:
            print(f"again: python -m tests.platform.fuzz --replay {_write(finding, folder)}")
    return len(findings)


def _write(finding: Finding, folder: Path) -> Path:
    corpus = finding.case.partition(":")[0]
    suffix = load_corpus(corpus).suffix if corpus in CORPORA else ".notebook"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{finding.case.replace(':', '-')}{suffix}"
    path.write_bytes(finding.data or b"")
    return path


def _replay(what: str) -> int:
    """0 where the case is taken as it must be."""
    path = Path(what)
    if path.is_file():
        corpus = next(each for each in map(load_corpus, CORPORA) if path.name.startswith(each.name))
        data = path.read_bytes()
    else:
        name = CaseName.parse(what)
        corpus = load_corpus(name.corpus)
        data = corpus.make(name.random())
    seen = observe(corpus, data)
    print(f"{what}: {len(data)} bytes, {seen.outcome} after {seen.seconds:.2f} s\n{seen.finding}")
    return 1 if seen.finding else 0


if __name__ == "__main__":
    fuzz()
