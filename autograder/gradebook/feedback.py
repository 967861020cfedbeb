"""Feedback pages, made by nbgrader's own GenerateFeedback, for many students at once.

A page takes a tenth of a second, nearly all of it in nbconvert, so the students are shared out over
processes that start from a server which has imported nbgrader once. A page whose notebook, scores
and comments are as they were is left alone.
"""

from __future__ import annotations

import hashlib
import json
import logging
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import lru_cache
from pathlib import Path

from nbconvert.writers import FilesWriter
from nbgrader.api import Assignment as AssignmentRow
from nbgrader.api import Comment, Grade, Gradebook, SubmittedAssignment, SubmittedNotebook
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.course import Course
from autograder.engine.start import without_main
from autograder.errors import GradebookError
from autograder.gradebook.autograded import write_file
from autograder.gradebook.feedback_exporter import FeedbackExporter
from autograder.gradebook.store import open_gradebook

Progress = Callable[[int, int], None]
BATCH = 4  # students whom one process takes at a time


def generate_feedback(
    course: Course,
    assignment: str,
    students: Sequence[str],
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    force: bool = False,
) -> list[Path]:
    """Make the feedback pages of these students.

    Args:
        course: nbgrader's folders lie in `course.data`.
        assignment: name of the assignment.
        students: those who have an autograded notebook; others are left out.
        workers: processes; 1 works in this one. Default: as many as there are cores.
        progress: called with how many students are done, and of how many.
        force: also make pages whose notebook and marks have not changed.

    Returns:
        The pages of all these students, made now or before.

    Raises:
        GradebookError: nbgrader could not make some of the pages; the others are made.
    """
    known = [student for student in students if _notebook(course, assignment, student).is_file()]
    states = _states(course, assignment, known)
    todo = [student for student in known if force or not _is_current(course, assignment, student, states[student])]
    done = len(known) - len(todo)
    if progress:
        progress(done, len(known))
    failures: list[str] = []
    for made, failed in _convert(course, assignment, todo, workers or os.cpu_count() or 1):
        failures += failed
        for student in made:
            write_file(_stamp(course, assignment, student), states[student].encode())
        done += len(made) + len(failed)
        if progress:
            progress(done, len(known))
    if failures:
        raise GradebookError(
            f"{assignment}: no feedback page could be made for {', '.join(sorted(failures))}. "
            f"See {_log_path(course)}, mend the autograded notebook, and try again."
        )
    return [_page(course, assignment, student) for student in known]


def _convert(
    course: Course, assignment: str, students: Sequence[str], workers: int
) -> Iterator[tuple[list[str], list[str]]]:
    """(made, failed) students, batch by batch."""
    batches = [students[start : start + BATCH] for start in range(0, len(students), BATCH)]
    log = _log_path(course)
    log.parent.mkdir(parents=True, exist_ok=True)
    arguments = (str(course.data), course.settings.id, assignment, str(log))
    if workers == 1 or len(batches) <= 1:
        for batch in batches:
            yield convert_batch(*arguments, batch)
        return
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["autograder.gradebook.feedback"])
    with ProcessPoolExecutor(min(workers, len(batches)), mp_context=context) as pool:
        with without_main():
            futures = [pool.submit(convert_batch, *arguments, batch) for batch in batches]
        for future in as_completed(futures):
            yield future.result()


def convert_batch(
    data: str, course_id: str, assignment: str, log: str, students: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Let nbgrader make the pages of a few students. Returns those made and those that failed."""
    converter = _converter(data, course_id, assignment, log)
    made: list[str] = []
    failed: list[str] = []
    for student in students:
        (made if converter.convert(student) else failed).append(student)
    return made, failed


@lru_cache(maxsize=1)
def _converter(data: str, course_id: str, assignment: str, log: str) -> _Converter:
    """One a process, whatever number of batches it takes."""
    return _Converter(data, course_id, assignment, log)


class _Converter:
    """nbgrader's converter, set up once for many students: making an exporter costs as much as a page."""

    def __init__(self, data: str, course_id: str, assignment: str, log: str) -> None:
        config = Config()
        config.CourseDirectory.root = data
        config.CourseDirectory.course_id = course_id
        config.CourseDirectory.assignment_id = assignment
        self._coursedir = CourseDirectory(config=config)
        self._converter = GenerateFeedback(coursedir=self._coursedir, config=config)
        self._converter.force = True
        self._converter.log = _logger(log)
        self._converter.writer = FilesWriter(parent=self._converter, config=self._converter.config)
        self._converter.exporter = FeedbackExporter(parent=self._converter, config=self._converter.config)
        for preprocessor in self._converter.preprocessors:
            self._converter.exporter.register_preprocessor(preprocessor)

    def convert(self, student: str) -> bool:
        """Make one student's page; False where nbgrader could not."""
        self._coursedir.student_id = student
        self._converter.assignments = {}
        try:
            self._converter.init_notebooks()
            self._converter.convert_notebooks()
        except Exception:  # nbgrader raises what it meets; one student must not stop the others
            self._converter.log.exception("no feedback page for %s", student)
            return False
        return True


def _logger(path: str) -> logging.Logger:
    """nbgrader's messages go to a file: they are many, and of use only when something failed."""
    logger = logging.getLogger(f"autograder.feedback.{path}")
    if not logger.handlers:
        handler = logging.FileHandler(path, encoding="utf-8", delay=True)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        logger.addHandler(handler)
        logger.setLevel(logging.ERROR)
        logger.propagate = False
    return logger


def _states(course: Course, assignment: str, students: Sequence[str]) -> dict[str, str]:
    """What each student's page is made of, as a hash: notebook, grades and comments."""
    hashes = {s: hashlib.sha256(_notebook(course, assignment, s).read_bytes()) for s in students}
    with open_gradebook(course) as gradebook:
        gradebook.check_course()  # nbgrader's GetGrades adds this row; two processes must not both try
        for student, row in _marks(gradebook, assignment):
            if student in hashes:
                hashes[student].update(json.dumps(row, default=str).encode())
    return {student: value.hexdigest() for student, value in hashes.items()}


def _marks(gradebook: Gradebook, assignment: str) -> Iterator[tuple[str, list[object]]]:
    """(student, one grade's or comment's values), in a fixed order."""
    columns = {
        Grade: [Grade.cell_id, Grade.auto_score, Grade.manual_score, Grade.extra_credit],
        Comment: [Comment.cell_id, Comment.auto_comment, Comment.manual_comment],
    }
    for table, wanted in columns.items():
        query = gradebook.db.query(SubmittedAssignment.student_id, SubmittedNotebook.late_submission_penalty, *wanted)
        query = query.select_from(table).join(SubmittedNotebook, SubmittedNotebook.id == table.notebook_id)
        query = query.join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        query = query.join(AssignmentRow, AssignmentRow.id == SubmittedAssignment.assignment_id)
        for row in query.filter(AssignmentRow.name == assignment).order_by(table.cell_id):
            yield row[0], list(row[1:])


def _is_current(course: Course, assignment: str, student: str, state: str) -> bool:
    stamp = _stamp(course, assignment, student)
    return _page(course, assignment, student).is_file() and stamp.is_file() and stamp.read_text() == state


def _notebook(course: Course, assignment: str, student: str) -> Path:
    return course.autograded / student / assignment / f"{assignment}.ipynb"


def _page(course: Course, assignment: str, student: str) -> Path:
    return course.feedback / student / assignment / f"{assignment}.html"


def _stamp(course: Course, assignment: str, student: str) -> Path:
    folder = course.state / "feedback" / assignment
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{student}.sha256"


def _log_path(course: Course) -> Path:
    return course.state / "logs" / "feedback.log"
