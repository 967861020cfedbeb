"""The checks of this folder find what they look for: without a sandbox, with forged results, in an unsafe page."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import torch

from tests.platform.attacks import leftovers
from tests.platform.attacks.active import active_elements, ran_in_browser, with_browser
from tests.platform.attacks.active_content import RUN
from tests.platform.attacks.answers import RIGHT
from tests.platform.attacks.case import Case, call, cell
from tests.platform.attacks.catalogue import CASES
from tests.platform.attacks.outcome import Outcome, judge
from tests.platform.attacks.run import Campaign, run_campaign

pytestmark = pytest.mark.slow

# Harmless on the machine of whoever runs the tests: they read, and write one empty file.
OPEN = next(case for case in CASES if case.id == "opens-known-files")
NEIGHBOURS = next(case for case in CASES if case.id == "other-students")
WRITES = cell("writes", "writes a file", "open('@DATA@/attack-left-behind-file', 'w').close()")
CALLS = cell("calls", "visits", "import socket\nsocket.create_connection(('127.0.0.1', @TCP@)).close()")
KNOWS = Case("knows", "has the answer after all", answers={"affine": RIGHT["affine"]})
QUIET = call("quiet", "does what nobody can notice", "return x + 1", problem="something that is not said")


@pytest.fixture(scope="module")
def unprotected(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    """A few attacks, graded without a sandbox."""
    cases = (dataclasses.replace(OPEN, problem=""), NEIGHBOURS, WRITES, CALLS, KNOWS, QUIET)
    return run_campaign(tmp_path_factory.mktemp("unprotected"), cases, isolation="none")


def outcome(campaign: Campaign, case: Case) -> Outcome:
    return judge(campaign, case)


def test_files_that_are_read_are_found(unprotected: Campaign) -> None:
    """Each place that an attack reads has a canary of its own."""
    found = "\n".join(outcome(unprotected, OPEN).leaks)
    assert "attack-succeeded" in found or "boasts" in found
    neighbours = "\n".join(outcome(unprotected, NEIGHBOURS).leaks)
    for place in ("reference", "suite", "master", "neighbour"):
        assert f"the canary in {place} stands in" in neighbours


def test_files_that_are_written_and_visits_are_found(unprotected: Campaign) -> None:
    """Both are things of the whole run."""
    assert any("attack-left-behind-file" in line for line in unprotected.left)
    assert any(line.startswith("TCP") for line in unprotected.visitors)


def test_points_are_found(unprotected: Campaign) -> None:
    """More than an honest wrong answer has."""
    assert outcome(unprotected, KNOWS).gained == pytest.approx(26.25)


def test_luck_earns_nothing(unprotected: Campaign) -> None:
    """No hidden input is one for which float16 is as near as the tests allow."""
    inputs = torch.tensor([float(number) for number in unprotected.target.hidden], dtype=torch.float64)
    exact = 3 * inputs + 1
    assert ((exact.half().double() - exact).abs() > 1e-4 * exact).all()


def test_silence_is_found(unprotected: Campaign) -> None:
    """A problem that must be reported and is not."""
    assert outcome(unprotected, QUIET).untold


def test_harm_to_a_neighbour_is_found(unprotected: Campaign) -> None:
    """Points, status and problems of the next submission all count."""
    each = unprotected.class_of(QUIET)
    next_one = f"{each.students['quiet']}.next"
    kept = each.results[next_one]
    for change in ({"score": 89.0}, {"status": "partial"}, {"problems": ["something"]}):
        each.results[next_one] = {**kept, **change}
        assert outcome(unprotected, QUIET).collateral
    each.results[next_one] = kept


def test_hidden_inputs_are_found(unprotected: Campaign) -> None:
    """In what the student reads."""
    each = unprotected.class_of(QUIET)
    student = each.students["quiet"]
    notebook = each.course.autograded / student / "attack" / "attack.ipynb"
    text = notebook.read_text()
    for leak in (unprotected.target.hidden[0], f"in line {unprotected.target.hidden[1].partition('.')[0]} of"):
        notebook.write_text(text + leak)
        assert any("a hidden input stands in" in line for line in outcome(unprotected, QUIET).leaks)
    notebook.write_text(text)


def test_processes_that_stay_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even those whose parents have died."""
    monkeypatch.setattr(leftovers, "PATIENCE_S", 1.0)
    with leftovers.adopting_orphans():
        known = leftovers.children()
        code = "import os, time\nif os.fork():\n    os._exit(0)\nos.setsid()\ntime.sleep(30)"
        subprocess.run([sys.executable, "-c", code, "attack-left-behind"], check=True)
        (left,) = leftovers.remaining_processes(known)
        assert "attack-left-behind" in left
        for pid in leftovers.children() - known:
            os.kill(pid, 9)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
        assert leftovers.remaining_processes(known) == []


def test_sockets_that_stay_are_found() -> None:
    """Those without a place in the file system, too."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(f"\0{leftovers.MARK}-{os.getpid()}")
        assert any(str(os.getpid()) in name for name in leftovers.marked_sockets())


UNSAFE = [
    f"<script>{RUN}</script>",
    f'<img src="x" onerror="{RUN}">',
    f'<a href="javascript:{RUN}">x</a>',
    '<iframe srcdoc="x"></iframe>',
    "<svg></svg>",
    '<p style="background:url(x)">',
    f'<math href="javascript:{RUN}"><mi>x</mi></math>',
    '<math><mi href="https://evil.example">x</mi></math>',
    '<math><mtext><img src="x"></mtext></math>',
    '<math><annotation-xml encoding="text/html"><p>x</p></annotation-xml></math>',
    '<math><maction actiontype="statusline"><mi>x</mi></maction></math>',
]


@pytest.mark.parametrize("unsafe", UNSAFE)
def test_active_elements_are_found(unsafe: str) -> None:
    """And nothing is found in text that merely looks like them."""
    page = "<html><head><script src='a.js'></script></head><body>{}</body></html>"
    assert active_elements(page.format(unsafe)) - active_elements(page.format("")) != Counter()
    escaped = unsafe.replace("&", "&amp;").replace("<", "&lt;")
    assert active_elements(page.format(escaped)) - active_elements(page.format("")) == Counter()


@with_browser
def test_a_browser_shows_what_ran(tmp_path: Path) -> None:
    """The mark is there if and only if the payload ran."""
    page = tmp_path / "page.html"
    page.write_text(f'<html><body><img src=x onerror="{RUN}"></body></html>')
    assert ran_in_browser(page)
    page.write_text(f'<html><body><pre>&lt;img src=x onerror="{RUN}"></pre></body></html>')
    assert not ran_in_browser(page)


def test_a_plain_formula_is_not_active() -> None:
    assert active_elements('<math display="inline"><mi>x</mi></math><p class="a"><img src="a.png"></p>') == Counter()
