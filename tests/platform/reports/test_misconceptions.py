"""Students with the same mistake are found together, the largest group first, with code that can be shown."""

from __future__ import annotations

import ast

from autograder.reports.misconceptions import Misconception, misconceptions, with_examples
from autograder.results import Outcome, QuestionResult, Status, SubmissionResult, TestResult

TESTS = ("shape", "values", "gradient")
RIGHT = "def kl(mu, logvar):\n    return -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(dim=1)\n"


def made_by(student: str, **hints: str) -> SubmissionResult:
    """One question of three tests; those with a hint fail."""
    tests = tuple(
        TestResult(
            f"test_{name}",
            f"The {name}.",
            Outcome.FAILED if name in hints else Outcome.PASSED,
            1.0,
            hints.get(name, ""),
        )
        for name in TESTS
    )
    score = 9.0 * (1 - len(hints) / 3)
    return SubmissionResult(
        student, Status.GRADED, score, 9.0, questions=(QuestionResult("kl", 9.0, score, (), tests),)
    )


def summed(student: str) -> SubmissionResult:
    return made_by(student, shape="One number each.", values="You summed everything.")


def wrong_shape(student: str) -> SubmissionResult:
    return made_by(student, shape="One number each.")


def test_students_with_the_same_hints_share_one_misconception_and_the_telling_hint_names_it() -> None:
    found = misconceptions([summed("ada"), wrong_shape("bo"), summed("cy"), made_by("di")])
    assert [(m.students, m.hint, m.also) for m in found] == [
        (("ada", "cy"), "You summed everything.", ("One number each.",)),
        (("bo",), "One number each.", ()),
    ]
    assert (found[0].points_lost, found[0].title) == (12.0, "The values.")


def test_a_planted_misconception_is_on_top_of_a_class() -> None:
    """Among many mistakes of few, the one that eleven of sixty make."""
    few = [made_by(f"few{n}", **{TESTS[n % 3]: f"Hint {n // 2}."}) for n in range(20)]
    planted = [made_by(f"planted{n}", gradient="Detached.") for n in range(11)]
    rest = [made_by(f"right{n}") for n in range(29)]
    top = misconceptions([*few, *planted, *rest])[0]
    assert (top.hint, len(top.students)) == ("Detached.", 11)
    assert top.said(60) == "In kl, 11 of you got stuck here: The gradient. Detached."


def test_what_was_not_done_is_no_misconception() -> None:
    undone = made_by("ada", shape="Not implemented yet: kl raises NotImplementedError.", values="Something else.")
    missing = made_by("bo", shape="The notebook does not define 'kl'. Did its cell run without an error?")
    assert misconceptions([undone, missing]) == ()


def test_what_a_broken_test_says_is_none_either() -> None:
    run = [made_by("ada", values="Wrong."), made_by("bo", values="Wrong.", gradient="Detached.")]
    found = misconceptions(run, frozenset({("kl", "test_values")}))
    assert [(m.students, m.hint, m.tests) for m in found] == [(("bo",), "Detached.", {"test_gradient"})]


def test_in_a_large_class_one_student_alone_is_no_matter_for_the_lecture() -> None:
    run = [wrong_shape("ada"), *(made_by(f"s{n}") for n in range(9))]
    assert misconceptions(run) == ()
    assert len(misconceptions(run[:9])) == 1


def test_the_sentence_says_how_many() -> None:
    said = [misconceptions([wrong_shape(f"s{n}") for n in range(count)])[0].said(12) for count in (1, 2, 3, 4, 6, 12)]
    counts = [text.split(", ")[1].split(" got")[0] for text in said]
    assert counts == [
        "one of you", "2 of you", "about a quarter of you", "about a third of you", "about half of you",
        "nearly all of you",
    ]  # fmt: skip


def shown(run: list[SubmissionResult], codes: dict[str, str]) -> Misconception:
    found = misconceptions(run)
    return with_examples(found, run, lambda s: {"kl": codes[s]} if s in codes else {}, {"kl": RIGHT})[0]


def test_the_example_is_short_without_names_and_beside_the_reference() -> None:
    body = "    return -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum()\n"
    codes = {
        "ada": f"def kl(mu, logvar):\n    adas = mu  # Ada was here\n{body}",
        "bo": f"def kl(mu, logvar):\n    '''By Bo.'''\n{body}",
        "cy": "def kl(mu, logvar:\n",
    }
    example = shown([summed(s) for s in codes], codes)
    assert example.example == ast.unparse(ast.parse(f"def kl(mu, logvar):\n{body}"))
    assert example.reference == ast.unparse(ast.parse(RIGHT))


def test_without_code_there_is_no_example() -> None:
    assert shown([summed("ada"), summed("bo")], {"ada": "def kl(:"}).example == ""


def test_a_very_long_answer_is_no_example() -> None:
    long = "def kl(mu, logvar):\n" + "    mu = mu + 1\n" * 100
    assert shown([summed("ada")], {"ada": long}).example == ""
