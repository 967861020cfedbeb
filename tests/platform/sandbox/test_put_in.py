"""The reference's version of a question, put into a student's notebook."""

from __future__ import annotations

from tests.platform.sandbox.running import Make, value


def test_put_in_replaces_the_answer_where_it_stands(make: Make) -> None:
    """Cells below see the reference's version: classes that inherit from it, values computed with it."""
    put_in = {"Base": "class Base:\n    def who(self): return 'reference'"}
    student = ("class Base:\n    def who(self): return 'student'", "Base")
    below = "class Child(Base): pass\nwho = Base().who()\ndef f(): return Child().who(), who"
    assert value(make(student, below), "f") == ("student", "student")
    assert value(make(student, below, put_in=put_in), "f") == ("reference", "reference")


def test_put_in_outlasts_a_later_redefinition(make: Make) -> None:
    """A second answer further down, or an ordinary cell that rebinds the name, does not bring the wrong one back."""
    put_in = {"f": "def f(): return 'reference'"}
    wrong = ("def f(): return 'wrong'", "f")
    session = make(wrong, wrong, "f = lambda: 'rebound'", "def g(): return f()", put_in=put_in)
    assert value(session, "f") == "reference"
    assert value(session, "g") == "reference"


def test_put_in_where_the_answer_is_missing_or_fails(make: Make) -> None:
    """No cell defines it, its cell raises, or its cell crashes: the dependency is there all the same."""
    put_in = {"f": "def f(): return 'reference'"}
    for cells in (["a = 1"], [("1 / 0", "f")], [("import os; os._exit(1)", "f")]):
        session = make(*cells, "def g(): return f()", put_in=put_in)
        assert value(session, "g") == "reference"


def test_put_in_finds_the_notebooks_helpers_and_keeps_its_own(make: Make) -> None:
    """What it imports or defines itself is its own; the rest it looks up in the notebook."""
    put_in = {"f": "import math\nSCALE = 10\ndef f(x): return SCALE * helper(math.floor(x))"}
    helpers = "def helper(x): return x + 1\nSCALE = -1\nmath = None"
    session = make(helpers, ("def f(x): return None", "f"), "def g(): return SCALE", put_in=put_in)
    assert value(session, "f", 1.5) == 20
    assert value(session, "g") == -1  # and it does not leak into the notebook


def test_two_put_in_functions_use_each_other_in_any_order(make: Make) -> None:
    """Also where the notebook has them upside down: neither ever sees the student's wrong version."""
    put_in = {"low": "def low(): return 'reference'", "high": "def high(): return 'high ' + low()"}
    low, high = ("def low(): return 'wrong'", "low"), ("def high(): return 'wrong'", "high")
    for cells in ((low, high), (high, low), (high, low, low, high), (low, high, low)):
        assert value(make(*cells, put_in=put_in), "high") == "high reference"
        assert value(make(*cells, put_in=dict(reversed(put_in.items()))), "high") == "high reference"


def test_put_in_sees_the_latest_helper(make: Make) -> None:
    """A helper that a later cell defines anew is the one in force, as for any function of the notebook."""
    put_in = {"f": "def f(): return helper()"}
    session = make("def helper(): return 1", ("def f(): pass", "f"), "def helper(): return 2", put_in=put_in)
    assert value(session, "f") == 2
