"""Wrong answers that the suite must catch: a file for each topic.

Each holds a table, question -> rows, where a row is
(name, the test that must catch it, a piece of the hint shown there, edits of the reference's source ...).
An empty hint means that the message of the student's own exception is hint enough.
"""

from pathlib import Path
from runpy import run_path

from autograder.suite import Mistake

TOPICS = ("schedules", "forward_process", "networks", "sampling", "fine_print")


def _load(topic: str) -> tuple[Mistake, ...]:
    table = run_path(str(Path(__file__).with_name(f"mistakes_{topic}.py")))["MISTAKES"]
    return tuple(
        Mistake(question=question, name=name, caught_by=test, hint=hint, edits=tuple(edits))
        for question, rows in table.items()
        for name, test, hint, *edits in rows
    )


MISTAKES: tuple[Mistake, ...] = tuple(mistake for topic in TOPICS for mistake in _load(topic))
