"""Show a student's code to a whole lecture without saying whose it is.

Comments and docstrings go; names that the student made up and texts that only this student wrote are
replaced. What the course handed out, what several students wrote, and the names of libraries stay, or the
example would say nothing.

Not covered: a student can be known by the way the code is built, as by a handwriting.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Iterable, Iterator

FEWEST_WRITERS = 2  # a name or text that so many students wrote tells nothing about one of them
ELLIPSIS = "…"


def anonymous(source: str, known: Collection[str]) -> str:
    """The code without what points to its writer; "" where it is no Python.

    Args:
        known: names and texts that may stay.
    """
    tree = parsed(source)
    if tree is None:
        return ""
    made_up = [name for name in dict.fromkeys(made_up_names(ast.walk(tree))) if name not in known]
    names = {name: f"name_{number}" for number, name in enumerate(made_up, 1)}
    try:
        return ast.unparse(ast.fix_missing_locations(_Rewriter(names, known).visit(tree)))
    except (ValueError, RecursionError, MemoryError):
        return ""


def parsed(source: str) -> ast.Module | None:
    """The syntax tree; None where it is no Python, or more than Python's parser takes."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def written_by_several(sources: Iterable[str]) -> frozenset[str]:
    """Names and texts that at least `FEWEST_WRITERS` of these students wrote."""
    writers: Counter[str] = Counter()
    for source in sources:
        writers.update(words(source))
    return frozenset(word for word, count in writers.items() if count >= FEWEST_WRITERS)


def words(source: str) -> frozenset[str]:
    """Every name and text in the code; nothing where it is no Python."""
    tree = parsed(source)
    return words_in(list(ast.walk(tree))) if tree is not None else frozenset()


def words_in(nodes: Collection[ast.AST]) -> frozenset[str]:
    """The same of a syntax tree's nodes, in any order."""
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return frozenset({*made_up_names(nodes), *texts})


def made_up_names(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Names that the code itself binds, in its order: variables, parameters, functions, classes, attributes."""
    for node in nodes:
        if isinstance(node, (ast.Name, ast.Attribute)):
            if isinstance(node.ctx, (ast.Store, ast.Del)):
                yield node.id if isinstance(node, ast.Name) else node.attr
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.alias) and node.asname:
            yield node.asname
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name


class _Rewriter(ast.NodeTransformer):
    def __init__(self, names: dict[str, str], known: Collection[str]) -> None:
        self._names = names
        self._known = known

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._names.get(node.id, node.id)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        node.attr = self._names.get(node.attr, node.attr)
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self._names.get(node.arg, node.arg)
        return self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> ast.AST:
        if node.arg is not None:
            node.arg = self._names.get(node.arg, node.arg)
        return self.generic_visit(node)

    def visit_alias(self, node: ast.alias) -> ast.AST:
        node.asname = self._names.get(node.asname, node.asname) if node.asname else None
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        node.name = self._names.get(node.name, node.name) if node.name else None
        return self.generic_visit(node)

    def visit_Global(self, node: ast.Global) -> ast.AST:
        node.names = [self._names.get(name, name) for name in node.names]
        return node

    def visit_Nonlocal(self, node: ast.Nonlocal) -> ast.AST:
        node.names = [self._names.get(name, name) for name in node.names]
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._definition(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._definition(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._definition(node)

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> ast.AST:
        node.name = self._names.get(node.name, node.name)
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            return ast.Pass()  # a text that stands alone is a comment
        return self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, (str, bytes)) and node.value not in self._known:
            node.value = ELLIPSIS if isinstance(node.value, str) else ELLIPSIS.encode()
        return node
