"""The hidden suite as stock nbgrader has it: one locked cell a question, its tests between the hidden-test markers.

Every test of the question is in its cell, public ones too, word for word but for pytest's markers. The cell's
value is the points earned, which is nbgrader's own way of giving partial credit.
"""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path

import torch

from autograder.course import Assignment
from autograder.errors import SuiteError

BEGIN, END = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"


def hidden_test_cells(assignment: Assignment) -> dict[str, str]:
    """Question -> source of its test cell in nbgrader's source notebook.

    Raises:
        SuiteError: a test needs more of pytest than markers and plain fixtures.
    """
    files = [_File(path) for path in sorted(assignment.suite_folder.glob("test_*.py"))]
    return {
        q.name: _cell(q.name, q.points, [(f, tests) for f in files if (tests := f.tests_of(q.name))])
        for q in assignment.questions
    }


def _cell(question: str, points: float, parts: list[tuple[_File, list[ast.FunctionDef]]]) -> str:
    lines = [f"# Tests of {question}.", BEGIN, "from stock_student import earned", ""]
    names = []
    for number, (file, tests) in enumerate(parts):
        names.append(f"_tests_{number}")
        lines += [f"def {names[-1]}():", textwrap.indent(file.source_for(tests), "    "), ""]
    collected = " + ".join(f"{name}()" for name in names)
    return "\n".join([*lines, f"earned({points}, {collected})", END])


class _File:
    """One test_*.py of the suite, as text."""

    def __init__(self, path: Path) -> None:
        self.path = path
        body = ast.parse(path.read_text(encoding="utf-8")).body
        self._tests = [n for n in body if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")]
        assigned = [n.value for n in body if isinstance(n, ast.Assign) and _assigns(n, "pytestmark")]
        self._module_marks = [mark for value in assigned for mark in getattr(value, "elts", [value])]
        self._fixtures = [n for n in body if isinstance(n, ast.FunctionDef) and _marks(n, "fixture")]
        kept = [n for n in body if n not in self._tests and not _is_for_pytest(n)]
        self._support = [_bare(n) for n in kept]

    def tests_of(self, question: str) -> list[ast.FunctionDef]:
        """Its tests of the question that count on this machine."""
        mine = [t for t in self._tests if self._argument(t, "question") == question]
        return [t for t in mine if torch.cuda.is_available() or not _marks(t, "gpu", self._module_marks)]

    def source_for(self, tests: list[ast.FunctionDef]) -> str:
        """Body of a function that returns [(seed name, weight, test), ...]."""
        entries = [
            f"    ({f'{self.path.name}::{t.name}'!r}, {self._argument(t, 'weight', 1)}, {self._call(t)}),"
            for t in tests
        ]
        parts = [ast.unparse(node) for node in (*self._support, *map(_bare, tests))]
        source = "\n\n".join([*parts, "\n".join(["return [", *entries, "]"])])
        if any(isinstance(n, ast.Name) and n.id == "pytest" for n in ast.walk(ast.parse("\n".join(parts)))):
            raise SuiteError(f"{self.path}: uses pytest itself, which a stock notebook's cell has no use for")
        return source

    def _call(self, test: ast.FunctionDef) -> str:
        """`test`, its fixtures other than `student` filled in; those must be plain functions."""
        plain = {f.name for f in self._fixtures if not f.args.args}
        arguments = [a.arg for a in test.args.args]
        for name in set(arguments) - plain - {"student"}:
            raise SuiteError(f"{self.path}: {test.name} needs the fixture {name!r}, which is no plain function")
        values = ", ".join(name if name == "student" else f"{name}()" for name in arguments)
        return f"lambda student: {test.name}({values})"

    def _argument(self, test: ast.FunctionDef, mark: str, default: object = "") -> object:
        found = _marks(test, mark, self._module_marks)
        return ast.literal_eval(found[0].args[0]) if found else default


def _marks(node: ast.FunctionDef, name: str, more: list[ast.expr] | None = None) -> list[ast.Call]:
    """Decorators pytest.mark.<name> (or pytest.<name>), the nearest first; the file's own marks after them."""
    every = [*node.decorator_list, *(more or [])]
    targets = [(d, d.func if isinstance(d, ast.Call) else d) for d in every]
    found = [d for d, target in targets if isinstance(target, ast.Attribute) and target.attr == name]
    return [d if isinstance(d, ast.Call) else ast.Call(d, [], []) for d in found]


def _assigns(node: ast.stmt, name: str) -> bool:
    return isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets)


def _is_for_pytest(node: ast.stmt) -> bool:
    """Docstrings, `import pytest`, `pytestmark = ...`: nothing that a cell needs."""
    imports = isinstance(node, ast.Import) and any(alias.name == "pytest" for alias in node.names)
    future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
    docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return imports or future or docstring or _assigns(node, "pytestmark")


def _bare(node: ast.stmt) -> ast.stmt:
    """A function without pytest's decorators; any other statement as it is."""
    if not isinstance(node, ast.FunctionDef):
        return node
    fields = {name: getattr(node, name) for name in node._fields}
    kept = [d for d in node.decorator_list if "pytest." not in ast.unparse(d)]
    return ast.copy_location(ast.FunctionDef(**{**fields, "decorator_list": kept}), node)
