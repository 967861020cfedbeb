"""What each engine gave whom, and whether all engines agree."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.authoring.spec import TEST_PREFIX
from autograder.course import Assignment

Scores = Mapping[str, Mapping[str, float]]  # student -> question -> points
SCORES_FILE = "scores.json"  # of engines that have no gradebook
TOLERANCE = 1e-3  # the platform rounds to four digits


def gradebook_scores(path: Path, assignment: Assignment) -> Scores:
    """Read through nbgrader's own API, whoever wrote the gradebook."""
    from nbgrader.api import Gradebook

    wanted = {f"{TEST_PREFIX}{name}": name for name in assignment.question_names}
    scores: dict[str, dict[str, float]] = {}
    with Gradebook(f"sqlite:///{path}") as gradebook:
        for submission in gradebook.assignment_submissions(assignment.name):
            grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
            scores[submission.student.id] = {
                wanted[g.name]: float(g.auto_score) for g in grades if g.name in wanted and g.auto_score is not None
            }
    return scores


def read_scores_file(folder: Path) -> Scores:
    """What `benchmarks.floor` or `benchmarks.otter_loop` wrote."""
    scores: Scores = json.loads((folder / SCORES_FILE).read_text(encoding="utf-8"))
    return scores


@dataclass(frozen=True, slots=True)
class Difference:
    """One question of one student that two engines score differently; None where one has no score."""

    student: str
    question: str
    mine: float | None
    theirs: float | None


def differences(mine: Scores, theirs: Scores) -> list[Difference]:
    """All of them, by student and question."""
    found = []
    for student in sorted(mine.keys() | theirs.keys()):
        one, other = mine.get(student, {}), theirs.get(student, {})
        for question in sorted(one.keys() | other.keys()):
            a, b = one.get(question), other.get(question)
            if a is None or b is None or abs(a - b) > TOLERANCE:
                found.append(Difference(student, question, a, b))
    return found


def disagreements(name: str, scores: Scores, expected_of: str, expected: Scores, about: Mapping[str, str]) -> list[str]:
    """One line for each question of each student that two engines score differently.

    Args:
        about: student -> what is special about the notebook.
    """
    return [
        f"{one.student} ({about.get(one.student, '')}) {one.question}: {name} {one.mine}, {expected_of} {one.theirs}"
        for one in differences(scores, expected)
    ]
