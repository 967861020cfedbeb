"""Building: a release that nbgrader made, the same bytes each time, written in one step."""

from __future__ import annotations

import json
import os
from pathlib import Path

import nbformat
import pytest
from nbgrader.nbgraderformat import MetadataValidator

from autograder.authoring.build import Build, build, difference, stale, write_release
from autograder.authoring.release import make_release
from autograder.authoring.spec import NOT_ANSWERED, ReleaseSpec, Role
from autograder.course import Course, find_course
from autograder.errors import AuthoringError
from tests.platform.authoring.conftest import TinyCourse


@pytest.fixture
def built(tiny: TinyCourse) -> Build:
    return tiny.build()


def test_the_release_is_a_valid_notebook_for_nbformat_and_nbgrader(built: Build) -> None:
    for data in (built.notebook, built.source):
        notebook = nbformat.reads(data.decode(), as_version=4)
        nbformat.validate(notebook)
        assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
        MetadataValidator().validate_nb(notebook)


def test_two_builds_give_the_same_bytes(tiny: TinyCourse, built: Build) -> None:
    assert tiny.build() == built


def test_the_bytes_do_not_depend_on_where_the_course_lies(
    tiny: TinyCourse, built: Build, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = TinyCourse(tmp_path_factory.mktemp("other"))
    for name in ("assignments/course.toml", tiny.toml, tiny.reference, tiny.master, tiny.suite):
        elsewhere.write(name, tiny.path(name).read_text())
    assert elsewhere.build() == built


def test_a_new_cell_of_prose_changes_the_id_of_no_other_kind_of_cell(tiny: TinyCourse, built: Build) -> None:
    tiny.replace(tiny.master, "# Sums\n", "# Sums\n\n+++\n\nMore.\n")

    def ids(notebook: bytes) -> list[str]:
        return [cell.id for cell in ReleaseSpec.parse(notebook) if cell.role is not Role.PROSE]

    assert ids(tiny.build().notebook) == ids(built.notebook)


def test_question_cells_hold_the_stub(built: Build) -> None:
    questions = ReleaseSpec.parse(built.notebook).questions
    assert questions["double"].source == (
        '# Twice as much.\ndef double(x: float) -> float:\n    """Two times x."""\n'
        "    # YOUR CODE HERE\n    raise NotImplementedError()"
    )
    assert questions["Counter"].source.count("raise NotImplementedError()") == 2
    assert "        # YOUR CODE HERE\n        raise NotImplementedError()" in questions["Counter"].source


def test_the_source_notebook_has_solutions_and_rubric_and_the_release_has_neither(built: Build) -> None:
    source, release = ReleaseSpec.parse(built.source), ReleaseSpec.parse(built.notebook)
    assert "secret_sum = x + x  # the trick" in source.questions["double"].source
    assert "Full points for" in source.written["written_why"].source
    assert release.written["written_why"].source == NOT_ANSWERED
    assert b"secret" not in built.notebook
    assert b"Full points" not in built.notebook


def test_given_helpers_come_whole_and_locked(built: Build) -> None:
    cell = ReleaseSpec.parse(built.notebook).by_grade_id["given_clip"]
    assert "return min(x, LIMIT)" in cell.source
    raw = {c["id"]: c["metadata"] for c in json.loads(built.notebook)["cells"]}[cell.id]
    assert raw["editable"] is False
    assert raw["nbgrader"]["locked"] is True


def test_nothing_in_it_was_run(built: Build) -> None:
    for cell in json.loads(built.notebook)["cells"]:
        if cell["cell_type"] == "code":
            assert (cell["execution_count"], cell["outputs"]) == (None, [])


def test_students_can_edit_answers_and_experiments_and_nothing_else(built: Build) -> None:
    locked = {c["id"] for c in json.loads(built.notebook)["cells"] if c["metadata"].get("editable") is False}
    editable = [cell.role.value for cell in ReleaseSpec.parse(built.notebook) if cell.id not in locked]
    assert editable == ["setup", "question", "question", "experiment", "written"]


def test_counts(built: Build) -> None:
    assert (built.questions, built.public_tests, built.hidden_tests) == (("double", "Counter"), 1, 2)


def test_nothing_is_written_by_building(tiny: TinyCourse, built: Build) -> None:
    assert built.notebook
    assert not tiny.path("release").exists()
    assert not tiny.course.state.exists()


def test_nbgrader_changes_no_folder_and_says_nothing(
    tiny: TinyCourse, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    before = Path.cwd()
    tiny.build()
    assert Path.cwd() == before
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


def test_what_nbgrader_refuses_is_an_error_with_its_reason(tiny: TinyCourse, built: Build) -> None:
    twice = json.loads(built.source)
    twice["cells"].append({**twice["cells"][-1], "id": "again"})
    with pytest.raises(
        AuthoringError, match=r"sums: nbgrader cannot make the release: .*Duplicate grade id: written_why"
    ):
        make_release("sums", json.dumps(twice).encode())


def test_writing_puts_release_and_source_in_place_and_says_whether_it_changed(tiny: TinyCourse, built: Build) -> None:
    course = tiny.course
    assignment = course.assignment("sums")
    assert write_release(course, assignment, built) is True
    assert assignment.release_path.read_bytes() == built.notebook
    assert (course.state / "source" / "sums" / "sums.ipynb").read_bytes() == built.source
    assert sorted(p.name for p in assignment.release_path.parent.iterdir()) == ["sums.ipynb"]
    assert write_release(course, assignment, built) is False


def test_the_state_lies_with_the_class_not_with_the_course(tiny: TinyCourse, built: Build, tmp_path: Path) -> None:
    data = tmp_path / "class"
    course: Course = find_course(tiny.root, data)
    write_release(course, course.assignment("sums"), built)
    assert (data / ".autograder" / "source" / "sums" / "sums.ipynb").is_file()


def test_a_write_that_fails_leaves_the_old_release(
    tiny: TinyCourse, built: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.write(tiny.release, "old")

    def refuse(source: str, target: str) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        write_release(tiny.course, tiny.course.assignment("sums"), built)
    assert tiny.path(tiny.release).read_text() == "old"
    assert [p.name for p in tiny.path("release/sums").iterdir()] == ["sums.ipynb"]


def test_stale_is_empty_right_after_building_and_a_diff_after_an_edit(tiny: TinyCourse, built: Build) -> None:
    course, assignment = tiny.course, tiny.course.assignment("sums")
    missing = "\n".join(stale(assignment, built))
    assert f"{assignment.release_path} does not exist" in missing
    assert f"{assignment.built_path} does not exist" in missing
    write_release(course, assignment, built)
    assert stale(assignment, built) == []
    tiny.replace(tiny.master, "Add things up.", "Add things together.")
    text = "\n".join(stale(assignment, build(course, assignment)))
    assert '-    "Add things up."' in text
    assert '+    "Add things together."' in text


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("secret_sum = x + x  # the trick", "secret_sum = 2 * x", "double was edited in the reference"),
        ("self.secret_count += by", "self.secret_count += 2 * by", "Counter was edited in the reference"),
        ("return min(x, LIMIT)", "return min(LIMIT, x)", "clip was edited in the reference"),
        ("LIMIT = 7", "LIMIT = 8", "LIMIT was edited in the reference"),
        ("# Twice as much.", "# Twice.", "double was edited in the reference"),
    ],
)
def test_an_edit_of_the_reference_that_students_do_not_see_makes_a_release_stale_too(
    tiny: TinyCourse, built: Build, old: str, new: str, said: str
) -> None:
    course, assignment = tiny.course, tiny.course.assignment("sums")
    write_release(course, assignment, built)
    tiny.replace(tiny.reference, old, new)
    again = build(course, assignment)
    assert said in stale(assignment, again)
    write_release(course, assignment, again)
    assert stale(assignment, again) == []


def test_a_definition_that_comes_or_goes_makes_a_release_stale(tiny: TinyCourse, built: Build) -> None:
    course, assignment = tiny.course, tiny.course.assignment("sums")
    write_release(course, assignment, built)
    tiny.replace(tiny.reference, "# Twice as much.", "SPARE = 1\n\n# Twice as much.")
    more = build(course, assignment)
    assert stale(assignment, more) == ["SPARE is new in the reference"]
    write_release(course, assignment, more)
    tiny.replace(tiny.reference, "SPARE = 1\n\n", "")
    assert stale(assignment, build(course, assignment)) == ["SPARE has gone from the reference"]


@pytest.mark.parametrize(
    "content", ["", "[]", '{"schema": 2, "reference": {}}', '{"schema": 1, "reference": {"double": 1}}']
)
def test_a_damaged_record_of_what_was_built_is_named_and_mended(tiny: TinyCourse, built: Build, content: str) -> None:
    course, assignment = tiny.course, tiny.course.assignment("sums")
    write_release(course, assignment, built)
    assignment.built_path.write_text(content)
    (change,) = stale(assignment, built)
    assert "does not say which reference" in change
    write_release(course, assignment, built)
    assert stale(assignment, built) == []


def test_line_breaks_alone_are_a_difference_too(tiny: TinyCourse, built: Build) -> None:
    path = tiny.path(tiny.release)
    tiny.write(tiny.release, "")
    path.write_bytes(built.notebook.replace(b"\n", b"\r\n"))
    assert difference(path, built.notebook) == ["the files differ in line breaks alone"]
