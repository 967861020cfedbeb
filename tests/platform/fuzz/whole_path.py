"""A sample of the notebooks through the real thing: graded in bubblewrap, written, published, reported.

After each of them an honest submission is graded by the same worker, and must have full marks.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from autograder.course import Course
from autograder.errors import GradebookError
from autograder.gradebook.feedback import generate_feedback
from autograder.grading import GradeOptions, grade_assignment
from autograder.grading.grade import Progress
from autograder.reports import write_report
from autograder.results import Status, SubmissionResult
from tests.platform.attacks.active import active_elements
from tests.platform.engine.tiny import HONEST_WRONG, MAX_SCORE, RIGHT, USES_SCALE, make_course, notebook, submit, tiny
from tests.platform.fuzz.campaign import Finding, Tally
from tests.platform.fuzz.corpus import CaseName
from tests.platform.fuzz.notebook_mutation import NotebookMaker

CORPUS = "graded"
OWN_FAULTS = ("The grader met an error of its own", "The grading process died")


def sample(course_folder: Path, seed: int, count: int) -> dict[str, bytes]:
    """Case -> a hostile notebook of the tiny course."""
    course = make_course(course_folder)
    answers = (RIGHT, HONEST_WRONG, {**RIGHT, "total": USES_SCALE}, {})
    maker = NotebookMaker([notebook(course, each) for each in answers])
    names = [CaseName(CORPUS, seed, number) for number in range(count)]
    return {str(name): maker.make(name.random()) for name in names}


def run_whole_path(folder: Path, cases: dict[str, bytes], graded: Callable[[], None]) -> Tally:
    """Grade the cases with one worker, make everybody's feedback page, and the report."""
    start = time.monotonic()
    course = make_course(folder)
    assignment = tiny(course)
    students = {f"h{number:05}": case for number, case in enumerate(cases)}
    for student, case in students.items():
        submit(course, student, cases[case])
        submit(course, f"{student}.next", notebook(course))
    progress = Progress(graded=lambda result: None if result.student.endswith(".next") else graded())
    tally = Tally(cases=len(cases))
    try:
        run = grade_assignment(course, assignment, GradeOptions(workers=1), progress)
    except Exception:  # a finding as any other: what the other corpora gave must still be shown
        tally.findings.append(Finding(f"{CORPUS}, all of them", traceback.format_exc(), None))
        return tally
    by_student = {result.student: result for result in run.submissions}
    for student, case in students.items():
        result, honest = by_student.get(student), by_student.get(f"{student}.next")
        tally.outcomes[str(result.status) if result else "LOST"] += 1
        for wrong in complaints(result, honest):
            tally.findings.append(Finding(case, wrong, cases[case]))
        if result is not None and result.seconds >= tally.slowest_s:
            tally.slowest_s, tally.slowest = result.seconds, case
    tally.findings += [Finding(f"{CORPUS}, feedback", wrong, None) for wrong in _published(course, list(students))]
    write_report(course, assignment, run)
    tally.cpu_s = time.monotonic() - start
    return tally


def _published(course: Course, students: list[str]) -> list[str]:
    """Make the feedback pages; what is wrong with them, compared with an honest student's."""
    honest = f"{students[0]}.next"
    try:
        pages = generate_feedback(course, "tiny", [honest, *students], workers=1)
    except GradebookError as error:
        return [str(error)]
    allowed, *others = [active_elements(page.read_text(encoding="utf-8")) for page in pages]
    found = {student: active - allowed for student, active in zip(students, others, strict=True)}
    return [f"active elements in the page of {student}: {active}" for student, active in found.items() if active]


def complaints(result: SubmissionResult | None, honest: SubmissionResult | None) -> Sequence[str]:
    """What is wrong with how one hostile submission ended, and the honest one behind it."""
    found = []
    if result is None:
        found.append("it was dropped silently")
    elif any(fault in problem for problem in result.problems for fault in OWN_FAULTS):
        found.append("\n".join(result.problems))
    elif result.status is Status.UNREADABLE and (result.score or not result.problems):
        found.append(f"unreadable, with {result.score} points and {len(result.problems)} problems")
    if honest is None or honest.status is not Status.GRADED or honest.score != MAX_SCORE:
        found.append(f"the honest submission behind it ended as {honest}")
    return found
