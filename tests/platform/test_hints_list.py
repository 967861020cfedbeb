"""The list of all hints, which people read for review, is the one of the suites as they are."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_list_of_hints_is_up_to_date() -> None:
    made = runpy.run_path(str(DOCS / "list_hints.py"))["page"]()
    assert (DOCS / "hints.md").read_text(encoding="utf-8") == made + "\n", (
        "run: python docs/list_hints.py > docs/hints.md"
    )
