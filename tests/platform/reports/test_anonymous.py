"""Code that is shown to a lecture does not say who wrote it."""

from __future__ import annotations

import ast

import pytest

from autograder.reports.anonymous import anonymous, words, written_by_several

PERSONAL = '''
# Ada Lovelace, matriculation number 1815
def kl(mu, logvar, adas_factor=1.0):
    """By Ada."""
    "another note of ada's"
    ada_sum = mu.pow(2) + logvar.exp()  # ada
    print(f"ada says {ada_sum}")
    return adas_factor * F.mse_loss(ada_sum, mu, reduction="sum")
'''
KNOWN = {"kl", "mu", "logvar", "sum"}


def test_nothing_that_the_student_made_up_is_left() -> None:
    shown = anonymous(PERSONAL, KNOWN)
    assert "ada" not in shown.lower()
    assert "1815" not in shown
    ast.parse(shown)


def test_what_is_known_and_what_belongs_to_libraries_stays() -> None:
    shown = anonymous(PERSONAL, KNOWN)
    assert "def kl(mu, logvar, name_" in shown
    assert "F.mse_loss(name_" in shown
    assert "reduction='sum'" in shown
    assert "mu.pow(2) + logvar.exp()" in shown


def test_a_name_is_the_same_name_everywhere() -> None:
    source = (
        "class Net:\n    def set(self, size):\n        self.adas = size\n    def f(self):\n        return self.adas\n"
    )
    shown = anonymous(source, {"Net", "set", "self", "size", "f"})
    assert shown.count("self.name_1") == 2


@pytest.mark.parametrize("source", ["def f(:", "x = '\0'", "(" * 3000, "\ud800"])
def test_what_is_no_python_is_not_shown(source: str) -> None:
    assert anonymous(source, set()) == ""
    assert words(source) == frozenset()


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    pass\nexcept ValueError as ada:\n    print(ada)",
        "import numpy as ada\nada.zeros(3)",
        "def f():\n    global ada\n    ada = 1",
        "def f():\n    ada = 1\n    def g():\n        nonlocal ada\n        ada = 2\n    return g",
        "f = lambda ada: ada + 1",
        "[ada for ada in range(3)]",
        "g(ada=1)\ndef g(ada): return ada",
        "async def ada(): return b'ada'",
        "def f():\n    '''ada'''",
        "with open('ada') as ada: pass",
        "(ada := 3)",
        "class C:\n    '''ada'''\n    ada: int = 3",
    ],
)
def test_every_place_where_a_name_can_stand(source: str) -> None:
    shown = anonymous(source, set())
    assert "ada" not in shown
    ast.parse(shown)


def test_two_writers_make_a_word_common() -> None:
    assert written_by_several(["x = 'a'", "x = 'b'", "y = 'b'\ny = 'c'\ny = 'c'"]) == {"x", "b"}
