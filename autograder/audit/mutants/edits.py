"""Replace one node of a syntax tree, leaving the tree as it was."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

Scope = dict[str, str]  # argument of the function around a node -> its annotation


@dataclass(frozen=True)
class Spot:
    """A node that may be changed, and what is known around it.

    Attributes:
        parents: the nodes around it, innermost last.
        scope: annotations of the arguments of the function around it; empty outside of functions.
        siblings: attributes of the class -> the source of what __init__ assigns to them.
    """

    node: ast.AST
    parents: tuple[ast.AST, ...]
    scope: Scope
    siblings: dict[str, str]

    @property
    def parent(self) -> ast.AST:
        return self.parents[-1]

    def is_tensor_argument(self) -> bool:
        """Whether the node reads an argument that is annotated as a tensor."""
        return self._reads("Tensor")

    def is_integer_argument(self) -> bool:
        return self._reads("int", exactly=True)

    def _reads(self, kind: str, exactly: bool = False) -> bool:
        if not isinstance(self.node, ast.Name) or not isinstance(self.node.ctx, ast.Load):
            return False
        annotation = self.scope.get(self.node.id, "")
        return annotation == kind if exactly else kind in annotation


Change = ast.AST | Sequence[ast.stmt]
Operator = Callable[[Spot], Iterable[Change]]


def spots(tree: ast.Module, annotations: dict[str, Scope]) -> Iterator[Spot]:
    """Every node of the tree, in the order of the text."""
    siblings = _siblings(tree)

    def below(node: ast.AST, parents: tuple[ast.AST, ...], inside: str, scope: Scope) -> Iterator[Spot]:
        for child in ast.iter_child_nodes(node):
            name, known = inside, scope
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                name = f"{inside}{child.name}."
                known = annotations.get(name.rstrip("."), scope)
            yield Spot(child, (*parents, node), known, siblings)
            yield from below(child, (*parents, node), name, known)

    yield from below(tree, (), "", {})


def replaced(tree: ast.Module, spot: Spot, change: Change) -> str | None:
    """The source with the spot's node replaced, by statements where they are several; None where that is no Python."""
    new: list[ast.AST] = list(change) if isinstance(change, Sequence) else [change]
    try:
        with _in_place(spot, new):
            text = ast.unparse(tree) + "\n"
        compile(text, "<mutant>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return None
    return text


@contextmanager
def _in_place(spot: Spot, new: list[ast.AST]) -> Iterator[None]:
    """The tree with `new` where the spot's node stood; afterwards it is as it was."""
    for field, value in ast.iter_fields(spot.parent):
        if value is spot.node:
            setattr(spot.parent, field, new[0])
            try:
                yield
            finally:
                setattr(spot.parent, field, value)
            return
        if isinstance(value, list) and any(item is spot.node for item in value):
            index = next(n for n, item in enumerate(value) if item is spot.node)
            value[index : index + 1] = new
            try:
                yield
            finally:
                value[index : index + len(new)] = [spot.node]
            return
    raise ValueError("the node is not one of its parent's")


def _siblings(tree: ast.Module) -> dict[str, str]:
    """Attributes that methods named __init__ assign."""
    return {
        target.attr: ast.unparse(statement.value)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and function.name == "__init__"
        for statement in ast.walk(function)
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name)
    }
