"""A record of a result is used as it was written, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from autograder.results import (
    Outcome,
    QuestionResult,
    Status,
    SubmissionResult,
    TestResult,
    from_record,
    to_record,
)

TESTS = (
    TestResult("test_a", "It is right.", Outcome.PASSED, 2.0, "", 0.12345678, ""),
    TestResult("test_b", "It is quick.", Outcome.FAILED, 1.0, "Think again.", 0.5, "Expected 3."),
)
QUESTION = QuestionResult("scale", 30.0, 20.0, ("shift",), TESTS)
RESULT = SubmissionResult("ada", Status.PARTIAL, 20.0, 30.0, 1.5, ("A cell is missing.",), (QUESTION,))


def record() -> dict[str, Any]:
    """What lies on disk."""
    content: dict[str, Any] = json.loads(json.dumps(to_record(RESULT)))
    return content


def test_a_whole_record_is_read() -> None:
    """To the same content as was written."""
    assert to_record(from_record(record())) == record()


DAMAGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "an integer that is no float": lambda r: r.update(seconds=10**400),
    "seconds without an end": lambda r: r.update(seconds=float("inf")),
    "no number": lambda r: r["questions"][0]["tests"][0].update(seconds=float("nan")),
    "a number in words": lambda r: r.update(seconds="1.5"),
    "problems in one text": lambda r: r.update(problems="A cell is missing."),
    "a problem that is none": lambda r: r.update(problems=[None]),
    "a dependency that is none": lambda r: r["questions"][0].update(carried_forward=[3]),
    "half a character": lambda r: r.update(problems=["\ud800"]),
    "a lost question": lambda r: r["questions"].clear(),
    "a doubled question": lambda r: r["questions"].append(r["questions"][0]),
    "more than all points": lambda r: r["questions"][0].update(score=31.0),
    "less than no points": lambda r: r["questions"][0].update(score=-1.0),
    "another sum": lambda r: r.update(score=25.0),
    "a key that is unknown": lambda r: r.update(grade=1),
    "a key that is missing": lambda r: r["questions"][0]["tests"][1].pop("detail"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_record_is_refused(damage: Callable[[dict[str, Any]], object]) -> None:
    """So that the submission is graded again, instead of a wrong score shown."""
    content = record()
    damage(content)
    with pytest.raises((KeyError, TypeError, ValueError)):
        from_record(content)
