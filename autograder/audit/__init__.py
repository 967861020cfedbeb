"""Test the tests: what each hidden suite does with answers whose worth is known.

    report = audit(course, ["vae"], workers=2)
    report.passed

A suite passes where the reference gets full marks and the untouched stub none, every known mistake
loses points at the test named for it and shows its hint, and every known correct alternative gets
full marks. All of it is graded by the engine and in the sandbox that grade students.
"""

from autograder.audit.model import AssignmentAudit, AuditReport, Finding, Kind, Progress, QuestionAudit
from autograder.audit.run import audit

__all__ = ["AssignmentAudit", "AuditReport", "Finding", "Kind", "Progress", "QuestionAudit", "audit"]
