"""What notebooks earn: right, blank, wrong, broken, slow; and what is said about it."""

from __future__ import annotations

import pytest

from autograder.course import Course
from autograder.engine import Engine, Job
from autograder.results import Outcome, QuestionResult, Status, SubmissionResult
from tests.platform.engine.conftest import Grade
from tests.platform.engine.tiny import (
    EXPECTED_CANARY,
    HONEST_WRONG,
    HONEST_WRONG_SCORE,
    MAX_SCORE,
    RIGHT,
    USES_SCALE,
    WRONG_SCALE,
    notebook,
    tiny,
    with_cells,
)

pytestmark = pytest.mark.slow  # an engine starts


def question(result: SubmissionResult, name: str) -> QuestionResult:
    return next(q for q in result.questions if q.name == name)


def outcomes(result: SubmissionResult, name: str) -> list[str]:
    return [str(test.outcome) for test in question(result, name).tests]


def test_a_right_notebook_gets_full_marks(grade: Grade, course: Course) -> None:
    """Nothing to say about it; every test is there with its title and weight."""
    result = grade(notebook(course))
    assert (result.status, result.score, result.max_score) == (Status.GRADED, MAX_SCORE, MAX_SCORE)
    assert result.problems == ()
    assert [(t.name, t.weight, t.title) for t in question(result, "scale").tests] == [
        ("test_scale_by_two", 1.0, "Ones times two are twos."),
        ("test_scale_by_any_factor", 3.0, "Any factor, any shape."),
        ("test_scale_gradient", 1.0, "Gradients reach x."),
    ]  # fmt: skip
    assert all(q.carried_forward == () for q in result.questions)


def test_the_handed_out_notebook_gets_nothing(grade: Grade, course: Course) -> None:
    """And each hint says what is missing."""
    result = grade(tiny(course).release_path.read_bytes())
    assert result.score == 0
    assert {str(t.outcome) for q in result.questions for t in q.tests} == {"failed"}
    assert (
        question(result, "scale").tests[0].hint == "Not implemented yet: the cell of scale raises NotImplementedError."
    )


def test_a_wrong_answer_gets_its_part_and_the_named_hint(grade: Grade, course: Course) -> None:
    """Weights decide; the hint names the mistake and holds no number of the hidden input."""
    result = grade(notebook(course, HONEST_WRONG))
    assert outcomes(result, "scale") == ["passed", "failed", "failed"]
    assert result.score == HONEST_WRONG_SCORE
    test = question(result, "scale").tests[1]
    assert test.hint == "The factor seems to be two, whatever is passed."
    assert EXPECTED_CANARY not in test.hint
    assert "was expected" in test.detail


def test_a_question_on_top_of_a_wrong_one_is_graded_with_the_references(grade: Grade, course: Course) -> None:
    """The mistake is paid for once, and the result says so."""
    wrong = "def scale(x, factor):\n    return x * 0"
    result = grade(notebook(course, {**RIGHT, "scale": wrong, "total": USES_SCALE}))
    assert question(result, "scale").score == 0
    assert (question(result, "total").score, question(result, "total").carried_forward) == (30, ("scale",))
    assert result.score == 50
    assert result.status is Status.GRADED


def test_a_wrong_question_on_top_of_a_wrong_one_stays_wrong(grade: Grade, course: Course) -> None:
    """Also with the reference's dependency; it has been tried and is said."""
    answers = {**RIGHT, "scale": WRONG_SCALE, "total": "def total(x):\n    return scale(x, 3.0).mean()"}
    result = grade(notebook(course, answers))
    assert (question(result, "total").score, question(result, "total").carried_forward) == (0, ("scale",))


def test_a_right_dependency_is_never_replaced(grade: Grade, course: Course) -> None:
    """A wrong `total` on a right `scale` is just wrong; a blank one is not tried again."""
    result = grade(notebook(course, {**RIGHT, "total": "def total(x):\n    return scale(x, 3.0).sum()"}))
    assert question(result, "total").carried_forward == ()
    blank = grade(notebook(course, {"scale": WRONG_SCALE, "Shift": RIGHT["Shift"]}))
    assert question(blank, "total").carried_forward == ()


def test_one_question_alone(grade: Grade, course: Course) -> None:
    """Its points are the maximum; what it depends on is graded behind the scenes."""
    answers = {**RIGHT, "scale": "def scale(x, factor): return x * 0", "total": USES_SCALE}
    result = grade(notebook(course, answers), questions=frozenset({"total"}))
    assert [q.name for q in result.questions] == ["total"]
    assert (result.score, result.max_score) == (30, 30)
    assert question(result, "total").carried_forward == ("scale",)


def test_a_cell_that_fails_is_told_with_its_line(grade: Grade, course: Course) -> None:
    """In the problems and as the hint of its question's tests; other questions are untouched."""
    result = grade(
        notebook(course, {**RIGHT, "scale": "import torch\n\nundefined_name\ndef scale(x, factor): return x"})
    )
    assert result.status is Status.PARTIAL
    assert question(result, "scale").score == 0
    expected = "the answer to scale, raised NameError in line 3: name 'undefined_name' is not defined."
    assert any(expected in problem for problem in result.problems), result.problems
    assert expected in question(result, "scale").tests[0].hint
    assert result.score == MAX_SCORE - 40


def test_a_syntax_error_costs_its_own_question(grade: Grade, course: Course) -> None:
    """With the line."""
    result = grade(notebook(course, {**RIGHT, "Shift": "class Shift(torch.nn.Module:\n    pass"}))
    assert result.score == MAX_SCORE - 20
    assert any("SyntaxError in line 1" in problem for problem in result.problems)


@pytest.mark.parametrize(
    ("answer", "outcome", "problem"),
    [
        ("def scale(x, factor):\n    while True: pass", Outcome.TIMEOUT, ""),
        ("import os\ndef scale(x, factor):\n    os._exit(0)", Outcome.CRASHED, "ended the student's process"),
        ("import ctypes\ndef scale(x, factor):\n    ctypes.string_at(0)", Outcome.CRASHED, "signal SIGSEGV"),
        ("import sys\ndef scale(x, factor):\n    sys.exit(0)", Outcome.FAILED, ""),
        ("def scale(x, factor):\n    return None", Outcome.FAILED, ""),
        ("def scale(x, factor):\n    return scale(x, factor)", Outcome.FAILED, ""),
        ("def scale():\n    return 3", Outcome.FAILED, ""),
        ("scale = 3", Outcome.FAILED, ""),
        ("while True: pass", Outcome.FAILED, "did not finish in time in line 1"),
        ("import os; os._exit(0)", Outcome.FAILED, "ended the Python process and was left out"),
        ("x = bytearray(8 * 2**30)", Outcome.FAILED, "MemoryError"),
    ],
    ids=["loop", "exit", "segfault", "sys.exit", "None", "recursion", "signature", "no function", "cell loop",
         "cell exit", "memory"],
)  # fmt: skip
def test_an_answer_that_breaks_costs_its_own_question(
    grade: Grade, course: Course, answer: str, outcome: Outcome, problem: str
) -> None:
    """All other questions keep their points, and what happened is said."""
    result = grade(notebook(course, {**RIGHT, "scale": answer}))
    assert result.score == MAX_SCORE - 40
    tests = question(result, "scale").tests
    assert tests[0].outcome is outcome
    assert all(test.outcome is not Outcome.PASSED and test.hint for test in tests)
    if problem:
        assert any(problem in text for text in result.problems), result.problems
        assert result.status is Status.PARTIAL


HELPER = "def double(x):\n    return 2 * x\nimport os\nos._exit(9)"


def test_a_cell_whose_process_ended_and_what_it_cost(grade: Grade, course: Course) -> None:
    """By itself, or by a machine short of memory: a person looks where points are missing for it, and only there."""
    needs_it = {**RIGHT, "scale": "def scale(x, factor):\n    return double(x) * factor / 2"}
    result = grade(with_cells(course, [HELPER], needs_it))
    assert result.score == MAX_SCORE - 40
    assert result.status is Status.PARTIAL
    assert any("was left out" in text for text in result.problems)
    result = grade(with_cells(course, [HELPER]))
    assert (result.score, result.status) == (MAX_SCORE, Status.GRADED)


def test_timeouts_of_one_question_are_capped(grade: Grade, course: Course) -> None:
    """After two, the rest is not even run: a loop costs seconds, not minutes."""
    result = grade(notebook(course, {**RIGHT, "scale": "def scale(x, factor):\n    while True: pass"}))
    assert outcomes(result, "scale") == ["timeout", "timeout", "timeout"]
    assert question(result, "scale").tests[2].seconds == 0
    assert "Not run" in question(result, "scale").tests[2].hint
    assert result.seconds < 20


def test_cells_of_the_students_own_run_too(grade: Grade, course: Course) -> None:
    """Helpers before the answers, whose errors are told and cost nothing."""
    answers = {**RIGHT, "scale": "def scale(x, factor):\n    return my_helper(x, factor)"}
    result = grade(with_cells(course, ["def my_helper(x, factor): return x * factor", "1 / 0"], answers))
    assert (result.score, result.status) == (MAX_SCORE, Status.GRADED)
    assert any("Cell 2 raised ZeroDivisionError in line 1" in problem for problem in result.problems)


def test_magics_are_told_and_cost_nothing(grade: Grade, course: Course) -> None:
    """What is not run is named."""
    result = grade(with_cells(course, ["%matplotlib inline\n!pip install torch", "%run other.py"]))
    assert (result.score, result.status) == (MAX_SCORE, Status.GRADED)
    assert result.problems == ("Cell 2: %run is not run by the grader.",)


@pytest.mark.parametrize(
    "data", [b"", b"not json", b"{}", b"\xff\xfe", b"[" * 100_000, b'{"cells": 3}', b"null", bytes(21 * 2**20)],
    ids=["empty", "text", "object", "bytes", "nested", "no cells", "null", "21 MiB"],
)  # fmt: skip
def test_what_is_no_notebook_is_unreadable_and_not_lost(grade: Grade, data: bytes) -> None:
    """Nothing earned, a reason given, every question listed."""
    result = grade(data)
    assert (result.status, result.score, result.max_score) == (Status.UNREADABLE, 0, MAX_SCORE)
    assert result.problems
    assert [q.name for q in result.questions] == ["scale", "total", "Shift"]


def test_text_that_no_file_can_hold(grade: Grade, course: Course) -> None:
    """A lone surrogate or an escape sequence in an error message does not stop the writing of results."""
    result = grade(with_cells(course, ["raise ValueError('\\ud800 \\x1b[2J \\u202e')"]))
    assert result.score == MAX_SCORE
    for problem in result.problems:
        problem.encode("utf-8")
        assert problem.isprintable()


def test_the_same_notebook_gets_the_same_result(grade: Grade, course: Course) -> None:
    """Scores, outcomes and hints; only seconds differ."""

    def essence(result: SubmissionResult) -> object:
        return result.score, [[(t.name, t.outcome, t.hint, t.detail) for t in q.tests] for q in result.questions]

    data = notebook(course, {**HONEST_WRONG, "Shift": RIGHT["Shift"].replace("zeros", "randn")})
    assert essence(grade(data)) == essence(grade(data))


def test_one_submission_does_not_reach_the_next(grade: Grade, course: Course) -> None:
    """Patched functions, files, modules and globals of one are gone for the other, in either order."""
    spoil = (
        "import torch, sys, builtins, os\ntorch.ones = torch.full = None\nopen('/tmp/left', 'w').write('x')\n"
        "sys.modules['left'] = sys\nbuiltins.left = 1\nos.environ['LEFT'] = '1'\ntorch.set_default_dtype(torch.float16)"
    )
    look = (
        "import sys, os, builtins\nassert not os.path.exists('/tmp/left') and 'left' not in sys.modules\n"
        "assert not hasattr(builtins, 'left') and 'LEFT' not in os.environ"
    )
    assert "torch.ones" in str(grade(with_cells(course, [spoil])).problems)
    assert grade(with_cells(course, [look])).problems == ()
    assert grade(notebook(course)).score == MAX_SCORE


def test_every_job_comes_back_once(engine: Engine, course: Course) -> None:
    """With one worker in the order given."""
    jobs = [Job(f"s{n}", notebook(course) if n % 2 else b"broken", problems=(f"p{n}",)) for n in range(7)]
    found = list(engine.run(jobs))
    assert [job.student for job, _ in found] == [f"s{n}" for n in range(7)]
    assert [result.score for _, result in found] == [0, MAX_SCORE] * 3 + [0]
    assert all(result.problems[0] == f"p{n}" for n, (_, result) in enumerate(found))
    assert list(engine.run([])) == []


def test_a_run_that_is_left_early_can_be_followed_by_another(engine: Engine, course: Course) -> None:
    """The worker that was in the middle of something does not answer for the next run."""
    running = engine.run([Job(f"s{n}", notebook(course)) for n in range(5)])
    next(running)
    running.close()  # type: ignore[attr-defined]
    ((_, result),) = engine.run([Job("next", notebook(course, HONEST_WRONG))])
    assert (result.student, result.score) == ("next", HONEST_WRONG_SCORE)
