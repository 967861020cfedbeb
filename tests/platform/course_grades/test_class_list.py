"""Everything together, from nbgrader's database and CSV files to the marks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from nbgrader.api import SubmittedAssignment

from autograder.course_grades.scores import read_gradebook
from autograder.course_grades.standing import ItemMark, State
from autograder.errors import ConfigurationError, GradebookError
from tests.platform.course_grades.conftest import Classroom


def items(classroom: Classroom, student: str, as_of: datetime | None = None) -> dict[str, ItemMark]:
    found = classroom.load(as_of) if as_of else classroom.load()
    standing = next(one for one in found.standings if one.student == student)
    return {item.item: item for item in standing.items}


def test_marks_lateness_and_what_is_missing(full: Classroom) -> None:
    """By hand: ada 0.4 * (90 + 100) / 2 + 0.6 * 95; bilal 0.4 * (60 * 0.8 + 0) / 2; chen 0.4 * (0 + 50) / 2."""
    found = full.load()
    assert [person.id for person in found.people] == ["ada", "bilal", "chen"]
    assert [standing.certain for standing in found.standings] == pytest.approx([95, 9.6, 10])
    assert [standing.complete for standing in found.standings] == [True, False, False]
    ada, bilal, chen = (items(full, student) for student in ("ada", "bilal", "chen"))
    assert (ada["means"].lateness.days, ada["means"].lateness.slip_days) == (1, 1)
    assert (bilal["sums"].lateness.days, bilal["sums"].lateness.keeps) == (3, 0.8)
    assert bilal["sums"].provisional
    assert bilal["sums"].at_best == pytest.approx(70 * 0.8)
    assert (bilal["exam"].state, bilal["exam"].percent) == (State.MARKED, 0.0)
    assert (chen["sums"].state, chen["exam"].state) == (State.MISSING, State.PENDING)


def test_what_is_not_due_yet_is_not_missing(full: Classroom) -> None:
    before = datetime(2027, 2, 1, tzinfo=UTC)
    assert items(full, "chen", before)["sums"].state is State.PENDING


def test_scores_are_those_of_nbgrader(full: Classroom) -> None:
    """Also where a person overruled the tests, and gave extra credit."""
    with full.open() as gradebook:
        submission = gradebook.find_submission("sums", "ada")
        for grade in submission.notebooks[0].grades:
            grade.extra_credit = 2.5
            if grade.name == "test_double":
                grade.manual_score = 33.0
        gradebook.db.commit()
        theirs = {
            (row.student_id, row.assignment.name): row.score for row in gradebook.db.query(SubmittedAssignment).all()
        }
    _, mine = read_gradebook(full.course.gradebook)
    assert {key: score.points for key, score in mine.items()} == pytest.approx(theirs)
    assert mine["ada", "sums"].points == 33 + 9 + 5


def test_extensions_of_both_kinds_and_the_later_one_counts(full: Classroom) -> None:
    with full.open() as gradebook:
        gradebook.find_submission("sums", "bilal").extension = timedelta(days=2)
        gradebook.db.commit()
    assert items(full, "bilal")["sums"].lateness.days == 1  # 49 hours are 1 hour after two days
    full.write("extensions.csv", "student,assignment,due", "bilal,sums,2027-03-03T15:00:00+01:00")
    assert items(full, "bilal")["sums"].lateness.days == 0
    full.write("extensions.csv", "student,assignment,due", "bilal,sums,2027-03-02T00:00:00Z")
    assert items(full, "bilal")["sums"].lateness.days == 1


def test_an_extension_also_says_what_is_missing(full: Classroom) -> None:
    full.write("extensions.csv", "student,assignment,due", "chen,sums,2027-06-01T00:00:00Z")
    assert items(full, "chen")["sums"].state is State.PENDING


def test_an_excused_assignment_does_not_count_and_costs_no_slip_day(full: Classroom) -> None:
    full.hand_in("bilal", "means", "2027-04-02T09:00:00+00:00", auto=90, by_hand=10)
    full.write("extensions.csv", "student,assignment,due", "bilal,sums,excused")
    found = items(full, "bilal")
    assert found["sums"].state is State.EXCUSED
    assert found["means"].lateness.slip_days == 1


def test_students_of_the_files_alone_are_in_the_class_where_the_gradebook_is_empty(classroom: Classroom) -> None:
    classroom.write("marks/exam.csv", "student,exam", "zoe,30", "yan,60")
    assert [(s.student, s.so_far) for s in classroom.load().standings] == [("yan", 60.0), ("zoe", 30.0)]


def test_every_problem_is_told_with_its_line_and_nothing_is_used(full: Classroom) -> None:
    full.write(
        "marks/exam.csv",
        "student;exam",
        "ada;57,5",
        "ada;58",
        "bilall;20",
        "bilal;61",
        "chen;-1",
        "chen;five",
        ";3",
        "bilal;1;2",
        "",
        "chen;nan",
    )
    full.write("marks/other.csv", "student,exams", "ada,1")
    full.write("marks/plain.csv", "name,exam", "ada,1")
    full.write("marks/empty.csv", "")
    full.write(
        "extensions.csv",
        "student,assignment,due",
        "ada,sum,2027-03-02T00:00:00Z",
        "ada,sums,2027-03-02",
        "ada,sums,tomorrow",
        "nobody,sums,excused",
    )
    with pytest.raises(ConfigurationError) as caught:
        full.load()
    told = [str(problem).removeprefix(f"{full.data}/") for problem in caught.value.problems]
    assert told == [
        "marks/empty.csv: is empty; its first line names the columns, student among them",
        "marks/exam.csv:3: a second mark of ada for exam; the first is at exam.csv:2",
        "marks/exam.csv:4: no student 'bilall' in the gradebook; did you mean 'bilal'?",
        "marks/exam.csv:5: exam: 61 is more than the 60 points that there are; see out_of in course.toml",
        "marks/exam.csv:6: exam: '-1' is no number of points",
        "marks/exam.csv:7: exam: 'five' is neither a number nor 'absent' nor 'excused'",
        "marks/exam.csv:8: no student; write the id that the gradebook knows",
        "marks/exam.csv:9: 3 cells, but the first line names 2 columns",
        "marks/exam.csv:11: exam: 'nan' is no number of points",
        "marks/other.csv:1: no item 'exams'; did you mean 'exam'?",
        "marks/plain.csv:1: no column 'student'; the first line names the columns",
        "marks/plain.csv:1: no item 'name'. Items are listed in [gradebook] of course.toml",
        "extensions.csv:2: no assignment 'sum'; did you mean 'sums'?",
        "extensions.csv:3: '2027-03-02' says no time zone; add it, for instance +01:00 or Z",
        "extensions.csv:4: 'tomorrow' is no time; write 2027-03-05T23:59:00+01:00, or 'excused'",
        "extensions.csv:5: no student 'nobody' in the gradebook",
    ]


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b'student,exam\n"ada,1\n', b"student,exam\nada,\x00\n"])
def test_hostile_bytes_are_problems_and_no_exceptions(full: Classroom, content: bytes) -> None:
    (full.data / "marks" / "exam.csv").write_bytes(content)
    with pytest.raises(ConfigurationError):
        full.load()


def test_spreadsheets_write_marks_in_many_ways(full: Classroom) -> None:
    """With a byte order mark, semicolons, quotes and decimal commas."""
    (full.data / "marks" / "exam.csv").write_bytes('\ufeff"student";"exam"\r\n"ada";"57,5"\r\n'.encode())
    assert items(full, "ada")["exam"].points == 57.5


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\x00 but not really"])
def test_a_damaged_gradebook_is_an_error_with_a_cure(full: Classroom, content: bytes) -> None:
    full.course.gradebook.write_bytes(content)
    with pytest.raises(GradebookError, match="Restore it from a backup"):
        full.load()


def test_no_gradebook_and_no_files_are_nobody(classroom: Classroom) -> None:
    classroom.course.gradebook.unlink()
    assert classroom.load().people == ()
