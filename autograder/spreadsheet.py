"""CSV that spreadsheets open without harm: what a student wrote never becomes a formula or a row of its own."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A spreadsheet takes a cell that begins so for a formula: https://owasp.org/www-community/attacks/CSV_Injection"""


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """The rows as CSV. Texts are guarded, numbers are not."""
    out = io.StringIO()
    # Before Python 3.13 csv quotes only the characters of the line end itself: with "\n" alone,
    # a student's name holding "\r" would begin a row of its own.
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([guarded(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return out.getvalue()


def guarded(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would run it as a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text
