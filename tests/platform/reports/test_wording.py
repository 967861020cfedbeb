"""Text of students and staff on pages."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from autograder.reports.wording import MOST_FORMULAS, formulas


def test_formulas_are_drawn_within_text() -> None:
    page = BeautifulSoup(formulas(r"So $\beta < 1$, and then $$\frac{a}{b}$$ follows."), "html.parser")
    inline, block = page.find_all("math")
    assert inline.get_text() == "β<1"
    assert (inline["display"], block["display"]) == ("inline", "block")
    assert block.find("mfrac") is not None
    assert page.get_text().startswith("So β<1, and then")


@pytest.mark.parametrize(
    "text", ["It costs $5 or $6.", "$ spaced $", "a $ alone", "no \\frac{a}{b}", "", "$x" + "a" * 2000 + "$", "$$"]
)
def test_what_is_no_formula_stays_as_it_was_typed(text: str) -> None:
    assert BeautifulSoup(formulas(text), "html.parser").get_text() == text
    assert "<math" not in formulas(text)


@pytest.mark.parametrize(
    "text",
    ["<script>evil()</script>", "$<img src=x onerror=evil()>$", r"$\text{<script>evil()</script>}$",
     r"$\href{javascript:evil()}{x}$", "$$</math><script>evil()</script>$$"],
)  # fmt: skip
def test_nothing_active_comes_out(text: str) -> None:
    tags = {tag.name for tag in BeautifulSoup(formulas(text), "html.parser").find_all(True)}
    assert not tags & {"script", "img", "a", "iframe", "svg"}
    assert "href=" not in formulas(text)
    assert "onerror=" not in formulas(text) or "&lt;img" in formulas(text)


def test_a_flood_of_formulas_is_cut() -> None:
    assert formulas("$x$ " * (MOST_FORMULAS + 50)).count("<math") == MOST_FORMULAS
