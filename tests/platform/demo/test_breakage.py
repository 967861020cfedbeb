"""Each breakage breaks what it says and leaves the rest of the notebook alone."""

from __future__ import annotations

import ast
import json

import pytest

from autograder.authoring.fill import fill_notebook
from autograder.authoring.reference import Reference
from autograder.authoring.spec import ReleaseSpec
from autograder.course import Course
from autograder.demo.breakage import BREAKAGES, Cost, HandedInFile
from autograder.submissions.parse import Kind, ParsedSubmission, parse_submission

QUESTION = "interpolate"


@pytest.fixture
def answered(course: Course) -> HandedInFile:
    """The vae release with the reference's answers."""
    assignment = course.assignment("vae")
    reference = Reference.load(assignment.reference_path, assignment.question_names)
    answers = {name: reference.source_of(name) for name in assignment.question_names}
    return HandedInFile("vae.ipynb", fill_notebook(assignment.release_path.read_bytes(), answers))


def parsed(course: Course, file: HandedInFile) -> ParsedSubmission:
    return parse_submission(file.data, "ada", ReleaseSpec.load(course.assignment("vae").release_path))


def sources(parsed_file: ParsedSubmission) -> dict[str, str]:
    """Question -> source of its last cell."""
    return {cell.name: cell.source for cell in parsed_file.cells if cell.kind is Kind.QUESTION}


@pytest.mark.parametrize("name", sorted(BREAKAGES))
def test_only_the_question_is_touched(course: Course, answered: HandedInFile, name: str) -> None:
    breakage = BREAKAGES[name]
    broken = breakage.apply(answered, QUESTION)
    assert broken != answered
    if breakage.cost is Cost.EVERYTHING:
        assert not parsed(course, broken).readable
        return
    before, after = sources(parsed(course, answered)), sources(parsed(course, broken))
    assert {q: s for q, s in after.items() if q != QUESTION} == {q: s for q, s in before.items() if q != QUESTION}


@pytest.mark.parametrize("name", sorted(BREAKAGES))
def test_the_cells_left_are_python_but_for_the_syntax_error(course: Course, answered: HandedInFile, name: str) -> None:
    wrong = []
    for cell in parsed(course, BREAKAGES[name].apply(answered, QUESTION)).cells:
        try:
            ast.parse(cell.source)
        except SyntaxError:
            wrong.append(cell.name)
    assert wrong == ([QUESTION] if name == "syntax_error" else [])


def test_code_goes_behind_the_docstring(answered: HandedInFile) -> None:
    notebook = json.loads(BREAKAGES["crash"].apply(answered, QUESTION).data)
    source = next("".join(c["source"]) for c in notebook["cells"] if "string_at" in "".join(c["source"]))
    function = next(node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef))
    assert ast.get_docstring(function)
    assert ast.unparse(function.body[1]) == "import ctypes"


def test_the_missing_cell_is_missed(course: Course, answered: HandedInFile) -> None:
    broken = parsed(course, BREAKAGES["missing_cell"].apply(answered, QUESTION))
    assert QUESTION not in sources(broken)
    assert any("interpolate is missing" in problem for problem in broken.problems)


def test_of_a_duplicate_the_right_answer_comes_last(course: Course, answered: HandedInFile) -> None:
    broken = parsed(course, BREAKAGES["duplicate_cell"].apply(answered, QUESTION))
    assert [cell.name for cell in broken.cells].count(QUESTION) == 2
    assert sources(broken) == sources(parsed(course, answered))


def test_a_retyped_cell_is_reported(course: Course, answered: HandedInFile) -> None:
    broken = parsed(course, BREAKAGES["retyped_cell"].apply(answered, QUESTION))
    assert any("turned into a markdown cell" in problem for problem in broken.problems)
