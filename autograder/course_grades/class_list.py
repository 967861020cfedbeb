"""The class: everybody's standing, from the gradebook and the files beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from autograder.course import Assignment, Course
from autograder.course.assignment import TOTAL_POINTS
from autograder.course.policy import Component, GradebookPolicy
from autograder.course_grades.deadlines import own_deadline
from autograder.course_grades.lateness import ON_TIME, HandIn, judge
from autograder.course_grades.scores import Person, Score, read_gradebook
from autograder.course_grades.standing import ItemMark, Standing, State, standing_of
from autograder.course_grades.tables import Known, Tables, external_items, read_tables
from autograder.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class ClassList:
    """Who is in the class, and how they stand.

    Attributes:
        people: in the order of `standings`.
        as_of: the moment that decides what is missing and what may still come.
    """

    course: Course
    people: tuple[Person, ...]
    standings: tuple[Standing, ...]
    as_of: datetime

    @property
    def components(self) -> tuple[Component, ...]:
        return self.course.settings.components

    @property
    def policy(self) -> GradebookPolicy:
        return self.course.settings.gradebook


def load_class(course: Course, as_of: datetime | None = None) -> ClassList:
    """Read everything and add it up. Nothing is written.

    Args:
        as_of: with a time zone; default: now.

    Raises:
        GradebookError: gradebook.db cannot be read.
        ConfigurationError: an assignment.toml, a file of marks/ or extensions.csv is wrong, with every problem.
    """
    now = as_of or datetime.now(UTC)
    assignments = {name: course.assignment(name) for name in course.assignment_names}
    people, scores = read_gradebook(course.gradebook)
    items = external_items(course)
    tables = read_tables(course.data, Known({person.id for person in people}, items, assignments))
    if tables.problems:
        raise ConfigurationError(tables.problems)
    known = {person.id for person in people}
    more = {student for student, _ in (*tables.marks, *tables.due)} - known
    people = sorted([*people, *(Person(student) for student in more)], key=lambda person: person.id)
    marker = _Marker(assignments, items, scores, tables, course.settings.gradebook, now)
    components = course.settings.components
    standings = tuple(standing_of(person.id, marker.marks_of(person.id), components) for person in people)
    return ClassList(course, tuple(people), standings, now)


@dataclass(frozen=True, slots=True)
class _Marker:
    """Finds the mark of each item."""

    assignments: Mapping[str, Assignment]
    external: Mapping[str, float]
    scores: Mapping[tuple[str, str], Score]
    tables: Tables
    policy: GradebookPolicy
    now: datetime

    def marks_of(self, student: str) -> dict[str, ItemMark]:
        lateness = judge(self._hand_ins(student), self.policy.late)
        marks = {item: self._external(student, item, out_of) for item, out_of in self.external.items()}
        for name in self.assignments:
            score = self.scores.get((student, name))
            if self._is_excused(student, name):
                marks[name] = ItemMark(name, State.EXCUSED, out_of=float(TOTAL_POINTS))
            elif score is None:
                marks[name] = ItemMark(name, self._without(student, name), out_of=float(TOTAL_POINTS))
            else:
                marks[name] = ItemMark(
                    name,
                    State.MARKED,
                    score.points,
                    float(TOTAL_POINTS),
                    lateness.get(name, ON_TIME),
                    score.needs_person,
                    score.open_points,
                )
        return marks

    def _external(self, student: str, item: str, out_of: float) -> ItemMark:
        mark = self.tables.marks.get((student, item))
        if mark is None:
            return ItemMark(item, State.PENDING, out_of=out_of)
        if mark.points is None:
            return ItemMark(item, State.EXCUSED, out_of=out_of)
        return ItemMark(item, State.MARKED, mark.points, out_of)

    def _without(self, student: str, name: str) -> State:
        return State.MISSING if self.now > self._due(student, name) else State.PENDING

    def _hand_ins(self, student: str) -> Iterable[HandIn]:
        for name in self.assignments:
            score = self.scores.get((student, name))
            if self._is_excused(student, name):
                continue  # and no slip day is spent on it
            if score is not None and score.submitted_at is not None:
                yield HandIn(name, self._due(student, name), score.submitted_at)

    def _is_excused(self, student: str, name: str) -> bool:
        return self.tables.due.get((student, name), self.now) is None

    def _due(self, student: str, name: str) -> datetime:
        score = self.scores.get((student, name))
        own = self.tables.due.get((student, name))
        return own_deadline(self.assignments[name].due, own, score.extension if score is not None else None)
