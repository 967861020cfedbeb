"""One student's submission on one page: all of it for whoever answers that student, or what the student may know.

The way through: `marks` reads what a person gave in the gradebook. For `autograder student`, `diff` lays the code
beside the stub and `write` puts them together with the record of the automatic grading. For `autograder feedback`,
`reading` finds where a question is explained, and `feedback` chooses what is told.
"""

from autograder.reports.student.feedback import write_feedback
from autograder.reports.student.write import student_page, write_student

__all__ = ["student_page", "write_feedback", "write_student"]
