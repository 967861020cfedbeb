"""Formulas become MathML; what a student makes of them stays text."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from autograder.gradebook.feedback import generate_feedback
from autograder.gradebook.feedback_exporter import FeedbackExporter
from autograder.gradebook.mathml import ATTRIBUTES, LONGEST, TAGS, mathml
from tests.platform.accessibility import look, needs_browser
from tests.platform.gradebook.conftest import Classroom
from tests.platform.submissions.small_release import answered

ROOT = Path(__file__).parents[3]
RELEASES = sorted((ROOT / "release").glob("*/*.ipynb"))
FORMULA = re.compile(r"\$\$(.+?)\$\$|\$([^$\n]+?)\$", re.DOTALL)
PIECES = [
    "\\frac",
    "{",
    "}",
    "^",
    "_",
    "x",
    "<",
    ">",
    "&",
    "\\text",
    "\\href",
    "javascript:",
    "\\begin{matrix}",
    "\\\\",
    "\\left",
    "(",
    '"',
    "&lt;",
]


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_every_formula_of_the_course_can_be_drawn(release: Path) -> None:
    cells = json.loads(release.read_bytes())["cells"]
    prose = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    formulas = [block or line for text in prose for block, line in FORMULA.findall(text)]
    assert len(formulas) > 5
    assert [formula for formula in formulas if mathml(formula, block=False) is None] == []


def test_a_formula_is_what_it_says() -> None:
    drawn = mathml(r"\sigma = \exp\left(\tfrac{1}{2} \log \sigma^2\right) < 1", block=True)
    assert drawn is not None
    soup = BeautifulSoup(drawn, "html.parser")
    assert soup.math["display"] == "block"
    assert soup.find("mfrac") is not None
    assert "σ" in soup.get_text()
    assert "<" in soup.get_text()


@pytest.mark.parametrize(
    "formula",
    [
        r"\text{<script>document.title=1</script>}",
        r"\text{&lt;script&gt;document.title=1&lt;/script&gt;}",
        r"\text{&amp;lt;script&amp;gt;}",
        r"\href{javascript:evil(1)}{x}",
        r"\text{<img src=x onerror=evil(1)>}",
        r"\style{background:url(//evil)}{x}",
        r"\class{evil}{x}\cssId{evil}{y}",
        r"\unicode{60}script>",
        "<script>",
        "</math><script>evil(1)</script>",
    ],
)
def test_nothing_in_a_formula_is_active(formula: str) -> None:
    drawn = mathml(formula, block=False)
    soup = BeautifulSoup(drawn or "", "html.parser")
    assert {tag.name for tag in soup.find_all(True)} <= TAGS
    assert {name for tag in soup.find_all(True) for name in tag.attrs} <= ATTRIBUTES


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_whatever_comes_it_is_mathml_or_nothing(formula: str) -> None:
    drawn = mathml(formula, block=False)
    if drawn is not None:
        assert {tag.name for tag in BeautifulSoup(drawn, "html.parser").find_all(True)} <= TAGS
        fromstring(drawn)


def test_what_is_too_long_is_left_as_it_is() -> None:
    assert mathml("x" * LONGEST, block=True) is not None
    assert mathml("x" * (LONGEST + 1), block=True) is None


def test_a_page_draws_formulas_without_a_network(classroom: Classroom) -> None:
    classroom.hand_in("ada", answered(written_why="Because $\\sigma^2 > 0$:\n\n$$\n\\int x\\,dx\n$$\n"))
    classroom.grade()
    (path,) = generate_feedback(classroom.course, "small", ["ada"], workers=1)
    soup = BeautifulSoup(path.read_text(), "html.parser")
    drawn = {math.get_text(): math["display"] for math in soup.find_all("math")}
    assert drawn["σ2>0"] == "inline"
    assert next(display for text, display in drawn.items() if "∫" in text) == "block"
    assert not soup.find_all(src=True)
    assert "athJax" not in path.read_text()


def test_a_page_full_of_formulas_does_not_keep_the_others_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the time is used up, the rest is shown as it was typed."""
    monkeypatch.setattr("autograder.gradebook.feedback_exporter.FORMULAS_S", 0.0)
    exporter = FeedbackExporter()
    assert exporter.markdown2html({}, "$x$") == "<p>$x$</p>\n"


@pytest.mark.slow
@needs_browser
def test_a_page_asks_for_nothing_in_a_browser(classroom: Classroom) -> None:
    classroom.hand_in("ada", answered(written_why=r"$\sigma^2$"))
    classroom.grade()
    (path,) = generate_feedback(classroom.course, "small", ["ada"], workers=1)
    looked = look(path)
    assert looked.loaded == ()
    assert looked.serious == ()
