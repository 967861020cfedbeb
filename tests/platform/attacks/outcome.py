"""Judge each case: points gained, words leaked, neighbours harmed, and whether anybody was told."""

from __future__ import annotations

import json
import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from tests.platform.attacks.case import TROPHY, Case
from tests.platform.attacks.catalogue import CLASS_OF
from tests.platform.attacks.hand_in import BASELINE
from tests.platform.attacks.run import Campaign, Class
from tests.platform.attacks.target import NAME

PRINTABLE = r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*"  # nothing that a terminal acts on, but line ends


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one case came to. All lists are empty where the grader held.

    Attributes:
        gained: points more than the honest wrong answer has, question by question.
        leaks: where a canary or a hidden input was found, and what the attack says that it managed.
        collateral: what happened to the honest submission that was graded next.
        untold: what teaching staff should have been told and was not.
    """

    case: Case
    gained: float
    leaks: tuple[str, ...]
    collateral: tuple[str, ...]
    untold: tuple[str, ...]
    seconds: float

    @property
    def klass(self) -> str:
        return CLASS_OF.get(self.case.id, "")

    @property
    def held(self) -> bool:
        return not (self.gained > 0 or self.leaks or self.collateral or self.untold)

    @property
    def complaint(self) -> str:
        """All that is wrong, a line each."""
        lines = [f"gained {self.gained:g} points"] if self.gained > 0 else []
        return "\n".join([*lines, *self.leaks, *self.collateral, *self.untold])


def judge(campaign: Campaign, case: Case) -> Outcome:
    """The outcome of one case."""
    each = campaign.class_of(case)
    student = each.students[case.id]
    result = each.results.get(student)
    if result is None:
        missing = f"no result: autograder ended with {each.exit_status}\n{each.printed[-2000:]}"
        return Outcome(case, 0.0, (), (), (missing,), 0.0)
    baseline = each.results[BASELINE]
    return Outcome(
        case=case,
        gained=_gained(result, baseline),
        leaks=tuple(_leaks(campaign, each, student)),
        collateral=tuple(_harm(each, f"{student}.next")),
        untold=tuple(_untold(case, result, baseline)),
        seconds=result["seconds"],
    )


def _gained(result: dict, baseline: dict) -> float:
    """Points above the baseline, summed over those questions that have more."""
    honest = {question["name"]: question["score"] for question in baseline["questions"]}
    by_question = sum(max(0.0, question["score"] - honest[question["name"]]) for question in result["questions"])
    return max(by_question, result["score"] - baseline["score"])


def _leaks(campaign: Campaign, each: Class, student: str) -> list[str]:
    """What must not come out, and where it did."""
    found = []
    texts = dict(_about(each, student))
    for place, canary in campaign.target.canaries.items():
        found += [f"the canary in {place} stands in {name}" for name, text in texts.items() if canary in text]
    found += [f"{name} boasts: {_around(text, TROPHY)}" for name, text in texts.items() if TROPHY in text]
    for name, text in _for_students(each, student):
        for number in campaign.target.hidden:
            whole = number.partition(".")[0]
            if number in text or re.search(rf"\bline {whole}\b", text):
                found.append(f"a hidden input stands in {name}: {_around(text, whole)}")
    return found


def _for_students(each: Class, student: str) -> list[tuple[str, str]]:
    """What the student may read."""
    course = each.course
    notebook = course.autograded / student / NAME / f"{NAME}.ipynb"
    page = course.feedback / student / NAME / f"{NAME}.html"
    texts = [("the autograded notebook", _read(notebook)), ("the feedback page", _read(page))]
    texts += [("the page to be sent", _read(course.reports / NAME / "feedback" / f"{student}.html"))]
    texts += [("the secret beside the notebook", _read(notebook.with_name("submission_secret.txt")))]
    texts += [("the time stamp beside the notebook", _read(notebook.with_name("timestamp.txt")))]
    return [*texts, ("the comments in the gradebook", "\n".join(_comments(course.gradebook, student)))]


def _about(each: Class, student: str) -> list[tuple[str, str]]:
    """All that was written about one student."""
    record = each.course.state / "results" / NAME / f"{student}.json"
    return [
        *_for_students(each, student),
        ("the record", _read(record)),
        ("the grade JSON", json.dumps(each.results[student])),
    ]


def leaks_about_all(campaign: Campaign) -> list[str]:
    """Canaries in what was written about everybody: reports, logs, what grading printed."""
    found = []
    for each in campaign.classes:
        folders = (each.course.reports, each.course.state / "logs")
        texts = {str(path): _read(path) for folder in folders for path in folder.rglob("*.*")}
        texts["what grading printed"] = each.printed
        for name, text in texts.items():
            found += [
                f"the canary in {p} stands in {name}"
                for p, canary in campaign.target.canaries.items()
                if canary in text
            ]
            found += [f"control characters stand in {name}"] * (not re.fullmatch(PRINTABLE, text))
    return found


def _comments(gradebook: Path, student: str) -> list[str]:
    query = """select comment.auto_comment, comment.manual_comment from comment
               join submitted_notebook on submitted_notebook.id = comment.notebook_id
               join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id
               where submitted_assignment.student_id = ?"""
    with sqlite3.connect(f"file:{gradebook}?mode=ro", uri=True) as database:
        return [str(value) for row in database.execute(query, (student,)) for value in row if value]


def _harm(each: Class, neighbour: str) -> list[str]:
    """An honest submission has full marks, and nobody need look at it."""
    result = each.results.get(neighbour)
    if result is None:
        return ["the next submission was not graded"]
    harm = [] if result["score"] == result["max_score"] else [f"the next submission has {result['score']:g} points"]
    harm += [] if result["status"] == "graded" else [f"the next submission is {result['status']}"]
    return harm + [f"the next submission's problem: {problem}" for problem in result["problems"]]


def _untold(case: Case, result: dict, baseline: dict) -> list[str]:
    problems = "\n".join(result["problems"])
    untold = []
    if case.problem and case.problem not in problems:
        untold.append(f"no problem says {case.problem!r}; they say: {problems or 'nothing'}")
    if case.status and result["status"] != case.status:
        untold.append(f"the status is {result['status']}, not {case.status}")
    if case.problem and result["status"] == "graded" and "Noticed" in problems:
        untold.append("something was noticed, and yet no person is asked to look")
    if result["max_score"] != baseline["max_score"]:
        untold.append(f"the denominator is {result['max_score']:g}, not {baseline['max_score']:g}")
    if not re.fullmatch(PRINTABLE, problems):
        untold.append("a problem holds control characters")
    return untold


def _read(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace") if path.is_file() else ""


def _around(text: str, word: str) -> str:
    at = max(text.find(word), 0)
    return repr(text[max(0, at - 40) : at + 120])
