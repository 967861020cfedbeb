"""A record of a result is used as it was written, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.course import Course, find_course
from autograder.grading.records import Past, Record, load_run, read_record, record_path, unusable_records, write_record
from autograder.results import Outcome, QuestionResult, Status, SubmissionResult, TestResult
from tests.platform.course.conftest import Files

TESTS = (
    TestResult("test_a", "It is right.", Outcome.PASSED, 2.0, "", 0.1235, ""),
    TestResult("test_b", "It is quick – or not.", Outcome.FAILED, 1.0, "Think again.", 0.5, "Expected 3."),
)
QUESTION = QuestionResult("scale", 30.0, 20.0, ("shift",), TESTS)
RESULT = SubmissionResult("ada", Status.PARTIAL, 20.0, 30.0, 1.5, ("A cell is missing.",), (QUESTION,))
RECORD = Record(
    RESULT,
    "a" * 64,
    "2026-11-27T12:00:00",
    "b" * 64,
    "bubblewrap",
    "c" * 64,
    graded_at="2026-11-27T13:00:00+00:00",
    provenance={"suite": "d" * 64, "device": "cpu"},
    history=(Past("2026-11-26T13:00:00+00:00", 10.0, "a" * 64, "e" * 64),),
    note="A note.",
    kept_against="f" * 64,
)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """With one record on disk."""
    found = find_course(Files(tmp_path).root)
    write_record(found, found.assignment("sums"), RECORD)
    return found


def read(course: Course) -> Record | None:
    return read_record(course, course.assignment("sums"), "ada")


def test_a_whole_record_is_read_as_it_was_written(course: Course) -> None:
    assert read(course) == RECORD
    assert load_run(course, course.assignment("sums")).submissions == (RESULT,)


def test_a_record_is_one_json_object(course: Course) -> None:
    """For people and their tools."""
    content = json.loads(record_path(course, course.assignment("sums"), "ada").read_bytes())
    assert content["result"]["questions"][0]["tests"][1]["title"] == "It is quick – or not."


DAMAGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "a higher score": lambda r: r["result"].update(score=25.0),
    "a test that passed": lambda r: r["result"]["questions"][0]["tests"][1].update(outcome="passed"),
    "a lost question": lambda r: r["result"]["questions"].clear(),
    "a key that is unknown": lambda r: r["result"].update(grade=1),
    "a key that is missing": lambda r: r["result"]["questions"][0]["tests"][1].pop("detail"),
    "another student": lambda r: r["result"].update(student="bob"),
    "an integer that is no float": lambda r: r["result"].update(seconds=10**400),
    "another suite": lambda r: r.update(fingerprint="0" * 64),
    "no history": lambda r: r["history"].clear(),
    "another seal": lambda r: r.update(sha256="0" * 64),
    "no seal": lambda r: r.pop("sha256"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_record_that_was_changed_is_not_used(course: Course, damage: Callable[[dict[str, Any]], object]) -> None:
    path = record_path(course, course.assignment("sums"), "ada")
    content = json.loads(path.read_bytes())
    damage(content)
    path.write_text(json.dumps(content, ensure_ascii=False) + "\n")
    assert read(course) is None
    assert unusable_records(course, course.assignment("sums")) == ("ada",)
    assert load_run(course, course.assignment("sums")).submissions == ()


def test_every_single_byte_counts(course: Course) -> None:
    """Changed or missing."""
    path = record_path(course, course.assignment("sums"), "ada")
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert read(course) is None, place
        path.write_bytes(whole[:place])
        assert read(course) is None, place


def test_a_sealed_record_of_another_student_is_not_used(course: Course) -> None:
    """Copied to another name, for instance."""
    assignment = course.assignment("sums")
    record_path(course, assignment, "bob").write_bytes(record_path(course, assignment, "ada").read_bytes())
    assert read_record(course, assignment, "bob") is None
