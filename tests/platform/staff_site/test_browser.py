"""A grader at work in a real browser, from the command to the last matter; and what axe-core says of the pages."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect, sync_playwright

from autograder.staff.queue import open_queue
from tests.platform.accessibility import BROWSER, needs_browser
from tests.platform.gradebook.conftest import Classroom

pytestmark = [pytest.mark.slow, needs_browser]
AUTOGRADER = [sys.executable, "-m", "autograder.cli.main"]


@pytest.fixture
def address(graded: Classroom) -> Iterator[str]:
    """What the real command prints; Ctrl-C ends it well."""
    where = ["--course", str(graded.course.root), "--data", str(graded.course.data)]
    command = [*AUTOGRADER, *where, "serve", "--port", "0", "--no-browser", "--as", "maria"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        yield next(found[0] for line in lines if (found := re.search(r"http://\S+", line)))
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
        assert process.stdout.read() == "Ended.\n"


@pytest.fixture(params=["light", "dark"])
def tab(request: pytest.FixtureRequest) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser.new_context(bypass_csp=True, color_scheme=request.param).new_page()
        browser.close()


def look(tab: Page) -> None:
    """axe-core finds nothing on the page that is open."""
    violations = Axe().run(tab).response["violations"]
    assert [(v["id"], v["impact"], node["html"][:200]) for v in violations for node in v["nodes"]] == []


def test_the_whole_queue_is_worked_off_with_the_keyboard(address: str, tab: Page, graded: Classroom) -> None:
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(address)
    expect(tab.get_by_role("heading", level=1)).to_have_text("What needs a person")
    look(tab)
    tab.get_by_role("link", name="Small", exact=True).click()
    look(tab)
    tab.get_by_role("link", name="Start with the first").click()
    for _ in range(6):  # one unreadable, five flagged; the field for the note has the focus
        look(tab)
        tab.keyboard.type("seen")
        tab.keyboard.press("Tab")
        tab.keyboard.press("Enter")
        expect(tab.get_by_role("status")).to_contain_text("Settled")
    for _ in range(6):  # written answers; the first item has the focus
        look(tab)
        tab.keyboard.type("5")
        tab.keyboard.press("Enter")
        expect(tab.get_by_role("status")).to_contain_text("5 points")
    expect(tab.get_by_text("Nothing needs a person.")).to_be_visible()
    look(tab)
    assert open_queue(graded.course, graded.assignment) == []
    host = address.split("/login")[0]
    assert {url for url in asked if not url.startswith(host)} == set()
