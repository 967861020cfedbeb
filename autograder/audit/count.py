"""One question in figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autograder.audit.judge import Judged
from autograder.audit.model import Finding, Kind, QuestionAudit
from autograder.audit.plan import Plan
from autograder.results import Outcome, SubmissionResult


def count(
    plan: Plan,
    name: str,
    results: Mapping[str, SubmissionResult],
    judged: Sequence[Judged],
    findings: Sequence[Finding],
) -> QuestionAudit:
    """The figures of question `name`. `judged` has a verdict for each of the plan's cases."""
    mistakes = [mistake for mistake in plan.variants.mistakes if mistake.question == name]
    tests = [test for test in plan.places.tests if test.question == name]
    named = {mistake.caught_by.partition("[")[0] for mistake in mistakes}
    own = [one for one in judged if one.case.variant is not None and one.case.variant.question == name]
    wrong = [results[one.case.key] for one in own if one.case.kind is Kind.MISTAKE]
    failed = _failed_tests(wrong, name)
    right = [one.case.kind for one in own if one.measured and not one.findings]
    return QuestionAudit(
        name=name,
        points=plan.assignment.question(name).points,
        public_tests=sum(test.public for test in tests),
        hidden_tests=sum(not test.public for test in tests),
        reference_score=_score(results[str(Kind.REFERENCE)], name),
        stub_score=_score(results[str(Kind.STUB)], name),
        mistakes=len(mistakes),
        caught=right.count(Kind.MISTAKE),
        alternatives=sum(alternative.question == name for alternative in plan.variants.alternatives),
        accepted=right.count(Kind.ALTERNATIVE),
        findings=sum(finding.question == name for finding in findings),
        not_measured=tuple(one.case.variant.name for one in own if one.case.variant and not one.measured),
        never_needed=tuple(test.name for test in tests if test.name not in named),
        never_failed=tuple(test.name for test in tests if test.name not in failed),
    )


def _failed_tests(results: Sequence[SubmissionResult], question: str) -> set[str]:
    """Names of the question's tests that any of these did not pass."""
    tests = [test for result in results for q in result.questions if q.name == question for test in q.tests]
    return {test.name.partition("[")[0] for test in tests if test.outcome is not Outcome.PASSED}


def _score(result: SubmissionResult, question: str) -> float:
    return next(q.score for q in result.questions if q.name == question)
