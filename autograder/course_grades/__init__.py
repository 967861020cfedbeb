"""From the marks of single assignments and examinations to the mark of the course.

The way through the package: `scores` reads nbgrader's gradebook, `tables` the CSV files beside it (marks from
elsewhere, extensions), `lateness` applies the late policy, `standing` adds everything up for one student, `class_list`
does so for the class, `what_if` asks what would be needed, `export` writes what other programs import.
"""

from autograder.course_grades.class_list import ClassList, load_class

__all__ = ["ClassList", "load_class"]
