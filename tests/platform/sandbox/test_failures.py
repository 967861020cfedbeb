"""A student's exception becomes plain, bounded data, however the exception is made."""

from __future__ import annotations

import json
from typing import Any

import pytest

from autograder.sandbox.inside.failures import MAX_MESSAGE, describe


def raised(source: str) -> BaseException:
    """What the source raises, compiled like a cell."""
    try:
        exec(compile(source, "<cell 3>", "exec"), {"__name__": "__main__"})
    except BaseException as error:
        return error
    raise AssertionError("the source was to raise")


def plain(error: BaseException) -> dict[str, Any]:
    """The description, which must be JSON of a modest size."""
    described = describe(error)
    assert len(json.dumps(described)) < 12 * MAX_MESSAGE
    assert set(described) == {"type", "mro", "message", "cell", "line"}
    return described


def test_an_ordinary_error() -> None:
    """Type, bases, message, cell and line."""
    assert plain(raised("x = {}\nx['a']")) == {
        "type": "KeyError", "mro": ["KeyError", "LookupError", "Exception", "BaseException", "object"],
        "message": "'a'", "cell": 3, "line": 2,
    }  # fmt: skip


def test_the_innermost_student_line_counts() -> None:
    """Library frames below it do not."""
    assert plain(raised("import json\ndef f():\n    json.loads('{')\nf()"))["line"] == 3


def test_an_error_from_outside_of_the_cells() -> None:
    """No place is made up."""
    described = plain(ValueError("x"))
    assert (described["cell"], described["line"]) == (-1, 0)


def test_a_gigabyte_message_is_bounded() -> None:
    """The first two thousand characters."""
    assert len(plain(raised("raise ValueError('x' * 10**8)"))["message"]) == MAX_MESSAGE


def test_a_deep_traceback_is_walked_only_so_far() -> None:
    """A recursion error still has a place."""
    described = plain(raised("def f(): f()\nf()"))
    assert described["type"] == "RecursionError"
    assert described["line"] == 1


HOSTILE = {
    "str that raises": "class E(Exception):\n  def __str__(self): raise SystemExit",
    "str of another type": "class S(str): pass\nclass E(Exception):\n  def __str__(self): return S('x')",
    "str that gives no string": "class E(Exception):\n  def __str__(self): return 3",
    "a metaclass with its own mro": "class M(type):\n  @property\n  def __mro__(cls): raise KeyboardInterrupt\n"
    "class E(Exception, metaclass=M): pass",
    "a metaclass with its own name": "class M(type):\n  @property\n  def __name__(cls): raise KeyboardInterrupt\n"
    "class E(Exception, metaclass=M): pass",
    "a name of a million letters": "E = type('E' * 10**6, (Exception,), {})",
    "a name with control characters": "E = type('E\\x1b[2J\\n', (Exception,), {})",
    "a property for the traceback": "class E(Exception):\n  @property\n  def __traceback__(self): raise SystemExit",
    "a syntax error that lies about its file": "class E(SyntaxError):\n  @property\n  def filename(self): 1 / 0\n"
    "  @property\n  def lineno(self): 1 / 0",
    "getattribute that raises": "class E(Exception):\n  def __getattribute__(self, name): raise SystemExit",
    "a class that lies about its class": "class E(Exception):\n  __class__ = property(lambda self: 1 / 0)",
    "two hundred bases": "K = Exception\nfor i in range(200): K = type(f'K{i}', (K,), {})\nclass E(K): pass",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_exceptions_are_described_all_the_same(what: str) -> None:
    """Nothing of the exception's own code decides whether it can be described."""
    assert plain(raised(f"{HOSTILE[what]}\nraise E()"))["line"] == HOSTILE[what].count("\n") + 2


@pytest.mark.parametrize("line", [10**400, -5, 0, "7", None, 1.5])
def test_a_syntax_error_with_an_odd_line(line: Any) -> None:
    """A line is a small number, or 0 for unknown."""
    described = plain(SyntaxError("bad", ("<cell 4>", line, 1, "", 1, 1)))
    assert described["cell"] == 4
    assert described["line"] == 0


@pytest.mark.parametrize("name", ["<cell >", "<cell x>", "<cell -1>", "<cell 999999999999>", "<cell ٣>"])
def test_a_forged_file_name(name: str) -> None:
    """Code compiled under a name that only looks like a cell's has no cell, or a small number for one."""
    with pytest.raises(ZeroDivisionError) as caught:
        exec(compile("1 / 0", name, "exec"), {})
    assert plain(caught.value)["cell"] in (-1, 3)
