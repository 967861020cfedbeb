"""Long work says how far it is, also where its output goes into a file."""

from __future__ import annotations

import io

from rich.console import Console

from autograder.cli.progress import EVERY_S, Lines


def test_a_line_a_minute_with_what_is_left() -> None:
    now = [0.0]
    written = io.StringIO()
    lines = Lines(Console(file=written, width=200), "Trying", lambda: now[0])
    lines.start(100, "gan")
    for done in range(1, 101):
        now[0] += EVERY_S / 4
        lines.set(done, 100)
    said = written.getvalue().splitlines()
    assert said[0] == "Trying (gan): 4 of 100, about 24 min left"
    assert said[-1] == "Trying (gan): 100 of 100, about 0 min left"
    assert len(said) == 25


def test_another_part_is_counted_from_its_beginning() -> None:
    now = [0.0]
    written = io.StringIO()
    lines = Lines(Console(file=written, width=200), "Trying", lambda: now[0])
    lines.start(10, "vae")
    now[0] = 10 * EVERY_S
    lines.set(10, 10)
    lines.start(4, "gan")
    now[0] += EVERY_S
    lines.set(1, 4)
    assert written.getvalue().splitlines()[-1] == "Trying (gan): 1 of 4, about 3 min left"


def test_short_work_says_nothing() -> None:
    written = io.StringIO()
    lines = Lines(Console(file=written), "Grading", lambda: 0.0)
    lines.start(3, "")
    for _ in range(3):
        lines.advance()
    assert written.getvalue() == ""


def test_what_is_left_is_told_from_the_pace_of_late() -> None:
    """Ten slow minutes and more, in another part with the same counts, say nothing of the fast ones after them."""
    now = [0.0]
    written = io.StringIO()
    lines = Lines(Console(file=written, width=200), "Trying", lambda: now[0])
    lines.start(400, "vae")
    for done in range(1, 21):
        now[0] += EVERY_S
        lines.set(done, 400)
    lines.start(400, "gan")
    for done in range(40, 240, 20):
        now[0] += EVERY_S
        lines.set(done, 400)
    said = written.getvalue().splitlines()
    assert said[19] == "Trying (vae): 20 of 400, about 380 min left"
    assert said[-1] == "Trying (gan): 220 of 400, about 9 min left"
