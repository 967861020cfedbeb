"""Where tests and variants stand in an assignment's files, so that a finding can point there."""

from __future__ import annotations

from pathlib import Path

from autograder.audit.model import Kind, Place
from autograder.authoring.suite_source import SuiteTest, list_tests
from autograder.course import Assignment

MAX_PLACES = 3
FILES = {Kind.MISTAKE: "mistakes*.py", Kind.ALTERNATIVE: "alternatives*.py"}


class Places:
    """Finds lines in the files of one assignment. Paths are relative to the course."""

    def __init__(self, assignment: Assignment) -> None:
        self.tests: tuple[SuiteTest, ...] = tuple(list_tests(assignment.suite_folder))
        self._assignment = assignment
        self._root = assignment.suite_folder.parents[2]

    def of_variant(self, kind: Kind, name: str) -> tuple[Place, ...]:
        """Where a variant's name is written, which may be for several questions; its file where it is made up."""
        paths = sorted(self._assignment.suite_folder.glob(FILES[kind]))
        found = [
            Place(self._relative(path), number)
            for path in paths
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
            if f'"{name}"' in line or f"'{name}'" in line
        ]
        return tuple(found[:MAX_PLACES]) or tuple(Place(self._relative(path)) for path in paths[:1])

    def of_test(self, question: str, name: str) -> tuple[Place, ...]:
        """Where a test is defined. A parametrised one may be given with its brackets."""
        bare = name.partition("[")[0]
        return tuple(
            Place(self._relative(test.path), test.line)
            for test in self.tests
            if test.name == bare and test.question in (question, "")
        )

    def of_reference(self) -> tuple[Place, ...]:
        return (Place(self._relative(self._assignment.reference_path)),)

    def of_release(self) -> tuple[Place, ...]:
        return (Place(self._relative(self._assignment.release_path)),)

    def _relative(self, path: Path) -> Path:
        return path.relative_to(self._root)
