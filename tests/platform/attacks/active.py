"""What a browser would run or load in a page: found by reading the page, and by letting a real browser try."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.platform.accessibility import BROWSER

TIMEOUT_S = 90
ACTIVE_TAGS = frozenset(
    {
        "script",
        "iframe",
        "frame",
        "object",
        "embed",
        "applet",
        "svg",
        "base",
        "form",
        "input",
        "button",
        "audio",
    }
    | {"meta", "link", "style", "video", "source", "details", "dialog", "marquee", "template", "noscript", "portal"}
)
# Formulas are drawn from these alone; another element within them, or one of these attributes, is somebody's trick.
FORMULA_TAGS = frozenset(
    {
        "math", "menclose", "mfrac", "mi", "mn", "mo", "mover", "mpadded", "mphantom", "mroot", "mrow", "mspace", "msqrt",
        "mstyle", "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover",
    }
)  # fmt: skip
NOT_IN_FORMULAS = frozenset({"href", "xlink:href", "src", "style", "class", "id", "actiontype", "altimg", "encoding"})
# Links to the web, to mail, to pictures that cannot hold code, and links without a scheme.
SAFE_LINK = re.compile(
    r"(https?:|mailto:|data:image/(png|jpeg);base64,|(?![\s\0]*[a-z][\s\0a-z0-9+.-]*:))", re.IGNORECASE
)

with_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")


def active_elements(page: str) -> Counter[str]:
    """How often each active tag, each handler and each link of an active scheme is there."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: Counter[str] = Counter()
        self._formulas = 0  # that are open here

    def handle_endtag(self, tag: str) -> None:
        self._formulas -= tag == "math"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: (value or "").strip() for name, value in attrs}
        if tag in ACTIVE_TAGS:
            self.found[f"<{tag} src={values.get('src', '')[:80]}>"] += 1
        self._formulas += tag == "math"
        if self._formulas and (tag not in FORMULA_TAGS or values.keys() & NOT_IN_FORMULAS):
            self.found[f"<{tag}> in a formula"] += 1
        for name, value in values.items():
            if (
                name.startswith("on")
                or name == "srcdoc"
                or (
                    name in ("href", "src", "action", "formaction", "xlink:href", "data") and not SAFE_LINK.match(value)
                )
            ):
                self.found[f"{name}={value[:80]}"] += 1
            elif name == "style" and re.search(r"url\(|expression|@import|position:\s*(fixed|absolute)", value):
                self.found[f"style={value[:80]}"] += 1
            elif name == "class" and "mermaid" in value:
                self.found["mermaid"] += 1


def ran_in_browser(page: Path) -> bool:
    """Open the page in Chromium, without a network; whether a payload left its mark."""
    assert BROWSER is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"]
        command += ["--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=4000", "--dump-dom", page.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, errors="replace", check=True)
    root = re.search(r"<html[^>]*>", done.stdout)
    assert root is not None, done.stderr[-1000:]
    return "data-attack-ran" in root[0]
