"""A handful of attacks on a real assignment, with its own reference and its own hidden suite."""

from __future__ import annotations

import json

import pytest

from autograder.authoring.fill import fill_notebook
from autograder.authoring.reference import Reference
from autograder.course import Course, find_course
from autograder.demo.forgery import FORGERY
from autograder.grading import GradeOptions, grade_assignment
from autograder.results import QuestionResult, SubmissionResult
from tests.platform.attacks.run import REPOSITORY

pytestmark = pytest.mark.slow

ATTACKED = "kl_divergence"  # two others build on it
HONEST_WRONG = "def kl_divergence(mu, logvar):\n    return torch.zeros(len(mu))\n"
ATTACKS = {
    "always-right": f"{FORGERY}\n\ndef kl_divergence(mu, logvar):\n    return AlwaysRight()\n",
    "answers-itself": """\
import os, struct

def kl_divergence(mu, logvar):
    header = b'{"v":{"$":"dict","v":[["ok",true],["value",true],["call",1],["id",1]]},"t":[]}'
    os.write(3, (struct.pack(">II", len(header), 0) + header) * 30)
    return torch.zeros(len(mu))
""",
    "takes-expected": """\
import gc

def kl_divergence(mu, logvar):
    found = [t for t in gc.get_objects() if isinstance(t, torch.Tensor) and t.shape == (len(mu),)]
    return found[-1] if found else torch.zeros(len(mu))
""",
    "tells-inputs": """\
class MissingName(Exception):
    pass

def kl_divergence(mu, logvar):
    raise MissingName(f"told {mu.flatten().tolist()}")
""",
    "ends-process": "def kl_divergence(mu, logvar):\n    import os\n    os._exit(0)\n",
    "copies-reference": """\
def kl_divergence(mu, logvar):
    import sys
    from pathlib import Path
    for folder in {above for place in (*sys.path, "@COURSE@/x") for above in Path(place).parents}:
        path = folder / "reference" / "vae.py"
        if path.exists():
            names = {}
            exec(path.read_text(), names)
            return names["kl_divergence"](mu, logvar)
    return torch.zeros(len(mu))
""",
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Course, dict[str, SubmissionResult]]:
    """Each attack with an honest submission after it, and one that is honest and wrong; all other answers right."""
    course = find_course(REPOSITORY, tmp_path_factory.mktemp("vae"))
    assignment = course.assignment("vae")
    reference = Reference.load(assignment.reference_path, assignment.question_names)
    right = {name: reference.source_of(name) for name in assignment.question_names}
    helpers = {h: reference.source_of(h) for name in right for h in reference.helpers_of(name)}
    setup = {assignment.question_names[0]: "\n\n".join(helpers.values())} if helpers else {}
    answers = {"a-honest-wrong": HONEST_WRONG, **ATTACKS}
    release = assignment.release_path.read_bytes()
    for student, source in answers.items():
        for name, notebook in (
            (student, {**right, ATTACKED: source.replace("@COURSE@", str(REPOSITORY))}),
            (f"{student}.next", right),
        ):
            folder = course.submitted / name / "vae"
            folder.mkdir(parents=True)
            (folder / "vae.ipynb").write_bytes(fill_notebook(release, notebook, setup))
    run = grade_assignment(course, assignment, GradeOptions(workers=1))
    return course, {result.student: result for result in run.submissions}


def question(result: SubmissionResult, name: str) -> QuestionResult:
    return next(q for q in result.questions if q.name == name)


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_is_gained(graded: tuple[Course, dict[str, SubmissionResult]], attack: str) -> None:
    """No question has more than in the honest wrong answer's notebook, and the attacked one has not its full points."""
    _, results = graded
    for honest in results["a-honest-wrong"].questions:
        assert question(results[attack], honest.name).score <= honest.score
    assert question(results[attack], ATTACKED).score < question(results[attack], ATTACKED).points


@pytest.mark.parametrize("attack", ["a-honest-wrong", *ATTACKS])
def test_the_next_submission_has_full_marks(graded: tuple[Course, dict[str, SubmissionResult]], attack: str) -> None:
    """Graded by the same worker, right after it."""
    result = graded[1][f"{attack}.next"]
    assert (result.score, result.problems) == (result.max_score, ())


@pytest.mark.parametrize("attack", ATTACKS)
def test_hidden_inputs_are_not_told(graded: tuple[Course, dict[str, SubmissionResult]], attack: str) -> None:
    """What students read holds no word of what the code was called with."""
    course, results = graded
    notebook = json.loads((course.autograded / attack / "vae" / "vae.ipynb").read_text())
    shown = json.dumps([cell.get("outputs", []) for cell in notebook["cells"]])
    hints = json.dumps([test.hint for q in results[attack].questions for test in q.tests])
    assert "told [" not in shown + hints
