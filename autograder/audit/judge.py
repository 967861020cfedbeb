"""Compare what the engine made of an answer with what is known of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from autograder.audit.model import Finding, Kind, Place
from autograder.audit.places import Places
from autograder.audit.plan import Case
from autograder.results import Outcome, QuestionResult, Status, SubmissionResult, TestResult
from autograder.suite.variants import Mistake, Variant

SPARE_POINTS = 1e-3  # scores are rounded to four digits
CAUGHT = frozenset({Outcome.FAILED, Outcome.TIMEOUT, Outcome.CRASHED})
MAX_NAMED = 4


@dataclass(frozen=True, slots=True)
class Judged:
    """What is wrong with the grade of one case: nothing where the suite is right about it.

    `measured` is False for a mistake whose test cannot run on this machine, so that nothing is known.
    """

    case: Case
    findings: tuple[Finding, ...]
    measured: bool = True


def judge(case: Case, result: SubmissionResult, places: Places) -> Judged:
    """Judge the grade of one case."""
    if case.kind is Kind.STUB:
        return Judged(case, tuple(_of_stub(result, places)))
    if not isinstance(case.variant, Mistake):
        return Judged(case, tuple(_of_right_answer(case.kind, case.variant, result, places)))
    if not _is_measurable(case.variant, result):
        return Judged(case, (), measured=False)
    return Judged(case, tuple(_of_mistake(case.variant, result, places)))


def _is_measurable(mistake: Mistake, result: SubmissionResult) -> bool:
    """False where the test named for it needs what this machine has not, and so does not count here."""
    named = _named(mistake, _question(result, mistake.question).tests)
    return not named or any(test.outcome is not Outcome.SKIPPED or test.weight > 0 for test in named)


def _of_mistake(mistake: Mistake, result: SubmissionResult, places: Places) -> Iterator[Finding]:
    happened = _fault(mistake, result)
    if happened:
        hint = f"with a hint that contains {mistake.hint!r}" if mistake.hint else "with a hint"
        expected = f"points lost at {mistake.caught_by}, {hint}"
        own = places.of_variant(Kind.MISTAKE, mistake.name)
        look_at = (*own, *places.of_test(mistake.question, mistake.caught_by))
        yield Finding(Kind.MISTAKE, mistake.question, mistake.name, expected, happened, look_at)


def _fault(mistake: Mistake, result: SubmissionResult) -> str:
    """What went wrong with catching the mistake; "" where it was caught as it should be."""
    if result.status is Status.UNREADABLE:
        return f"nothing was graded: {_listed(result.problems)}"
    question = _question(result, mistake.question)
    named = _named(mistake, question.tests)
    if not named:
        return f"{mistake.question} has no test of that name; it has {', '.join(t.name for t in question.tests)}"
    caught = [test for test in named if test.outcome in CAUGHT]
    if not caught:
        elsewhere = [test.name for test in question.tests if test.outcome in CAUGHT]
        where = f"it was caught at {', '.join(elsewhere)}" if elsewhere else "no test caught it"
        reason = f" ({named[0].detail})" if named[0].detail else ""
        return f"{mistake.caught_by} ended as {named[0].outcome}{reason}; {where}"
    if question.score >= question.points - SPARE_POINTS:
        return f"caught there, but it cost nothing: {question.score:g} of {question.points:g} points"
    shown = [test.hint for test in caught]
    if not any(hint and mistake.hint.casefold() in hint.casefold() for hint in shown):
        missing = f", which does not contain {mistake.hint!r}" if mistake.hint else ""
        return f"caught there, but the hint shown was {shown[0]!r}{missing}"
    return ""


def _of_right_answer(
    kind: Kind, variant: Variant | None, result: SubmissionResult, places: Places
) -> Iterator[Finding]:
    """The reference or an alternative: full marks everywhere, and nothing that a person would have to look at."""
    name = variant.name if variant else ""
    own = places.of_variant(kind, name) if variant else places.of_reference()
    for question in result.questions:
        if question.score < question.points - SPARE_POINTS:
            about = variant.question if variant else question.name
            elsewhere = f" in {question.name}" if about != question.name else ""
            lost = [t for t in question.tests if t.outcome is not Outcome.PASSED and t.weight > 0]
            look_at = (*own, *_places_of(lost, question.name, places))
            expected = f"{question.points:g} of {question.points:g} points{elsewhere}"
            happened = f"{question.score:g} points: {_described(lost) or 'no test was run'}"
            yield Finding(kind, about, name, expected, happened, look_at)
    if result.status is not Status.GRADED or result.problems:
        happened = f"status {result.status}: {_listed(result.problems) or 'no problem was named'}"
        yield Finding(kind, variant.question if variant else "", name, "status graded and no problems", happened, own)


def _of_stub(result: SubmissionResult, places: Places) -> Iterator[Finding]:
    """The notebook as it was handed out: it can be graded, and no test passes."""
    for question in result.questions:
        passed = [test for test in question.tests if test.outcome is Outcome.PASSED]
        if passed or question.score > 0:
            happened = f"{question.score:g} points: passed {', '.join(t.name for t in passed)}"
            look_at = _places_of(passed, question.name, places)
            yield Finding(Kind.STUB, question.name, "", "0 points and no test passed", happened, look_at)
    if result.status is not Status.GRADED:
        happened = f"status {result.status}: {_listed(result.problems) or 'no problem was named'}"
        yield Finding(Kind.STUB, "", "", "status graded", happened, places.of_release())


def _question(result: SubmissionResult, name: str) -> QuestionResult:
    return next(question for question in result.questions if question.name == name)


def _named(mistake: Mistake, tests: Sequence[TestResult]) -> list[TestResult]:
    """The test that must catch the mistake: several where it is parametrised."""
    return [t for t in tests if mistake.caught_by in (t.name, t.name.partition("[")[0])]


def _places_of(tests: Sequence[TestResult], question: str, places: Places) -> tuple[Place, ...]:
    return tuple(place for test in tests[:MAX_NAMED] for place in places.of_test(question, test.name))


def _described(tests: Sequence[TestResult]) -> str:
    lines = [f"{test.name} {test.outcome} ({test.detail or test.hint})" for test in tests]
    return _listed(lines)


def _listed(texts: Sequence[str]) -> str:
    more = f"; and {len(texts) - MAX_NAMED} more" if len(texts) > MAX_NAMED else ""
    return "; ".join(texts[:MAX_NAMED]) + more
