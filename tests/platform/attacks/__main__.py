"""`python -m tests.platform.attacks [WORD ...]`: run every attack, or those whose id holds a word; print a table."""

from __future__ import annotations

import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.platform.attacks.catalogue import CASES
from tests.platform.attacks.outcome import Outcome, judge, leaks_about_all
from tests.platform.attacks.run import Campaign, run_campaign


def main() -> int:
    """0 where everything held, 1 where something did not."""
    words = sys.argv[1:]
    cases = [case for case in CASES if not words or any(word in case.id for word in words)]
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="attacks-", ignore_cleanup_errors=True) as folder:
        campaign = run_campaign(Path(folder), cases)
        outcomes = [judge(campaign, case) for case in cases]
        campaign.left += leaks_about_all(campaign)
    show(campaign, outcomes, time.monotonic() - start)
    whole = campaign.left + campaign.changed + campaign.visitors
    return 0 if all(outcome.held for outcome in outcomes) and not whole else 1


def show(campaign: Campaign, outcomes: list[Outcome], seconds: float) -> None:
    """Print the table, the complaints and the sums."""
    console = Console(width=None if sys.stdout.isatty() else 180)
    table = Table("class", "case", "what is tried", "gained", "leak", "collateral", "seconds", box=None, pad_edge=False)
    for o in outcomes:
        row = (o.klass, o.case.id, escape(o.case.tries), f"{o.gained:g}", str(len(o.leaks)), str(len(o.collateral)))
        table.add_row(*row, f"{o.seconds:.2f}", style=None if o.held else "bold red")
    console.print(table)
    for o in outcomes:
        if not o.held:
            console.print(f"NOT HELD {o.case.id}: {o.complaint}", markup=False, style="red")
    for word, lines in (("LEFT", campaign.left), ("CHANGED", campaign.changed), ("VISITED", campaign.visitors)):
        for line in lines:
            console.print(f"{word} {line}", markup=False, style="red")
    by_class: dict[str, list[Outcome]] = defaultdict(list)
    for o in outcomes:
        by_class[o.klass].append(o)
    console.print()
    for klass, members in by_class.items():
        console.print(f"{klass}: {len(members)} cases, {sum(o.held for o in members)} held")
    console.print(
        f"{len(outcomes)} cases in {seconds:.0f} s: {sum(o.gained for o in outcomes):g} points gained, "
        f"{sum(len(o.leaks) for o in outcomes)} leaks, {sum(len(o.collateral) for o in outcomes)} neighbours harmed, "
        f"{len(campaign.left)} things left behind, {len(campaign.visitors)} visitors."
    )


if __name__ == "__main__":
    sys.exit(main())
