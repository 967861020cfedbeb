"""A small class through the whole loop, with the real sandbox, gradebook and report."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from nbgrader.api import Gradebook

from autograder.cli.demo import demo
from autograder.course import Course, find_course
from autograder.demo.breakage import BREAKAGES, Cost
from autograder.demo.classroom import HandIn, make_class
from autograder.demo.people import people
from autograder.demo.plan import Profile
from autograder.grading.records import load_run
from autograder.results import Status, SubmissionResult
from tests.platform.demo.conftest import ASSIGNMENTS

pytestmark = pytest.mark.slow
STUDENTS = 12
GRADED_ALL_THE_SAME = {"infinite_loop_in_call", "out_of_memory", "duplicate_cell", "wrong_file_name"}


@dataclass(frozen=True)
class Outcome:
    """What one `autograder demo` left behind."""

    course: Course
    printed: str
    exit_code: int
    hand_ins: tuple[HandIn, ...]
    results: dict[tuple[str, str], SubmissionResult]  # (assignment, student)

    def pairs(self) -> list[tuple[HandIn, SubmissionResult]]:
        return [(hand_in, self.results[hand_in.assignment, hand_in.student]) for hand_in in self.hand_ins]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    root = find_course(Path(__file__)).root
    data = tmp_path_factory.mktemp("demo")
    arguments = ["--students", str(STUDENTS), "--folder", str(data)]
    result = CliRunner().invoke(demo, arguments, obj=find_course(root), catch_exceptions=False)
    course = find_course(root, data)
    runs = [load_run(course, course.assignment(name)) for name in ASSIGNMENTS]
    results = {(run.assignment, s.student): s for run in runs for s in run.submissions}
    same = tuple(make_class(find_course(root, tmp_path_factory.mktemp("same")), ASSIGNMENTS, STUDENTS))
    return Outcome(course, result.output, result.exit_code, same, results)


def test_it_ends_well_and_says_what_to_open(outcome: Outcome) -> None:
    assert outcome.exit_code == 0
    assert f"{len(ASSIGNMENTS) * STUDENTS} graded submissions and {len(ASSIGNMENTS)} reports" in outcome.printed
    assert f"{sum(r.status is not Status.GRADED for r in outcome.results.values())} need a person" in outcome.printed
    for name in ASSIGNMENTS:
        assert str(outcome.course.reports / name / "index.html") in outcome.printed
    assert str(outcome.course.gradebook) in outcome.printed


def test_every_student_is_in_the_results(outcome: Outcome) -> None:
    assert outcome.results.keys() == {(name, person.id) for name in ASSIGNMENTS for person in people(STUDENTS)}


def test_right_answers_earn_full_marks(outcome: Outcome) -> None:
    strong = [result for hand_in, result in outcome.pairs() if hand_in.part.profile is Profile.STRONG]
    assert strong
    assert all(result.score == result.max_score and result.status is Status.GRADED for result in strong)


def test_points_are_lost_where_something_is_wrong_and_nowhere_else(outcome: Outcome) -> None:
    for hand_in, result in outcome.pairs():
        lost = {question.name for question in result.questions if question.score < question.points}
        assert lost == set(hand_in.wrong), (hand_in, result.problems)


def test_what_breaks_a_question_earns_nothing_there(outcome: Outcome) -> None:
    costly = [
        (h, r) for h, r in outcome.pairs() if h.part.breakage and BREAKAGES[h.part.breakage].cost is Cost.QUESTION
    ]
    assert costly
    for hand_in, result in costly:
        assert [question.score for question in result.questions if question.name in hand_in.wrong] == [0.0], hand_in


def test_what_cannot_be_read_is_unreadable(outcome: Outcome) -> None:
    unreadable = {hand_in.part.breakage for hand_in, r in outcome.pairs() if r.status is Status.UNREADABLE}
    assert unreadable == {name for name, breakage in BREAKAGES.items() if breakage.cost is Cost.EVERYTHING}


def test_a_person_is_asked_to_look_at_what_is_broken(outcome: Outcome) -> None:
    asked = {hand_in.part.breakage for hand_in, r in outcome.pairs() if r.status is not Status.GRADED}
    assert asked == BREAKAGES.keys() - GRADED_ALL_THE_SAME


def test_the_forger_is_reported_and_the_wrong_name_too(outcome: Outcome) -> None:
    problems = {hand_in.part.breakage: " ".join(result.problems) for hand_in, result in outcome.pairs()}
    for trick in ("/proc/1/environ", "gc.get_objects", "replaced torch.allclose", "socket"):
        assert trick in problems["forger"]
    assert "instead of" in problems["wrong_file_name"]


def test_the_gradebook_has_names_and_scores(outcome: Outcome) -> None:
    with Gradebook(f"sqlite:///{outcome.course.gradebook}", outcome.course.settings.id) as gradebook:
        for person in people(STUDENTS):
            student = gradebook.find_student(person.id)
            assert (student.first_name, student.last_name) == (person.first_name, person.last_name)
        for (assignment, student_id), result in outcome.results.items():
            submission = gradebook.find_submission(assignment, student_id)
            assert submission.score == pytest.approx(result.score)


def test_there_are_reports_and_feedback_for_everybody(outcome: Outcome) -> None:
    for name in ASSIGNMENTS:
        with (outcome.course.reports / name / "scores.csv").open(encoding="utf-8") as file:
            assert len(list(csv.DictReader(file))) == STUDENTS
        for person in people(STUDENTS):
            assert (outcome.course.feedback / person.id / name / f"{name}.html").is_file()
