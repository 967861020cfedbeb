"""The reference's normal form: one statement a line, without docstrings, annotations and comments.

What means nothing is left out, so that no mutant changes it; and a mutant differs from the reference in whole
statements, which are easy to read and to name.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef


def normal_form(source: str) -> str:
    """The normal form of a function's or a class's source."""
    return ast.unparse(_Bare().visit(ast.parse(source))) + "\n"


def annotations_of(source: str) -> dict[str, dict[str, str]]:
    """Function, for instance "VAE.forward" -> its arguments -> their annotations, which the normal form has not."""
    return {
        where: {arg.arg: ast.unparse(arg.annotation) for arg in _arguments(function) if arg.annotation}
        for where, function in functions(ast.parse(source))
    }


def functions(tree: ast.AST, inside: str = "") -> Iterator[tuple[str, Function]]:
    """Every function and method with its dotted name, outer ones first."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Function | ast.ClassDef):
            name = f"{inside}{node.name}"
            if isinstance(node, Function):
                yield name, node
            yield from functions(node, f"{name}.")
        else:
            yield from functions(node, inside)


def where_of(tree: ast.AST, line: int) -> str:
    """The innermost function that has this line, or the class where it is in none."""
    found = [name for name, function in functions(tree) if first_line(function) <= line <= (function.end_lineno or 0)]
    return found[-1] if found else next((n.name for n in ast.walk(tree) if isinstance(n, ast.ClassDef)), "")


def first_line(function: Function) -> int:
    """The first line of its decorators, or its own."""
    return min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])


def difference(old: str, new: str) -> tuple[int, str, str]:
    """The first line that changes (1-based), what it was and what it becomes; "" where lines come or go alone."""
    before, after = old.splitlines(), new.splitlines()
    changes = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    changed = [(i1, i2, j1, j2) for tag, i1, i2, j1, j2 in changes if tag != "equal"]
    was = [line.strip() for i1, i2, _, _ in changed for line in before[i1:i2]]
    becomes = [line.strip() for _, _, j1, j2 in changed for line in after[j1:j2]]
    return (changed[0][0] + 1 if changed else 1), "\n".join(was), "\n".join(becomes)


def _arguments(function: Function) -> list[ast.arg]:
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]


class _Bare(ast.NodeTransformer):
    """Drops docstrings and annotations."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        node.returns = None
        for arg in _arguments(node):
            arg.annotation = None
        node.body = _without_docstring(node.body)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self.generic_visit(node)
        node.body = _without_docstring(node.body)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        self.generic_visit(node)
        return node if node.value is None else ast.Assign([node.target], node.value, lineno=node.lineno)


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return body[1:] or [ast.Pass()] if is_docstring else body
