"""Turn a reference solution into what a student starts from.

Signature and docstring stay; a body goes between nbgrader's solution markers, which
`generate_assignment` then replaces by `raise NotImplementedError()`. In a class each method has
a region of its own. Where the reference marks a part of a body itself, only that part is removed.

The syntax tree is asked for positions alone, and the text between them is never rewritten, so
comments and formatting stay as they are.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.errors import AuthoringError

BEGIN = "BEGIN SOLUTION"
END = "END SOLUTION"
_MARKER = re.compile(rf"^\s*#.*\b({BEGIN}|{END})\b")

_Function = (ast.FunctionDef, ast.AsyncFunctionDef)
_Decorated = (*_Function, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class Region:
    """Lines `first` to `last` of a body (1-based, both included), not counting its docstring."""

    first: int
    last: int
    indent: str


def make_stub(source: str) -> str:
    """`source` (one dedented function or class) with markers around each body.

    Raises:
        AuthoringError: there is nothing that a student could write, the markers do not pair up,
            or a body shares a line with its docstring.
    """
    lines = _on_lines_of_their_own(source).splitlines()
    marked = _marked(lines)
    regions = [r for r in _bodies(lines) if not any(r.first <= last and first <= r.last for first, last in marked)]
    if not regions and not marked:
        raise AuthoringError("has no body for students to write")
    for region in sorted(regions, key=lambda r: r.first, reverse=True):
        lines.insert(region.last, f"{region.indent}### {END}")
        lines.insert(region.first - 1, f"{region.indent}### {BEGIN}")
    return "\n".join(lines) + "\n"


def solution_regions(stub: str) -> list[list[str]]:
    """The lines of every marked region of `stub`, without the markers."""
    lines = stub.splitlines()
    return [lines[first : last - 1] for first, last in _marked(lines)]


def kept_lines(stub: str) -> list[str]:
    """The lines of `stub` that stand outside its marked regions."""
    lines = stub.splitlines()
    removed = {n for first, last in _marked(lines) for n in range(first, last + 1)}
    return [line for n, line in enumerate(lines, start=1) if n not in removed]


def _marked(lines: list[str]) -> list[tuple[int, int]]:
    """(line of BEGIN, line of END) of every marked region, 1-based."""
    regions, begin = [], 0
    for number, line in enumerate(lines, start=1):
        marker = _MARKER.match(line)
        if not marker:
            continue
        if (marker[1] == BEGIN) == bool(begin):
            raise AuthoringError(f"its `### {BEGIN}` and `### {END}` do not pair up")
        if begin:
            regions.append((begin, number))
        begin = 0 if begin else number
    if begin:
        raise AuthoringError(f"its last `### {BEGIN}` has no `### {END}`")
    return regions


def _on_lines_of_their_own(source: str) -> str:
    """Bodies that share a line with their `def` go to a line below it."""
    functions = list(_outermost_functions(ast.parse(source).body))
    for function in sorted(functions, key=lambda f: f.lineno, reverse=True):
        first, lines = function.body[0], source.splitlines(keepends=True)
        line = lines[first.lineno - 1].encode()
        before = line[: first.col_offset].decode()
        if not before.strip() or _is_empty(function.body):
            continue
        if _docstring(function) and len(function.body) > 1:
            raise AuthoringError(f"{function.name}: put its docstring and its body on lines of their own")
        indent = " " * (function.col_offset + 4)
        lines[first.lineno - 1] = f"{before.rstrip()}\n{indent}{line[first.col_offset :].decode()}"
        source = "".join(lines)
    return source


def _bodies(lines: list[str]) -> Iterator[Region]:
    tree = ast.parse("\n".join(lines))
    for function in _outermost_functions(tree.body):
        docstring = _docstring(function)
        body = function.body[1:] if docstring else function.body
        if _is_empty(body):
            continue
        if docstring and docstring.end_lineno == body[0].lineno:
            raise AuthoringError(f"{function.name}: put its docstring and its body on lines of their own")
        first = docstring.end_lineno + 1 if docstring and docstring.end_lineno else _first_line(body[0], lines)
        last = last_line(function, lines)
        while not lines[first - 1].strip():
            first += 1
        indent = re.match(r"\s*", lines[body[0].lineno - 1])
        yield Region(first, last, indent[0] if indent else "")


def _outermost_functions(body: list[ast.stmt]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for statement in body:
        if isinstance(statement, _Function):
            yield statement
        elif isinstance(statement, ast.ClassDef):
            yield from _outermost_functions(statement.body)


def _docstring(function: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.stmt | None:
    return function.body[0] if ast.get_docstring(function, clean=False) is not None else None


def _is_empty(body: list[ast.stmt]) -> bool:
    """Whether a body does nothing at all (a protocol's method, say), so that there is nothing to hide."""
    return all(isinstance(s, ast.Pass) or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant)) for s in body)


def first_line(statement: ast.stmt) -> int:
    """Where a statement begins, its decorators included."""
    decorators = statement.decorator_list if isinstance(statement, _Decorated) else []
    return min([statement.lineno, *(d.lineno for d in decorators)])


def _first_line(statement: ast.stmt, lines: list[str]) -> int:
    """Where a statement begins, with the comments and blank lines above it."""
    first = first_line(statement)
    while not lines[first - 2].strip() or lines[first - 2].lstrip().startswith("#"):
        first -= 1
    return first


def last_line(statement: ast.stmt, lines: list[str]) -> int:
    """Where a definition ends, with the comments that stand below its body and are indented like it."""
    last = statement.end_lineno or statement.lineno
    for number in range(last + 1, len(lines) + 1):
        line = lines[number - 1]
        if not line.strip():
            continue
        if not line.lstrip().startswith("#") or len(line) - len(line.lstrip()) <= statement.col_offset:
            break
        last = number
    return last
