"""Whatever the files of an assignment disagree on is reported, all of it at once, with file and line."""

from __future__ import annotations

import pytest

from autograder.errors import ConfigurationError, Problem
from tests.platform.authoring.conftest import TinyCourse


def problems(tiny: TinyCourse) -> tuple[Problem, ...]:
    with pytest.raises(ConfigurationError) as caught:
        tiny.build()
    return caught.value.problems


def the_problem(tiny: TinyCourse) -> tuple[str, int, str]:
    (problem,) = problems(tiny)
    return problem.path.relative_to(tiny.root).as_posix(), problem.line, problem.message


def drop_cell(tiny: TinyCourse, option: str) -> None:
    """Remove a code cell of the master, known by its option line."""
    text = tiny.path(tiny.master).read_text()
    (cell,) = (part for part in text.split("```{code-cell} ipython3\n") if part.startswith(option))
    body = cell.split("```\n")[0]
    tiny.write(tiny.master, text.replace("```{code-cell} ipython3\n" + body + "```\n", ""))


def test_a_question_of_the_master_that_the_toml_does_not_list(tiny: TinyCourse) -> None:
    tiny.replace(tiny.toml, 'name = "double"\n', 'name = "Counter2"\n')
    found = [(p.path.name, p.line, p.message) for p in problems(tiny)]
    in_master, in_toml = found[0], found[1]
    assert in_master[:2] == ("sums.md", tiny.line(tiny.master, ":question: double") - 1)
    assert "does not list" in in_master[2]
    assert in_toml[:2] == ("assignment.toml", tiny.line(tiny.toml, 'name = "Counter2"'))
    assert "has no question cell for 'Counter2'" in in_toml[2]


def test_a_question_that_the_reference_does_not_define(tiny: TinyCourse) -> None:
    tiny.replace(tiny.reference, "class Counter:", "class Counting:")
    path, line, message = the_problem(tiny)
    assert (path, line) == (tiny.master, tiny.line(tiny.master, ":question: Counter") - 1)
    assert "defines no 'Counter'" in message


def test_a_question_without_a_test(tiny: TinyCourse) -> None:
    tiny.replace(tiny.suite, '@pytest.mark.question("Counter")', '@pytest.mark.question("double")')
    path, line, message = the_problem(tiny)
    assert (path, line) == (tiny.toml, tiny.line(tiny.toml, 'name = "Counter"'))
    assert "question('Counter')" in message


def test_tests_of_no_question_and_of_an_unknown_one(tiny: TinyCourse) -> None:
    extra = '\n\ndef test_a(student):\n    "A."\n\n\n@pytest.mark.question("treble")\ndef test_b(student):\n    "B."\n'
    tiny.write(tiny.suite, tiny.path(tiny.suite).read_text() + extra)
    nobody, unknown = problems(tiny)
    assert "test_a belongs to no question" in nobody.message
    assert nobody.line == tiny.line(tiny.suite, "def test_a")
    assert "test_b is for 'treble'" in unknown.message


def test_two_tests_of_one_name_in_a_question(tiny: TinyCourse) -> None:
    text = tiny.path(tiny.suite).read_text()
    tiny.write("tests/hidden/sums/test_more.py", text[: text.index('@pytest.mark.question("Counter")')])
    assert [p.message for p in problems(tiny)] == [
        f"'double' has another {name} (test_more.py:{tiny.line(tiny.suite, f'def {name}')}); rename one"
        for name in ("test_double_of_two", "test_double_negative_number")
    ]


def test_a_missing_rubric_and_a_missing_prompt(tiny: TinyCourse) -> None:
    tiny.replace(tiny.master, '+++ {"rubric": "written_why"}\n', "+++\n")
    path, line, message = the_problem(tiny)
    assert (path, line) == (tiny.toml, tiny.line(tiny.toml, 'name = "written_why"'))
    assert "no rubric cell for 'written_why'" in message


def test_a_written_cell_that_the_toml_does_not_list(tiny: TinyCourse) -> None:
    tiny.replace(tiny.master, '{"written": "written_why"}', '{"written": "written_how"}')
    messages = [p.message for p in problems(tiny)]
    assert len(messages) == 2
    assert "add [[written]]" in messages[0]


def test_a_question_twice_in_the_master(tiny: TinyCourse) -> None:
    cell = "\n```{code-cell} ipython3\n:question: double\n\nfrom reference.sums import double\n```\n"
    tiny.write(tiny.master, tiny.path(tiny.master).read_text() + cell)
    _, _, message = the_problem(tiny)
    assert message == "another question cell for 'double'; keep one"


def test_a_question_cell_that_holds_something_else(tiny: TinyCourse) -> None:
    tiny.replace(tiny.master, "from reference.sums import double\n", "from reference.sums import double\nx = 1\n")
    path, line, message = the_problem(tiny)
    assert (path, line) == (tiny.master, tiny.line(tiny.master, ":question: double") - 1)
    assert "something else" in message


def test_comments_in_a_question_cell_are_fine(tiny: TinyCourse) -> None:
    tiny.replace(
        tiny.master, "from reference.sums import double\n", "# the answer\nfrom reference.sums import double  # x\n"
    )
    assert tiny.build().questions == ("double", "Counter")


def test_a_helper_that_is_not_given(tiny: TinyCourse) -> None:
    drop_cell(tiny, ":given: clip")
    path, line, message = the_problem(tiny)
    assert (path, line) == (tiny.reference, tiny.line(tiny.reference, "def double"))
    assert "double uses clip" in message
    assert "`given: clip`" in message


def test_a_constant_that_a_given_helper_needs(tiny: TinyCourse) -> None:
    drop_cell(tiny, ":given: LIMIT")
    assert [p.message.split(",")[0] for p in problems(tiny)] == ["double uses LIMIT", "clip uses LIMIT"]


def test_a_question_cannot_be_given(tiny: TinyCourse) -> None:
    tiny.replace(tiny.master, ":question: double\n", ":given: double\n")
    assert any("'double' is a question, so it cannot be given" in p.message for p in problems(tiny))


def test_an_import_that_no_setup_cell_makes(tiny: TinyCourse) -> None:
    tiny.replace(tiny.master, "\nimport math\n", "\nimport os\n")
    path, line, message = the_problem(tiny)
    assert (path, line) == (tiny.reference, tiny.line(tiny.reference, "def double"))
    assert "double uses math, which no setup cell imports" in message


def test_magics_in_a_setup_cell_do_not_hide_its_imports(tiny: TinyCourse) -> None:
    tiny.replace(tiny.master, "\nimport math\n", "\n%matplotlib inline\n!ls\nimport math\n")
    assert tiny.build().questions == ("double", "Counter")


def test_a_body_with_unpaired_markers(tiny: TinyCourse) -> None:
    tiny.replace(tiny.reference, "    secret_sum = x + x", "    ### BEGIN SOLUTION\n    secret_sum = x + x")
    path, line, message = the_problem(tiny)
    assert (path, line) == (tiny.reference, tiny.line(tiny.reference, "def double"))
    assert "no `### END SOLUTION`" in message


def test_a_name_that_nbgrader_cells_would_share(tiny: TinyCourse) -> None:
    for file in (tiny.toml, tiny.master):
        tiny.write(file, tiny.path(file).read_text().replace("written_why", "test_double"))
    _, _, message = the_problem(tiny)
    assert "names that begin with test_" in message


def test_a_public_test_that_is_not_plain_python(tiny: TinyCourse) -> None:
    tiny.replace(tiny.suite, "    assert math.isclose(student.double(2), 4)", "    require(True, '')")
    path, line, message = the_problem(tiny)
    assert (path, line) == (tiny.suite, tiny.line(tiny.suite, "    require(True"))
    assert "uses `require`" in message


def test_files_that_cannot_be_read_are_reported_together(tiny: TinyCourse) -> None:
    tiny.path(tiny.master).unlink()
    tiny.write(tiny.reference, "def f(:\n")
    tiny.write(tiny.suite, "def f(:\n")
    assert [p.path.name for p in problems(tiny)] == ["sums.md", "sums.py", "test_sums.py"]


def test_problems_of_all_files_come_at_once(tiny: TinyCourse) -> None:
    drop_cell(tiny, ":given: clip")
    tiny.replace(tiny.suite, '@pytest.mark.question("Counter")', '@pytest.mark.question("nothing")')
    tiny.replace(tiny.master, '+++ {"rubric": "written_why"}\n', "+++\n")
    assert {p.path.name for p in problems(tiny)} == {"assignment.toml", "sums.py", "test_sums.py"}
