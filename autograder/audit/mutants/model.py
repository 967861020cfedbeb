"""One automatic mutant."""

from __future__ import annotations

import zlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """The reference's answer to one question with one change.

    Attributes:
        operator: what made the change, for instance "drop term" or "cosmic-ray NumberReplacer".
        where: the function or method that it changes, for instance "VAE.forward".
        was, becomes: the lines that differ, of the reference's normal form (see `normal_form`).
        source: the whole answer.
    """

    question: str
    operator: str
    where: str
    was: str
    becomes: str
    source: str

    @property
    def name(self) -> str:
        """Short, the same in every run, and of this change alone."""
        text = "\0".join((self.question, self.where, self.was, self.becomes, self.source))
        return f"{zlib.crc32(text.encode()):08x}"
