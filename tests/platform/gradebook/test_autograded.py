"""The autograded notebook: nbgrader's cells restored, the student's made harmless, results shown."""

from __future__ import annotations

import copy
import json
import os
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbgrader.nbgraderformat.v3 import MetadataValidatorV3

from autograder.gradebook.autograded import AutogradedWriter
from autograder.submissions.parse import parse_submission
from tests.platform.gradebook.conftest import SECRET_DETAIL, STAMP, Classroom, make_result, unreadable
from tests.platform.submissions.small_release import ANSWERS, STUBS, answered, as_bytes, find, release, spec


def graded(classroom: Classroom, notebook: Any = None, **passed: bool) -> dict[str, Any]:
    """The autograded notebook of one submission, checked against both formats."""
    parsed = parse_submission(as_bytes(notebook or answered()), "ada", classroom.spec)
    result = make_result("ada", passed)
    content = AutogradedWriter(classroom.course, classroom.assignment, classroom.spec).notebook(result, parsed)
    check(content)
    return content


def check(content: dict[str, Any]) -> None:
    """nbformat and nbgrader accept it, and it has each of nbgrader's cells exactly once."""
    node = nbformat.from_dict(copy.deepcopy(content))
    nbformat.validate(node)
    MetadataValidatorV3().validate_nb(node)
    ids = [cell["metadata"]["nbgrader"]["grade_id"] for cell in content["cells"] if "nbgrader" in cell["metadata"]]
    assert sorted(ids) == sorted(cell.grade_id for cell in spec() if cell.grade_id)
    assert len({cell["id"] for cell in content["cells"]}) == len(content["cells"])
    released = {cell.grade_id: cell for cell in spec() if cell.grade_id}
    for cell in content["cells"]:
        if "nbgrader" in cell["metadata"]:
            assert (
                cell["metadata"]["nbgrader"]
                == find(release(), released[cell["metadata"]["nbgrader"]["grade_id"]].id)["metadata"]["nbgrader"]
            )


def table_of(content: dict[str, Any], name: str) -> dict[str, str]:
    (output,) = find(content, f"t-{name}")["outputs"]
    data: dict[str, str] = output["data"]
    return data


def test_the_table_shows_what_the_student_may_see_and_nothing_else(classroom: Classroom) -> None:
    data = table_of(graded(classroom, double=False), "double")
    for text in data.values():
        assert "20 of 60 points" in text
        assert "1 of 2 tests passed" in text
        assert "not passed" in text
        assert "It has the right value." in text
        assert SECRET_DETAIL not in text
    assert "Think of <code>x + x</code> &lt;b&gt;again&lt;/b&gt;." in data["text/html"]
    assert "0 / 40" in data["text/html"]


def test_the_table_says_what_was_carried_forward(classroom: Classroom) -> None:
    content = graded(classroom, double=False)
    for text in table_of(content, "halve").values():
        assert "Graded with the reference" in text
        assert "double" in text
    assert "Graded with" not in table_of(content, "double")["text/html"]


def test_neither_details_nor_staff_problems_are_anywhere(classroom: Classroom) -> None:
    text = json.dumps(graded(classroom, double=False, halve=False))
    assert SECRET_DETAIL not in text
    assert "staff only" not in text


def test_locked_cells_are_the_releases(classroom: Classroom) -> None:
    notebook = answered()
    find(notebook, "t-double")["source"] = "assert True"
    find(notebook, "given")["source"] = "LIMIT = 10**9"
    find(notebook, "prompt")["source"] = "<script>alert(1)</script>"
    content = graded(classroom, notebook)
    for name in ("t-double", "given", "prompt"):
        assert find(content, name)["source"] == find(release(), name)["source"]


def test_forged_metadata_is_the_releases(classroom: Classroom) -> None:
    notebook = answered()
    find(notebook, "t-double")["metadata"]["nbgrader"]["points"] = 1e9
    forged = {**find(notebook, "t-double")["metadata"]["nbgrader"], "grade_id": "bonus"}
    notebook["cells"].append(
        {"cell_type": "code", "id": "f", "metadata": {"nbgrader": forged}, "source": "", "outputs": []}
    )
    notebook["metadata"] = {"kernelspec": {"name": "rm -rf"}, "title": "<script>"}
    content = graded(classroom, notebook)
    assert content["metadata"] == release()["metadata"]


def test_the_students_cells_keep_their_order_and_added_ones_stay(classroom: Classroom) -> None:
    notebook = answered()
    notebook["cells"].insert(4, {"cell_type": "code", "id": "x", "metadata": {}, "source": "y = 1", "outputs": []})
    notebook["cells"].insert(0, {"cell_type": "raw", "id": "r", "metadata": {}, "source": "<script>"})
    content = graded(classroom, notebook)
    sources = [cell["source"] for cell in content["cells"]]
    assert sources.index("y = 1") == sources.index(ANSWERS["double"]) + 1
    assert sources[1] == "```text\n<script>\n```"


@pytest.mark.parametrize("missing", ["q-double", "t-double", "written", "given", "prompt"])
def test_a_deleted_cell_is_put_back_where_it_was(classroom: Classroom, missing: str) -> None:
    notebook = answered()
    notebook["cells"].remove(find(notebook, missing))
    content = graded(classroom, notebook)
    released = [cell["id"] for cell in release()["cells"]]
    assert [cell["id"] for cell in content["cells"][1:]] == released
    assert "missing" in json.dumps(content) or missing in {"t-double", "prompt"}


def test_of_duplicate_answers_the_last_one_is_nbgraders(classroom: Classroom) -> None:
    notebook = answered()
    second = copy.deepcopy(find(notebook, "q-double"))
    second["source"] = "def double(x): return x + x"
    notebook["cells"].append(second)
    content = graded(classroom, notebook)
    assert find(content, "q-double")["source"] == second["source"]
    assert ANSWERS["double"] in [cell["source"] for cell in content["cells"]]


def test_a_retyped_answer_is_shown_as_code(classroom: Classroom) -> None:
    notebook = answered()
    find(notebook, "q-double")["cell_type"] = "markdown"
    find(notebook, "written")["cell_type"] = "code"
    content = graded(classroom, notebook)
    assert find(content, "q-double")["source"] == ANSWERS["double"]
    assert find(content, "written")["source"] == "```text\nBecause of $2x$.\n```"


def test_written_answers_are_harmless_and_keep_their_pictures(classroom: Classroom) -> None:
    from tests.platform.gradebook.test_outputs import image

    notebook = answered(written_why="![a](attachment:a%20b.png) <img src=x onerror=alert(1)> ![b](attachment:b.svg)")
    svg = {"image/svg+xml": "<svg onload=alert(1)>"}
    find(notebook, "written")["attachments"] = {"a b.png": {"image/png": image("png")}, "b.svg": svg, "c": 5}
    cell = find(graded(classroom, notebook), "written")
    assert cell["source"] == "![a](attachment:attachment-1.png) < img src=x onerror=alert(1)> [b](missing-attachment)"
    assert cell["attachments"] == {"attachment-1.png": {"image/png": image("png")}}


def test_prose_that_nobody_changed_is_untouched(classroom: Classroom) -> None:
    assert find(graded(classroom), "title")["source"] == find(release(), "title")["source"]


def test_an_unreadable_submission_shows_the_release_and_says_why(classroom: Classroom) -> None:
    parsed = parse_submission(b"", "ada", classroom.spec)
    writer = AutogradedWriter(classroom.course, classroom.assignment, classroom.spec)
    content = writer.notebook(unreadable("ada", ("small.ipynb is a link [x](javascript:1).",)), parsed)
    check(content)
    notice = content["cells"][0]["source"]
    assert "could not be read" in notice
    assert "small.ipynb is a link [x](javascript :1)." in notice
    assert find(content, "q-double")["source"] == STUBS["double"]
    assert "no test was run" in table_of(content, "double")["text/plain"]


def test_too_many_added_cells_are_counted_not_shown(classroom: Classroom) -> None:
    notebook = answered()
    notebook["cells"] += [{"cell_type": "code", "metadata": {}, "source": "1", "outputs": []}] * 700
    content = graded(classroom, notebook)
    assert len(content["cells"]) < 520
    assert "200 more cells" in content["cells"][-1]["source"]


def test_the_files_that_nbgrader_needs_come_along_and_no_others(classroom: Classroom) -> None:
    classroom.hand_in("ada")
    folder = classroom.course.submitted / "ada" / "small"
    (folder / "submission_secret.txt").write_text("s3cret")
    (folder / "conftest.py").write_text("evil")
    classroom.grade()
    written = classroom.course.autograded / "ada" / "small"
    assert sorted(path.name for path in written.iterdir()) == ["small.ipynb", "submission_secret.txt", "timestamp.txt"]
    assert (written / "timestamp.txt").read_text() == STAMP
    assert (written / "submission_secret.txt").read_text() == "s3cret"


def test_a_link_in_place_of_a_secret_is_not_followed(classroom: Classroom) -> None:
    classroom.hand_in("ada")
    (classroom.course.submitted / "ada" / "small" / "submission_secret.txt").symlink_to("/etc/hostname")
    classroom.grade()
    assert not (classroom.course.autograded / "ada" / "small" / "submission_secret.txt").exists()


def test_a_notebook_that_did_not_change_is_not_written_again(classroom: Classroom) -> None:
    classroom.hand_in("ada")
    classroom.grade()
    path = classroom.course.autograded / "ada" / "small" / "small.ipynb"
    os.utime(path, (1, 1))
    classroom.grade()
    assert path.stat().st_mtime == 1
    classroom.grade(ada={"double": False})
    assert path.stat().st_mtime > 1
    assert [p.name for p in path.parent.iterdir() if p.name.startswith(".")] == []


junk = st.none() | st.integers() | st.text(max_size=12) | st.lists(st.text(max_size=5), max_size=3)


@pytest.mark.slow
@settings(max_examples=120, deadline=None)
@given(
    changes=st.lists(
        st.tuples(
            st.integers(0, 9),
            st.sampled_from(["cell_type", "source", "metadata", "id", "outputs", "attachments"]),
            st.sampled_from(["markdown", "code", "raw", "<b onclick=x>", "q-double", "written"]) | junk,
        ),
        max_size=6,
    ),
    order=st.permutations(range(10)),
    kept=st.integers(0, 14),
)
def test_any_notebook_becomes_one_that_nbgrader_accepts(
    small_writer: AutogradedWriter, changes: list[tuple[int, str, Any]], order: list[int], kept: int
) -> None:
    notebook = answered()
    for index, key, value in changes:
        notebook["cells"][index][key] = value
    notebook["cells"] = [notebook["cells"][index % 10] for index in [*order, *order][:kept]]
    parsed = parse_submission(as_bytes(notebook), "ada", spec())
    check(small_writer.notebook(make_result("ada"), parsed))


@pytest.fixture(scope="module")
def small_writer(tmp_path_factory: pytest.TempPathFactory) -> AutogradedWriter:
    from autograder.course import find_course
    from tests.platform.gradebook.conftest import ASSIGNMENT, COURSE

    root = tmp_path_factory.mktemp("course")
    (root / "assignments" / "small").mkdir(parents=True)
    (root / "assignments" / "course.toml").write_text(COURSE)
    (root / "assignments" / "small" / "assignment.toml").write_text(ASSIGNMENT)
    (root / "release" / "small").mkdir(parents=True)
    (root / "release" / "small" / "small.ipynb").write_bytes(as_bytes(release()))
    course = find_course(root)
    return AutogradedWriter(course, course.assignment("small"), spec())
