"""Quote what a student wrote in a message: short, printable, on one line."""

from __future__ import annotations

LONGEST = 60


def quoted(text: str) -> str:
    """`text` in quotes, without control characters or direction overrides, at most 60 characters."""
    plain = "".join(character if character.isprintable() else "?" for character in text)
    return f"'{plain}'" if len(plain) <= LONGEST else f"'{plain[: LONGEST - 1]}…'"


def counted(number: int, noun: str) -> str:
    """'1 cell', '2 cells'."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
