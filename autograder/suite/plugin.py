"""The pytest plugin behind hidden suites: markers, the `student` fixture, `--against`.

    pytest -p autograder.suite.plugin tests/hidden/vae --against reference
    pytest -p autograder.suite.plugin tests/hidden/vae --against path/to/module.py

Grading uses the same plugin; there the fixture's backend is a sandboxed process.
"""

from __future__ import annotations

import importlib.util
import runpy
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from autograder.suite.student import Backend, Student

MARKERS = (
    "question(name): the question whose points this test decides",
    "weight(w): share of the question's points, relative to its other tests (default 1)",
    "public: the test's source also stands in the student's notebook",
    "hint(text): shown to the student when the test does not pass; explains the idea, never the answer",
    "gpu: needs a CUDA device; not counted where there is none",
)
OTHER_STREAM = 0x5EED
BackendFor = Callable[[Path], Backend]
backend_key = pytest.StashKey[BackendFor]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("autograder")
    group.addoption("--against", help="run the suite against 'reference' or a Python file, without a sandbox")
    group.addoption("--suite-seed", type=int, default=0, help="other random numbers than those that grade (0)")


def pytest_configure(config: pytest.Config) -> None:
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    against = config.getoption("--against")
    if against:
        config.stash[backend_key] = _reference_backend if against == "reference" else _file_backend(Path(against))


@pytest.fixture
def student(request: pytest.FixtureRequest) -> Student:
    """The student's notebook, both sides freshly seeded. See `autograder.suite.student`."""
    return student_of(request.node)


def student_of(item: pytest.Item) -> Student:
    """What the fixture gives to this test."""
    backend_for = item.config.stash.get(backend_key, None)
    if backend_for is None:
        raise pytest.UsageError("say what to test with --against reference, or grade with `autograder grade`")
    pupil = Student(backend_for(item.path))
    seed = seed_of(item)
    _seed(seed)
    # Another stream, else the student's first draw could equal an input drawn by the test.
    pupil.begin(seed ^ OTHER_STREAM, question_of(item))
    return pupil


def _seed(seed: int) -> None:
    """As `torch.manual_seed`, which on a machine without a GPU formats three stack traces a call."""
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(seed)


def seed_of(item: pytest.Item) -> int:
    """A fixed seed for each test: the same today and tomorrow, whatever ran before."""
    return zlib.crc32(f"{item.path.name}::{item.name}".encode(), item.config.getoption("--suite-seed"))


def question_of(item: pytest.Item) -> str:
    """The question whose points the test decides; "" where it says none."""
    marker = item.get_closest_marker("question")
    return str(marker.args[0]) if marker and marker.args else ""


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("gpu") and not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")


def _reference_backend(test_file: Path) -> Backend:
    """The reference that the test's assignment names."""
    from autograder.course import find_course
    from autograder.suite.local import LocalBackend

    course = find_course(test_file.parent)
    path = course.assignment(test_file.parent.name).reference_path
    module_name = f"reference.{path.stem}"
    if module_name not in sys.modules:
        spec = importlib.util.spec_from_file_location(module_name, path)
        assert spec is not None, path
        assert spec.loader is not None, path
        sys.modules[module_name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[module_name])
    return LocalBackend(_public(vars(sys.modules[module_name])))


def _file_backend(path: Path) -> BackendFor:
    from autograder.suite.local import LocalBackend

    names = _public(runpy.run_path(str(path)))
    return lambda _: LocalBackend(names)


def _public(names: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in names.items() if not name.startswith("__")}
