"""A student with a real browser: a check by the form, and what axe-core says of every page."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect, sync_playwright

from tests.platform.accessibility import BROWSER, needs_browser
from tests.platform.engine.tiny import HONEST_WRONG, notebook
from tests.platform.student_site.conftest import Served

pytestmark = [pytest.mark.slow, needs_browser]


@pytest.fixture(params=["light", "dark"])
def tab(request: pytest.FixtureRequest) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        who = {"Authorization": "token of-bo"}
        context = browser.new_context(bypass_csp=True, color_scheme=request.param, extra_http_headers=who)
        yield context.new_page()
        browser.close()


def look(tab: Page, name: str) -> None:
    """axe-core finds nothing on the page that is open."""
    if folder := os.environ.get("SITE_SCREENSHOTS"):
        tab.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
    violations = Axe().run(tab).response["violations"]
    assert [(v["id"], v["impact"], node["html"][:200]) for v in violations for node in v["nodes"]] == []


def test_a_check_by_the_form_and_a_receipt(shared: Served, tab: Page, tmp_path: Path) -> None:
    inbound = shared.site.exchange / "tiny" / "inbound" / "bo+tiny+2029-12-31 10:00:00.000001 UTC+abc"
    inbound.mkdir(parents=True, exist_ok=True)
    (inbound / "tiny.ipynb").write_bytes(b"mine")
    file = tmp_path / "tiny.ipynb"
    file.write_bytes(notebook(shared.site.course, HONEST_WRONG))
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))

    tab.goto(shared.root)
    look(tab, "work")
    tab.get_by_label("Check a notebook:").set_input_files(file)
    tab.get_by_role("button", name="Check Tiny").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Tiny: how it stands", timeout=120_000)
    expect(tab.get_by_role("row", name=re.compile("scale"))).to_contain_text("The factor seems to be two")
    look(tab, "check")
    tab.get_by_role("link", name="All my work").click()
    tab.get_by_role("link", name=re.compile("31 December 2029")).click()
    expect(tab.get_by_role("row", name=re.compile("tiny.ipynb"))).to_contain_text("4")
    look(tab, "receipt")
    tab.goto(f"{shared.root}nowhere")
    look(tab, "nowhere")
    assert {url.split("/")[2] for url in asked} == {shared.root.split("/")[2]}
