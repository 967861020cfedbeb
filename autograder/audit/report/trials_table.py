"""What trials have measured, on the terminal: a table for each assignment, below it what a person should look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from autograder.audit.measured import Effort, Fate, Flake, Measured, MutantOutcome, Tolerance, flaky_per_10000

# Two lines each, so that a question's name keeps its width on a terminal of 80 columns.
COLUMNS = ("mutants\nkilled", "share", "by\nvalue", "equi-\nvalent", "al-\nlowed", "test\nruns", "flaky")
MAX_LISTED = 12


def show_trials(measured: Measured, shortfalls: Sequence[str], console: Console) -> None:
    """Print everything that one assignment's trials gave."""
    console.print(Text(f"{measured.assignment}: {described(measured.effort)}", style="bold"))
    console.print(_table(measured))
    for block in _blocks(measured):
        console.print(block)
    for shortfall in shortfalls:
        console.print(Text(shortfall, style="red"))
    verdict = Text("FAILED", style="bold red") if shortfalls else Text("passed", style="green")
    console.print(Text(f"{measured.trials} trials in {measured.seconds:.0f} s: "), verdict, "\n", end="\n")


def described(effort: Effort) -> str:
    """Which part this was, in words."""
    parts = []
    if "mutants" in effort.parts:
        size = "all mutants" if effort.mutants is None else f"a sample of {effort.mutants} mutants a question"
        parts.append(size)
    if "steadiness" in effort.parts:
        parts.append(f"{effort.seeds} seeds, dealt out to 1 and 2 threads and to float32 and float64 as default")
    return "; ".join(parts)


def _table(measured: Measured) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("", no_wrap=True, overflow="fold")
    for column in COLUMNS:
        table.add_column(column, justify="right", no_wrap=True)
    for name in dict.fromkeys(test.question for test in measured.tests):
        table.add_row(name, *_of_mutants(measured, name), *_of_steadiness(measured, name))
    return table


def _of_mutants(measured: Measured, name: str) -> tuple[str, ...]:
    count = measured.mutants_of(name)
    if count is None:
        return ("",) * 5
    killed, survived = len(count.of(Fate.KILLED)), len(count.of(Fate.SURVIVED))
    others = (str(len(count.of(fate))) for fate in (Fate.EQUIVALENT, Fate.ALLOWED))
    return f"{killed}/{killed + survived}", f"{count.killed_share:.1%}", str(count.killed_by_value), *others


def _of_steadiness(measured: Measured, name: str) -> tuple[str, str]:
    steadiness = measured.steadiness_of(name)
    if steadiness is None:
        return "", ""
    return f"{steadiness.runs + steadiness.same:,}", str(steadiness.flaky_runs)


def _blocks(measured: Measured) -> Iterator[RenderableType]:
    survivors = [outcome for count in measured.mutants for outcome in count.of(Fate.SURVIVED)]
    yield from _block("Mutants that no test kills:", [_survivor(outcome) for outcome in survivors])
    flakes = [flake for steadiness in measured.steadiness for flake in steadiness.flakes]
    yield from _block(
        f"Right answers that a test did not pass ({flaky_per_10000(measured.steadiness):.2f} in 10 000 test runs):",
        [_flake(flake) for flake in flakes],
    )
    yield from _block("Tolerances with the least room:", [_tolerance(t) for t in tightest(measured.tolerances)])
    slow = sorted(measured.tests, key=lambda test: -test.seconds)[:5]
    yield from _block("Slowest tests:", [[f"{1000 * t.seconds:.0f} ms", t.question, t.test] for t in slow])
    idle = [test for test in measured.tests if test.alone == 0]
    yield from _block(
        "Tests that catch nothing alone (they may still be there for their hint):",
        [[test.question, test.test, f"catches {test.catches}"] for test in idle],
    )


def tightest(tolerances: Sequence[Tolerance]) -> list[Tolerance]:
    """Those with the least room, on either side, first."""
    return sorted(tolerances, key=room)[:8]


def room(tolerance: Tolerance) -> float:
    """By what factor the threshold could move before a right or a wrong answer would change sides."""
    above = tolerance.smallest_wrong or float("inf")
    return min(above, 1 / tolerance.largest_right if tolerance.largest_right else float("inf"))


def _block(heading: str, rows: Sequence[Sequence[str]]) -> Iterator[RenderableType]:
    if not rows:
        return
    body = Table.grid(padding=(0, 2))
    for row in rows[:MAX_LISTED]:
        body.add_row(*(Text(cell) for cell in row))
    if len(rows) > MAX_LISTED:
        body.add_row(Text(f"… and {len(rows) - MAX_LISTED} more; --json and --html have all of them"))
    yield Group(Text(heading), Padding(body, (0, 0, 0, 2)))


def _survivor(outcome: MutantOutcome) -> list[str]:
    mutant = outcome.mutant
    return [mutant.where, f"- {mutant.was}\n+ {mutant.becomes}"]


def _flake(flake: Flake) -> list[str]:
    setting = f"{flake.threads} thread{'s' if flake.threads > 1 else ''}, float{64 if flake.double else 32}"
    seeds = ", ".join(map(str, flake.seeds[:6])) + (" …" if len(flake.seeds) > 6 else "")
    what = f"{len(flake.seeds)} of {flake.tried} seeds ({seeds}), {setting}"
    return [f"{flake.question}/{flake.test}", flake.answer, f"{what}\n{flake.detail[:200]}"]


def _tolerance(tolerance: Tolerance) -> list[str]:
    wrong = "no wrong answer met" if tolerance.smallest_wrong is None else f"wrong from {tolerance.smallest_wrong:.3g}"
    return [f"right up to {tolerance.largest_right:.3g}", wrong, f"{tolerance.test}:{tolerance.line}", tolerance.name]
