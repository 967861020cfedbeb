"""What is fuzzed: a corpus makes hostile bytes from a random stream and says what the trusted side made of them.

A case is bytes and nothing else, so a finding is a file that can be kept and tried again. Its random
stream is seeded with its name, `<corpus>:<seed>:<number>`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

REPOSITORY = Path(__file__).resolve().parents[3]
LONGEST_TEXT = 4_000  # characters of anything that is shown to people


class Broken(Exception):
    """The trusted side raised nothing, but what it made of a case is not what it promises."""


class Corpus(Protocol):
    """One kind of hostile bytes, and the code of the trusted side that reads them."""

    name: str
    suffix: str  # of a file that holds a case

    def make(self, random: random.Random) -> bytes:
        """A case."""

    def check(self, data: bytes) -> str:
        """Give the case to the trusted side. How it ended, in a word or two.

        Raises:
            Broken: a promise was not kept. Whatever else is raised is a finding as well.
        """


@dataclass(frozen=True, slots=True)
class CaseName:
    """Which case: written `notebooks:1:4711`."""

    corpus: str
    seed: int
    number: int

    def __str__(self) -> str:
        return f"{self.corpus}:{self.seed}:{self.number}"

    @classmethod
    def parse(cls, text: str) -> CaseName:
        """Raises ValueError where `text` is no name of a case."""
        corpus, seed, number = text.split(":")
        return cls(corpus, int(seed), int(number))

    def random(self) -> random.Random:
        """The stream of random numbers that makes this case."""
        return random.Random(str(self))


def require(condition: object, message: str) -> None:
    """Raise Broken unless `condition` is true."""
    if not condition:
        raise Broken(message)


def require_writable(*texts: str) -> None:
    """Raise Broken where one of the texts cannot be written to a file, or could not be shown."""
    for text in texts:
        require(text.strip(), "an empty text")
        require(len(text) <= LONGEST_TEXT, f"a text of {len(text)} characters: {text[:80]!r}")
        text.encode()  # a lone surrogate raises
