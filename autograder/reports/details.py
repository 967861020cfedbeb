"""What a student's row shows when it is opened: embedded as JSON, drawn by the page's script.

Texts repeat from student to student (titles, hints, errors), so each is stored once and named by
its index; a class of 2 000 then stays a page that opens at once.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from autograder.results import Outcome, SubmissionResult

LONGEST_DETAIL = 1200
CUT = " … (cut)"


def details_json(submissions: Sequence[SubmissionResult]) -> Markup:
    """{"texts": [...], "rows": [{"problems": [t], "carried": [[t, t]], "tests": [[t, t, t, t, t]]}]}.

    Each t is an index of texts. A test is [question, title, outcome, hint, detail]; those that
    passed are not listed. The result can stand inside a <script type="application/json"> element.
    """
    texts = _Texts()
    rows = [_row(s, texts) for s in submissions]
    return _for_script({"texts": texts.all, "rows": rows})


class _Texts:
    def __init__(self) -> None:
        self.all: list[str] = []
        self._index: dict[str, int] = {}

    def __call__(self, text: str) -> int:
        if len(text) > LONGEST_DETAIL:
            text = text[:LONGEST_DETAIL] + CUT
        if text not in self._index:
            self._index[text] = len(self.all)
            self.all.append(text)
        return self._index[text]


def _row(submission: SubmissionResult, texts: _Texts) -> dict[str, Any]:
    return {
        "problems": [texts(p) for p in submission.problems],
        "carried": [
            [texts(q.name), texts(", ".join(q.carried_forward))] for q in submission.questions if q.carried_forward
        ],
        "tests": [
            [texts(q.name), texts(t.title or t.name), texts(str(t.outcome)), texts(t.hint), texts(t.detail)]
            for q in submission.questions
            for t in q.tests
            if t.outcome is not Outcome.PASSED
        ],
    }


def _for_script(data: object) -> Markup:
    """JSON without the characters that could end the element or begin a comment in it."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # the three characters that matter to HTML are gone
