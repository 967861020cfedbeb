"""Everything about one student's submission on one page, for whoever answers that student: `autograder student`.

The way through: `marks` reads what a person gave in the gradebook, `diff` lays the code beside the stub, `write`
puts them together with the record of the automatic grading.
"""

from autograder.reports.student.write import student_page, write_student

__all__ = ["student_page", "write_student"]
