"""An answer without names, comments, docstrings and layout: the kinds of its syntax tree's nodes, in order."""

from __future__ import annotations

import ast
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.reports.anonymous import made_up_names, parsed

LEFT_OUT = (ast.Load, ast.Store, ast.Del)  # they follow from the node above


@dataclass(frozen=True, slots=True)
class Shape:
    """One answer's nodes.

    Attributes:
        tokens: a hash of each node, in the order of the code.
        lines: where each begins, 1-based.
    """

    tokens: tuple[int, ...]
    lines: tuple[int, ...]


def shape(source: str) -> Shape:
    """The shape of an answer; an empty one where it is no Python."""
    tree = parsed(source)
    try:
        nodes = list(_nodes(tree, 1)) if tree is not None else []
    except RecursionError:
        return Shape((), ())
    made_up = frozenset(made_up_names(tree)) if tree is not None else frozenset()
    return Shape(tuple(_token(node, made_up) for node, _ in nodes), tuple(line for _, line in nodes))


def _nodes(node: ast.AST, line: int) -> Iterator[tuple[ast.AST, int]]:
    """The node and all below it, each with its line; what has none is on the line of the node above."""
    line = getattr(node, "lineno", line)
    if not isinstance(node, ast.Module):
        yield node, line
    for child in ast.iter_child_nodes(node):
        is_text = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
        if not is_text and not isinstance(child, LEFT_OUT):
            yield from _nodes(child, line)


def _token(node: ast.AST, made_up: frozenset[str]) -> int:
    """Names of libraries stay, as a disguise leaves them alone; names that the code itself binds do not."""
    name = type(node).__name__
    if isinstance(node, ast.Attribute) and node.attr not in made_up:
        name += f".{node.attr}"
    elif isinstance(node, ast.Name) and node.id not in made_up:
        name += f" {node.id}"
    return zlib.crc32(name.encode("utf-8", errors="backslashreplace"))
