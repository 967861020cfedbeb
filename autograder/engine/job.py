"""What is asked of the engine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Job:
    """One notebook to grade.

    Attributes:
        student: who handed it in.
        notebook: the file's bytes, hostile until parsed.
        questions: grade these alone; None for all.
        problems: what was already found wrong with the submission before it was read.
    """

    student: str
    notebook: bytes
    questions: frozenset[str] | None = None
    problems: tuple[str, ...] = ()
