"""Two students' answers side by side, with what they have in common marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autograder.reports.similar.fingerprints import PASSAGE, fingerprints
from autograder.reports.similar.pairs import Pair
from autograder.reports.similar.shape import Shape, shape

MOST_WORDS = 12


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an answer; `common` where it is part of what both have and hardly anybody else."""

    text: str
    common: bool


@dataclass(frozen=True, slots=True)
class Beside:
    """One question's answers of both students."""

    question: str
    left: tuple[Line, ...]
    right: tuple[Line, ...]

    @property
    def common(self) -> int:
        """Marked lines, of both together."""
        return sum(line.common for line in (*self.left, *self.right))


@dataclass(frozen=True, slots=True)
class LookAlike:
    """One pair as the page shows it.

    Attributes:
        words: names and texts that both wrote and nobody else in the class did.
        questions: those with something in common, most of it first.
    """

    pair: Pair
    words: tuple[str, ...]
    questions: tuple[Beside, ...]


def side_by_side(pair: Pair, answers: Mapping[str, Mapping[str, str]], writers: Mapping[str, int]) -> LookAlike:
    """What a person has to see of a pair.

    Args:
        answers: student -> question -> code.
        writers: name or text -> how many students of the class wrote it.
    """
    left, right = (answers[student] for student in pair.students)
    ours, theirs = ({name: shape(source) for name, source in work.items()} for work in (left, right))
    found = [
        Beside(
            name,
            _marked(left[name], ours[name], name, pair.hashes),
            _marked(right[name], theirs[name], name, pair.hashes),
        )
        for name in left
        if name in right
    ]
    wrote = [frozenset().union(*(answer.words for answer in work.values())) for work in (ours, theirs)]
    rare = sorted(word for word in wrote[0] & wrote[1] if writers.get(word, 0) <= 2 and word.strip())
    telling = tuple(_short(word) for word in sorted(rare, key=len, reverse=True)[:MOST_WORDS])
    return LookAlike(pair, telling, tuple(sorted((b for b in found if b.common), key=lambda b: -b.common)))


def _marked(source: str, answer: Shape, question: str, hashes: frozenset[int]) -> tuple[Line, ...]:
    common = {
        line
        for value, places in fingerprints(answer, question).items()
        if value in hashes
        for place in places
        for line in _lines(answer, place)
    }
    return tuple(Line(text, number in common) for number, text in enumerate(source.splitlines(), 1))


def _lines(answer: Shape, place: int) -> Sequence[int]:
    return answer.lines[place : place + PASSAGE]


def _short(word: str) -> str:
    return word if len(word) <= 60 else word[:60] + "…"
