"""The class on disk."""

from __future__ import annotations

import json
from datetime import UTC
from pathlib import Path

from autograder.authoring.spec import ReleaseSpec
from autograder.course import Course, find_course
from autograder.demo.breakage import BREAKAGES
from autograder.demo.classroom import HandIn, make_class
from autograder.demo.people import people
from autograder.demo.plan import Profile
from autograder.submissions.find import find_submissions
from autograder.submissions.parse import parse_submission
from tests.platform.demo.conftest import ASSIGNMENTS

STUDENTS = 24


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_seed_gives_the_same_bytes(course: Course, tmp_path: Path) -> None:
    make_class(course, ASSIGNMENTS, STUDENTS)
    again = find_course(course.root, tmp_path / "again")
    make_class(again, ASSIGNMENTS, STUDENTS)
    assert len(files(course.submitted)) == 2 * STUDENTS * len(ASSIGNMENTS)
    assert files(course.submitted) == files(again.submitted)


def test_another_seed_gives_another_class(course: Course, tmp_path: Path) -> None:
    other = find_course(course.root, tmp_path / "other")
    make_class(course, ["vae"], students=8, seed=1)
    make_class(other, ["vae"], students=8, seed=2)
    assert files(course.submitted) != files(other.submitted)


def test_every_kind_of_brokenness_is_there(course: Course) -> None:
    hand_ins = make_class(course, ASSIGNMENTS, STUDENTS)
    assert {hand_in.part.breakage for hand_in in hand_ins} == {"", *BREAKAGES}


def test_everybody_is_found(course: Course) -> None:
    make_class(course, ASSIGNMENTS, STUDENTS)
    for name in ASSIGNMENTS:
        found = find_submissions(course.submitted, name)
        assert sorted(s.student for s in found.submissions) == sorted(person.id for person in people(STUDENTS))
        assert not found.problems


def test_most_hand_in_on_the_last_days_and_a_few_too_late(course: Course) -> None:
    make_class(course, ASSIGNMENTS, STUDENTS)
    hours_left = []
    for name in ASSIGNMENTS:
        due = course.assignment(name).due.astimezone(UTC).replace(tzinfo=None)
        for submission in find_submissions(course.submitted, name).submissions:
            assert submission.timestamp is not None
            hours_left.append((due - submission.timestamp).total_seconds() / 3600)
    assert all(-24 < hours < 10 * 24 for hours in hours_left)
    assert 0 < sum(hours < 0 for hours in hours_left) < 0.2 * len(hours_left)


def test_only_broken_notebooks_have_problems(course: Course) -> None:
    for hand_in in make_class(course, ["vae"]):
        spec = ReleaseSpec.load(course.assignment("vae").release_path)
        parsed = parse_submission(hand_in.path.read_bytes(), hand_in.student, spec)
        assert not parsed.problems or hand_in.part.profile is Profile.BROKEN


def test_half_finished_notebooks_leave_questions_as_they_were_handed_out(course: Course) -> None:
    spec = ReleaseSpec.load(course.assignment("gan").release_path)
    half_finished = [h for h in make_class(course, ["gan"]) if h.part.profile is Profile.HALF_FINISHED]
    for hand_in in half_finished:
        unanswered = parse_submission(hand_in.path.read_bytes(), hand_in.student, spec).unanswered
        assert unanswered & spec.questions.keys()
        assert unanswered & spec.questions.keys() <= set(hand_in.wrong)


def test_written_answers_are_of_different_quality_and_some_are_missing(course: Course) -> None:
    answers = [written_answer_of(hand_in) for hand_in in make_class(course, ["vae"]) if is_notebook(hand_in)]
    assert len(set(answers)) >= 4
    assert 0 < sum("YOUR ANSWER HERE" in answer for answer in answers) < 10


def is_notebook(hand_in: HandIn) -> bool:
    return hand_in.path.read_bytes().startswith(b"{")


def written_answer_of(hand_in: HandIn) -> str:
    cells = json.loads(hand_in.path.read_bytes())["cells"]
    written = [c for c in cells if c["metadata"].get("nbgrader", {}).get("grade_id") == "written_posterior_collapse"]
    return "".join(written[0]["source"])
