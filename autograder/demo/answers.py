"""Answers to an assignment's questions, taken from its own material: reference, known alternatives, known mistakes."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from autograder.audit.load import load_variants
from autograder.authoring.reference import Reference
from autograder.course import Assignment
from autograder.suite.variants import Variant

SomeVariant = TypeVar("SomeVariant", bound=Variant)

ALTERNATIVE_SHARE = 0.6  # of the right answers; the others are the reference's


@dataclass
class AnswerSheet:
    """What a student fills in: question or written part -> text, and question -> an extra cell before it."""

    answers: dict[str, str] = field(default_factory=dict)
    helpers: dict[str, str] = field(default_factory=dict)


class AnswerBank:
    """Right and wrong answers of one assignment.

    Raises:
        SuiteError: mistakes.py or alternatives.py of the suite cannot be read.
        ConfigurationError: the reference cannot be read.
    """

    def __init__(self, assignment: Assignment) -> None:
        self.questions = assignment.question_names
        self._reference = Reference.load(assignment.reference_path, assignment.question_names)
        variants = load_variants(assignment)
        self._mistakes = _by_question(variants.mistakes)
        self._alternatives = _by_question(variants.alternatives)

    def reference(self, question: str) -> str:
        """The reference's own source of the question."""
        return self._reference.source_of(question)

    def right(self, questions: Iterable[str], rng: random.Random) -> AnswerSheet:
        """A correct answer to each of the questions, in one style or another."""
        sheet = AnswerSheet()
        for question in questions:
            choices = self._alternatives.get(question, [])
            if choices and rng.random() < ALTERNATIVE_SHARE:
                self._put(sheet, rng.choice(choices))
            else:
                sheet.answers[question] = self.reference(question)
        return sheet

    def spoil(self, sheet: AnswerSheet, count: int, rng: random.Random) -> tuple[str, ...]:
        """Replace `count` of the sheet's answers by known mistakes, and return their questions.

        Like in a class, a few mistakes are common and many are rare: those listed first are made most often.
        """
        candidates = [name for name in self.questions if name in sheet.answers and name in self._mistakes]
        chosen = tuple(rng.sample(candidates, min(count, len(candidates))))
        for question in chosen:
            mistakes = self._mistakes[question]
            sheet.helpers.pop(question, None)
            self._put(sheet, rng.choices(mistakes, weights=[1 / (rank + 1) for rank in range(len(mistakes))])[0])
        return chosen

    def _put(self, sheet: AnswerSheet, variant: Variant) -> None:
        sheet.answers[variant.question] = variant.apply(self.reference(variant.question))
        if variant.helpers:
            sheet.helpers[variant.question] = variant.helpers


def _by_question(variants: Iterable[SomeVariant]) -> dict[str, list[SomeVariant]]:
    found: dict[str, list[SomeVariant]] = defaultdict(list)
    for variant in variants:
        found[variant.question].append(variant)
    return dict(found)
