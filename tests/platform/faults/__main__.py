"""`python -m tests.platform.faults`: grade a small class under faults at random moments; print a table.

Mounting needs root: run as another user, kinds that need a file system of their own are refused.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.platform.faults.campaign import KINDS, Result, run_campaign, tasks_of
from tests.platform.faults.check import Fault
from tests.platform.faults.kind import Kind
from tests.platform.faults.log import Log
from tests.platform.faults.scene import make_scene

REPORT_EVERY = 10  # runs
IN_OWN_NAMESPACE = "FAULTS_MOUNTS_ARE_PRIVATE"


def main() -> int:
    """0 where nothing was lost, duplicated, inconsistent or half-written; 1 where something was; 2 wrong usage."""
    options = _options()
    kinds = _chosen(options.kinds)
    if any(kind.mounts for kind in kinds) and os.geteuid() != 0:
        names = " ".join(kind.name for kind in kinds if not kind.mounts)
        print(f"Full disks and read-only folders are mounted, which needs root. Run this with sudo, or without "
              f"those kinds: --kinds {names}", file=sys.stderr)  # fmt: skip
        return 2
    _into_own_namespace()
    began = time.monotonic()
    try:
        log = Log(options.log, options.seed)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    results = [result for result in log.results if any(result.kind == kind.name for kind in kinds)]
    tasks = tasks_of(kinds, options.moments, results)
    with tempfile.TemporaryDirectory(prefix="faults-", ignore_cleanup_errors=True) as folder:
        scene = make_scene(Path(folder) / "scene")
        print(f"{len(kinds)} kinds of fault, {options.moments} random moments each, seed {log.seed}; an "
              f"undisturbed run takes {scene.seconds['grade']:.1f} s.", flush=True)  # fmt: skip
        print(f"To go on after a stop: --log {options.log}", flush=True)
        if results:
            print(f"{options.log} holds {len(results)} runs, which are not repeated; {len(tasks)} are left", flush=True)
        for number, result in enumerate(run_campaign(scene, tasks, log.seed, Path(folder), options.jobs), 1):
            log.add(result)
            results.append(result)
            for finding in result.findings:
                print(f"{result.kind}, moment {result.moment}: {finding.fault}: {finding.text}", flush=True)
            if number % REPORT_EVERY == 0:
                took = time.monotonic() - began
                left = f"about {took / number * (len(tasks) - number) / 60:.0f} min left"
                print(f"{number} of {len(tasks)} runs in {took / 60:.0f} min, {left}", flush=True)
    left = _mounts(folder)
    show(kinds, results, time.monotonic() - began)
    for line in left:
        print(f"left behind: a mount: {line}")
    return 1 if left or any(result.findings for result in results) else 0


def show(kinds: Sequence[Kind], results: Sequence[Result], seconds: float) -> None:
    """The table and the sums."""
    table = Table("kind", "what", "runs", "struck", *Fault, "seconds", box=None, pad_edge=False)
    for kind in kinds:
        runs = [result for result in results if result.kind == kind.name]
        counts = [str(_count(runs, fault)) for fault in Fault]
        red = "bold red" if any(result.findings for result in runs) else None
        struck = str(sum(result.struck for result in runs))
        taken = f"{sum(result.seconds for result in runs):.0f}"
        table.add_row(kind.name, kind.what, str(len(runs)), struck, *counts, taken, style=red)
    Console(width=None if sys.stdout.isatty() else 140).print(table)
    sums = ", ".join(f"{_count(results, fault)} {fault}" for fault in Fault)
    print(f"{len(kinds)} kinds, {len(results)} runs in {seconds:.0f} s: {sums}.")


def _count(results: Sequence[Result], fault: Fault) -> int:
    return sum(finding.fault is fault for result in results for finding in result.findings)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.platform.faults", description=__doc__)
    parser.add_argument("--moments", type=int, default=20, help="random moments a kind (default: 20)")
    parser.add_argument("--kinds", nargs="+", metavar="KIND", help="these alone, or a part of their names")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="default: another one each time")
    parser.add_argument("--jobs", type=int, default=max(1, (os.cpu_count() or 2) // 2), help="trials at a time")
    parser.add_argument(
        "--log", type=Path, metavar="FILE", default=Path(f".autograder/faults-{time.strftime('%Y%m%d-%H%M%S')}.jsonl"),
        help="every run is added to FILE; where it is there already, its seed is kept and what it holds is not run "
        "again (default: a new file in .autograder)",
    )  # fmt: skip
    return parser.parse_args()


def _chosen(words: Sequence[str] | None) -> list[Kind]:
    if not words:
        return list(KINDS)
    chosen = [kind for kind in KINDS if any(word == kind.name for word in words)]
    chosen = chosen or [kind for kind in KINDS if any(word in kind.name for word in words)]
    if not chosen:
        sys.exit(f"No such kind. There are: {' '.join(kind.name for kind in KINDS)}")
    return chosen


def _into_own_namespace() -> None:
    """Begin anew where mounts are this program's own, so that none is left even if it is killed."""
    if os.geteuid() == 0 and IN_OWN_NAMESPACE not in os.environ and shutil.which("unshare"):
        command = ["unshare", "--mount", "--propagation", "private", sys.executable, "-m", "tests.platform.faults"]
        os.execvpe("unshare", [*command, *sys.argv[1:]], {**os.environ, IN_OWN_NAMESPACE: "1"})


def _mounts(folder: str) -> list[str]:
    return [line for line in Path("/proc/self/mounts").read_text().splitlines() if folder in line]


if __name__ == "__main__":
    sys.exit(main())
