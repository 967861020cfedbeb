"""The tiny course, and one engine on it for all tests of a file that do no harm to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from autograder.course import Course
from autograder.engine import Engine, Job
from autograder.results import SubmissionResult
from tests.platform.engine.tiny import make_course, tiny

Grade = Callable[..., SubmissionResult]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def engine(course: Course) -> Iterator[Engine]:
    with Engine(course, tiny(course), workers=1) as running:
        yield running


@pytest.fixture(scope="module")
def grade(engine: Engine) -> Grade:
    """Grades one notebook."""

    def grade(data: bytes, student: str = "ada", questions: frozenset[str] | None = None) -> SubmissionResult:
        ((_, result),) = engine.run([Job(student, data, questions)])
        return result

    return grade
