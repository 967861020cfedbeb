"""assignment.toml: what it may hold, and how each mistake is told: file, line, cause, cure."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.platform.course.conftest import ASSIGNMENT, Files


def test_a_right_file(files: Files) -> None:
    """Everything in its place, with defaults for what is not said."""
    sums = files.load()
    assert (sums.name, sums.title, sums.reference_name) == ("sums", "Sums", "sums")
    assert sums.due == datetime(2030, 1, 1, 12, tzinfo=UTC)
    assert sums.question_names == ("double", "total")
    assert sums.max_score == 90.5
    assert sums.question("total").depends_on == ("double",)
    assert (sums.limits.cell_timeout_s, sums.limits.memory_mib) == (10, 2048)
    assert [w.name for w in sums.written] == ["written_why"]
    assert sums.config_path == files.assignment
    assert sums.reference_path == files.root / "reference" / "sums.py"
    assert sums.suite_folder == files.root / "tests" / "hidden" / "sums"
    with pytest.raises(KeyError):
        sums.question("triple")


def test_dependencies_are_followed_all_the_way(files: Files) -> None:
    """What comes first comes first, each once."""
    more = "".join(
        f'[[question]]\nname = "q{n}"\npoints = 10\ndepends_on = {deps}\n'
        for n, deps in enumerate(('["total"]', '["q0", "double"]', '["q1", "q0"]'))
    ).replace("'", '"')
    files.change("points = 60.5", "points = 30.5")
    files.assignment.write_text(files.assignment.read_text() + more)
    sums = files.load()
    assert sums.all_dependencies("double") == ()
    assert sums.all_dependencies("q2") == ("double", "total", "q0", "q1")


# old text, new text, line of the problem (0: the file as a whole), words that its message must hold
WRONG = {
    "unknown key": ('title = "Sums"', 'titel = "Sums"\ntitle = "Sums"', 2, ["unknown key 'titel'", "remove it"]),
    "unknown limit": ("cell_timeout_s = 10", "cell_timeout = 10", 7, ["cell_timeout", "unknown key"]),
    "unknown key of a question": ("points = 30", "points = 30\nweight = 2", 12, ["weight", "unknown key"]),
    "missing title": ('title = "Sums"\n', "", 0, ["'title' is missing"]),
    "missing points": ("points = 30\n", "", 9, ["points", "missing"]),
    "missing name": ('name = "double"\n', "", 9, ["name", "missing"]),
    "empty title": ('title = "Sums"', 'title = ""', 2, ["title", "at least 1"]),
    "another schema": ("schema = 1", "schema = 2", 1, ["schema", "1"]),
    "a text for points": ("points = 30", 'points = "many"', 11, ["points", "number"]),
    "no points": ("points = 30", "points = 0", 11, ["points", "greater than 0"]),
    "negative points": ("points = 30", "points = -1", 11, ["points", "greater than 0"]),
    "too many points": ("points = 30", "points = 101", 11, ["points", "100"]),
    "not a number": ("points = 30", "points = nan", 11, ["points"]),
    "infinite points": ("points = 30", "points = inf", 11, ["points"]),
    "points of a written part": ("points = 9.5", "points = -9.5", 20, ["points", "greater than 0"]),
    "a name with spaces": ('name = "double"', 'name = "double it"', 10, ["name", "pattern"]),
    "a name that is a path": ('name = "double"', 'name = "../double"', 10, ["name", "pattern"]),
    "a name that starts with a digit": ('name = "double"', 'name = "2nd"', 10, ["name", "pattern"]),
    "a name that is no text": ('name = "double"', "name = 3", 10, ["name", "string"]),
    "a reference that is a path": ('reference = "sums"', 'reference = "../secret"', 3, ["reference", "pattern"]),
    "no date": ("due = 2030-01-01T12:00:00+00:00", 'due = "soon"', 4, ["due", "datetime"]),
    "a timeout of nothing": ("cell_timeout_s = 10", "cell_timeout_s = 0", 7, ["cell_timeout_s", "greater than 0"]),
    "an endless timeout": ("cell_timeout_s = 10", "cell_timeout_s = inf", 7, ["cell_timeout_s"]),
    "too little memory": ("cell_timeout_s = 10", "memory_mib = 3", 7, ["memory_mib", "256"]),
    "half a MiB": ("cell_timeout_s = 10", "memory_mib = 512.5", 7, ["memory_mib", "integer"]),
    "limits that are no table": ("[limits]\ncell_timeout_s = 10", "limits = 3", 6, ["limits"]),
    "dependencies as a text": ('depends_on = ["double"]', 'depends_on = "double"', 16, ["depends_on"]),
    "a wrong total": ("points = 30", "points = 31", 0, ["points add up to 101, not to 100", "change the points"]),
    "a wrong total of parts": ("points = 9.5", "points = 9.25", 0, ["points add up to 99.75"]),
    "an unknown dependency": ('["double"]', '["duoble"]', 0, ["'total' depends on 'duoble'", "no question"]),
    "a dependency on a written part": ('["double"]', '["written_why"]', 0, ["'written_why'", "no question"]),
    "a circle of one": ('["double"]', '["total"]', 0, ["circle", "total -> total"]),
    "a circle of two": ("points = 30", 'points = 30\ndepends_on = ["total"]', 0, ["circle", "double", "total"]),
    "one name twice": ('name = "total"', 'name = "double"', 0, ["'double'", "2 times"]),
    "a question's name for a written part": ('name = "written_why"', 'name = "total"', 0, ["'total'", "2 times"]),
    "not TOML": ("points = 30", "points = = 30", 11, ["not valid TOML"]),
    "a key twice": ("points = 30", "points = 30\npoints = 30", 12, ["not valid TOML"]),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_mistake_is_told_with_its_place(files: Files, what: str) -> None:
    """One problem, in this file, on this line, in words."""
    old, new, line, words = WRONG[what]
    files.change(old, new)
    problems = files.problems()
    assert all(problem.path == files.assignment for problem in problems)
    told = [p for p in problems if all(word in p.message for word in words)]
    assert told, [str(p) for p in problems]
    assert told[0].line == line
    assert len(problems) == 1 or "circle" in what, [str(p) for p in problems]


def test_all_mistakes_at_once(files: Files) -> None:
    """A file is mended in one go."""
    files.change('title = "Sums"\n', "")
    files.change("points = 30", "points = -3")
    files.change("cell_timeout_s = 10", "cell_tmeout_s = 10")
    assert len(files.problems()) == 3
    files.assignment.write_text(ASSIGNMENT)
    files.change('["double"]', '["duoble"]')
    files.change("points = 30", "points = 31")
    (problem,) = files.problems()
    assert "duoble" in problem.message
    assert "add up to 101" in problem.message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe", ["cannot be read"]), (b"", ["missing"]), (b"[", ["not valid TOML"]),
        (b"question = 3", ["question"]), (b"question = [1, 2]", ["question"]),
        (b"[question]\nname = 'x'", ["question"]),
        (b'schema = "' + b"x" * 100_000 + b'"', ["schema"]),
    ],
    ids=lambda value: repr(value)[:25],
)  # fmt: skip
def test_files_of_another_kind(files: Files, content: bytes, words: list[str]) -> None:
    """Bytes, an empty file, tables of another shape: problems, never another exception."""
    files.assignment.write_bytes(content)
    text = " ".join(map(str, files.problems()))
    assert [word for word in words if word not in text] == []
    assert len(text) < 5000


def test_a_file_that_is_missing_or_a_folder(files: Files) -> None:
    """Its path is named."""
    files.assignment.unlink()
    assert "no such file" in files.problem()
    files.assignment.mkdir()
    assert "cannot be read" in files.problem()


def test_points_may_be_fractions(files: Files) -> None:
    """A third, a third and a third are one hundred, within rounding."""
    files.change("points = 30", "points = 33.3333333")
    files.change("points = 60.5", "points = 33.3333333")
    files.change("points = 9.5", "points = 33.3333334")
    assert files.load().max_score == pytest.approx(66.6666666)
