"""The floor: what one more notebook costs a warm process that forks, loads it and runs the suite, and no more.

    python -m benchmarks.floor ASSIGNMENT FOLDER [--workers N]

Each of N processes takes the next notebook and forks for it, until there are none left. Student code
runs in the forked process itself, with the tests: no sandbox, no gradebook, no autograded notebooks.
Nobody should grade like this; it shows what the platform adds to it.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click
import pytest
import torch
import torch._dynamo  # what the first optimiser pulls in; every engine that forks has it before

from autograder.authoring.spec import ReleaseSpec
from autograder.course import Assignment, find_course
from autograder.engine.suite_items import ItemRunner, SuiteItem, read_items
from autograder.engine.worker import INI
from autograder.results import score_question
from autograder.submissions.parse import Kind, parse_submission
from autograder.suite.local import LocalBackend
from benchmarks.forks import Turns, start_fork
from benchmarks.scores import SCORES_FILE


class FloorLoop:
    """The pytest plugin whose test loop forks once for each notebook."""

    def __init__(self, assignment: Assignment, folder: Path, workers: int) -> None:
        self.assignment = assignment
        self.folder = folder
        self.workers = workers
        self.runner = ItemRunner()
        self.scores: dict[str, dict[str, float]] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        suite = read_items(session.items, self.assignment)
        spec = ReleaseSpec.load(self.assignment.release_path)
        name = self.assignment.name
        paths = sorted((self.folder / "submitted").glob(f"*/{name}/{name}.ipynb"))
        gc.freeze()  # as the platform's workers do: children then share more of what is there
        turns = Turns(paths)
        workers = [start_fork(lambda: self._work(turns, spec, suite)) for _ in range(self.workers)]
        for worker in workers:
            self.scores |= worker()
        return True

    def _work(
        self, turns: Turns, spec: ReleaseSpec, suite: Mapping[str, tuple[SuiteItem, ...]]
    ) -> dict[str, dict[str, float]]:
        """One worker: a fork for each notebook that it takes."""
        scores = {}
        for path in turns:
            student = path.parts[-3]
            scores[student] = start_fork(partial(self._grade, path, student, spec, suite))()
        return scores

    def _grade(
        self, path: Path, student: str, spec: ReleaseSpec, suite: Mapping[str, tuple[SuiteItem, ...]]
    ) -> dict[str, float]:
        parsed = parse_submission(path.read_bytes(), student, spec, self.assignment.limits)
        names: dict[str, Any] = {"__name__": "__main__"}
        for cell in parsed.cells:
            if cell.kind is not Kind.SKIP:
                exec(compile(cell.source, f"<cell {cell.index}>", "exec"), names)
        backend = LocalBackend({name: value for name, value in names.items() if not name.startswith("__")})
        scores = {}
        for question in self.assignment.questions:
            results = tuple(self.runner.run(test, backend, lambda _: "") for test in suite[question.name])
            scores[question.name] = score_question(question.points, results)
        return scores


@click.command()
@click.argument("assignment")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True)
def main(assignment: str, folder: Path, workers: int) -> None:
    """Grade submitted/*/ASSIGNMENT below FOLDER, and write the scores to a file there."""
    torch.set_num_threads(1)
    course = find_course(Path(__file__).parent)
    settings = course.assignment(assignment)
    loop = FloorLoop(settings, folder, workers)
    arguments = ["-q", "-c", str(INI), "--rootdir", str(course.root), "-p", "autograder.suite.plugin"]
    pytest.main([*arguments, str(settings.suite_folder)], plugins=[loop, loop.runner])
    (folder / SCORES_FILE).write_text(json.dumps(loop.scores, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
