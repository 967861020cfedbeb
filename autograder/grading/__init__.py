"""From a folder of submissions to results, gradebook and autograded notebooks."""

from autograder.grading.grade import GradeOptions, grade_assignment
from autograder.grading.single import grade_notebook

__all__ = ["GradeOptions", "grade_assignment", "grade_notebook"]
