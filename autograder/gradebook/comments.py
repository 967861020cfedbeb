"""The automatic comment below an answer: how it went, and the first thing to look at."""

from __future__ import annotations

from autograder.gradebook.markup import neutral_markdown
from autograder.results import Outcome, QuestionResult, TestResult

NO_RESPONSE = "No response."  # nbgrader's own words


def question_comment(question: QuestionResult) -> str:
    """Markdown. Says what the student may know: titles and hints, never details."""
    failed = [test for test in question.tests if test.outcome is not Outcome.PASSED]
    passed = len(question.tests) - len(failed)
    points = f"**{round(question.score, 2):g} of {question.points:g} points.**"
    if not question.tests:
        return f"{points} No test was run."
    score = f"{points} {passed} of {len(question.tests)} tests passed."
    if not failed:
        return score
    first = failed[0]
    return f"{score}\n\nLook first at: {neutral_markdown(first.title)} {neutral_markdown(advice(first))}".rstrip()


def advice(test: TestResult) -> str:
    """The hint of a test that did not pass, or what its outcome means."""
    if test.hint or test.outcome is Outcome.PASSED:
        return test.hint
    return {
        Outcome.FAILED: "The answer is not right yet.",
        Outcome.ERROR: "The test itself broke. This is not your fault: the teaching staff will look at it.",
        Outcome.TIMEOUT: "Your code did not finish in time. Look for a loop that never ends.",
        Outcome.CRASHED: "Python itself stopped while it ran your code.",
        Outcome.SKIPPED: "This test could not be run.",
    }[test.outcome]
