"""An audit on the terminal: a table for each assignment, below it every finding, then what is merely worth knowing."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from autograder.audit.model import (
    MIN_ALTERNATIVES,
    MIN_MISTAKES,
    AssignmentAudit,
    AuditReport,
    Finding,
    QuestionAudit,
)

COLUMNS = ("points", "tests", "reference", "stub", "mistakes", "alternatives")


def show(report: AuditReport, console: Console) -> None:
    """Print everything, ending with one line of totals."""
    for assignment in report.assignments:
        console.print(_table(assignment))
        for finding in assignment.findings:
            console.print(_finding(finding))
        for note in _notes(assignment):
            console.print(Text(note, style="dim"))
        console.print()
    console.print(_totals(report))


def _table(assignment: AssignmentAudit) -> Table:
    table = Table(assignment.name, box=None, pad_edge=False, header_style="bold")
    for column in COLUMNS:
        table.add_column(column, justify="right")
    table.add_column("")
    for question in assignment.questions:
        table.add_row(question.name, *_figures(question), _verdict(question.passed))
    return table


def _figures(question: QuestionAudit) -> tuple[str, ...]:
    measured = question.mistakes - len(question.not_measured)
    return (
        f"{question.points:g}",
        f"{question.public_tests} + {question.hidden_tests}",
        f"{question.reference_score / question.points:.0%}",
        f"{question.stub_score / question.points:.0%}",
        f"{question.caught}/{measured}",
        f"{question.accepted}/{question.alternatives}",
    )


def _verdict(passed: bool) -> Text:
    return Text("passed", style="green") if passed else Text("FAILED", style="bold red")


def _finding(finding: Finding) -> RenderableType:
    """What failed, what was expected, what happened, where to look."""
    lines = [("expected", finding.expected), ("happened", finding.happened)]
    lines += [("look at", str(place)) for place in finding.look_at]
    body = Table.grid(padding=(0, 2))
    for label, text in lines:
        body.add_row(Text(label, style="dim"), Text(text))
    return Group(Text(finding.subject, style="bold red"), Padding(body, (0, 0, 0, 2)))


def _notes(assignment: AssignmentAudit) -> Iterator[str]:
    """What fails nothing."""
    thin = [f"{q.name} ({q.mistakes} and {q.alternatives})" for q in assignment.questions if q.thin]
    if thin:
        yield f"Thin, with fewer than {MIN_MISTAKES} mistakes or {MIN_ALTERNATIVES} alternatives: {', '.join(thin)}."
    for question in assignment.questions:
        if question.never_needed:
            yield f"No mistake names these tests of {question.name}: {', '.join(question.never_needed)}."
        if question.not_measured:
            yield f"Not measured here, for want of a GPU: {question.name}/{', '.join(question.not_measured)}."


def _totals(report: AuditReport) -> Text:
    questions = [question for assignment in report.assignments for question in assignment.questions]
    failures = sum(len(assignment.findings) for assignment in report.assignments)
    notebooks = sum(assignment.notebooks for assignment in report.assignments)
    measured = sum(q.mistakes - len(q.not_measured) for q in questions)
    line = (
        f"{len(questions)} questions, {sum(q.caught for q in questions)} of {measured} mistakes caught, "
        f"{sum(q.accepted for q in questions)} of {sum(q.alternatives for q in questions)} alternatives accepted, "
        f"{notebooks} notebooks graded in {report.seconds:.1f} s"
    )
    verdict = f": {failures} failure{'s' * (failures != 1)}" if failures else ": passed"
    return Text(line + verdict + ".", style="red" if failures else "green")
