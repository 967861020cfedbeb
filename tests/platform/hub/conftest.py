"""`autograder hub`, started as a user does, and people with browsers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.platform.accessibility import BROWSER

ROOT = Path(__file__).parents[3]
PATIENCE_MS = 180_000  # a notebook that imports torch, on a busy machine
SIZE = {"width": 1300, "height": 900}


@dataclass(frozen=True)
class Hub:
    """A running hub."""

    address: str
    password: str
    folder: Path
    process: subprocess.Popen[str]

    @property
    def formgrader(self) -> str:
        return f"{self.address}services/genai/formgrader"


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """With four students, of whom ada has handed in nothing yet."""
    folder = tmp_path_factory.mktemp("hub") / "hub"
    command = [sys.executable, "-m", "autograder.cli.main", "--course", str(ROOT), "hub", "--port", "0"]
    command += ["--students", "4", "--folder", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if line.startswith("Ctrl-C"):
                break
        address, password = re.search(r"http://\S+/", said), re.search(r"password +(\S+)", said)
        assert address, f"it did not start: {said}"
        assert password
        yield Hub(address[0], password[1], folder, process)
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(60)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def logged_in(browser: Browser, hub: Hub, name: str) -> Iterator[Page]:
    """A window of its own for one person."""
    context = browser.new_context(viewport=SIZE)  # type: ignore[arg-type]
    tab = context.new_page()
    tab.set_default_timeout(PATIENCE_MS)
    tab.goto(hub.address)
    tab.fill("#username_input", name)
    tab.fill("#password_input", hub.password)
    tab.click("#login_submit")
    tab.wait_for_selector("#jp-MainMenu")
    yield tab
    context.close()


def shot(tab: Page, name: str) -> None:
    """Keep a picture, where somebody asks for them."""
    if folder := os.environ.get("HUB_SCREENSHOTS"):
        tab.screenshot(path=Path(folder) / f"{name}.png")
