"""The table of test results that stands below a question's public tests: HTML and plain text.

Shown to the student: title, outcome, points and hint, never a test's `detail`. Outcomes are words
and signs as well as colours, so the table reads in print and without colour.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from autograder.authoring.spec import ReleaseSpec
from autograder.gradebook.comments import advice
from autograder.gradebook.markup import neutral_tex
from autograder.results import Outcome, QuestionResult, SubmissionResult, TestResult

_RED, _GREEN, _AMBER, _GREY = (
    ("#a3211b", "#fbeae9"),
    ("#1a6b35", "#e6f4ea"),
    ("#6b4a00", "#fdf3d8"),
    ("#4a4f57", "#eef0f2"),
)
_LOOKS = {
    Outcome.PASSED: ("✓", "passed", _GREEN),
    Outcome.FAILED: ("✗", "not passed", _RED),
    Outcome.ERROR: ("!", "test broken", _AMBER),
    Outcome.TIMEOUT: ("✗", "out of time", _RED),
    Outcome.CRASHED: ("✗", "crashed", _RED),
    Outcome.SKIPPED: ("–", "not run", _GREY),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One test as it is shown."""

    sign: str
    word: str
    color: str
    background: str
    title: str
    hint: str
    points: str


def results_html(question: QuestionResult) -> str:
    """The table as HTML; everything is escaped."""
    return _template("results").render(
        name=question.name,
        score=_score(question),
        passed=_passed(question),
        carried=_carried(question),
        rows=[_row(question, test) for test in question.tests],
    )


def overview_html(result: SubmissionResult, spec: ReleaseSpec) -> str:
    """A table of all questions and written parts, each with a link to its cell; one block of HTML."""
    rows = []
    for question in result.questions:
        points = f"{round(question.score, 2):g} / {question.points:g}"
        passed = sum(test.outcome is Outcome.PASSED for test in question.tests)
        anchor = spec.tests[question.name].grade_id if question.name in spec.tests else ""
        rows.append(
            {"name": question.name, "anchor": anchor, "passed": f"{passed} of {len(question.tests)}", "points": points}
        )
    for name, cell in spec.written.items():
        rows.append(
            {"name": name, "anchor": cell.grade_id, "passed": "read by a person", "points": f"… / {cell.points:g}"}
        )
    return _template("overview").render(rows=rows).strip()


def results_text(question: QuestionResult) -> str:
    """The same as plain text."""
    lines = [f"{question.name}: {_score(question)}, {_passed(question)}", *_carried(question)]
    for row in (_row(question, test) for test in question.tests):
        lines.append(f"{row.sign} {row.word:<12}{row.points:>10}  {row.title}")
        if row.hint:
            lines.append(f"{'':26}{row.hint}")
    return "\n".join(lines)


def _score(question: QuestionResult) -> str:
    return f"{round(question.score, 2):g} of {question.points:g} points"


def _passed(question: QuestionResult) -> str:
    passed = sum(test.outcome is Outcome.PASSED for test in question.tests)
    return f"{passed} of {len(question.tests)} tests passed" if question.tests else "no test was run"


def _carried(question: QuestionResult) -> list[str]:
    if not question.carried_forward:
        return []
    names = " and ".join(question.carried_forward)
    return [f"Graded with the reference's {names}, so that a mistake there does not count twice."]


def _row(question: QuestionResult, test: TestResult) -> Row:
    sign, word, (color, background) = _LOOKS[test.outcome]
    title = test.title or test.name.removeprefix("test_").replace("_", " ").capitalize()
    return Row(sign, word, color, background, title, advice(test), _points(question, test))


def _points(question: QuestionResult, test: TestResult) -> str:
    """What the test earned, of what it is worth in points."""
    total = sum(item.weight for item in question.tests)
    worth = question.points * test.weight / total if total > 0 else 0.0
    earned = worth if test.outcome is Outcome.PASSED else 0.0
    return f"{round(earned, 2):g} / {round(worth, 2):g}"


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("autograder.gradebook", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=False
    )
    environment.filters["code_spans"] = _code_spans
    return environment.get_template(f"{name}.html.j2")


def _code_spans(text: str) -> Markup:
    """Escaped, with `code` in backticks shown as code. A hint may quote what a student wrote."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(neutral_tex(text)))))
