"""Correct answers in other styles, which the suite must give full marks: a file for each topic.

Each holds a table, question -> name -> source, or (source of an extra cell before the question's, source).
"""

from pathlib import Path
from runpy import run_path

from autograder.suite import Alternative

TOPICS = ("networks", "losses", "steps", "gradient_penalty", "conditional")


def _load(topic: str) -> tuple[Alternative, ...]:
    table = run_path(str(Path(__file__).with_name(f"alternatives_{topic}.py")))["ALTERNATIVES"]
    return tuple(
        _alternative(question, name, *((answer,) if isinstance(answer, str) else reversed(answer)))
        for question, answers in table.items()
        for name, answer in answers.items()
    )


def _alternative(question: str, name: str, source: str, helpers: str = "") -> Alternative:
    return Alternative(question=question, name=name, source=source, helpers=helpers)


ALTERNATIVES: tuple[Alternative, ...] = tuple(alternative for topic in TOPICS for alternative in _load(topic))
