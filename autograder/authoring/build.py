"""Build an assignment: reference, master notebook and public tests become the students' notebook."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.authoring.built import BuiltFrom
from autograder.authoring.check import Secrets, find_leaks
from autograder.authoring.consistency import find_problems
from autograder.authoring.master import Kind, Master, read_master
from autograder.authoring.public_tests import public_test_cell
from autograder.authoring.reference import Reference
from autograder.authoring.release import make_release
from autograder.authoring.source_notebook import Parts, source_notebook
from autograder.authoring.suite_source import SuiteFile, SuiteTest, read_suite
from autograder.course import Assignment, Course
from autograder.errors import ConfigurationError, Problem


@dataclass(frozen=True, slots=True)
class Build:
    """What building one assignment gives.

    Attributes:
        assignment: its name.
        notebook: the release, which students get.
        source: nbgrader's source notebook, with solutions and rubrics: for staff alone.
        built_from: the reference that both were made from.
        questions: the questions in it.
        public_tests, hidden_tests: how many tests students see, and how many they do not.
    """

    assignment: str
    notebook: bytes
    source: bytes
    built_from: BuiltFrom
    questions: tuple[str, ...]
    public_tests: int
    hidden_tests: int


def build(course: Course, assignment: Assignment) -> Build:
    """Build in memory; `write_release` puts the result on disk.

    Raises:
        ConfigurationError: the assignment's files do not agree, with every problem that was found.
        AuthoringError: nbgrader refuses the notebook.
    """
    master, reference, suite = _read(assignment)
    tests = [test for file in suite for test in file.tests]
    parts = _parts(assignment, master, reference, suite)
    source = source_notebook(assignment.name, master, parts)
    release = make_release(assignment.name, source)
    leaks = find_leaks(release, Secrets(parts.stubs, tests, parts.rubrics, course.root))
    if leaks:
        raise ConfigurationError(
            [Problem(assignment.master_path, 0, f"the release would leak: {leak}") for leak in leaks]
        )
    public = sum(test.public for test in tests)
    built_from = BuiltFrom.of(reference)
    return Build(assignment.name, release, source, built_from, assignment.question_names, public, len(tests) - public)


def write_release(course: Course, assignment: Assignment, built: Build) -> bool:
    """Write the release, what it was built from, and nbgrader's source notebook to the course's state.

    Returns:
        Whether the release changed.
    """
    changed = _bytes_of(assignment.release_path) != built.notebook
    source_path = course.state / "source" / assignment.name / f"{assignment.name}.ipynb"
    files = (
        (assignment.release_path, built.notebook),
        (source_path, built.source),
        (assignment.built_path, built.built_from.to_bytes()),  # last: what it says must be true
    )
    for path, content in files:
        if _bytes_of(path) != content:
            _replace(path, content)
    return changed


def stale(assignment: Assignment, built: Build) -> list[str]:
    """Why the release on disk is not this build's: the first lines of a unified diff, and what was edited since."""
    return difference(assignment.release_path, built.notebook) + built.built_from.changes(assignment.built_path)


def difference(path: Path, expected: bytes, limit: int = 12) -> list[str]:
    """The first `limit` lines of a unified diff from the file at `path` to `expected`; [] where they are the same."""
    actual = _bytes_of(path)
    if actual == expected:
        return []
    if actual is None:
        return [f"{path} does not exist"]
    old, new = (data.decode(errors="replace").splitlines() for data in (actual, expected))
    lines = list(difflib.unified_diff(old, new, "on disk", "as built", lineterm="", n=1))[:limit]
    return lines or ["the files differ in line breaks alone"]


def _read(assignment: Assignment) -> tuple[Master, Reference, list[SuiteFile]]:
    """The three sources of an assignment, once they agree with its assignment.toml."""
    problems: list[Problem] = []
    master = reference = None
    try:
        master = read_master(assignment.master_path)
    except ConfigurationError as error:
        problems.extend(error.problems)
    try:
        reference = Reference.load(assignment.reference_path, assignment.question_names)
    except ConfigurationError as error:
        problems.extend(error.problems)
    suite, unreadable = read_suite(assignment.suite_folder)
    problems.extend(unreadable)
    if master is None or reference is None or unreadable:
        raise ConfigurationError(problems)
    problems.extend(find_problems(assignment, master, reference, suite))
    if problems:
        raise ConfigurationError(problems)
    return master, reference, suite


def _parts(assignment: Assignment, master: Master, reference: Reference, suite: Sequence[SuiteFile]) -> Parts:
    return Parts(
        stubs={name: reference.stub_of(name) for name in assignment.question_names},
        tests={name: _test_cell(name, suite) for name in assignment.question_names},
        given={name: reference.source_of(name) for name in master.names(Kind.GIVEN)},
        points={q.name: q.points for q in assignment.questions} | {w.name: w.points for w in assignment.written},
        rubrics={cell.name: cell.source for cell in master.of(Kind.RUBRIC)},
    )


def _test_cell(question: str, suite: Sequence[SuiteFile]) -> str:
    tests: list[SuiteTest] = []
    imports: dict[str, str] = {}
    for file in suite:
        mine = [test for test in file.tests if test.public and test.question == question]
        tests.extend(mine)
        imports.update(file.imports if mine else {})
    return public_test_cell(question, tests, imports)


def _bytes_of(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _replace(path: Path, content: bytes) -> None:
    """Write a file in one step: whoever reads it meanwhile sees the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
