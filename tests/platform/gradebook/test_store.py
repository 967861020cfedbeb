"""nbgrader's gradebook: made, refused, filled, and what a person entered survives."""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook
from sqlalchemy import text
from sqlalchemy.exc import ArgumentError

from autograder.errors import GradebookError
from autograder.gradebook.store import (
    Marked,
    open_gradebook,
    read_scores,
    register_assignment,
    write_results,
)
from autograder.submissions.parse import parse_submission
from tests.platform.gradebook.conftest import Classroom, make_result
from tests.platform.submissions.small_release import STUBS, answered, as_bytes, release


@pytest.mark.slow
def test_a_missing_gradebook_is_made_as_nbgrader_would_make_it(
    classroom: Classroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_gradebook(classroom.course).close()

    def schema(path: Path) -> list[tuple[str, str]]:
        with sqlite3.connect(path) as connection:
            tables = connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
            return [*tables, *connection.execute("SELECT version_num, '' FROM alembic_version").fetchall()]

    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")  # it runs alembic
    Gradebook(f"sqlite:///{tmp_path / 'stock.db'}", "genai").close()
    assert schema(classroom.course.gradebook) == schema(tmp_path / "stock.db")
    assert [p.name for p in classroom.course.data.iterdir() if p.name.startswith(".gradebook")] == []


def test_two_who_make_it_at_once_both_get_it(classroom: Classroom) -> None:
    with open_gradebook(classroom.course), open_gradebook(classroom.course) as second:
        assert second.students == []


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\x00" + b"\x99" * 5000])
def test_a_damaged_gradebook_is_refused_and_left_alone(classroom: Classroom, content: bytes) -> None:
    path = classroom.course.gradebook
    path.write_bytes(content)
    with pytest.raises(GradebookError, match=r"gradebook\.db .*backup"):
        open_gradebook(classroom.course)
    assert path.read_bytes() == content


def test_a_gradebook_cut_off_in_the_middle_is_refused(classroom: Classroom) -> None:
    open_gradebook(classroom.course).close()
    path = classroom.course.gradebook
    content = path.read_bytes()[:6000]
    path.write_bytes(content)
    with pytest.raises(GradebookError, match=str(path)):
        open_gradebook(classroom.course)
    assert path.read_bytes() == content


def test_an_older_schema_is_refused_with_the_cure_and_left_alone(classroom: Classroom) -> None:
    path = classroom.course.gradebook
    open_gradebook(classroom.course).close()
    with sqlite3.connect(path) as connection:
        connection.execute("ALTER TABLE student DROP COLUMN lms_user_id")
        connection.execute("DROP TABLE source_cell")
    content = path.read_bytes()
    with pytest.raises(GradebookError, match=r"source_cell.*nbgrader db upgrade"):
        open_gradebook(classroom.course)
    assert path.read_bytes() == content


def test_a_gradebook_that_is_a_folder_is_refused(classroom: Classroom) -> None:
    classroom.course.gradebook.mkdir()
    with pytest.raises(GradebookError, match="cannot be read"):
        open_gradebook(classroom.course)


def test_a_full_disk_is_told_with_its_cure_and_without_a_traceback(
    classroom: Classroom, caplog: pytest.LogCaptureFixture
) -> None:
    """Wherever in the block it happens, and in nbgrader's own methods, too, which log it as a fault of theirs."""
    refused = pytest.raises(GradebookError, match=r"gradebook\.db: database or disk is full; see whether the disk")
    with refused, open_gradebook(classroom.course) as gradebook:
        gradebook.db.execute(text("PRAGMA max_page_count = 1"))  # not less than it has: it cannot grow
        gradebook.add_student("ada", first_name="a" * 100_000)
    assert not caplog.records
    with open_gradebook(classroom.course) as gradebook:
        assert not gradebook.students


def test_a_fault_of_the_program_is_not_blamed_on_the_disk(classroom: Classroom) -> None:
    """It comes out as it is, so that its log is written."""
    with pytest.raises(ArgumentError), open_gradebook(classroom.course) as gradebook:
        gradebook.db.query("student")


def test_results_are_written_and_read_back(classroom: Classroom) -> None:
    classroom.hand_in("ada")
    classroom.hand_in("bob")
    classroom.grade(bob={"double": False})
    with open_gradebook(classroom.course) as gradebook:
        assert read_scores(gradebook, "small") == {"ada": 90.0, "bob": 50.0}
        submission = gradebook.find_submission("small", "bob")
        assert submission.max_score == 100.0
        assert submission.needs_manual_grade
        grade = gradebook.find_grade("test_double", "small", "small", "bob")
        assert (grade.auto_score, grade.needs_manual_grade) == (20.0, False)
        written = gradebook.find_grade("written_why", "small", "small", "bob")
        assert (written.auto_score, written.needs_manual_grade) == (None, True)
        comment = gradebook.find_comment("double", "small", "small", "bob").comment
    assert "**20 of 60 points.** 1 of 2 tests passed." in comment
    assert "Think of `x + x` <b>again</b>." in comment
    assert "31.41592" not in comment


def test_grading_again_changes_nothing_but_the_scores(classroom: Classroom) -> None:
    classroom.hand_in("ada")
    classroom.grade(ada={"double": False})
    with open_gradebook(classroom.course) as gradebook:
        before = {grade.id for grade in gradebook.find_submission("small", "ada").notebooks[0].grades}
    classroom.grade()
    with open_gradebook(classroom.course) as gradebook:
        assert read_scores(gradebook, "small") == {"ada": 90.0}
        assert {grade.id for grade in gradebook.find_submission("small", "ada").notebooks[0].grades} == before


def test_what_a_person_entered_survives(classroom: Classroom) -> None:
    classroom.hand_in("ada")
    classroom.grade(ada={"double": False})
    with open_gradebook(classroom.course) as gradebook:
        written = gradebook.find_grade("written_why", "small", "small", "ada")
        written.manual_score, written.needs_manual_grade = 7.0, False
        test = gradebook.find_grade("test_double", "small", "small", "ada")
        test.manual_score, test.extra_credit = 33.0, 2.0
        gradebook.find_comment("double", "small", "small", "ada").manual_comment = "Well tried"
        gradebook.db.commit()
    classroom.grade(ada={"double": False})
    with open_gradebook(classroom.course) as gradebook:
        assert read_scores(gradebook, "small") == {"ada": 7.0 + 35.0 + 30.0}
        assert not gradebook.find_submission("small", "ada").needs_manual_grade
        assert gradebook.find_comment("double", "small", "small", "ada").comment == "Well tried"


def test_a_score_set_by_hand_is_looked_at_again_when_the_automatic_one_changes(classroom: Classroom) -> None:
    classroom.hand_in("ada")
    classroom.grade(ada={"double": False})
    with open_gradebook(classroom.course) as gradebook:
        gradebook.find_grade("test_double", "small", "small", "ada").manual_score = 33.0
        gradebook.db.commit()
    for _ in range(2):
        classroom.grade()
        with open_gradebook(classroom.course) as gradebook:
            grade = gradebook.find_grade("test_double", "small", "small", "ada")
            assert (grade.score, grade.auto_score, grade.needs_manual_grade) == (33.0, 60.0, True)


def test_a_written_answer_handed_in_again_is_looked_at_again(classroom: Classroom) -> None:
    classroom.hand_in("ada")
    classroom.grade()
    with open_gradebook(classroom.course) as gradebook:
        grade = gradebook.find_grade("written_why", "small", "small", "ada")
        grade.manual_score, grade.needs_manual_grade = 7.0, False
        gradebook.db.commit()
    classroom.hand_in("ada", timestamp="2027-02-12 22:00:00 UTC")
    classroom.grade()
    with open_gradebook(classroom.course) as gradebook:
        grade = gradebook.find_grade("written_why", "small", "small", "ada")
        assert (grade.manual_score, grade.needs_manual_grade) == (7.0, True)


def test_what_was_not_answered_needs_no_person(classroom: Classroom) -> None:
    classroom.hand_in("ada", answered(written_why="YOUR ANSWER HERE", double=STUBS["double"]))
    classroom.grade(ada={"double": False})
    with open_gradebook(classroom.course) as gradebook:
        grade = gradebook.find_grade("written_why", "small", "small", "ada")
        assert (grade.auto_score, grade.needs_manual_grade) == (0.0, False)
        for name in ("double", "written_why"):
            assert gradebook.find_comment(name, "small", "small", "ada").comment == "No response."


def test_an_unreadable_submission_has_a_row_with_nothing_that_a_person_must_look_at(classroom: Classroom) -> None:
    classroom.hand_in("ada", b"\xff\xfe")
    classroom.grade()
    with open_gradebook(classroom.course) as gradebook:
        assert read_scores(gradebook, "small") == {"ada": 0.0}
        grades = gradebook.find_submission("small", "ada").notebooks[0].grades
        assert [grade.needs_manual_grade for grade in grades] == [True, True, True]


def test_a_batch_is_written_whole_or_not_at_all(classroom: Classroom) -> None:
    parsed = parse_submission(as_bytes(answered()), "ada", classroom.spec)
    no_time: Any = "yesterday"  # the database refuses it, after ada's rows were sent
    broken = [Marked(make_result("ada"), parsed), Marked(make_result("bob"), parsed, no_time)]
    with open_gradebook(classroom.course) as gradebook:
        register_assignment(gradebook, classroom.course, classroom.assignment, classroom.spec)
        with pytest.raises(GradebookError, match="Nothing of this batch was written"):
            write_results(gradebook, classroom.assignment, classroom.spec, broken)
        assert read_scores(gradebook, "small") == {}
        write_results(gradebook, classroom.assignment, classroom.spec, broken[:1])
        assert read_scores(gradebook, "small") == {"ada": 90.0}


def test_a_database_that_is_held_by_another_is_an_error_with_a_cure(
    classroom: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.gradebook.store.BUSY_TIMEOUT_S", 0.2)
    parsed = parse_submission(as_bytes(answered()), "ada", classroom.spec)
    with open_gradebook(classroom.course) as gradebook:
        register_assignment(gradebook, classroom.course, classroom.assignment, classroom.spec)
        holder = sqlite3.connect(classroom.course.gradebook, isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(GradebookError, match=r"locked.*close the program"):
            write_results(gradebook, classroom.assignment, classroom.spec, [Marked(make_result("ada"), parsed)])
        holder.close()
        write_results(gradebook, classroom.assignment, classroom.spec, [Marked(make_result("ada"), parsed)])
        assert read_scores(gradebook, "small") == {"ada": 90.0}


def test_an_assignment_that_is_not_registered_is_an_error(classroom: Classroom) -> None:
    parsed = parse_submission(as_bytes(release()), "ada", classroom.spec)
    with open_gradebook(classroom.course) as gradebook, pytest.raises(GradebookError, match="autograder build small"):
        write_results(gradebook, classroom.assignment, classroom.spec, [Marked(make_result("ada"), parsed)])


def test_five_hundred_results_are_written_in_seconds(classroom: Classroom) -> None:
    parsed = parse_submission(as_bytes(answered()), "ada", classroom.spec)
    batch = [Marked(make_result(f"student{n:03d}"), parsed) for n in range(500)]
    with open_gradebook(classroom.course) as gradebook:
        register_assignment(gradebook, classroom.course, classroom.assignment, classroom.spec)
        for _ in range(2):
            start = time.process_time()
            write_results(gradebook, classroom.assignment, classroom.spec, batch)
            assert time.process_time() - start < 8
        assert set(read_scores(gradebook, "small").values()) == {90.0}
        assert len(read_scores(gradebook, "small")) == 500
