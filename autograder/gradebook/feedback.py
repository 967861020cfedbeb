"""Feedback pages, made by nbgrader's own GenerateFeedback, for many students at once.

A page takes a tenth of a second, nearly all of it in nbconvert, so the students are shared out over
processes that start from a server which has imported nbgrader once. A page that is whole and whose
notebook, scores and comments are as they were is left alone. One process makes the pages of an
assignment at a time; another one waits, and finds them made.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from nbgrader.api import Assignment as AssignmentRow
from nbgrader.api import Comment, Grade, Gradebook, SubmittedAssignment, SubmittedNotebook

from autograder.course import Course
from autograder.errors import GradebookError
from autograder.gradebook.feedback_process import BatchArguments, Made, convert_batch
from autograder.gradebook.folder_lock import alone_in
from autograder.gradebook.page_makers import MakerEnded, PageMakers
from autograder.gradebook.store import gradebook_url, open_gradebook
from autograder.gradebook.whole_file import remove_unfinished, write_file

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
    makers: PageMakers | None = None,
) -> list[Path]:
    """Make the feedback pages of these students.

    Args:
        course: nbgrader's folders lie in `course.data`.
        assignment: name of the assignment.
        students: those who have an autograded notebook; others are left out.
        workers: processes; 1 works in this one. Default: as many as there are cores.
        progress: called with how many students are done, and of how many.
        force: also make pages whose notebook and marks have not changed.
        makers: for whoever makes the pages of several assignments; else they are started where needed.

    Returns:
        The pages of all these students, made now or before.

    Raises:
        GradebookError: nbgrader could not make some of the pages; the others are made.
    """
    folder = _stamp(course, assignment, "any").parent
    folder.mkdir(parents=True, exist_ok=True)
    with alone_in(folder):
        remove_unfinished(folder)
        if makers is not None or workers == 1:
            return _generate(course, assignment, students, makers, progress, force)
        with PageMakers(workers or os.cpu_count() or 1) as own:
            return _generate(course, assignment, students, own, progress, force)


def _generate(
    course: Course,
    assignment: str,
    students: Sequence[str],
    makers: PageMakers | None,
    progress: Progress | None,
    force: bool,
) -> list[Path]:
    known = [student for student in students if _notebook(course, assignment, student).is_file()]
    states = _states(course, assignment, known)
    todo = [student for student in known if force or not _is_current(course, assignment, student, states[student])]
    done = len(known) - len(todo)
    if progress:
        progress(done, len(known))
    failures: dict[str, str] = {}
    for made, failed in _convert(course, assignment, todo, makers):
        failures |= failed
        for student in made:
            write_file(_stamp(course, assignment, student), _seal(course, assignment, student, states[student]))
        done += len(made) + len(failed)
        if progress:
            progress(done, len(known))
    if failures:
        raise _failed(course, assignment, failures)
    return [_page(course, assignment, student) for student in known]


def _failed(course: Course, assignment: str, failures: dict[str, str]) -> GradebookError:
    students = ", ".join(sorted(failures))
    reasons = "; ".join(sorted({reason for reason in failures.values() if reason}))
    if reasons:
        cure = f"{course.feedback}: {reasons}. See to that, and run this again."
    else:
        cure = f"See {_log_path(course)}, mend the autograded notebook, and try again."
    return GradebookError(f"{assignment}: no feedback page could be made for {students}. {cure}")


def _convert(course: Course, assignment: str, students: Sequence[str], makers: PageMakers | None) -> Iterator[Made]:
    """(made, failed with reasons) students, batch by batch."""
    log = _log_path(course)
    log.parent.mkdir(parents=True, exist_ok=True)
    url = gradebook_url(course).render_as_string()
    batches: list[BatchArguments] = [
        (str(course.data), course.settings.id, assignment, url, str(log), students[start : start + BATCH])
        for start in range(0, len(students), BATCH)
    ]
    if makers is None or len(batches) <= 1:
        for batch in batches:
            yield convert_batch(*batch)
        return
    try:
        yield from makers.make(batches)
    except MakerEnded:
        raise GradebookError(
            f"{assignment}: a process that makes feedback pages was ended from outside; pages that were finished "
            "are kept. Run this again; where it happens each time, see whether memory runs out."
        ) from None


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
    if not (_page(course, assignment, student).is_file() and stamp.is_file()):
        return False
    return stamp.read_bytes() == _seal(course, assignment, student, state)


def _seal(course: Course, assignment: str, student: str, state: str) -> bytes:
    """What says that this page was made of this state, and is whole."""
    page = hashlib.sha256(_page(course, assignment, student).read_bytes()).hexdigest()
    return hashlib.sha256(f"{state} {page}".encode()).hexdigest().encode()


def _notebook(course: Course, assignment: str, student: str) -> Path:
    return course.autograded / student / assignment / f"{assignment}.ipynb"


def _page(course: Course, assignment: str, student: str) -> Path:
    return course.feedback / student / assignment / f"{assignment}.html"


def _stamp(course: Course, assignment: str, student: str) -> Path:
    return course.state / "feedback" / assignment / f"{student}.sha256"


def _log_path(course: Course) -> Path:
    return course.state / "logs" / "feedback.log"
