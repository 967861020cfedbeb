"""`%check_work` and `%my_work` in a real kernel, as the hub starts it, against the real service."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from autograder.hub.prepare import KERNEL_ARGUMENTS
from autograder.in_notebook import _as_html
from tests.platform.engine.tiny import HONEST_WRONG, WRONG_SCALE, notebook
from tests.platform.student_site.conftest import PATIENCE_S, Served


@dataclass
class Shown:
    """What a cell leaves on the screen: text, and the HTML that a browser shows instead."""

    text: str = ""
    page: str = ""
    displays: dict[str, Mapping[str, str]] = field(default_factory=dict)


class Kernel:
    """A running kernel."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self._client = client

    def run(self, code: str) -> Shown:
        """Run a cell to its end."""
        shown = Shown()

        def hear(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] == "stream":
                shown.text += content["text"]
            elif message["msg_type"] == "error":
                shown.text += "\n".join(content["traceback"])
            elif message["msg_type"] in ("display_data", "update_display_data"):
                name = content["transient"].get("display_id", str(len(shown.displays)))
                shown.displays[name] = content["data"]

        self._client.execute_interactive(code, timeout=PATIENCE_S, output_hook=hear)
        for data in shown.displays.values():
            shown.text += data.get("text/plain", "")
            shown.page += data.get("text/html", "")
        return shown

    def set(self, **environment: str) -> None:
        """As the hub sets it for the student's server."""
        self.run(f"import os; os.environ.update({environment!r})")


@pytest.fixture(scope="module")
def running() -> Iterator[Kernel]:
    manager = KernelManager()
    manager.start_kernel(extra_arguments=list(KERNEL_ARGUMENTS))
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=PATIENCE_S)
    yield Kernel(client)
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.fixture
def file(tmp_path: Path, shared: Served) -> Path:
    """A notebook that its student has saved."""
    path = tmp_path / "tiny.ipynb"
    path.write_bytes(notebook(shared.site.course, HONEST_WRONG))
    return path


@pytest.fixture
def kernel(running: Kernel, shared: Served, file: Path) -> Kernel:
    """Of that notebook, on the server of ada."""
    running.set(AUTOGRADER_WORK_URL=shared.root, JUPYTERHUB_API_TOKEN="of-ada", JPY_SESSION_NAME=str(file))
    running.run("globals().pop('scale', None)")
    return running


def test_it_shows_what_passes_and_hints(kernel: Kernel) -> None:
    shown = kernel.run("%check_work")
    for said in (shown.text, shown.page):
        assert "tiny.ipynb as saved " in said
        assert "1 of" in said
        assert "The factor seems to be two, whatever is passed." in said
        assert "Nothing was handed in" in said
        assert "Checks left: " in said
    assert len(shown.displays) == 1  # the queue was shown where the answer is now


def test_it_says_what_is_not_saved(kernel: Kernel) -> None:
    kernel.run(WRONG_SCALE)
    assert "press Ctrl-S" not in kernel.run("%check_work").text
    kernel.run("def scale(x, factor):\n    return x * factor  # changed since")
    assert "what you ran last of scale is not what is saved: press Ctrl-S" in kernel.run("%check_work").text


def test_it_says_how_old_the_file_is(kernel: Kernel, file: Path) -> None:
    os.utime(file, (time.time() - 600, time.time() - 600))
    assert "as saved 10 min ago" in kernel.run("%check_work").text


def test_refusals_are_one_line(kernel: Kernel, file: Path) -> None:
    other = file.with_stem("other")
    other.write_bytes(file.read_bytes())
    assert "There is no assignment 'other'" in kernel.run(f"%check_work {other}").text
    assert "Which notebook?" in kernel.run("%check_work nowhere.ipynb").text
    kernel.set(JUPYTERHUB_API_TOKEN="guess")
    assert kernel.run("%my_work").text == "This token is not valid here.\n"
    kernel.set(AUTOGRADER_WORK_URL="http://127.0.0.1:9/")
    assert "does not answer" in kernel.run("%check_work").text
    kernel.set(AUTOGRADER_WORK_URL="")
    assert kernel.run("%my_work").text == "This works in a notebook at the course's hub alone.\n"


def test_my_work_shows_deadline_and_checks(kernel: Kernel) -> None:
    shown = kernel.run("%my_work")
    assert shown.text.startswith("tiny: due 01 January 2030")
    assert "nothing received yet" in shown.text
    assert "checks left" in shown.page


def test_what_the_service_sends_is_never_taken_for_html() -> None:
    bad = "<script>alert(1)</script>"
    question = {"name": bad, "tests": 2, "passed": 1, "hints": [bad], "more_hints": 0, "carried_forward": [bad]}
    asked = {"answer": {"problems": [bad], "questions": [question]}, "checks_left": 1, "next_check": None}
    assert "<script" not in _as_html(asked, bad)
