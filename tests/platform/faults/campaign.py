"""Many trials of many kinds, several at the same time, each in a process that adopts what outlives its grader."""

from __future__ import annotations

import multiprocessing
import os
import random
import time
import traceback
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path

from tests.platform.faults import hand_ins, signals, storage
from tests.platform.faults.check import Fault, Finding
from tests.platform.faults.kind import Kind
from tests.platform.faults.processes import adopting_orphans
from tests.platform.faults.trial import Scene, Trial

KINDS: tuple[Kind, ...] = (*signals.KINDS, *storage.KINDS, *hand_ins.KINDS)
FRESH_EVERY = 10  # one command in so many is started as a user does, the others are forked


@dataclass(frozen=True)
class Result:
    """One trial as it went.

    Attributes:
        struck: whether the fault met a command at work.
    """

    kind: str
    moment: int
    struck: bool
    findings: tuple[Finding, ...]
    seconds: float


def run_trial(scene: Scene, kind: Kind, moment: int, seed: int, folder: Path) -> Result:
    """One trial, in this process, which must have no children of its own."""
    draw = random.Random(f"{seed}/{kind.name}/{moment}")
    trial = Trial(scene, folder / f"{kind.name}-{moment}", draw, fresh=moment % FRESH_EVERY == 1)
    began = time.monotonic()
    try:
        kind.run(trial)
    except Exception:
        trial.add(Fault.INCONSISTENT, f"the trial itself broke: {traceback.format_exc()}")
    finally:
        trial.tidy()
    return Result(kind.name, moment, trial.struck, tuple(trial.findings), time.monotonic() - began)


def tasks_of(kinds: Sequence[Kind], moments: int, done: Collection[Result]) -> list[tuple[Kind, int]]:
    """What is still to be run: every kind at its first moment, then at its second, and so on."""
    over = {(result.kind, result.moment) for result in done}
    return [(kind, moment) for moment in range(moments) for kind in kinds if (kind.name, moment) not in over]


def run_campaign(
    scene: Scene, tasks: Sequence[tuple[Kind, int]], seed: int, folder: Path, jobs: int
) -> Iterator[Result]:
    """Trials of kinds at numbered moments, as they are done."""
    context = multiprocessing.get_context("fork")
    connections: dict[Connection, multiprocessing.Process] = {}
    for number in range(min(jobs, len(tasks))):
        ours, theirs = context.Pipe()
        not_its_own = [*connections, ours]
        process = context.Process(target=_job, args=(theirs, not_its_own, scene, seed, folder / f"job-{number}"))
        process.start()
        theirs.close()
        connections[ours] = process  # type: ignore[assignment]
    idle, waiting = list(connections), list(reversed(tasks))
    busy: set[Connection] = set()
    while waiting or busy:
        while waiting and idle:
            connection = idle.pop()
            kind, moment = waiting.pop()
            connection.send((kind.name, moment))
            busy.add(connection)
        for ready in wait(list(busy)):
            assert isinstance(ready, Connection)
            busy.discard(ready)
            idle.append(ready)
            yield ready.recv()
    for connection, process in connections.items():
        connection.close()
        process.join()


def _job(connection: Connection, not_its_own: Sequence[Connection], scene: Scene, seed: int, folder: Path) -> None:
    for other in not_its_own:  # a fork has them open too, and would never see the end of its own
        other.close()
    os.setsid()
    by_name = {kind.name: kind for kind in KINDS}
    with adopting_orphans():
        while True:
            try:
                name, moment = connection.recv()
            except (EOFError, KeyboardInterrupt):
                return
            connection.send(run_trial(scene, by_name[name], moment, seed, folder))
