"""What staff wait for in a large course: each assignment's report, its page in a browser, look-alikes, the queue.

python -m benchmarks.staff_pages [--students 2000] [--graded 48] [--screenshot FILE]

A class is made and graded for real, and then multiplied: every student of the large class has the result and the
notebook of one of them, under a name of their own. Each command is timed from its start to its end.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import click
from playwright.sync_api import Page, sync_playwright

from autograder.course import Assignment, Course, find_course
from autograder.grading.records import load_records, write_record
from benchmarks.engines import BenchmarkError, environment
from benchmarks.machine import describe_machine, load_average
from benchmarks.measure import MIB, CommandFailed, run_watched
from benchmarks.tables import table, update_readmes

HERE = Path(__file__).resolve().parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NEEDS_A_PERSON = 1  # exit status of the queue
# When the page has been loaded and painted, and the browser has nothing left to do for a frame.
IDLE = "new Promise(done => requestAnimationFrame(() => requestIdleCallback(() => done(performance.now()))))"


@dataclass(frozen=True)
class Waited:
    """Seconds for one assignment, but for the size."""

    assignment: str
    report: float
    page_mib: float
    opened: float
    filtered: float
    similar: float
    queue: float


def enlarge(course: Course, small: Course, large: Course, students: int) -> None:
    """Records and autograded notebooks of the small class, many times over."""
    for name in course.assignment_names:
        records = load_records(small, course.assignment(name))
        for number in range(students):
            record = records[number % len(records)]
            student = f"student{number:05}"
            result = replace(record.result, student=student)
            write_record(large, course.assignment(name), replace(record, result=result))
            source = small.autograded / record.result.student / name / f"{name}.ipynb"
            if source.is_file():
                target = large.autograded / student / name / f"{name}.ipynb"
                target.parent.mkdir(parents=True)
                os.link(source, target)


def wait_for(course: Course, assignment: Assignment, folder: Path, tab: Page) -> Waited:
    """Time everything about one assignment.

    Raises:
        BenchmarkError: the page does not do what it should.
        CommandFailed: a command failed.
    """
    where = ["--course", str(course.root), "--data", str(course.data)]
    seconds = {}
    for verb in ("report", "similar", "queue"):
        command = [sys.executable, "-m", "autograder.cli.main", *where, verb, assignment.name]
        seconds[verb] = run_watched(
            command, folder, environment(), folder / "log", lambda _: None, accepted=(0, NEEDS_A_PERSON)
        )
    html = course.reports / assignment.name / "index.html"
    tab.goto("about:blank")
    began = time.perf_counter()
    tab.goto(html.as_uri())
    tab.evaluate(IDLE)
    opened = time.perf_counter() - began
    began = time.perf_counter()
    tab.locator("#find").fill("student00007")
    tab.evaluate(IDLE)
    filtered = time.perf_counter() - began
    if tab.locator("#class tbody tr:visible").count() != 1:
        raise BenchmarkError(f"{html}: searching for one student does not leave one row")
    size = html.stat().st_size / MIB
    return Waited(assignment.name, seconds["report"], size, opened, filtered, seconds["similar"], seconds["queue"])


@click.command()
@click.option("--students", type=click.IntRange(50), default=2000, show_default=True)
@click.option("--graded", type=click.IntRange(24), default=48, show_default=True, help="Students graded for real.")
@click.option("--screenshot", type=click.Path(path_type=Path), help="Of the first report, as it opens.")
@click.option("--update-readme", is_flag=True, help="Rewrite the marked block of benchmarks/README.md.")
def main(students: int, graded: int, screenshot: Path | None, update_readme: bool) -> None:
    """Seconds that staff wait, assignment by assignment."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise click.ClickException(f"No browser was found. One of these is needed: {', '.join(BROWSERS)}")
    with tempfile.TemporaryDirectory(prefix="autograder-pages-") as temporary:
        folder = Path(temporary)
        small, large = find_course(HERE, folder / "small"), find_course(HERE, folder / "large")
        large.data.mkdir()
        click.echo(f"Grading a class of {graded} ...", err=True)
        demo = [sys.executable, "-m", "autograder.cli.main", "--course", str(small.root), "demo"]
        demo += ["--students", str(graded), "--folder", str(small.data)]
        try:
            run_watched(demo, folder, environment(), folder / "log", lambda _: None)
            click.echo(f"Multiplying it to {students} ...", err=True)
            enlarge(small, small, large, students)
            machine, load = describe_machine(), load_average()
            with sync_playwright() as playwright:
                tab = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"]).new_page()
                waits = []
                for name in large.assignment_names:
                    click.echo(f"{name} ...", err=True)
                    waits.append(wait_for(large, large.assignment(name), folder, tab))
                if screenshot:
                    tab.goto((large.reports / large.assignment_names[0] / "index.html").as_uri())
                    tab.screenshot(path=screenshot)
        except (BenchmarkError, CommandFailed) as error:
            raise click.ClickException(str(error)) from None
    heads = ["assignment", "`report`", "page", "opens in", "search in", "`similar`", "`queue`"]
    rows = [
        [w.assignment, f"{w.report:.1f} s", f"{w.page_mib:.1f} MiB", f"{w.opened:.2f} s", f"{w.filtered:.2f} s",
         f"{w.similar:.1f} s", f"{w.queue:.1f} s"]
        for w in waits
    ]  # fmt: skip
    text = "\n".join([
        f"{students} students, of whom {graded} were graded for real. {machine['processor']}; python "
        f"{machine['python']}; Chromium, headless; load average {load} before.", "", *table([heads, *rows]), "",
    ])  # fmt: skip
    click.echo(f"\n{text}")
    if update_readme:
        for path in update_readmes("pages", text, [HERE / "README.md"]):
            click.echo(f"Updated {path}")


if __name__ == "__main__":
    main()
