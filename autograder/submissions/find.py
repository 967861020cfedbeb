"""Find what was handed in: submitted/<student>/<assignment>/<assignment>.ipynb.

Every student folder gives a value: a submission, possibly with problems, or a line that says why
there is none. Nothing is dropped silently, and nothing below `submitted` is trusted.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from autograder.errors import UsageError
from autograder.submissions.beside import about_others
from autograder.submissions.safe_open import RefusedError, kind_of, list_folder, open_folder, read_file
from autograder.submissions.wording import counted, quoted

TIMESTAMP_BYTES = 200
_STUDENT_ID = re.compile(r"\w[\w.@+-]{0,127}")
_IGNORED = {".ipynb_checkpoints", "timestamp.txt", "submission_secret.txt"}


@dataclass(frozen=True, slots=True)
class FoundSubmission:
    """One student's folder for the assignment.

    Attributes:
        student: the student id, which is the name of the student's folder.
        root: the `submitted` folder.
        folder: submitted/<student>/<assignment>.
        notebook: file name of the notebook in `folder`; empty where there is none to read.
        timestamp: what timestamp.txt says, in naive UTC as nbgrader stores it; None without a valid one.
        problems: what is wrong, each with place, cause and cure.
    """

    student: str
    root: Path
    folder: Path
    notebook: str
    timestamp: datetime | None = None
    problems: tuple[str, ...] = ()

    def read(self, max_bytes: int) -> tuple[bytes, tuple[str, ...]]:
        """The notebook's bytes, and all problems. No bytes where it cannot be read; never raises."""
        if not self.notebook:
            return b"", self.problems
        try:
            with open_folder(self.root, self.student, self.folder.name) as folder:
                return read_file(self.notebook, folder, max_bytes)[0], self.problems
        except RefusedError as refused:
            cure = "Ask for a plain notebook file without large outputs (Kernel > Restart and clear all outputs)."
            return b"", (*self.problems, f"{self.notebook} {refused}. {cure}")


@dataclass(frozen=True, slots=True)
class Found:
    """Every folder below `submitted`.

    Attributes:
        submissions: those to grade, in the order of student ids.
        not_submitted: students who have a folder, but none for this assignment.
        problems: about things that belong to no student, for instance a stray file.
    """

    submissions: tuple[FoundSubmission, ...]
    not_submitted: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def find_submissions(submitted: Path, assignment: str, students: Sequence[str] | None = None) -> Found:
    """Look into every student's folder, or only into those of `students`.

    Raises:
        UsageError: `submitted` is no folder that can be listed, or a student of `students` has no
            folder there or handed in nothing for this assignment.
    """
    try:
        with open_folder(submitted) as root:
            names = list_folder(root)
            kinds = {name: kind_of(name, root) for name in names}
    except RefusedError as refused:
        raise UsageError(f"{submitted} {refused}. Collect the submissions first, or use --submitted DIR.") from None
    folders = [name for name in names if kinds[name] != "file" and not name.startswith(".")]
    stray = [name for name in names if (kinds[name] == "file") != name.startswith(".") and name not in _IGNORED]
    if students is not None:
        _refuse_unknown(students, folders, submitted)
        folders = [name for name in folders if name in set(students)]
        stray = []
    found = {name: _look_into(submitted, name, assignment) for name in folders}
    absent = tuple(name for name, submission in found.items() if submission is None)
    if students is not None and absent:
        raise UsageError(
            f"{', '.join(absent)} handed in nothing for {assignment!r} (no folder "
            f"{submitted}/{absent[0]}/{assignment})."
        )
    return Found(
        submissions=tuple(submission for submission in found.values() if submission is not None),
        not_submitted=absent,
        problems=tuple(
            (
                f"{quoted(name)} in {submitted} is a {'hidden ' * name.startswith('.')}{kinds[name]}, not a "
                "student's folder; it was left out. Move it."
            )
            for name in stray
        ),
    )


def _refuse_unknown(wanted: Sequence[str], known: Sequence[str], submitted: Path) -> None:
    for student in wanted:
        if student in known:
            continue
        close = difflib.get_close_matches(student, known, n=3, cutoff=0.6)
        advice = (
            f"Did you mean {' or '.join(close)}?"
            if close
            else f"{counted(len(known), 'student')} handed in something there."
        )
        raise UsageError(f"There is no student {student!r} in {submitted}. {advice}")


def _look_into(submitted: Path, student: str, assignment: str) -> FoundSubmission | None:
    """The student's submission; None where the student has a folder but none for this assignment."""
    folder = submitted / student / assignment

    def unreadable(problem: str) -> FoundSubmission:
        return FoundSubmission(student, submitted, folder, "", None, (problem,))

    if not _STUDENT_ID.fullmatch(student):
        return unreadable(
            f"the folder name {quoted(student)} is no student id (letters, digits and . _ @ + - only). "
            "Rename the folder."
        )
    try:
        with open_folder(submitted, student) as own:
            kind = kind_of(assignment, own)
    except RefusedError as refused:
        return unreadable(f"the folder {student} {refused}. Correct its permissions or collect it again.")
    if kind == "missing":
        return None
    try:
        with open_folder(submitted, student, assignment) as handed_in:
            names = [name for name in list_folder(handed_in) if name not in _IGNORED]
            notebook, problem = _choose_notebook(names, assignment, handed_in)
            others = about_others(names, notebook, handed_in)
            timestamp, odd_time = _timestamp(handed_in)
    except RefusedError as refused:
        return unreadable(f"the folder {student}/{assignment} {refused}. Correct its permissions or collect it again.")
    problems = tuple(text for text in (problem, odd_time, others) if text)
    return FoundSubmission(student, submitted, folder, notebook, timestamp, problems)


def _choose_notebook(names: Sequence[str], assignment: str, folder: int) -> tuple[str, str]:
    """The notebook to grade, and the problem with it; either may be empty."""
    expected = f"{assignment}.ipynb"
    if expected in names:
        return expected, ""
    others = [name for name in names if name.lower().endswith(".ipynb") and kind_of(name, folder) == "file"]
    if len(others) == 1:
        return others[0], f"the notebook is named {quoted(others[0])} instead of {expected}; it was graded. Rename it."
    if others:
        listing = ", ".join(quoted(name) for name in others[:5])
        return "", f"there are {len(others)} notebooks ({listing}) and none is named {expected}. Rename the right one."
    if not names:
        return "", f"the folder is empty. Ask the student to hand in {expected}."
    listing = ", ".join(quoted(name) for name in names[:5]) + (" …" if len(names) > 5 else "")
    return "", f"{expected} is missing; the folder holds {listing}. Ask the student to hand it in."


def _timestamp(folder: int) -> tuple[datetime | None, str]:
    """The time in timestamp.txt as naive UTC, and the problem with it."""
    if kind_of("timestamp.txt", folder) == "missing":
        return None, ""
    try:
        text = read_file("timestamp.txt", folder, TIMESTAMP_BYTES)[0].decode("ascii").strip()
        return parse_timestamp(text), ""
    except (RefusedError, UnicodeDecodeError, ValueError):
        return (
            None,
            (
                "timestamp.txt holds no date, and formgrader stops at it. Write a line such as 2027-02-12 "
                "21:30:00 UTC, or remove it."
            ),
        )


def parse_timestamp(text: str) -> datetime:
    """nbgrader's two ways to write a time ("2027-02-12 21:30:00.123456 UTC", ISO 8601) in naive UTC.

    Raises:
        ValueError: it is neither.
    """
    words = text.split(" ")
    if len(words) == 3 and words[2].upper() in {"UTC", "GMT", "Z"}:
        text = " ".join(words[:2]) + "+00:00"
    elif len(words) == 3 and words[2][:1] in "+-":
        text = " ".join(words[:2]) + words[2]
    elif len(words) == 3:
        return _in_utc(datetime.fromisoformat(" ".join(words[:2])).replace(tzinfo=_zone(words[2])))
    return _in_utc(datetime.fromisoformat(text))


def _in_utc(time: datetime) -> datetime:
    try:
        return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time
    except OverflowError:
        raise ValueError(f"{time} lies outside the calendar") from None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError):
        raise ValueError(f"no time zone {name!r}") from None
