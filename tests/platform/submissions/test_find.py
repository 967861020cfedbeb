"""Finding submissions: every student's folder gives a value, and no link is followed."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from autograder.errors import UsageError
from autograder.submissions.find import find_submissions, parse_timestamp

MIB = 2**20


def hand_in(submitted: Path, student: str, content: bytes = b"{}", name: str = "small.ipynb") -> Path:
    folder = submitted / student / "small"
    folder.mkdir(parents=True)
    (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def submitted(tmp_path: Path) -> Path:
    folder = tmp_path / "submitted"
    folder.mkdir()
    return folder


def only(submitted: Path):
    (submission,) = find_submissions(submitted, "small").submissions
    return submission


def test_students_are_found_in_order_with_their_bytes(submitted: Path) -> None:
    hand_in(submitted, "bob", b"B")
    hand_in(submitted, "ada", b"A")
    found = find_submissions(submitted, "small")
    assert [s.student for s in found.submissions] == ["ada", "bob"]
    assert [s.read(MIB) for s in found.submissions] == [(b"A", ()), (b"B", ())]
    assert found.not_submitted == ()
    assert found.problems == ()


def test_a_student_without_this_assignment_is_named(submitted: Path) -> None:
    hand_in(submitted, "ada")
    (submitted / "bob" / "other").mkdir(parents=True)
    assert find_submissions(submitted, "small").not_submitted == ("bob",)


def test_stray_and_hidden_entries_are_reported(submitted: Path) -> None:
    (submitted / "notes.txt").write_text("x")
    (submitted / ".hidden").mkdir()
    found = find_submissions(submitted, "small")
    assert len(found.problems) == 2
    assert "hidden folder" in found.problems[0]
    assert "notes.txt" in found.problems[1]


def test_an_unknown_student_is_answered_with_those_that_are_close(submitted: Path) -> None:
    hand_in(submitted, "student01")
    with pytest.raises(UsageError, match="Did you mean student01"):
        find_submissions(submitted, "small", ["studnet01"])
    with pytest.raises(UsageError, match="1 student handed in"):
        find_submissions(submitted, "small", ["zzz"])


def test_a_named_student_who_handed_in_nothing_is_an_error(submitted: Path) -> None:
    (submitted / "bob").mkdir()
    with pytest.raises(UsageError, match="bob handed in nothing"):
        find_submissions(submitted, "small", ["bob"])


def test_a_missing_submitted_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Collect the submissions first"):
        find_submissions(tmp_path / "none", "small")


def test_a_single_notebook_of_another_name_is_used_and_reported(submitted: Path) -> None:
    hand_in(submitted, "ada", b"A", "my final.ipynb")
    submission = only(submitted)
    assert submission.read(MIB)[0] == b"A"
    assert "'my final.ipynb' instead of small.ipynb" in submission.problems[0]


def test_two_notebooks_of_other_names_are_not_guessed(submitted: Path) -> None:
    folder = hand_in(submitted, "ada", b"A", "one.ipynb")
    (folder / "two.ipynb").write_bytes(b"B")
    data, problems = only(submitted).read(MIB)
    assert data == b""
    assert "'one.ipynb', 'two.ipynb'" in problems[0]


def test_a_missing_notebook_says_what_was_found(submitted: Path) -> None:
    hand_in(submitted, "ada", b"A", "small.py")
    assert "small.ipynb is missing; the folder holds 'small.py'" in only(submitted).problems[0]


def test_an_empty_folder_is_reported(submitted: Path) -> None:
    (submitted / "ada" / "small").mkdir(parents=True)
    assert "folder is empty" in only(submitted).problems[0]


@pytest.mark.parametrize("place", ["student", "assignment", "notebook"])
def test_links_are_refused_wherever_they_stand(submitted: Path, tmp_path: Path, place: str) -> None:
    secret = hand_in(tmp_path / "elsewhere", "ada", b"SECRET")
    if place == "student":
        (submitted / "ada").symlink_to(secret.parent)
    elif place == "assignment":
        (submitted / "ada").mkdir()
        (submitted / "ada" / "small").symlink_to(secret)
    else:
        (submitted / "ada" / "small").mkdir(parents=True)
        (submitted / "ada" / "small" / "small.ipynb").symlink_to(secret / "small.ipynb")
    data, problems = only(submitted).read(MIB)
    assert data == b""
    assert "symbolic link" in problems[-1]


def test_a_link_swapped_in_after_the_search_is_refused(submitted: Path, tmp_path: Path) -> None:
    folder = hand_in(submitted, "ada", b"A")
    submission = only(submitted)
    (folder / "small.ipynb").unlink()
    (tmp_path / "secret").write_bytes(b"SECRET")
    (folder / "small.ipynb").symlink_to(tmp_path / "secret")
    assert submission.read(MIB)[0] == b""


def test_a_link_that_points_at_itself_is_refused(submitted: Path) -> None:
    (submitted / "ada").symlink_to("ada")
    assert "symbolic link" in only(submitted).problems[0]


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_only_regular_files_are_read(submitted: Path, kind: str) -> None:
    folder = submitted / "ada" / "small"
    folder.mkdir(parents=True)
    (folder / "small.ipynb").mkdir() if kind == "folder" else os.mkfifo(folder / "small.ipynb")
    data, problems = only(submitted).read(MIB)
    assert data == b""
    assert "not a regular file" in problems[0]


def test_a_file_in_place_of_the_assignment_folder_is_unreadable(submitted: Path) -> None:
    (submitted / "ada").mkdir()
    (submitted / "ada" / "small").write_text("x")
    assert "file where a folder is expected" in only(submitted).problems[0]


def test_a_large_notebook_is_refused_without_being_read(submitted: Path) -> None:
    folder = hand_in(submitted, "ada")
    with (folder / "small.ipynb").open("wb") as file:
        file.truncate(50 * MIB)
    data, problems = only(submitted).read(20 * MIB)
    assert data == b""
    assert "50.0 MiB large, where 20.0 MiB are allowed" in problems[0]


@pytest.mark.parametrize("name", ["a b", "a\nb", "-x;rm", "<img src=x>", "a$(id)"])
def test_a_folder_name_that_is_no_student_id_is_unreadable_but_not_dropped(submitted: Path, name: str) -> None:
    hand_in(submitted, name)
    submission = only(submitted)
    assert submission.notebook == ""
    assert "no student id" in submission.problems[0]
    assert "\n" not in submission.problems[0]


_CHILD = """
import os, sys
from pathlib import Path
from autograder.submissions.find import find_submissions
submitted = Path(sys.argv[1])
os.setgid(65534); os.setuid(65534)
for submission in find_submissions(submitted, "small").submissions:
    print(submission.student, submission.read(2**20))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user whom permissions stop")
def test_a_folder_without_permission_is_unreadable_and_the_others_are_found(submitted: Path) -> None:
    for parent in [submitted, *submitted.parents]:
        if parent.stat().st_uid == os.geteuid() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o055)
    hand_in(submitted, "ada", b"A")
    hand_in(submitted, "bob", b"B").chmod(0)
    (hand_in(submitted, "cyd", b"C") / "small.ipynb").chmod(0)
    run = [sys.executable, "-c", _CHILD, str(submitted)]
    done = subprocess.run(run, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3])
    ada, bob, cyd = done.stdout.splitlines()
    assert ada == "ada (b'A', ())"
    assert "cannot be opened (Permission denied)" in bob
    assert "Permission denied" in cyd


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2027-02-12 21:30:00.123456 UTC", datetime(2027, 2, 12, 21, 30, 0, 123456)),
        ("2027-02-12 21:30:00 Europe/Berlin", datetime(2027, 2, 12, 20, 30)),
        ("2027-02-12T21:30:00+02:00", datetime(2027, 2, 12, 19, 30)),
        ("2027-02-12 21:30:00", datetime(2027, 2, 12, 21, 30)),
    ],
)
def test_the_timestamp_becomes_naive_utc(submitted: Path, text: str, expected: datetime) -> None:
    (hand_in(submitted, "ada") / "timestamp.txt").write_text(text + "\n")
    assert only(submitted).timestamp == expected


@pytest.mark.parametrize("content", [b"soon", b"", b"\xff\xfe", b"9" * 10_000, b"0001-01-01 00:00:00 +1400"])
def test_a_timestamp_that_is_none_is_a_problem(submitted: Path, content: bytes) -> None:
    folder = hand_in(submitted, "ada")
    (folder / "timestamp.txt").write_bytes(content)
    submission = only(submitted)
    assert submission.timestamp is None
    assert "timestamp.txt holds no date" in submission.problems[0]
    assert submission.read(MIB)[0] == b"{}"


def test_a_time_with_an_offset_becomes_utc() -> None:
    assert parse_timestamp("2027-02-12 21:30:00 +0200") == datetime(2027, 2, 12, 19, 30)
