"""What an audit finds out: frozen dataclasses."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

MIN_MISTAKES = 3
MIN_ALTERNATIVES = 4


class Kind(StrEnum):
    """Where an answer of known worth comes from."""

    REFERENCE = "reference"
    STUB = "stub"
    MISTAKE = "mistake"
    ALTERNATIVE = "alternative"


@dataclass(frozen=True, slots=True)
class Place:
    """A file to look at, and its 1-based line, or 0 where the whole file is meant."""

    path: Path
    line: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else str(self.path)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and so fails the audit.

    Attributes:
        question: the question that it is about; "" where it is about the whole notebook.
        variant: the name of the mistake or the alternative; "" for the reference and the stub.
        expected, happened: a sentence each, without a full stop.
        look_at: where the cause may lie, relative to the course.
    """

    kind: Kind
    question: str
    variant: str
    expected: str
    happened: str
    look_at: tuple[Place, ...] = ()

    @property
    def subject(self) -> str:
        """For instance "mistake kl_divergence/sign_flipped"."""
        return " ".join(filter(None, (str(self.kind), "/".join(filter(None, (self.question, self.variant))))))


@dataclass(frozen=True, slots=True)
class QuestionAudit:
    """One question in figures.

    Attributes:
        points: what it is worth.
        public_tests, hidden_tests: how many tests it has of either kind.
        reference_score, stub_score: points that the reference and the untouched stub earned.
        mistakes, caught: known mistakes, and those that lost points at their test with their hint.
        alternatives, accepted: known correct alternatives, and those that got full marks everywhere.
        findings: how many findings are about this question.
        not_measured: mistakes whose test cannot run on this machine (it needs a GPU).
        never_needed: tests that no mistake names. Information, no failure.
        never_failed: tests that every known mistake passes, so that nothing shows them to be of use.
            Information, no failure.
    """

    name: str
    points: float
    public_tests: int
    hidden_tests: int
    reference_score: float
    stub_score: float
    mistakes: int
    caught: int
    alternatives: int
    accepted: int
    findings: int
    not_measured: tuple[str, ...] = ()
    never_needed: tuple[str, ...] = ()
    never_failed: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return self.findings == 0

    @property
    def thin(self) -> bool:
        """Whether there are too few variants to say much. Information, no failure."""
        return self.mistakes < MIN_MISTAKES or self.alternatives < MIN_ALTERNATIVES


@dataclass(frozen=True, slots=True)
class AssignmentAudit:
    """One hidden suite, measured. `notebooks` were graded in `seconds` of wall-clock time."""

    name: str
    questions: tuple[QuestionAudit, ...]
    findings: tuple[Finding, ...]
    notebooks: int
    seconds: float

    @property
    def passed(self) -> bool:
        return not self.findings


@dataclass(frozen=True, slots=True)
class AuditReport:
    """Everything one audit has to say."""

    isolation: str
    assignments: tuple[AssignmentAudit, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        return all(assignment.passed for assignment in self.assignments)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the audit is: `done` of `total` notebooks of all assignments, and which one they are of."""

    assignment: str
    done: int
    total: int
