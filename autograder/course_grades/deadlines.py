"""When one student's work is due: the course's deadline, and what was granted to the student beyond it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from autograder.course import Course
from autograder.course_grades.scores import read_gradebook
from autograder.course_grades.tables import Known, external_items, read_tables
from autograder.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Deadline:
    """Of one assignment, for one student. Times have time zones.

    Attributes:
        due: the student's own.
        usual: everybody's.
        excused: the student need not hand in anything.
    """

    due: datetime
    usual: datetime
    excused: bool = False


def own_deadline(usual: datetime, own: datetime | None, extension: timedelta | None) -> datetime:
    """The later of what extensions.csv and formgrader's database grant.

    Args:
        own: of extensions.csv, if any.
        extension: of formgrader's database; None where it knows of no submission.
    """
    own = own or usual
    return max(own, usual + extension) if extension is not None else own


def deadlines(course: Course, student: str) -> Mapping[str, Deadline]:
    """Assignment -> deadline, for all assignments of the course.

    Raises:
        GradebookError: gradebook.db cannot be read.
        ConfigurationError: an assignment.toml, a file of marks/ or extensions.csv is wrong.
    """
    people, scores = read_gradebook(course.gradebook)
    known = Known({person.id for person in people}, external_items(course), course.assignment_names)
    tables = read_tables(course.data, known)
    if tables.problems:
        raise ConfigurationError(tables.problems)
    found = {}
    for name in course.assignment_names:
        usual, score = course.assignment(name).due, scores.get((student, name))
        own = tables.due.get((student, name), usual)
        due = own_deadline(usual, own, score.extension if score else None)
        found[name] = Deadline(due, usual, excused=own is None)
    return found
