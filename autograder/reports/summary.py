"""The report in five lines, for the terminal."""

from __future__ import annotations

from autograder.reports.model import Report
from autograder.reports.wording import number, percent, printable


def summary_lines(report: Report) -> tuple[str, ...]:
    """Five lines: who was graded, the scores, the hardest question, the commonest hint, what to look at."""
    return tuple(
        printable(line)
        for line in (
            _submissions(report),
            _scores(report),
            _hardest(report),
            _hint(report),
            _to_look_at(report),
        )
    )


def _submissions(report: Report) -> str:
    counts = ", ".join(f"{n} {status}" for status, n in report.statuses.items())
    return f"{report.title}: {len(report.students)} submissions ({counts}), isolation {report.isolation}"


def _scores(report: Report) -> str:
    if report.scores is None:
        return "Scores: none, because no submission could be read"
    s = report.scores
    return (
        f"Scores: median {number(s.median)} of {number(report.max_score)}; "
        f"the middle half between {number(s.lower_quartile)} and {number(s.upper_quartile)}"
    )


def _hardest(report: Report) -> str:
    if not report.questions:
        return "Hardest question: none was graded"
    q = report.questions[0]
    return f"Hardest question: {q.name}, mean {number(q.mean)} of {number(q.points)}, full marks {q.full} of {q.count}"


def _hint(report: Report) -> str:
    h = report.teaching_hint
    if h is None or report.scores is None:
        return "Hint seen most: no hint was shown"
    return f"Hint seen most ({percent(len(h.students) / report.scores.count)}, {h.question}): {h.hint}"


def _to_look_at(report: Report) -> str:
    return (
        f"To look at: {len(report.troubled)} submissions with problems, {len(report.suspects)} tests that may be wrong"
    )
