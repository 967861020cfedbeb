"""Help, and what is said to those who ask for what is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.cli.main import VERBS
from tests.platform.cli.running import autograder
from tests.platform.engine.tiny import FILES


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course without a release: enough for everything that fails early."""
    root = tmp_path_factory.mktemp("course")
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_the_overview_lists_every_verb_with_examples(flag: str, tmp_path: Path) -> None:
    """Outside of any course, too."""
    ran = autograder(flag, cwd=tmp_path)
    assert ran.status == 0
    assert [verb for verb, about in VERBS.items() if f"{verb} " not in ran.out or about not in ran.out] == []
    assert "Examples:" in ran.out


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_help_with_examples(verb: str, tmp_path: Path) -> None:
    """Outside of any course, too; examples can be copied."""
    ran = autograder(verb, "--help", cwd=tmp_path)
    assert ran.status == 0, ran.all
    assert "Examples:" in ran.out
    assert f"autograder {verb}" in ran.out.partition("Examples:")[2]


def test_every_verb_is_loaded_from_a_file_of_its_name() -> None:
    """The list and the files agree."""
    folder = Path(__file__).parents[3] / "autograder" / "cli"
    assert [verb for verb in VERBS if not (folder / f"{verb.replace('-', '_')}.py").is_file()] == []


def test_version() -> None:
    """The package's."""
    ran = autograder("--version")
    assert ran.status == 0
    assert ran.out.startswith("autograder, version ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["garde"], ["garde"]),
        ([], ["grade", "build"]),
        (["grade"], ["ASSIGNMENT"]),
        (["grade", "tiny", "--wrokers", "2"], ["--wrokers"]),
        (["grade", "tiny", "--workers", "0"], ["workers"]),
        (["grade", "tiny", "--workers", "many"], ["workers"]),
        (["grade", "no_such"], ["There is no assignment 'no_such'", "course.toml lists: tiny"]),
        (["report", "no_such"], ["There is no assignment 'no_such'"]),
        (["build", "no_such"], ["There is no assignment 'no_such'"]),
        (["audit", "no_such"], ["There is no assignment 'no_such'"]),
        (["grade", "../tiny"], ["There is no assignment '../tiny'"]),
        (["grade", "tiny"], ["tiny.ipynb", "autograder build"]),
        (["grade", "tiny", "--notebook", "no_such.ipynb"], ["no_such.ipynb", "cannot be read"]),
        (["grade", "tiny", "--notebook", "."], ["cannot be read"]),
        (["grade", "tiny", "--notebook", "x.ipynb", "--force"], ["--notebook", "--force"]),
        (["grade", "tiny", "--isolation", "docker"], ["docker"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)  # fmt: skip
def test_wrong_usage_exits_with_2_and_says_what_to_do(course: Path, arguments: list[str], words: list[str]) -> None:
    """One message, no traceback."""
    ran = autograder(*arguments, cwd=course)
    assert ran.status == 2, ran.all
    assert [word for word in words if word not in ran.all] == [], ran.all


def test_outside_of_a_course(tmp_path: Path) -> None:
    """Where it looked, and the option that names another folder."""
    ran = autograder("grade", "tiny", cwd=tmp_path)
    assert ran.status == 2
    assert str(tmp_path) in ran.err
    assert "assignments/course.toml" in ran.err
    assert "--course" in ran.err


def test_a_course_that_is_named(course: Path, tmp_path: Path) -> None:
    """--course, from anywhere; a folder inside the course will do; one that is none will not."""
    assert "course.toml lists: tiny" in autograder("--course", course, "grade", "x", cwd=tmp_path).err
    assert "course.toml lists: tiny" in autograder("grade", "x", cwd=course / "assignments" / "tiny").err
    assert autograder("--course", tmp_path / "nowhere", "grade", "x").status == 2


def test_all_problems_of_a_configuration_at_once(course: Path) -> None:
    """Each with file and line, and how many there are."""
    path = course / "assignments" / "tiny" / "assignment.toml"
    good = path.read_text()
    try:
        path.write_text(
            good.replace("points = 40", "points = -4\nponits = 3").replace("memory_mib = 1024", "memroy = 1")
        )
        ran = autograder("grade", "tiny", cwd=course)
    finally:
        path.write_text(good)
    assert ran.status == 2
    assert "3 problems in the course:" in ran.err
    for line, word in ((10, "memroy"), (14, "points"), (15, "ponits")):
        assert f"{path}:{line}: " in ran.err, ran.err
        assert word in ran.err
