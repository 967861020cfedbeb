"""What all pages for students share: the course, the exchange, the queue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from autograder.course import Assignment
from autograder.course_grades.deadlines import Deadline, deadlines
from autograder.errors import UsageError
from autograder.student_site.allowance import Allowance
from autograder.student_site.checks import Check, open_checks
from autograder.student_site.examiner import Examiner
from autograder.student_site.exchange import feedback_pages, handed_out, take_in
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

    @property
    def of_course(self) -> Path:
        """The course's folder in the exchange."""
        return self.exchange / self.course.settings.id

    def handed_out(self, assignment: Assignment) -> dict[str, Path]:
        return handed_out(self.of_course / "outbound", assignment.name)

    def take_in(self, student: str, assignment: Assignment, files: Mapping[str, bytes]) -> Receipt:
        """Now.

        Raises:
            UsageError: as `exchange.take_in`; or students reach the exchange's folder themselves: there an owner tells
                whose a submission is, and what this account owned could be given another's name.
        """
        if self.check_owner:
            raise UsageError("This hub's exchange is a folder: nbgrader's own submit is the way.")
        return take_in(self.of_course / "inbound", student, assignment.name, files, datetime.now(UTC))

    def feedback(self, receipt: Receipt) -> dict[str, Path]:
        return feedback_pages(self.of_course, receipt)

    def received(self, student: str, assignment: Assignment) -> list[Receipt]:
        return received(self.of_course / "inbound", student, assignment.name, check_owner=self.check_owner)

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
