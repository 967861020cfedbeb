"""The locked cell under each question: those hidden tests that are marked `public`, as plain Python.

There is one source for both. In the hidden suite `student` is the sandboxed process; in the
notebook it is the notebook itself (`import __main__ as student`), with nothing installed but torch.
So a public test must do without everything else that a hidden test may use.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping, Sequence

from autograder.authoring.names import used_names
from autograder.authoring.suite_source import SuiteTest
from autograder.errors import Problem

ALLOWED_MODULES = frozenset({"torch", "math"})
HANDLE_ONLY = frozenset({"get", "parameter_shapes"})  # of a handle into the sandbox; a student's own object has none
_CURE = "make it plain Python, or remove the marker `public`"


def public_test_cell(question: str, tests: Sequence[SuiteTest], imports: Mapping[str, str]) -> str:
    """Source of the test cell of `question`.

    Args:
        tests: its public tests, in order; there may be none.
        imports: name -> import statement of the files that they come from.
    """
    if not tests:
        return (
            f"# {question} has no public tests. The hidden tests will grade it.\n"
            f'print("{question}: no public tests; the hidden tests will grade it.")'
        )
    sample = "one of the hidden tests that grade" if len(tests) == 1 else "some of the hidden tests that grade"
    needed = sorted({imports[name] for test in tests for name in used_names(test.source) if name in imports})
    header = [f"# Run this cell to try {question}: {sample} it.", "import __main__ as student"]
    summary = f"{question}: {len(tests)} public test{'s pass' if len(tests) > 1 else ' passes'}."
    run = [*(f"{test.name}(student)" for test in tests), f'print("{summary}")']
    parts = ["\n".join(header)]
    if needed:
        parts.append("\n".join(needed))
    bodies = [test.source.strip() for test in tests]
    return "\n\n".join(parts) + "\n\n\n" + "\n\n\n".join([*bodies, "\n".join(run)])


def not_plain(test: SuiteTest, imports: Mapping[str, str]) -> list[Problem]:
    """Everything that keeps a public test from running as plain Python in a notebook."""
    return [
        Problem(test.path, line, f"{test.name} is public, but {message}; {_CURE}")
        for line, message in sorted(set(_obstacles(test, imports)))
    ]


def _obstacles(test: SuiteTest, imports: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """(line, what is wrong)"""
    if not test.title:
        yield test.line, "has no docstring to tell the student what it checks"
    if test.parametrized:
        yield test.line, "is parametrized"
    arguments = [a.arg for a in ast.walk(test.node.args) if isinstance(a, ast.arg)]
    if arguments != ["student"] or test.node.args.defaults:
        yield test.line, f"takes ({', '.join(arguments)}) where it may take the fixture `student` alone"
    yield from _foreign_names(test, imports)
    for node in ast.walk(test.node):
        yield from _obstacles_in(node)


def _foreign_names(test: SuiteTest, imports: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    allowed = {name for name, statement in imports.items() if _imported_roots(statement) <= ALLOWED_MODULES}
    for name in used_names(test.source) - allowed - set(dir(builtins)):
        places = [n.lineno for n in ast.walk(test.node) if isinstance(n, ast.Name) and n.id == name]
        yield (
            min(places, default=test.line),
            f"uses `{name}`, which a notebook does not have (torch, math and builtins alone)",
        )


def _obstacles_in(node: ast.AST) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        foreign = ", ".join(sorted(_imported_roots(ast.unparse(node)) - ALLOWED_MODULES))
        if foreign:
            yield node.lineno, f"imports {foreign}"
    if not isinstance(node, ast.Attribute):
        return
    if node.attr in HANDLE_ONLY:
        yield node.lineno, f"calls .{node.attr}, which only a handle into the sandbox has"
    if node.attr == "run" and isinstance(node.value, ast.Name) and node.value.id == "student":
        yield node.lineno, "calls student.run, which only the sandbox has"


def _imported_roots(statement: str) -> frozenset[str]:
    node = ast.parse(statement).body[0]
    if isinstance(node, ast.Import):
        return frozenset(alias.name.partition(".")[0] for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        return frozenset({"." if node.level else (node.module or "").partition(".")[0]})
    return frozenset()
