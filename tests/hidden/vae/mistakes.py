"""Wrong answers that the suite must catch, from tables with one row for each.

A row is (name, the test that must catch it, a piece of the hint shown there, edits of the reference's source ...),
an edit being (old, new). An empty hint means that the message of the student's own exception is hint enough.
"""

import runpy
from pathlib import Path

from autograder.suite import Mistake

TABLES = ("mistakes_losses.py", "mistakes_models.py", "mistakes_fine_print.py")


def _load(table: str) -> list[Mistake]:
    rows_by_question = runpy.run_path(str(Path(__file__).with_name(table)))["ROWS"]
    return [
        Mistake(question=question, name=name, caught_by=test, hint=hint, edits=tuple(edits))
        for question, rows in rows_by_question.items()
        for name, test, hint, *edits in rows
    ]


MISTAKES: tuple[Mistake, ...] = tuple(mistake for table in TABLES for mistake in _load(table))
