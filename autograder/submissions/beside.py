"""Files beside the notebook that an ordinary grader would obey: nothing here reads them, but somebody should know."""

from __future__ import annotations

import re
from collections.abc import Sequence

from autograder.submissions.safe_open import kind_of
from autograder.submissions.wording import quoted

MOST = 1000  # names that are looked at
SHOWN = 5
_CONFIGURES = re.compile(
    r"conftest\.py|(pytest|tox)\.ini|setup\.cfg|pyproject\.toml|(site|user)customize\.py|pyvenv\.cfg|.*\.pth|"
    r"\w+_config\.(py|json)"
)
_SHADOWS = re.compile(
    r"(torch|torchvision|numpy|matplotlib|pytest|nbgrader|reference|autograder|json|random|math)(\.py)?"
)


def about_others(names: Sequence[str], notebook: str, folder: int) -> str:
    """A problem that names what was handed in beside the notebook and looks like an attempt; "" where nothing does."""
    odd = [
        f"{quoted(name)} ({what})"
        for name in names[:MOST]
        if name != notebook and (what := _what(name, kind_of(name, folder)))
    ]
    if not odd:
        return ""
    more = f" and {len(odd) - SHOWN} more" if len(odd) > SHOWN else ""
    listing = ", ".join(odd[:SHOWN]) + more
    return f"also handed in, and not used: {listing}. Look whether it was meant to mislead a grader."


def _what(name: str, kind: str) -> str:
    if kind not in ("file", "folder"):
        return f"a {kind}"
    if kind == "file" and _CONFIGURES.fullmatch(name):
        return "configures Python or its tools"
    return "has the name of a library" if _SHADOWS.fullmatch(name) else ""
