"""Write reports/<assignment>/similar.html."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from autograder.authoring.reference import Reference
from autograder.authoring.spec import ReleaseSpec, Role
from autograder.course import Assignment, Course
from autograder.gradebook.folder_lock import alone_in
from autograder.gradebook.whole_file import write_file
from autograder.reports.answers import read_answers
from autograder.reports.html import render_template
from autograder.reports.similar.fingerprints import fingerprints
from autograder.reports.similar.page import LookAlike, side_by_side
from autograder.reports.similar.pairs import look_alikes
from autograder.reports.similar.shape import Shape, shape
from autograder.reports.write import MODE

MOST_SHOWN = 30


@dataclass(frozen=True, slots=True)
class SimilarPaths:
    """What was written, and what is in it."""

    html: Path
    students: int
    found: tuple[LookAlike, ...]
    more: int  # pairs that are alike, too, and are not shown


def write_similar(
    course: Course,
    assignment: Assignment,
    students: Sequence[str],
    progress: Callable[[], None] = lambda: None,
    made_at: datetime | None = None,
) -> SimilarPaths:
    """Compare all answers with all others, and write the page.

    Args:
        students: whose autograded notebooks are compared.
        progress: called after each of them.
        made_at: the time printed on the page, with a time zone; default: now, here.

    Raises:
        ConfigurationError: there is no release or no reference.
        OSError: the reports folder cannot be written.
    """
    answers: dict[str, Mapping[str, str]] = {}
    works: dict[str, frozenset[int]] = {}
    writers: Counter[str] = Counter()
    for student in students:
        answers[student] = read_answers(course, assignment, student)
        shapes = _shapes(answers[student])
        works[student] = _hashes(shapes)
        writers.update(frozenset().union(*(answer.words for answer in shapes.values())))
        progress()
    pairs = look_alikes(works, _handed_out(assignment))
    found = tuple(side_by_side(pair, answers, writers) for pair in pairs[:MOST_SHOWN])
    folder = course.reports / assignment.name
    folder.mkdir(parents=True, exist_ok=True)
    paths = SimilarPaths(folder / "similar.html", len(students), found, max(0, len(pairs) - MOST_SHOWN))
    about = {"assignment": assignment, "course": course.settings.title, "similar": paths}
    page = render_template("similar.html", about | {"made_at": made_at or datetime.now().astimezone()})
    with alone_in(folder):
        write_file(paths.html, page.encode("utf-8", errors="backslashreplace"), MODE)
    return paths


def _shapes(answers: Mapping[str, str]) -> dict[str, Shape]:
    return {question: shape(source) for question, source in answers.items()}


def _hashes(shapes: Mapping[str, Shape]) -> frozenset[int]:
    return frozenset(value for question, answer in shapes.items() for value in fingerprints(answer, question))


def _handed_out(assignment: Assignment) -> frozenset[int]:
    """Hashes of the stubs, and of the reference: what the docstrings lead everybody to is nobody's own."""
    spec = ReleaseSpec.load(assignment.release_path)
    stubs = {cell.name: cell.source for cell in spec.cells if cell.role is Role.QUESTION}
    reference = Reference.load(assignment.reference_path, assignment.question_names)
    solutions = {name: reference.source_of(name) for name in assignment.question_names}
    return _hashes(_shapes(stubs)) | _hashes(_shapes(solutions))
