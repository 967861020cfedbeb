"""The course's own assignments: they build, and their releases do in a real kernel what a student expects."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.authoring.build import Build, build
from autograder.authoring.fill import fill_notebook
from autograder.authoring.reference import Reference
from autograder.authoring.source_notebook import to_bytes
from autograder.authoring.spec import ReleaseSpec, Role
from autograder.course import find_course

COURSE = find_course(Path(__file__).parent)
every_assignment = pytest.mark.parametrize("name", COURSE.assignment_names)


@cache
def built(name: str) -> Build:
    return build(COURSE, COURSE.assignment(name))


def filled(name: str) -> bytes:
    """The release with the reference's answers."""
    assignment = COURSE.assignment(name)
    reference = Reference.load(assignment.reference_path, assignment.question_names)
    answers = {question: reference.source_of(question) for question in assignment.question_names}
    written = {part.name: "An answer in words." for part in assignment.written}
    return fill_notebook(built(name).notebook, answers | written)


def without_experiments(notebook: bytes) -> bytes:
    spec, content = ReleaseSpec.parse(notebook), json.loads(notebook)
    experiments = {cell.id for cell in spec if cell.role is Role.EXPERIMENT}
    return to_bytes({**content, "cells": [c for c in content["cells"] if c["id"] not in experiments]})


def errors(notebook: bytes, folder: Path) -> dict[str, str]:
    """Cell id -> name of the exception, of every cell that raises when the notebook runs in a kernel."""
    from nbclient import NotebookClient

    content = nbformat.reads(notebook.decode(), as_version=4)
    NotebookClient(content, allow_errors=True, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    outputs = [(cell.id, output) for cell in content.cells for output in cell.get("outputs", [])]
    return {id_: output.ename for id_, output in outputs if output.output_type == "error"}


def validate(notebook: bytes, folder: Path, **settings: bool) -> dict[str, list[dict[str, Any]]]:
    """What nbgrader's Validate button says of the notebook."""
    from nbgrader.validator import Validator

    path = folder / "notebook.ipynb"
    path.write_bytes(notebook)
    return Validator(**settings).validate(str(path))


@every_assignment
def test_the_release_is_complete(name: str) -> None:
    assignment = COURSE.assignment(name)
    spec = ReleaseSpec.parse(built(name).notebook)
    assert tuple(spec.questions) == assignment.question_names
    assert sum(cell.points for cell in spec) == pytest.approx(100)
    for question in assignment.questions:
        assert spec.tests[question.name].points == question.points
        assert "raise NotImplementedError()" in spec.questions[question.name].source


@every_assignment
def test_every_question_has_a_public_test(name: str) -> None:
    without = [
        q for q, cell in ReleaseSpec.parse(built(name).notebook).tests.items() if "no public tests" in cell.source
    ]
    assert without == []


@every_assignment
def test_two_builds_give_the_same_bytes(name: str) -> None:
    assert build(COURSE, COURSE.assignment(name)) == built(name)


@every_assignment
def test_the_reference_of_each_question_runs_on_its_own(name: str) -> None:
    assignment = COURSE.assignment(name)
    reference = Reference.load(assignment.reference_path, assignment.question_names)
    for question in assignment.question_names:
        scope: dict[str, Any] = {"__name__": "student"}
        exec(reference.carry_source(question), scope)
        assert question in scope
        assert not (set(assignment.question_names) - {question}) & scope.keys()


@pytest.mark.slow
@every_assignment
def test_as_handed_out_only_tests_and_experiments_fail_for_want_of_answers(name: str, tmp_path: Path) -> None:
    spec = ReleaseSpec.parse(built(name).notebook)
    raised = errors(built(name).notebook, tmp_path)
    assert {spec.by_id[id_].role for id_ in raised} <= {Role.TEST, Role.EXPERIMENT}
    assert set(raised.values()) <= {"NotImplementedError", "NameError"}
    assert {id_: raised.get(id_) for id_ in (c.id for c in spec.tests.values())} == {
        cell.id: "NotImplementedError" for cell in spec.tests.values()
    }


@pytest.mark.slow
@every_assignment
def test_nbgraders_validate_names_everything_unanswered(name: str, tmp_path: Path) -> None:
    assignment = COURSE.assignment(name)
    failed = validate(without_experiments(built(name).notebook), tmp_path)["failed"]
    tests, written = failed[: len(assignment.questions)], failed[len(assignment.questions) :]
    for question, failure in zip(assignment.question_names, tests, strict=True):
        assert f"Run this cell to try {question}:" in failure["source"]
        assert "NotImplementedError" in failure["raw_error"]
    assert [failure["raw_error"] for failure in written] == ["You did not provide a response."] * len(
        assignment.written
    )


@pytest.mark.slow
@every_assignment
def test_with_the_references_answers_nothing_fails(name: str, tmp_path: Path) -> None:
    assert validate(without_experiments(filled(name)), tmp_path, validate_all=True) == {}
