"""`python -m benchmarks.same_scores`: do stock nbgrader and this engine give the same scores?

On nbgrader's quickstart course (see `quickstart`) and on this course's assignments every difference must have its
reason. Of each assignment a class with correct answers in many styles and with known mistakes is graded by `autograder
grade`, and by `nbgrader autograde` with the same hidden tests as cells of the notebook.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import click

from autograder.course import Course, find_course
from autograder.errors import AutograderError
from benchmarks.engines import BenchmarkError, Engine, Ours, Stock, environment
from benchmarks.hidden_cells import hidden_tests
from benchmarks.measure import CommandFailed, run_timed
from benchmarks.notebooks import Submission, make_class
from benchmarks.quickstart import compare_quickstart, markdown
from benchmarks.scores import Scores, differences

ROOT = Path(__file__).resolve().parents[1]
QUICKSTART = "quickstart"

# (what is special about a notebook, question) -> why this engine gives something else.
ON_PURPOSE = {
    ("alternative p_sample/ddim_with_eta_one", "p_sample"): (
        "the answer calls `ddim_step`, which a later cell defines; stock nbgrader runs the tests before that cell, "
        "this engine once the whole notebook is loaded"
    ),
}


@dataclass(frozen=True)
class Comparison:
    """One assignment, graded twice.

    Attributes:
        mistakes: how many notebooks have one.
        scores: how many scores were compared.
        mean: of the students' points.
        on_purpose: a line for each score that differs for a known reason.
        unknown: and for each other one.
    """

    assignment: str
    notebooks: int
    mistakes: int
    scores: int
    mean: float
    on_purpose: tuple[str, ...]
    unknown: tuple[str, ...]


def compare_assignment(course: Course, name: str, count: int, folder: Path) -> Comparison:
    """Grade a class of `count` notebooks with both engines, in an empty folder.

    Raises:
        CommandFailed: an engine's command failed.
        BenchmarkError: an engine graded another number of submissions.
    """
    assignment = course.assignment(name)
    submissions = make_class(assignment, count)
    stock = Stock(assignment, folder / "stock-template")
    stock.make_template(hidden_tests(assignment))
    theirs = _scores(stock, submissions, folder)
    ours = _scores(Ours(course, assignment, 2), submissions, folder)
    about = {submission.student: submission.about for submission in submissions}
    known: list[str] = []
    unknown: list[str] = []
    for one in differences(ours, theirs):
        line = f"{name}, {one.student} ({about[one.student]}), {one.question}: stock {one.theirs}, here {one.mine}"
        reason = ON_PURPOSE.get((about[one.student], one.question))
        (known if reason else unknown).append(f"{line}: {reason}" if reason else f"{line}: **NO REASON**")
    return Comparison(
        name,
        count,
        sum(one.about.startswith("mistake") for one in submissions),
        sum(len(questions) for questions in ours.values()),
        sum(sum(questions.values()) for questions in ours.values()) / count,
        tuple(known),
        tuple(unknown),
    )


def table(comparisons: list[Comparison]) -> str:
    """For people, in Markdown; differences below it."""
    rows = [
        f"| {one.assignment} | {one.notebooks} | {one.mistakes} | {one.mean:.1f} | {one.scores} "
        f"| {one.scores - len(one.on_purpose) - len(one.unknown)} |"
        for one in comparisons
    ]
    head = [
        "| Assignment | Notebooks | with a mistake | mean points | Questions scored | the same from both engines |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    return "\n".join([*head, *rows, "", *(line for one in comparisons for line in (*one.on_purpose, *one.unknown))])


def _scores(engine: Engine, submissions: list[Submission], folder: Path) -> Scores:
    click.echo(f"  {engine.name} ...", err=True)
    run = folder / engine.name.replace(" ", "-")
    run.mkdir()
    engine.prepare(run, submissions)
    run_timed(engine.command(run), engine.working_folder(run), environment(), folder / "log")
    scores = engine.scores(run)
    if len(scores) != len(submissions):
        raise BenchmarkError(f"{engine.name} graded {len(scores)} of {len(submissions)} submissions")
    return scores


@click.command()
@click.argument("names", nargs=-1, metavar=f"[{QUICKSTART} | ASSIGNMENT]...")
@click.option("--submissions", default=12, show_default=True, type=click.IntRange(2), help="Of each assignment.")
def main(names: tuple[str, ...], submissions: int) -> None:
    """Grade the same notebooks with stock nbgrader and with this engine, and compare.

    Without names: nbgrader's quickstart course, and all of this course's assignments. Stock nbgrader takes 5 to 10 s
    for a notebook.
    """
    course = find_course(ROOT)
    wanted = names or (QUICKSTART, *course.assignment_names)
    bad, comparisons = 0, []
    try:
        for name in wanted:
            with tempfile.TemporaryDirectory(prefix="autograder-same-") as folder:
                if name == QUICKSTART:
                    lines, cells, students = compare_quickstart(Path(folder))
                    click.echo(f"nbgrader's quickstart course: {markdown(lines, cells, students)}\n")
                    bad += sum(not line.why for line in lines)
                else:
                    click.echo(f"{name}, {submissions} submissions:", err=True)
                    comparisons.append(compare_assignment(course, name, submissions, Path(folder)))
                    bad += len(comparisons[-1].unknown)
    except (AutograderError, BenchmarkError, CommandFailed) as error:
        raise click.ClickException(str(error)) from None
    if comparisons:
        click.echo(table(comparisons))
    if bad:
        raise click.ClickException(f"{bad} differences without a reason, or reasons without a difference.")


if __name__ == "__main__":
    main()
