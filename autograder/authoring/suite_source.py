"""Read the tests of a hidden suite without importing them: what each is for, and its text.

What pytest would collect under another name than it is written (classes, generated tests) is not
supported in a hidden suite: one test is one top-level function, so that instructors, students and
reports mean the same thing by its name.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import Problem


@dataclass(frozen=True, slots=True)
class SuiteTest:
    """One test function of a hidden suite.

    Attributes:
        question: the question that it belongs to; "" where no marker says so.
        title: the first paragraph of its docstring, on one line: what students see.
        hint: the text of its `hint` marker.
        public: whether students get its source.
        parametrized: whether it has a `parametrize` marker.
        source: its text without decorators.
    """

    name: str
    question: str
    title: str
    hint: str
    public: bool
    parametrized: bool
    path: Path
    line: int
    source: str
    node: ast.FunctionDef

    @property
    def body(self) -> list[str]:
        """The lines of its body without the docstring."""
        statements = self.node.body[1:] if self.title else self.node.body
        return self.source.splitlines()[statements[0].lineno - self.line :] if statements else []


@dataclass(frozen=True, slots=True)
class SuiteFile:
    """One test_*.py: its tests, and the top-level imports by the name that they bind."""

    path: Path
    tests: tuple[SuiteTest, ...]
    imports: dict[str, str]


def read_suite(folder: Path) -> tuple[list[SuiteFile], list[Problem]]:
    """Every test_*.py of `folder`, in alphabetical order, and what is wrong with those that cannot be read."""
    files, problems = [], []
    for path in sorted(folder.glob("test_*.py")):
        try:
            files.append(_suite_file(path))
        except (OSError, UnicodeDecodeError) as error:
            problems.append(Problem(path, 0, f"cannot be read: {error}"))
        except SyntaxError as error:
            problems.append(Problem(path, error.lineno or 0, f"no valid Python: {error.msg}"))
    return files, problems


def list_tests(folder: Path) -> list[SuiteTest]:
    """Every test of the suite in `folder` that can be read, in the order of files and lines."""
    return [test for file in read_suite(folder)[0] for test in file.tests]


def _suite_file(path: Path) -> SuiteFile:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assigned = _assigned(tree)
    module_marks = _elements(assigned["pytestmark"]) if "pytestmark" in assigned else []
    tests = []
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and function.name.startswith("test_"):
            # As in pytest, the marker nearest to the function wins. A marker may have been given a name.
            marks = [*function.decorator_list, *module_marks]
            named = [assigned.get(m.id, m) if isinstance(m, ast.Name) else m for m in marks]
            tests.append(_suite_test(function, path, text, named))
    return SuiteFile(path, tuple(tests), _imports(tree))


def _suite_test(function: ast.FunctionDef, path: Path, text: str, marks: list[ast.expr]) -> SuiteTest:
    title = (ast.get_docstring(function) or "").split("\n\n")[0]
    return SuiteTest(
        name=function.name,
        question=_text_argument(marks, "question"),
        title=" ".join(title.split()),
        hint=_text_argument(marks, "hint"),
        public=any(_mark_name(m) == "public" for m in marks),
        parametrized=any(_mark_name(m) == "parametrize" for m in marks),
        path=path,
        line=function.lineno,
        source="\n".join(text.splitlines()[function.lineno - 1 : function.end_lineno]) + "\n",
        node=function,
    )


def _assigned(tree: ast.Module) -> dict[str, ast.expr]:
    """Top-level `name = value`, the last one of each name."""
    return {
        target.id: statement.value
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }


def _elements(value: ast.expr) -> list[ast.expr]:
    return value.elts if isinstance(value, ast.List | ast.Tuple) else [value]


def _mark_name(mark: ast.expr) -> str:
    """`public` of `pytest.mark.public` and of `pytest.mark.public(...)`; "" of anything else."""
    target = mark.func if isinstance(mark, ast.Call) else mark
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Attribute) and target.value.attr == "mark":
        return target.attr
    return ""


def _text_argument(marks: list[ast.expr], name: str) -> str:
    """The first argument of the first marker `name`, where it is plain text."""
    for mark in marks:
        if _mark_name(mark) == name and isinstance(mark, ast.Call):
            values = [*mark.args, *(k.value for k in mark.keywords)]
            if values and isinstance(values[0], ast.Constant) and isinstance(values[0].value, str):
                return values[0].value
    return ""


def _imports(tree: ast.Module) -> dict[str, str]:
    """Name -> the import statement that binds it, one name a statement."""
    found = {}
    for statement in tree.body:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                found[alias.asname or alias.name.partition(".")[0]] = ast.unparse(ast.Import([alias]))
        elif isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                single = ast.ImportFrom(statement.module, [alias], statement.level)
                found[alias.asname or alias.name] = ast.unparse(single)
    return found
