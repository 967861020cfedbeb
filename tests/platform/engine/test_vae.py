"""The engine on the course's own assignments: reference, stub, and the mistake that everyone makes once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.authoring.fill import fill_notebook
from autograder.authoring.reference import Reference
from autograder.course import Assignment, find_course
from autograder.engine import Engine, Job
from autograder.results import Outcome, QuestionResult, Status, SubmissionResult

pytestmark = pytest.mark.slow
COURSE = find_course(Path(__file__).parents[3])


@pytest.fixture(scope="module", params=COURSE.assignment_names)
def assignment(request: pytest.FixtureRequest) -> Assignment:
    return COURSE.assignment(request.param)


@pytest.fixture(scope="module")
def engine(assignment: Assignment) -> Iterator[Engine]:
    with Engine(COURSE, assignment, workers=1) as running:
        yield running


def grade(engine: Engine, data: bytes) -> SubmissionResult:
    ((_, result),) = engine.run([Job("ada", data)])
    return result


def answers(assignment: Assignment) -> dict[str, str]:
    reference = Reference.load(assignment.reference_path, assignment.question_names)
    return {name: reference.source_of(name) for name in assignment.question_names}


def filled(assignment: Assignment, **changed: str) -> bytes:
    return fill_notebook(assignment.release_path.read_bytes(), answers(assignment) | changed)


def question(result: SubmissionResult, name: str) -> QuestionResult:
    return next(q for q in result.questions if q.name == name)


def test_the_reference_gets_full_marks(engine: Engine, assignment: Assignment) -> None:
    """With nothing to say: no problem, no notice, nothing carried forward; in seconds."""
    result = grade(engine, filled(assignment))
    failed = [(t.name, t.outcome, t.detail) for q in result.questions for t in q.tests if t.outcome != "passed"]
    assert [f for f in failed if f[1] is not Outcome.SKIPPED] == []
    assert (result.status, result.score, result.problems) == (Status.GRADED, assignment.max_score, ())
    assert all(q.carried_forward == () for q in result.questions)
    assert result.seconds < 30


def test_the_handed_out_notebook_gets_nothing(engine: Engine, assignment: Assignment) -> None:
    """Every hint is kind and says what is missing."""
    result = grade(engine, assignment.release_path.read_bytes())
    assert (result.status, result.score) == (Status.GRADED, 0)
    tests = [t for q in result.questions for t in q.tests if t.outcome is not Outcome.SKIPPED]
    assert {t.outcome for t in tests} == {Outcome.FAILED}
    assert all("Not implemented yet" in t.hint for t in tests)


@pytest.mark.parametrize("assignment", ["vae"], indirect=True)
def test_a_standard_deviation_that_is_a_variance(engine: Engine, assignment: Assignment) -> None:
    """`std = torch.exp(logvar)`: points are lost with a hint on half the log-variance, and only where it belongs."""
    mistake = (
        "def reparameterize(mu, logvar):\n    std = torch.exp(logvar)\n"
        "    eps = torch.randn_like(std)\n    return mu + std * eps"
    )
    result = grade(engine, filled(assignment, reparameterize=mistake))
    wrong = question(result, "reparameterize")
    assert 0 < wrong.score < wrong.points
    hints = " ".join(t.hint for t in wrong.tests if t.outcome is not Outcome.PASSED)
    assert "half" in hints.lower()
    assert "log-variance" in hints.lower() or "log of the variance" in hints.lower()
    model = question(result, "VAE")
    assert (model.score, model.carried_forward) == (model.points, ("reparameterize",))
    others = [q for q in result.questions if q.name != "reparameterize"]
    assert all(q.score == q.points for q in others)
    assert result.score == assignment.max_score - wrong.points + wrong.score
    assert result.status is Status.GRADED


@pytest.mark.parametrize("assignment", ["vae"], indirect=True)
@pytest.mark.parametrize("question_name", ["kl_divergence", "reconstruction_loss"])
def test_a_later_question_uses_the_references_version(
    engine: Engine, assignment: Assignment, question_name: str
) -> None:
    """Where what it builds on is wrong, blank or breaks, and says so."""
    for answer in (
        "def NAME(a, b):\n    return a.sum()", "def NAME(a, b):\n    raise NotImplementedError",
        "def NAME(a, b):\n    import os\n    os._exit(0)", "1 / 0", "import os\nos._exit(0)",
    ):  # fmt: skip
        result = grade(engine, filled(assignment, **{question_name: answer.replace("NAME", question_name)}))
        assert question(result, question_name).score < question(result, question_name).points
        loss = question(result, "elbo_loss")
        assert (loss.score, loss.carried_forward) == (loss.points, (question_name,)), answer
