"""nbgrader's gradebook: open it, tell it about an assignment, write results, read scores back.

Everything goes through nbgrader's own models, so formgrader, feedback and export see what they
would see after `nbgrader autograde`. A batch of results is one transaction: all of it or nothing.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType

from nbgrader.api import Assignment as AssignmentRow
from nbgrader.api import Gradebook, InvalidEntry, SubmittedAssignment
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from tornado.log import app_log

from autograder.authoring.spec import ReleaseSpec
from autograder.course import Assignment, Course
from autograder.errors import GradebookError, database_cure
from autograder.gradebook.folder_lock import alone_in
from autograder.gradebook.quick_look import BUSY_TIMEOUT_S
from autograder.gradebook.register import register
from autograder.gradebook.rows import SubmissionRows
from autograder.gradebook.schema import check_gradebook, create_tables
from autograder.gradebook.whole_file import UNFINISHED
from autograder.results import SubmissionResult
from autograder.submissions.parse import ParsedSubmission


@dataclass(frozen=True, slots=True)
class Marked:
    """One graded submission, to be written. `timestamp` is naive UTC, as in timestamp.txt, or None without one."""

    result: SubmissionResult
    parsed: ParsedSubmission
    timestamp: datetime | None = None


class _SaidTwice(logging.Filter):
    """Without what nbgrader logs, a traceback with it, of an error that it then raises as InvalidEntry."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not str(record.msg).startswith("Rolling back session due to database error")


app_log.addFilter(_SaidTwice())


class CourseGradebook(Gradebook):
    """nbgrader's gradebook. What the database refuses inside its `with` block comes out as GradebookError."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()  # what was not committed is rolled back
        if isinstance(error, (DBAPIError, InvalidEntry)):
            reason = _reason(error)
            raise GradebookError(f"{_path_of(self)}: {reason}; {database_cure(reason)}, and run this again.") from error


def open_gradebook(course: Course) -> CourseGradebook:
    """The course's gradebook, made where there is none yet. Close it, or use it in a `with` statement.

    Raises:
        GradebookError: it is damaged, has another schema, or cannot be opened; it is then left as it is.
    """
    path = course.gradebook
    with _as_gradebook_error(path):
        if path.exists():
            check_gradebook(path)
        else:
            _create(path)
        return CourseGradebook(_url(path), course.settings.id)


def gradebook_url(course: Course) -> URL:
    """Where nbgrader's own parts find it; they too wait while another process holds it."""
    return _url(course.gradebook)


def register_assignment(gradebook: Gradebook, course: Course, assignment: Assignment, spec: ReleaseSpec) -> None:
    """Make the gradebook hold exactly what `nbgrader generate_assignment` would write. May be repeated.

    Raises:
        GradebookError: cells that a person has already graded are no longer in the release.
    """
    with _as_gradebook_error(course.gradebook, gradebook):
        register(gradebook, assignment, spec)
        gradebook.db.commit()


def write_results(gradebook: Gradebook, assignment: Assignment, spec: ReleaseSpec, batch: Iterable[Marked]) -> None:
    """Write automatic scores and comments of many submissions in one transaction.

    What a person entered (manual scores, extra credit, comments) stays.

    Raises:
        GradebookError: the assignment is not registered, or the database cannot be written.
    """
    from autograder.gradebook.marks import write_marks  # nbconvert, which a run with nothing to write need not import

    with _as_gradebook_error(_path_of(gradebook), gradebook):
        marked = list(batch)
        rows = SubmissionRows.load(gradebook, assignment.name, [item.result.student for item in marked])
        for item in marked:
            submission, is_new = rows.of(item.result.student, item.timestamp)
            resubmitted = not is_new and submission.timestamp != item.timestamp
            submission.timestamp = item.timestamp
            write_marks(rows.cells_of(submission), spec, item.result, item.parsed, resubmitted=resubmitted)
        gradebook.db.commit()


def read_scores(gradebook: Gradebook, assignment: str) -> dict[str, float]:
    """The score of every student's submission, manual scores included."""
    with _as_gradebook_error(_path_of(gradebook), gradebook):
        query = gradebook.db.query(SubmittedAssignment.student_id, SubmittedAssignment.score)
        rows = query.join(AssignmentRow).filter(AssignmentRow.name == assignment).all()
        return {student: float(score) for student, score in rows}


def _create(path: Path) -> None:
    """Make the database beside its place and link it there: what stands there is always whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}{UNFINISHED}")
    with alone_in(path.parent):
        if path.exists():
            return check_gradebook(path)  # another grader was quicker
        try:
            for left in path.parent.glob(f"{fresh.name}*"):
                left.unlink()  # by a grader that was killed here
            create_tables(_url(fresh))
            with suppress(FileExistsError):  # nbgrader itself was quicker
                os.link(fresh, path)
        finally:
            fresh.unlink(missing_ok=True)
    return check_gradebook(path)


@contextmanager
def _as_gradebook_error(path: Path, gradebook: Gradebook | None = None) -> Iterator[None]:
    """Roll back and say what, where and the cure, whatever SQLAlchemy or nbgrader raised."""
    try:
        yield
    except (SQLAlchemyError, InvalidEntry, OSError) as error:
        if gradebook is not None:
            gradebook.db.rollback()
        reason = _reason(error)
        cure = f"{database_cure(reason)}, and run this again"
        raise GradebookError(f"{path}: {reason}. Nothing of this batch was written; {cure}.") from error
    except BaseException:
        if gradebook is not None:
            gradebook.db.rollback()
        raise


def _reason(error: Exception) -> str:
    """The database's own words: "database or disk is full", without "(sqlite3.OperationalError)" before them."""
    return re.sub(r"^\([\w.]+\) ", "", str(getattr(error, "orig", None) or error).splitlines()[0])


def _url(path: Path) -> URL:
    return URL.create("sqlite", database=str(path.absolute()), query={"timeout": str(BUSY_TIMEOUT_S)})


def _path_of(gradebook: Gradebook) -> Path:
    return Path(gradebook.engine.url.database or "gradebook.db")
