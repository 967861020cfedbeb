"""What grading produces: frozen dataclasses, and the JSON that goes to and from disk.

`to_contract` gives the documented grade JSON (schema 1); `to_record` gives the same with the
fields that only teaching staff may see (`detail`), and `from_record` reads that back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas

SCHEMA = 1
NOT_IMPLEMENTED = "Not implemented yet"  # how the hint begins where a question was left as it was handed out
NOT_DEFINED = "The notebook does not define"  # how it begins where the name is not there at all


class Outcome(StrEnum):
    """How one test ended. All but `passed` earn nothing."""

    PASSED = "passed"
    FAILED = "failed"  # the answer was wrong, or the student's code raised
    ERROR = "error"  # the test itself broke, in its set-up or by a name that is not there: an instructor must look
    TIMEOUT = "timeout"
    CRASHED = "crashed"  # the student process died
    SKIPPED = "skipped"


_OUTCOMES = {str(outcome): outcome for outcome in Outcome}  # a class of 2 000 has 140 000 of them: Outcome(...) is slow


class Status(StrEnum):
    """How one submission ended."""

    GRADED = "graded"
    PARTIAL = "partial"  # graded, but a cell failed or is missing: a person should look
    UNREADABLE = "unreadable"  # nothing could be graded


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test of one submission. `hint` may be shown to the student, `detail` may not."""

    __test__ = False  # not a pytest class

    name: str
    title: str
    outcome: Outcome
    weight: float
    hint: str = ""
    seconds: float = 0.0
    detail: str = ""  # for teaching staff: the assertion or the error, bounded


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """One question. `carried_forward` names the questions whose reference version was put in."""

    name: str
    points: float
    score: float
    carried_forward: tuple[str, ...] = ()
    tests: tuple[TestResult, ...] = ()


@dataclass(frozen=True, slots=True)
class SubmissionResult:
    """One student's submission of one assignment. `max_score` counts the questions graded by tests."""

    student: str
    status: Status
    score: float
    max_score: float
    seconds: float = 0.0
    problems: tuple[str, ...] = ()
    questions: tuple[QuestionResult, ...] = ()

    def __post_init__(self) -> None:
        if not (math.isfinite(self.score) and 0 <= self.score <= self.max_score + 1e-9):
            raise ValueError(f"score {self.score} of {self.student} lies outside 0..{self.max_score}")


@dataclass(frozen=True, slots=True)
class GradeRun:
    """Everything one `autograder grade` has to say about one assignment."""

    assignment: str
    isolation: str
    submissions: tuple[SubmissionResult, ...] = field(default_factory=tuple)

    def to_frame(self) -> pandas.DataFrame:
        """One row a test: student, status, question, points, test, outcome, weight, hint, seconds.

        A question of which no test was run, as in an unreadable submission, has one row without a test.
        """
        import pandas

        rows = [
            {
                "assignment": self.assignment,
                "student": s.student,
                "status": str(s.status),
                "question": q.name,
                "points": q.points,
                "question_score": q.score,
                "carried_forward": ", ".join(q.carried_forward),
                **_test_dict(t, staff=True),
            }
            for s in self.submissions
            for q in s.questions
            for t in q.tests or (_NO_TEST,)
        ]
        return pandas.DataFrame(rows).rename(columns={"name": "test"})


_NO_TEST = TestResult(name="", title="", outcome=Outcome.SKIPPED, weight=0.0)


def score_question(points: float, tests: tuple[TestResult, ...]) -> float:
    """Points times the weight of the passed tests over the weight of all; 0 where nothing was run."""
    total = sum(t.weight for t in tests)
    passed = sum(t.weight for t in tests if t.outcome is Outcome.PASSED)
    return round(points * passed / total, 4) if total > 0 else 0.0


def to_contract(run: GradeRun) -> dict[str, Any]:
    """The documented grade JSON, schema 1."""
    return {
        "schema": SCHEMA,
        "assignment": run.assignment,
        "isolation": run.isolation,
        "submissions": [_submission_dict(s, staff=False) for s in run.submissions],
    }


def to_record(result: SubmissionResult) -> dict[str, Any]:
    """One submission with everything, to be kept on disk for reports and re-runs."""
    return _submission_dict(result, staff=True)


def from_record(data: Mapping[str, Any]) -> SubmissionResult:
    """The inverse of `to_record`, of data that are known to be whole (see `grading/records.py`).

    Raises:
        KeyError, TypeError, ValueError, OverflowError: they are not what `to_record` gave.
    """
    return SubmissionResult(
        student=str(data["student"]),
        status=Status(data["status"]),
        score=float(data["score"]),
        max_score=float(data["max_score"]),
        seconds=float(data["seconds"]),
        problems=tuple(map(str, data["problems"])),
        questions=tuple(
            QuestionResult(
                name=str(q["name"]),
                points=float(q["points"]),
                score=float(q["score"]),
                carried_forward=tuple(map(str, q["carried_forward"])),
                tests=tuple(
                    TestResult(
                        t["name"],
                        t["title"],
                        _OUTCOMES[t["outcome"]],
                        t["weight"],
                        t["hint"],
                        t["seconds"],
                        t["detail"],
                    )
                    for t in q["tests"]
                ),
            )
            for q in data["questions"]
        ),
    )


def _submission_dict(result: SubmissionResult, *, staff: bool) -> dict[str, Any]:
    return {
        "student": result.student,
        "status": str(result.status),
        "score": result.score,
        "max_score": result.max_score,
        "seconds": round(result.seconds, 4),
        "problems": list(result.problems),
        "questions": [
            {
                "name": q.name,
                "points": q.points,
                "score": q.score,
                "carried_forward": list(q.carried_forward),
                "tests": [_test_dict(t, staff=staff) for t in q.tests],
            }
            for q in result.questions
        ],
    }


def _test_dict(test: TestResult, *, staff: bool) -> dict[str, Any]:
    shown = {
        "name": test.name,
        "title": test.title,
        "outcome": str(test.outcome),
        "weight": test.weight,
        "hint": test.hint,
        "seconds": round(test.seconds, 4),
    }
    return {**shown, "detail": test.detail} if staff else shown
