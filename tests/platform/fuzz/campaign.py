"""Many cases of many corpora, shared out over processes; what came of them, added up."""

from __future__ import annotations

import faulthandler
import multiprocessing
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.platform.fuzz.clock import CLOCK_S, observe, peak_mib
from tests.platform.fuzz.configuration import Configuration
from tests.platform.fuzz.corpus import CaseName, Corpus
from tests.platform.fuzz.notebooks import Notebooks
from tests.platform.fuzz.own_files import Records, Releases
from tests.platform.fuzz.replies import Replies

BATCH = 20  # cases that a process takes at a time
MOST_KEPT = 20  # findings of one kind whose bytes are kept
CORPORA: Mapping[str, Callable[[Path], Corpus]] = {
    "notebooks": Notebooks,
    "messages": Replies,
    "tomls": Configuration,
    "records": Records,
    "releases": Releases,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A case that the trusted side did not take as it must. `data` is None where its process died with it."""

    case: str
    what: str
    data: bytes | None

    @property
    def kind(self) -> str:
        """The last line of the traceback."""
        return self.what.strip().splitlines()[-1][:100]


@dataclass
class Tally:
    """What came of the cases of one corpus."""

    cases: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    slowest: str = ""
    cpu_s: float = 0.0
    peak_mib: float = 0.0
    findings: list[Finding] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Take over what came of other cases."""
        self.cases += other.cases
        self.outcomes += other.outcomes
        self.cpu_s += other.cpu_s
        self.peak_mib = max(self.peak_mib, other.peak_mib)
        self.findings += other.findings
        if other.slowest_s >= self.slowest_s:
            self.slowest_s, self.slowest = other.slowest_s, other.slowest


Advance = Callable[[int, int], None]  # how many are done, and of how many


def run_cases(corpus: Corpus, seed: int, numbers: range) -> Tally:
    """Make and check some cases, here and now."""
    tally = Tally()
    for number in numbers:
        name = CaseName(corpus.name, seed, number)
        data = corpus.make(name.random())
        seen = observe(corpus, data)
        tally.cases += 1
        tally.outcomes[seen.outcome] += 1
        tally.cpu_s += seen.seconds
        if seen.seconds >= tally.slowest_s:
            tally.slowest_s, tally.slowest = seen.seconds, str(name)
        if seen.finding:
            tally.findings.append(Finding(str(name), seen.finding, data))
    tally.peak_mib = peak_mib()
    return tally


def run_campaign(counts: Mapping[str, int], seed: int, processes: int, advance: Advance) -> dict[str, Tally]:
    """Run the first `counts[corpus]` cases of every corpus; the same cases whatever the number of processes."""
    tallies = {name: Tally() for name in counts}
    batches = [
        (name, range(start, min(start + BATCH, count)))
        for name, count in counts.items()
        for start in range(0, count, BATCH)
    ]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=prepare_process) as pool:
        futures = {pool.submit(_batch, name, seed, numbers): (name, numbers) for name, numbers in batches}
        done = 0
        for future in as_completed(futures):
            name, numbers = futures[future]
            tallies[name].add(_result(future, name, seed, numbers))
            done += len(numbers)
            advance(done, sum(counts.values()))
    return tallies


def _result(future: Future[Tally], name: str, seed: int, numbers: range) -> Tally:
    """A batch whose process died is a finding: nothing that is read may end the process that reads it."""
    try:
        return future.result()
    except BrokenProcessPool as error:
        case = f"{CaseName(name, seed, numbers.start)}-{numbers.stop - 1}"
        return Tally(findings=[Finding(case, f"the process died, or hung beyond its time limit\n{error}", None)])


def prepare_process() -> None:
    """No process outlives a case that cannot be stopped by a signal: it prints where it is, and ends."""
    warnings.simplefilter("ignore")
    faulthandler.enable(sys.stderr)


def _batch(name: str, seed: int, numbers: range) -> Tally:
    faulthandler.dump_traceback_later(BATCH * CLOCK_S, exit=True, file=sys.__stderr__)
    try:
        return run_cases(load_corpus(name), seed, numbers)
    finally:
        faulthandler.cancel_dump_traceback_later()


@cache
def load_corpus(name: str) -> Corpus:
    """The corpus, with a folder of its own for the whole life of the process."""
    folder = tempfile.TemporaryDirectory(prefix=f"fuzz-{name}-")
    _folders.append(folder)
    return CORPORA[name](Path(folder.name))


_folders: list[tempfile.TemporaryDirectory[str]] = []


def first_of_each_kind(findings: list[Finding]) -> Iterator[Finding]:
    """Findings worth a look: a few of each kind."""
    seen: Counter[str] = Counter()
    for finding in findings:
        seen[finding.kind] += 1
        if seen[finding.kind] <= MOST_KEPT:
            yield finding
