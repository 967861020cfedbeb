"""The JSON of an audit.

    {"schema": 1, "passed": true, "isolation": "bubblewrap", "seconds": 61.2, "assignments": [
      {"name": "vae", "passed": true, "notebooks": 161, "seconds": 40.1,
       "questions": [{"name": "reparameterize", "passed": true, "points": 12.0,
         "public_tests": 2, "hidden_tests": 7, "reference_score": 12.0, "stub_score": 0.0,
         "mistakes": 15, "caught": 15, "alternatives": 6, "accepted": 6, "findings": 0,
         "thin": false, "not_measured": [], "never_needed": [], "never_failed": []}],
       "findings": [{"kind": "mistake", "question": "kl_divergence", "variant": "sign_flipped",
         "expected": "...", "happened": "...", "look_at": [{"path": "tests/hidden/vae/mistakes.py", "line": 12}]}]}]}

`kind` is reference, stub, mistake or alternative; `question` and `variant` are "" where they do not
apply; a `line` of 0 means the whole file. Fields are those of `autograder.audit.model`.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from autograder.audit.model import AssignmentAudit, AuditReport, Finding, QuestionAudit

SCHEMA = 1


def to_json(report: AuditReport) -> dict[str, Any]:
    """The report as plain data for `json.dumps`."""
    return {
        "schema": SCHEMA,
        "passed": report.passed,
        "isolation": report.isolation,
        "seconds": round(report.seconds, 3),
        "assignments": [_assignment(assignment) for assignment in report.assignments],
    }


def _assignment(assignment: AssignmentAudit) -> dict[str, Any]:
    return {
        "name": assignment.name,
        "passed": assignment.passed,
        "notebooks": assignment.notebooks,
        "seconds": round(assignment.seconds, 3),
        "questions": [_question(question) for question in assignment.questions],
        "findings": [_finding(finding) for finding in assignment.findings],
    }


def _question(question: QuestionAudit) -> dict[str, Any]:
    fields = dataclasses.asdict(question)
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}
    return {**plain, "passed": question.passed, "thin": question.thin}


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "kind": str(finding.kind),
        "question": finding.question,
        "variant": finding.variant,
        "expected": finding.expected,
        "happened": finding.happened,
        "look_at": [{"path": place.path.as_posix(), "line": place.line} for place in finding.look_at],
    }
