"""What all pages for students share: the course, the exchange, the queue."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from autograder.course import Assignment
from autograder.course_grades.deadlines import Deadline, deadlines
from autograder.student_site.allowance import Allowance
from autograder.student_site.checks import Check, open_checks
from autograder.student_site.examiner import Examiner
from autograder.student_site.received import Receipt, received
from autograder.web.website import Website


@dataclass(frozen=True, slots=True)
class Work:
    """One assignment as one student sees it. `checks` and `receipts`: the latest first."""

    assignment: Assignment
    deadline: Deadline
    allowance: Allowance
    checks: list[Check]
    receipts: list[Receipt]


@dataclass(kw_only=True)
class StudentSite(Website):
    """One course's site for students.

    Attributes:
        exchange: nbgrader's.
        check_owner: whether folders there must belong to the account of the student's name.
    """

    templates = Path(__file__).parent / "templates"
    examiner: Examiner
    exchange: Path
    check_owner: bool = True

    def work(self, student: str) -> list[Work]:
        """All assignments. Raises as `deadlines` and `open_checks` do."""
        due = deadlines(self.course, student)
        with open_checks(self.course) as book:
            return [
                Work(
                    assignment,
                    due[assignment.name],
                    book.allowance(assignment, student),
                    book.of(student, assignment.name),
                    self.received(student, assignment),
                )
                for assignment in self.assignments()
            ]

    def received(self, student: str, assignment: Assignment) -> list[Receipt]:
        inbound = self.exchange / self.course.settings.id / "inbound"
        return received(inbound, student, assignment.name, check_owner=self.check_owner)

    def ask(self, student: str, assignment: Assignment, notebook: bytes) -> Check:
        """Put a notebook into the queue. Raises `Refused` where the student may not, or not now."""
        with open_checks(self.course) as book:
            check = book.ask(assignment, student, notebook)
        self.examiner.wake()
        return check

    def check(self, student: str, name: str) -> tuple[Check | None, Allowance | None]:
        """A student's own check, and what is left for its assignment; None where there is none."""
        with open_checks(self.course) as book:
            check = book.find(name, student)
            if check is None or check.assignment not in self.course.assignment_names:
                return None, None
            return check, book.allowance(self.course.assignment(check.assignment), student)
