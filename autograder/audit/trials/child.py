"""One trial, in a process of its own that was forked for it."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from autograder.audit.trials.model import TestRun, Trial
from autograder.audit.trials.notebook import LocalNotebook, Streams, names_of
from autograder.audit.trials.record import Recorder
from autograder.authoring.reference import Reference
from autograder.engine.own_memory import limit_own_memory
from autograder.engine.suite_items import ItemRunner, SuiteItem
from autograder.results import Outcome, TestResult
from autograder.suite.plugin import seed_of

MEMORY_MIB = 2048  # more than the process holds when it starts
Send = Callable[[TestRun], None]


@dataclass(frozen=True)
class Bench:
    """What all trials of an assignment share. `test_timeout_s` is of processor time."""

    reference: Reference
    text: str
    suite: dict[str, tuple[SuiteItem, ...]]
    runner: ItemRunner
    recorder: Recorder
    test_timeout_s: float

    def module_text(self, trial: Trial) -> str:
        """The reference with the trial's answer in it."""
        if not trial.source:
            return self.text
        answer = f"{trial.helpers}\n\n{trial.source}" if trial.helpers else trial.source
        return self.text.replace(self.reference.source_of(trial.question), answer, 1)


def run_trial(bench: Bench, trial: Trial, tests: Sequence[SuiteItem], send: Send) -> None:
    """Run the tests and send each run as it ends."""
    limit_own_memory(MEMORY_MIB)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    torch.set_num_threads(trial.threads)
    try:
        names = names_of(bench.module_text(trial))
    except Exception as error:  # a mutant that cannot even be defined: its tests find no such name
        names = {"__error__": error}
    notebook = LocalNotebook(names, trial.double)
    for test in tests:
        for seed in trial.seeds:
            run = _run(bench, notebook, test, seed)
            send(run)
            if not run.random:  # every other seed would end the same
                break
        if trial.stop_at_first and run.outcome is not Outcome.PASSED:
            return


def _run(bench: Bench, notebook: LocalNotebook, test: SuiteItem, seed: int) -> TestRun:
    test.item.config.option.suite_seed = seed
    torch.default_generator.manual_seed(seed_of(test.item))
    torch.set_default_dtype(torch.float32)
    bench.recorder.take()
    before = Streams()
    start = time.process_time()  # not of the clock: several trials run at a time
    result = bench.runner.run(test, notebook, lambda _: "")
    seconds = time.process_time() - start
    drawn = notebook.has_drawn or not Streams().same_as(before)
    return TestRun(
        test.name,
        seed,
        result.outcome,
        _is_by_value(result),
        drawn,
        seconds,
        "" if result.outcome is Outcome.PASSED else result.detail[:500],
        bench.recorder.take(),
    )


def _is_by_value(result: TestResult) -> bool:
    """StudentError's detail ends with the line that raised it."""
    return result.outcome is Outcome.FAILED and "(line " not in result.detail
