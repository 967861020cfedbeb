"""What is said of a grade, for cases that a suite on disk meets rarely."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autograder.audit.judge import judge
from autograder.audit.model import Kind
from autograder.audit.places import Places
from autograder.audit.plan import Case
from autograder.course import Course
from autograder.results import Outcome, QuestionResult, Status, SubmissionResult, TestResult
from autograder.suite import Mistake

MISTAKE = Mistake(
    question="halve", name="made_up", caught_by="test_halve_value", hint="DIVIDE", edits=(("x / 2", "x"),)
)
CAUGHT = TestResult("test_halve_value", "", Outcome.FAILED, 1.0, hint="Divide by two.", detail="not 2")
PASSED = TestResult("test_halve_negative", "", Outcome.PASSED, 1.0)


@pytest.fixture(scope="module")
def places(numbers: Course) -> Places:
    return Places(numbers.assignment("numbers"))


def graded(*tests: TestResult, score: float, status: Status = Status.GRADED, problems: tuple[str, ...] = ()):
    question = QuestionResult("halve", 50.0, score, tests=tests)
    return SubmissionResult("x", status, score, 50.0, problems=problems, questions=(question,))


def happened(case: Case, result: SubmissionResult, places: Places) -> list[str]:
    return [finding.happened for finding in judge(case, result, places).findings]


def test_a_mistake_that_is_caught_as_it_should_be(places: Places) -> None:
    judged = judge(Case(Kind.MISTAKE, "", MISTAKE), graded(CAUGHT, PASSED, score=25.0), places)
    assert judged.measured
    assert judged.findings == ()


@pytest.mark.parametrize("outcome", [Outcome.TIMEOUT, Outcome.CRASHED])
def test_a_mistake_may_be_caught_by_a_timeout_or_a_crash(places: Places, outcome: Outcome) -> None:
    result = graded(replace(CAUGHT, outcome=outcome), PASSED, score=25.0)
    assert happened(Case(Kind.MISTAKE, "", MISTAKE), result, places) == []


def test_a_test_that_broke_has_caught_nothing(places: Places) -> None:
    result = graded(replace(CAUGHT, outcome=Outcome.ERROR), PASSED, score=25.0)
    assert happened(Case(Kind.MISTAKE, "", MISTAKE), result, places) == [
        "test_halve_value ended as error (not 2); no test caught it"
    ]


def test_a_test_without_weight_costs_nothing(places: Places) -> None:
    result = graded(replace(CAUGHT, weight=0.0), PASSED, score=50.0)
    assert happened(Case(Kind.MISTAKE, "", MISTAKE), result, places) == [
        "caught there, but it cost nothing: 50 of 50 points"
    ]


def test_some_hint_must_be_shown_even_where_none_is_asked_for(places: Places) -> None:
    case = Case(Kind.MISTAKE, "", replace(MISTAKE, hint=""))
    assert happened(case, graded(CAUGHT, PASSED, score=25.0), places) == []
    silent = graded(replace(CAUGHT, hint=""), PASSED, score=25.0)
    assert happened(case, silent, places) == ["caught there, but the hint shown was ''"]


def test_one_case_of_a_parametrised_test_is_enough(places: Places) -> None:
    cases = (replace(PASSED, name="test_halve_value[1]"), replace(CAUGHT, name="test_halve_value[2]"))
    assert happened(Case(Kind.MISTAKE, "", MISTAKE), graded(*cases, score=25.0), places) == []


def test_a_notebook_that_was_not_graded_proves_nothing(places: Places) -> None:
    result = graded(score=0.0, status=Status.UNREADABLE, problems=("The grading process died.",))
    assert happened(Case(Kind.MISTAKE, "", MISTAKE), result, places) == [
        "nothing was graded: The grading process died."
    ]
    for kind in (Kind.STUB, Kind.REFERENCE):
        assert happened(Case(kind, ""), result, places)[-1] == "status unreadable: The grading process died."


def test_a_test_that_needs_a_gpu_is_not_measured_without_one(places: Places) -> None:
    skipped = replace(CAUGHT, outcome=Outcome.SKIPPED, weight=0.0)
    judged = judge(Case(Kind.MISTAKE, "", MISTAKE), graded(skipped, PASSED, score=50.0), places)
    assert not judged.measured
    assert judged.findings == ()
    skipped_though_it_counts = graded(replace(skipped, weight=1.0), PASSED, score=25.0)
    assert judge(Case(Kind.MISTAKE, "", MISTAKE), skipped_though_it_counts, places).findings


def test_what_a_person_would_have_to_look_at_fails_the_reference(places: Places) -> None:
    noticed = ("Noticed inside the sandbox: os.fork (1×). A person should look.",)
    result = graded(PASSED, score=50.0, problems=noticed)
    assert happened(Case(Kind.REFERENCE, ""), result, places) == [f"status graded: {noticed[0]}"]
