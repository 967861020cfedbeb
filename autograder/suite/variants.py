"""Known mistakes and known correct alternatives: what an audit feeds to a hidden suite.

Both are the reference with one question replaced. Small ones are written as an edit of the
reference's text, which reads like a diff and fails loudly where the reference has moved on;
larger ones as the whole source of the question.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

Edits = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One replacement of one question.

    Attributes:
        question: the question that is replaced.
        name: what it does, in snake_case, unique within the question.
        edits: (old, new) texts applied in order to the reference's source of the question;
            each `old` must occur there.
        source: the whole source instead. Exactly one of `edits` and `source` is given.
        helpers: source of an extra cell that stands before the question's.
    """

    question: str
    name: str
    edits: Edits = ()
    source: str = ""
    helpers: str = ""

    def __post_init__(self) -> None:
        if bool(self.edits) == bool(self.source):
            raise ValueError(f"{self.question}/{self.name}: give exactly one of edits and source")

    def apply(self, reference_source: str) -> str:
        """The variant's source of the question, given the reference's (dedented, one trailing newline).

        Raises:
            ValueError: an edit's old text does not occur in the reference.
        """
        if self.source:
            return textwrap.dedent(self.source).strip() + "\n"
        text = reference_source
        for old, new in self.edits:
            if old not in text:
                raise ValueError(f"{self.question}/{self.name}: the reference no longer contains {old!r}")
            text = text.replace(old, new)
        return text


@dataclass(frozen=True, kw_only=True)
class Mistake(Variant):
    """Wrong code. The suite must take points off `question` at `caught_by`, showing `hint` there.

    Attributes:
        caught_by: name of a test that must not pass, for instance "test_spread".
        hint: a piece of the hint which that test must then show (compared without case).
    """

    caught_by: str
    hint: str


@dataclass(frozen=True, kw_only=True)
class Alternative(Variant):
    """Correct code in another style. The suite must give it full marks."""
