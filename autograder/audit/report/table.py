"""An audit on the terminal: a table for each assignment, below it every finding, then what is merely worth knowing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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

# Two lines each, so that a question's name keeps its width on a terminal of 80 columns.
COLUMNS = ("points", "tests", "refe-\nrence", "stub", "mistakes\ncaught", "others\naccepted")


def show(report: AuditReport, console: Console) -> None:
    """Print everything, ending with one line of totals."""
    for assignment in report.assignments:
        console.print(_table(assignment))
        for finding in assignment.findings:
            console.print(_finding(finding))
        for note in _notes(assignment):
            console.print(note, style="dim")
        console.print()
    console.print(_totals(report))


def _table(assignment: AssignmentAudit) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(assignment.name, no_wrap=True, overflow="fold")
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
        f"{question.public_tests}+{question.hidden_tests}",
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


def _notes(assignment: AssignmentAudit) -> Iterator[RenderableType]:
    """What fails nothing."""
    thin = {q.name: f"{q.mistakes} mistakes, {q.alternatives} alternatives" for q in assignment.questions if q.thin}
    unnamed = {q.name: ", ".join(q.never_needed) for q in assignment.questions if q.never_needed}
    idle = {q.name: ", ".join(q.never_failed) for q in assignment.questions if q.never_failed}
    skipped = {q.name: ", ".join(q.not_measured) for q in assignment.questions if q.not_measured}
    yield from _note(f"Thin, with fewer than {MIN_MISTAKES} mistakes or {MIN_ALTERNATIVES} alternatives:", thin)
    yield from _note("Tests that no mistake names:", unnamed)
    yield from _note("Tests that every mistake passes:", idle)
    yield from _note("Mistakes not measured, because their test needs a GPU:", skipped)


def _note(heading: str, by_question: Mapping[str, str]) -> Iterator[RenderableType]:
    if by_question:
        body = Table.grid(padding=(0, 2))
        for question, text in by_question.items():
            body.add_row(question, text)
        yield Group(Text(heading), Padding(body, (0, 0, 0, 2)))


def _totals(report: AuditReport) -> Text:
    questions = [question for assignment in report.assignments for question in assignment.questions]
    failures = sum(len(assignment.findings) for assignment in report.assignments)
    notebooks = sum(assignment.notebooks for assignment in report.assignments)
    measured = sum(q.mistakes - len(q.not_measured) for q in questions)
    line = (
        f"{_counted(len(questions), 'question')}, {sum(q.caught for q in questions)} of {measured} mistakes caught, "
        f"{sum(q.accepted for q in questions)} of {sum(q.alternatives for q in questions)} alternatives accepted, "
        f"{_counted(notebooks, 'notebook')} graded in {report.seconds:.1f} s"
    )
    verdict = f": {_counted(failures, 'failure')}" if failures else ": passed"
    return Text(line + verdict + ".", style="red" if failures else "green")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
