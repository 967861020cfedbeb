"""Global names that a piece of source binds and uses."""

from __future__ import annotations

import pytest

from autograder.authoring.names import bound_names, used_names


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import a.b\nimport c as d\nfrom e import f as g, h", {"a", "d", "g", "h"}),
        ("x = y = 1\nz: int = 2\n(u, v), *w = t", {"x", "y", "z", "u", "v", "w"}),
        ("def f(p):\n    q = p\n\nclass C:\n    r = 1", {"f", "C"}),
        ("for i in range(3):\n    pass\nwith o as p:\n    pass", {"i", "p"}),
    ],
)
def test_bound(source: str, names: set[str]) -> None:
    assert bound_names(source) == names


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def f(a: A = D) -> R:\n    return a + B", {"A", "D", "R", "B"}),
        ("def f(x):\n    def g(y):\n        return x + y + Z\n    return g", {"Z"}),
        ("class C(Base):\n    k = K\n    def m(self):\n        return k, self.k", {"Base", "K", "k"}),
        ("def f(n):\n    return f(n - 1)", set()),
        ("def f():\n    import math\n    return [math.pi * i for i in I]", {"I"}),
        ("@deco\ndef f():\n    global G\n    return G", {"deco", "G"}),
        ("def f():\n    G = 1\n    return G", set()),
        ("f = lambda x: x + Y", {"Y"}),
    ],
)
def test_used(source: str, names: set[str]) -> None:
    assert used_names(source) == names
