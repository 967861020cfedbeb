"""What the instructor wrote: course.toml, assignment.toml, and where everything lies."""

from autograder.course.assignment import Assignment, Limits, Question, Written
from autograder.course.course import Course, find_course

__all__ = ["Assignment", "Course", "Limits", "Question", "Written", "find_course"]
