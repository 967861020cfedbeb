"""The hidden suite as source text, for graders that run tests in the student's kernel; stock nbgrader's cells of it.

Every test of a question is taken over, public ones too, word for word but for pytest's markers.
"""

from __future__ import annotations

import ast
import contextlib
import io
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograder.course import Assignment, Question
from autograder.engine.suite_items import SuiteItem, read_items
from autograder.engine.worker import INI
from autograder.errors import SuiteError

BEGIN, END = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"


@dataclass(frozen=True)
class QuestionTests:
    """All tests of one question.

    Attributes:
        functions: sources of functions `_tests_0`, `_tests_1`, ..., one a file of the suite. Each returns a
            list of (what the seed is made of, weight, test).
        tests: those tests, in the order of the lists.
    """

    question: Question
    functions: tuple[str, ...]
    tests: tuple[SuiteItem, ...]

    @property
    def all_tests(self) -> str:
        """An expression: the lists of all functions in one."""
        return " + ".join(f"_tests_{number}()" for number in range(len(self.functions)))


def hidden_tests(assignment: Assignment) -> list[QuestionTests]:
    """Every question's tests. Once in a process: the suite's modules are imported for it.

    Raises:
        SuiteError: the suite cannot be collected, or a test needs more of pytest than markers and plain fixtures.
    """
    suite = _collect(assignment)
    files = {path: _File(path) for path in sorted({t.item.path for tests in suite.values() for t in tests})}
    return [_of_question(question, suite[question.name], files) for question in assignment.questions]


def nbgrader_cell(tests: QuestionTests) -> str:
    """A locked test cell of nbgrader's source notebook.

    The cell's value is the points earned, which is nbgrader's own way of giving partial credit.
    """
    question = tests.question
    head = [f"# Tests of {question.name}.", BEGIN, "from stock_student import earned", ""]
    return "\n".join([*head, *tests.functions, f"earned({question.points}, {tests.all_tests})", END])


def _collect(assignment: Assignment) -> Mapping[str, Sequence[SuiteItem]]:
    """Question -> its tests, as pytest and the platform see them: names and weights are theirs, not guessed here."""
    collected: dict[str, Sequence[SuiteItem]] = {}

    class Collector:
        def pytest_collection_finish(self, session: pytest.Session) -> None:
            collected.update(read_items(session.items, assignment))

    arguments = ["--collect-only", "-c", str(INI), "-p", "autograder.suite.plugin", str(assignment.suite_folder)]
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        pytest.main(arguments, plugins=[Collector()])
    if not collected:
        raise SuiteError(f"{assignment.suite_folder}: the hidden suite cannot be collected\n{printed.getvalue()}")
    return collected


def _of_question(question: Question, tests: Sequence[SuiteItem], files: Mapping[Path, _File]) -> QuestionTests:
    functions: list[str] = []
    order: list[SuiteItem] = []
    for path, file in files.items():
        mine = [test for test in tests if test.item.path == path and test.counts]
        if mine:
            body = textwrap.indent(file.source_for(mine), "    ")
            functions.append(f"def _tests_{len(functions)}():\n{body}\n")
            order += mine
    return QuestionTests(question, tuple(functions), tuple(order))


class _File:
    """One test_*.py of the suite, as text."""

    def __init__(self, path: Path) -> None:
        self.path = path
        body = ast.parse(path.read_text(encoding="utf-8")).body
        functions = {node.name: node for node in body if isinstance(node, ast.FunctionDef)}
        self._tests = {name: node for name, node in functions.items() if name.startswith("test_")}
        self._fixtures = {name for name, node in functions.items() if "pytest.fixture" in _decorators(node)}
        kept = [node for node in body if node not in self._tests.values() and not _is_for_pytest(node)]
        self._support = [_bare(node) for node in kept]

    def source_for(self, tests: Sequence[SuiteItem]) -> str:
        """Body of a function that returns [(what the seed is made of, weight, test), ...]."""
        nodes = [self._node(test) for test in tests]
        entries = [
            f"    ({f'{self.path.name}::{test.name}'!r}, {test.weight}, {self._call(node)}),"
            for test, node in zip(tests, nodes, strict=True)
        ]
        parts = [ast.unparse(node) for node in (*self._support, *map(_bare, nodes))]
        if any(isinstance(n, ast.Name) and n.id == "pytest" for n in ast.walk(ast.parse("\n".join(parts)))):
            raise SuiteError(f"{self.path}: uses pytest itself, which a stock notebook's cell has no use for")
        return "\n\n".join([*parts, "\n".join(["return [", *entries, "]"])])

    def _node(self, test: SuiteItem) -> ast.FunctionDef:
        if test.name not in self._tests:
            raise SuiteError(f"{self.path}: {test.name} is no top-level function, or is parametrized")
        return self._tests[test.name]

    def _call(self, test: ast.FunctionDef) -> str:
        """A call of the test with its fixtures filled in: `student`, and plain functions of the same file."""
        arguments = [argument.arg for argument in test.args.args]
        for name in set(arguments) - self._fixtures - {"student"}:
            raise SuiteError(f"{self.path}: {test.name} needs the fixture {name!r}, which is not in this file")
        values = ", ".join(name if name == "student" else f"{name}()" for name in arguments)
        return f"lambda student: {test.name}({values})"


def _decorators(node: ast.FunctionDef) -> str:
    return " ".join(ast.unparse(decorator) for decorator in node.decorator_list)


def _is_for_pytest(node: ast.stmt) -> bool:
    """Docstrings, `import pytest`, markers that have been given a name: nothing that a cell needs."""
    imports = isinstance(node, ast.Import) and any(alias.name == "pytest" for alias in node.names)
    future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
    docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    marker = isinstance(node, ast.Assign) and "pytest.mark" in ast.unparse(node.value)
    return imports or future or docstring or marker


def _bare(node: ast.stmt) -> ast.stmt:
    """A test without decorators, a fixture without pytest's; any other statement as it is."""
    if not isinstance(node, ast.FunctionDef):
        return node
    fields = {name: getattr(node, name) for name in node._fields}
    is_test = node.name.startswith("test_")
    kept = [d for d in node.decorator_list if not is_test and "pytest." not in ast.unparse(d)]
    return ast.copy_location(ast.FunctionDef(**{**fields, "decorator_list": kept}), node)
