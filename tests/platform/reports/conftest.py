"""A generated class: seeded, with abilities, question difficulties and the hints of real mistakes."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.course import Assignment, Course, find_course
from autograder.results import GradeRun, Outcome, QuestionResult, Status, SubmissionResult, TestResult, score_question

ROOT = Path(__file__).parents[3]

SUITE = tomllib.loads((Path(__file__).parent / "suite.toml").read_text(encoding="utf-8"))
FIRST = ("ada", "barbara", "carl", "edsger", "emmy", "fei", "grace", "judea", "lise", "maryam", "radia", "srinivasa")
LAST = ("ábel", "bauer", "chen", "dubois", "eze", "garcía", "hansen", "ito", "kim", "müller", "novak", "singh")


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The real course, with an empty class."""
    return find_course(ROOT, data=tmp_path_factory.mktemp("class"))


@pytest.fixture(scope="session")
def vae(course: Course) -> Assignment:
    return course.assignment("vae")


@pytest.fixture(scope="session")
def make_run(vae: Assignment) -> Callable[..., GradeRun]:
    """make_run(students=60, seed=0, isolation="bubblewrap") -> GradeRun."""

    def make(students: int = 60, seed: int = 0, isolation: str = "bubblewrap") -> GradeRun:
        points = {q.name: q.points for q in vae.questions}
        draw = random.Random(seed)
        return GradeRun("vae", isolation, tuple(_submission(draw, n, points) for n in range(students)))

    return make


def _submission(draw: random.Random, number: int, points: dict[str, float]) -> SubmissionResult:
    name, out_of = f"{draw.choice(FIRST)}-{draw.choice(LAST)}-{number:02}", sum(points.values())
    if draw.random() < 0.03:
        problem = "The notebook is not valid JSON (line 1, column 1)."
        return SubmissionResult(name, Status.UNREADABLE, 0, out_of, 0.01, (problem,))
    ability = draw.gauss(0.9, 0.8)
    questions = tuple(_question(draw, q, points[q], ability) for q in SUITE)
    broken = draw.random() < 0.1
    return SubmissionResult(
        student=name,
        status=Status.PARTIAL if broken else Status.GRADED,
        score=sum(q.score for q in questions),
        max_score=out_of,
        seconds=draw.uniform(0.1, 0.4),
        problems=(f"Cell {draw.randint(3, 20)} raised NameError: name 'device' is not defined.",) if broken else (),
        questions=questions,
    )


def _question(draw: random.Random, name: str, points: float, ability: float) -> QuestionResult:
    mood = ability - SUITE[name]["hardness"] + draw.gauss(0, 0.7)
    tests = tuple(_test(draw, name, test, mood) for test in SUITE[name]["tests"])
    carried = ("kl_divergence",) if name == "elbo_loss" and draw.random() < 0.15 else ()
    return QuestionResult(name, points, score_question(points, tests), carried, tests)


def _test(draw: random.Random, question: str, test: dict[str, Any], mood: float) -> TestResult:
    name, title, weight, hint = test["name"], test["title"], float(test["weight"]), test["hint"]
    outcome = Outcome.PASSED if mood + draw.gauss(0, 0.6) > 0 else Outcome.FAILED
    if outcome is Outcome.FAILED and draw.random() < 0.06:
        outcome = draw.choice([Outcome.TIMEOUT, Outcome.CRASHED])
    if question == "interpolate" and name == "test_straight" and draw.random() < 0.03:
        outcome = Outcome.ERROR
    if (question, name) == ("ConditionalVAE", "test_labels_are_categories"):
        outcome = Outcome.FAILED
    if outcome is Outcome.PASSED:
        return TestResult(name, title, outcome, weight, "", draw.uniform(0.001, 0.01))
    got, wanted = draw.gauss(0, 1), draw.gauss(0, 1)
    detail = f"the result: {got:.8g} where {wanted:.8g} was expected (flat index {draw.randint(0, 11)} of 12)"
    return TestResult(name, title, outcome, weight, hint, draw.uniform(0.001, 0.01), detail)
