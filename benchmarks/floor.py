"""The floor: what one more notebook costs a warm process that forks, loads it and runs the suite, and no more.

    python -m benchmarks.floor ASSIGNMENT FOLDER

Student code runs in the forked process itself, with the tests: no sandbox, no gradebook, no
autograded notebooks. Nobody should grade like this; it shows what the platform adds to it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
from benchmarks.scores import FLOOR_FILE


class FloorLoop:
    """The pytest plugin whose test loop forks once for each notebook."""

    def __init__(self, assignment: Assignment, folder: Path) -> None:
        self.assignment = assignment
        self.folder = folder
        self.runner = ItemRunner()
        self.scores: dict[str, dict[str, float]] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        suite = read_items(session.items, self.assignment)
        spec = ReleaseSpec.load(self.assignment.release_path)
        for path in sorted((self.folder / "submitted").glob(f"*/{self.assignment.name}/{self.assignment.name}.ipynb")):
            student = path.parts[-3]
            self.scores[student] = in_a_fork(lambda path=path, student=student: self._grade(path, student, spec, suite))
        return True

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


def in_a_fork(work: Any) -> Any:
    """What `work()` returns, computed in a child process; it must be JSON."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reading)
            with os.fdopen(writing, "w") as pipe:
                json.dump(work(), pipe)
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    if os.waitpid(child, 0)[1] != 0:
        raise RuntimeError("a notebook ended its process")
    return json.loads(text)


def main(name: str, folder: Path) -> None:
    torch.set_num_threads(1)
    course = find_course(Path(__file__).parent)
    assignment = course.assignment(name)
    loop = FloorLoop(assignment, folder)
    arguments = ["-q", "-c", str(INI), "--rootdir", str(course.root), "-p", "autograder.suite.plugin"]
    pytest.main([*arguments, str(assignment.suite_folder)], plugins=[loop, loop.runner])
    (folder / FLOOR_FILE).write_text(json.dumps(loop.scores, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
