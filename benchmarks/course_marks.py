"""The marks of a whole course: `autograder gradebook` beside `nbgrader export`, on the same gradebook in one run.

python -m benchmarks.course_marks [--students 2000]

The gradebook is generated: every student has a submission of every assignment of this course, with a score for each
cell. Nothing is graded for it; only what reads scores is timed, each command from its start to its end.
"""

from __future__ import annotations

import csv
import random
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import click
import pandas
from nbgrader.api import Assignment as AssignmentRow
from nbgrader.api import Grade, Student, SubmittedAssignment, SubmittedNotebook
from nbgrader.utils import parse_utc
from sqlalchemy import insert

from autograder.authoring.spec import ReleaseSpec
from autograder.course import Course, find_course
from autograder.gradebook.store import open_gradebook, register_assignment
from benchmarks.engines import BenchmarkError, environment
from benchmarks.machine import describe_machine, load_average
from benchmarks.measure import CommandFailed, run_watched
from benchmarks.tables import table, update_readmes

HERE = Path(__file__).resolve().parent


def make_gradebook(course: Course, students: int) -> None:
    """Everybody has handed in everything, mostly in time; the rows are those that grading writes."""
    draw = random.Random(students)
    with open_gradebook(course) as gradebook:
        for name in course.assignment_names:
            assignment = course.assignment(name)
            register_assignment(gradebook, course, assignment, ReleaseSpec.load(assignment.release_path))
        names = [f"s{n:05}" for n in range(students)]
        people = [{"id": name, "first_name": f"First {name}", "last_name": f"Last {name}"} for name in names]
        gradebook.db.execute(insert(Student), people)
        for row in gradebook.db.query(AssignmentRow).all():
            due = parse_utc(course.assignment(row.name).due)
            (notebook,) = row.notebooks
            cells = [(cell.id, cell.max_score) for cell in notebook.grade_cells]
            submissions, notebooks, grades = [], [], []
            for name in names:
                at = due + timedelta(hours=draw.choice((-30, -5, -1, 12)))
                submission, theirs = uuid4().hex, uuid4().hex
                submissions.append(
                    {"id": submission, "assignment_id": row.id, "student_id": name, "timestamp": at, "extension": None}
                )
                notebooks.append({"id": theirs, "assignment_id": submission, "notebook_id": notebook.id})
                for cell, most in cells:
                    score = draw.choice((0.0, 0.5, 1.0, 1.0)) * most
                    grades.append({"notebook_id": theirs, "cell_id": cell, "auto_score": score,
                                   "needs_manual_grade": False})  # fmt: skip
            # Plain rows: one object for each, as nbgrader adds them, takes a quarter of an hour for 2 000 students.
            gradebook.db.execute(insert(SubmittedAssignment), submissions)
            gradebook.db.execute(insert(SubmittedNotebook), notebooks)
            gradebook.db.execute(insert(Grade), grades)
            gradebook.db.commit()


@click.command()
@click.option("--students", type=click.IntRange(1), default=2000, show_default=True)
@click.option("--update-readme", is_flag=True, help="Rewrite the marked block of benchmarks/README.md.")
def main(students: int, update_readme: bool) -> None:
    """Seconds of both exports, and whether they say the same."""
    with tempfile.TemporaryDirectory(prefix="autograder-marks-") as temporary:
        folder = Path(temporary)
        course = find_course(HERE, folder / "data")
        course.data.mkdir()
        click.echo(f"Making a gradebook of {students} students ...", err=True)
        make_gradebook(course, students)
        try:
            text = _measure(course, folder)
        except (BenchmarkError, CommandFailed) as error:
            raise click.ClickException(str(error)) from None
    click.echo(f"\n{text}")
    if update_readme:
        for path in update_readmes("marks", text, [HERE / "README.md"]):
            click.echo(f"Updated {path}")


def _measure(course: Course, folder: Path) -> str:
    machine, load = describe_machine(), load_average()
    ours = [sys.executable, "-m", "autograder.cli.main", "--course", str(course.root), "--data", str(course.data)]
    files = {name: folder / f"marks.{name}" for name in ("csv", "canvas", "moodle", "parquet")}
    ours += ["gradebook", *(word for name, path in files.items() for word in (f"--{name}", str(path)))]
    theirs = [sys.executable, "-m", "nbgrader", "export", "--to", str(folder / "theirs.csv"),
              "--db", f"sqlite:///{course.gradebook}"]  # fmt: skip
    seconds = {
        name: run_watched(command, folder, environment(), folder / "log", lambda _: None)
        for name, command in (("autograder gradebook", ours), ("nbgrader export", theirs))
    }
    compared = _must_agree(files["parquet"], folder / "theirs.csv", course)
    rows = [["command", "writes", "seconds"],
            ["`autograder gradebook`", "marks of the course: CSV, Canvas, Moodle, Parquet",
             f"{seconds['autograder gradebook']:.2f}"],
            ["`nbgrader export`", "scores of the assignments: CSV", f"{seconds['nbgrader export']:.2f}"]]  # fmt: skip
    ratio = seconds["nbgrader export"] / seconds["autograder gradebook"]
    return "\n".join([
        f"{compared} scores of {len(course.assignment_names)} assignments, the same in both. {machine['processor']}; "
        f"python {machine['python']}, nbgrader {machine['nbgrader']}; load average {load} before.",
        "", *table(rows), "", f"- nbgrader / autograder: **{ratio:.1f}** in time", "",
    ])  # fmt: skip


def _must_agree(ours: Path, theirs: Path, course: Course) -> int:
    """How many scores were compared: nbgrader's are before lateness, so only those of work in time.

    Raises:
        BenchmarkError: two scores differ, or one is missing.
    """
    mine = pandas.read_parquet(ours).set_index("student")
    compared = 0
    with theirs.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["assignment"] not in course.assignment_names or not row["timestamp"]:
                continue
            if parse_utc(row["timestamp"]) > parse_utc(row["duedate"]):
                continue
            percent = float(mine[f"{row['assignment']} %"].loc[row["student_id"]])
            if abs(percent - 100 * float(row["raw_score"]) / float(row["max_score"])) > 0.01:
                raise BenchmarkError(f"{row['student_id']}, {row['assignment']}: {percent} and {row['raw_score']}")
            compared += 1
    if not compared:
        raise BenchmarkError("nothing could be compared")
    return compared


if __name__ == "__main__":
    main()
