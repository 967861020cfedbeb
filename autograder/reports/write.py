"""Write the report of one assignment: reports/<assignment>/index.html and scores.csv."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from autograder.course import Assignment, Course
from autograder.gradebook.folder_lock import alone_in
from autograder.gradebook.whole_file import remove_unfinished, write_file
from autograder.reports.html import render
from autograder.reports.model import Report, build_report
from autograder.reports.scores_csv import scores_csv
from autograder.results import GradeRun

MODE = 0o640  # grades: not for everybody


@dataclass(frozen=True, slots=True)
class ReportPaths:
    """What was written, and the figures behind it."""

    html: Path
    csv: Path
    report: Report


def write_report(course: Course, assignment: Assignment, run: GradeRun, made_at: datetime | None = None) -> ReportPaths:
    """Make both files, each replaced in one step, so that a reader never meets half of one.

    Args:
        made_at: the time printed on the page, with a time zone; default: now, here.

    Raises:
        OSError: the reports folder cannot be written.
    """
    folder = course.reports / assignment.name
    folder.mkdir(parents=True, exist_ok=True)
    report = build_report(course, assignment, run, made_at or datetime.now().astimezone())
    paths = ReportPaths(folder / "index.html", folder / "scores.csv", report)
    with alone_in(folder):
        remove_unfinished(folder)
        for path, text in ((paths.html, render(report)), (paths.csv, scores_csv(run, report.question_names))):
            # A student's id can hold bytes of a folder's name that are no UTF-8 (lone surrogates here).
            write_file(path, text.encode("utf-8", errors="backslashreplace"), MODE)
    return paths
