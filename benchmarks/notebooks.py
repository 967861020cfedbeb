"""The class that every engine grades: distinct notebooks whose answers are known to be right or wrong.

Each student has one question answered in another correct style (`alternatives.py` of the hidden
suite); every fourth has one known mistake, so that agreement of the scores means something. Cells
tagged `experiment` (training, plots) are taken out: stock nbgrader would run them and the platform
would not, which would flatter the platform.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from autograder.audit.load import load_variants
from autograder.authoring.fill import fill_notebook
from autograder.authoring.reference import Reference
from autograder.authoring.spec import ReleaseSpec, Role
from autograder.course import Assignment
from autograder.suite.variants import Variant

MISTAKE_EVERY = 4
TIMESTAMP = "2027-02-01 12:00:00.000000 UTC\n"


@dataclass(frozen=True)
class Submission:
    """One student's notebook, and what is special about it."""

    student: str
    notebook: bytes
    about: str


def make_class(assignment: Assignment, count: int) -> list[Submission]:
    """`count` submissions; the first n of a larger class are those of a class of n."""
    variants = load_variants(assignment)
    right = sorted(variants.alternatives, key=lambda v: v.name)  # by name, so that neighbours differ in the question
    wrong = sorted((v for v in variants.mistakes if _is_leaf(assignment, v.question)), key=lambda v: v.name)
    maker = _Maker(assignment)
    chosen = zip(islice(cycle(right or [None]), count), islice(cycle(wrong or [None]), count), strict=True)
    return [
        maker.make(number, mistake if number % MISTAKE_EVERY == 0 else alternative)
        for number, (alternative, mistake) in enumerate(chosen, start=1)
    ]


def write_class(submissions: list[Submission], data: Path, assignment: str) -> None:
    """submitted/<student>/<assignment>/<assignment>.ipynb below `data`, as the exchange would leave them."""
    for submission in submissions:
        folder = data / "submitted" / submission.student / assignment
        folder.mkdir(parents=True)
        (folder / f"{assignment}.ipynb").write_bytes(submission.notebook)
        (folder / "timestamp.txt").write_text(TIMESTAMP, encoding="utf-8")


def _is_leaf(assignment: Assignment, question: str) -> bool:
    """Whether no other question builds on it: stock nbgrader knows nothing like carrying a dependency forward."""
    return all(question not in assignment.all_dependencies(other) for other in assignment.question_names)


class _Maker:
    def __init__(self, assignment: Assignment) -> None:
        self._release = without_experiments(assignment)
        self._reference = Reference.load(assignment.reference_path, assignment.question_names)
        self._questions = assignment.question_names
        self._written = tuple(ReleaseSpec.parse(self._release).written)

    def make(self, number: int, variant: Variant | None) -> Submission:
        answers = {name: self._reference.source_of(name) for name in self._questions}
        answers |= dict.fromkeys(self._written, f"What student {number} writes about it.")
        helpers, about = {}, "reference"
        if variant is not None:
            answers[variant.question] = variant.apply(answers[variant.question])
            helpers = {variant.question: variant.helpers} if variant.helpers else {}
            about = f"{type(variant).__name__.lower()} {variant.question}/{variant.name}"
        return Submission(f"student{number:03}", fill_notebook(self._release, answers, helpers), about)


def without_experiments(assignment: Assignment) -> bytes:
    """The release without its `experiment` cells."""
    release = assignment.release_path.read_bytes()
    dropped = {cell.id for cell in ReleaseSpec.parse(release) if cell.role is Role.EXPERIMENT}
    notebook = json.loads(release)
    cells = [cell for cell in notebook["cells"] if cell["id"] not in dropped]
    return json.dumps({**notebook, "cells": cells}).encode()
