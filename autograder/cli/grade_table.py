"""What `autograder grade` prints when it is done."""

from __future__ import annotations

from collections import Counter
from statistics import mean, median

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from autograder.results import GradeRun, Outcome, Status, SubmissionResult

MAX_ROWS = 40
STYLE = {Status.GRADED: "green", Status.PARTIAL: "yellow", Status.UNREADABLE: "red"}


def summary_table(run: GradeRun, new: frozenset[str], next_command: str) -> None:
    """Print one submission in full, or a class as a summary with those that need a person; then what to do next."""
    console = Console()
    if len(run.submissions) == 1:
        _show_one(console, run.submissions[0])
        return
    counts = Counter(s.status for s in run.submissions)
    scores = [s.score for s in run.submissions]
    most = max(s.max_score for s in run.submissions)
    console.print(
        f"{len(run.submissions)} submissions of {run.assignment}: "
        f"{len(new)} graded now, {len(run.submissions) - len(new)} unchanged. "
        f"Mean {mean(scores):.1f}, median {median(scores):.1f} of {most:g}."
    )
    console.print("  ".join(f"[{STYLE[status]}]{counts[status]} {status}[/]" for status in Status if counts[status]))
    attention = [s for s in run.submissions if s.status is not Status.GRADED]
    if attention:
        _show_attention(console, attention)
    console.print(f"Next: [bold]{escape(next_command)}[/]")


def _show_attention(console: Console, attention: list[SubmissionResult]) -> None:
    table = Table(
        "student", "status", "score", "what a person should look at", box=None, pad_edge=False, title_justify="left"
    )
    for s in attention[:MAX_ROWS]:
        table.add_row(
            escape(s.student),
            f"[{STYLE[s.status]}]{s.status}",
            f"{s.score:g}",
            escape(s.problems[0] if s.problems else ""),
        )
    console.print(table)
    if len(attention) > MAX_ROWS:
        console.print(f"… and {len(attention) - MAX_ROWS} more; the report has them all.")


def _show_one(console: Console, result: SubmissionResult) -> None:
    status = f"[{STYLE[result.status]}]{result.status}[/]"
    console.print(f"{escape(result.student)}: {status}, {result.score:g} of {result.max_score:g} points")
    table = Table("question", "score", "tests", "what to look at", box=None, pad_edge=False)
    for q in result.questions:
        passed = sum(t.outcome is Outcome.PASSED for t in q.tests)
        hints = list(dict.fromkeys(t.hint for t in q.tests if t.outcome is not Outcome.PASSED and t.hint))
        carried = [f"graded with the reference's {', '.join(q.carried_forward)}"] if q.carried_forward else []
        table.add_row(
            q.name, f"{q.score:g}/{q.points:g}", f"{passed}/{len(q.tests)}", escape("\n".join(carried + hints[:3]))
        )
    console.print(table)
    for problem in result.problems:
        console.print(f"• {problem}", markup=False, highlight=False)
