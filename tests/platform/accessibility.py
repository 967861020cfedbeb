"""Open a page in a real browser and let axe-core look at it (https://github.com/dequelabs/axe-core)."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome on PATH to open the page in")
OPEN_EVERYTHING = "document.querySelectorAll('details').forEach(d => d.open = true)"


@dataclass(frozen=True)
class Looked:
    """What axe found: (rule, impact, where), and what the page asked the network for."""

    findings: tuple[tuple[str, str, str], ...]
    loaded: tuple[str, ...]

    @property
    def serious(self) -> tuple[tuple[str, str, str], ...]:
        """Those that keep somebody from using the page."""
        return tuple(finding for finding in self.findings if finding[1] in ("serious", "critical"))


def look(page: Path, scheme: str = "light") -> Looked:
    """The page with everything in it opened, in a light or dark colour scheme, offline."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        context = browser.new_context(bypass_csp=True, color_scheme=scheme, offline=True)  # type: ignore[arg-type]
        tab = context.new_page()
        loaded: list[str] = []
        tab.on("request", lambda request: loaded.append(request.url))
        tab.goto(page.as_uri())
        tab.evaluate(OPEN_EVERYTHING)
        violations = Axe().run(tab).response["violations"]
        browser.close()
    found = [(v["id"], v["impact"], node["html"][:200]) for v in violations for node in v["nodes"]]
    return Looked(tuple(found), tuple(url for url in loaded if not url.startswith("file:")))
