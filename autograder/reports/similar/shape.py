"""An answer without names, comments, docstrings and layout: the kinds of its syntax tree's nodes, in order."""

from __future__ import annotations

import ast
import zlib
from dataclasses import dataclass

from autograder.reports.anonymous import made_up_names, parsed, words_in

LEFT_OUT = frozenset({ast.Load, ast.Store, ast.Del})  # they follow from the node above
LEAVES = frozenset({ast.Name, ast.Constant})  # nothing else is below them


@dataclass(frozen=True, slots=True)
class Shape:
    """One answer's nodes.

    Attributes:
        tokens: a hash of each node, in the order of the code.
        lines: where each begins, 1-based.
        words: every name and text of the code, docstrings too: what was taken away.
    """

    tokens: tuple[int, ...] = ()
    lines: tuple[int, ...] = ()
    words: frozenset[str] = frozenset()


def shape(source: str) -> Shape:
    """The shape of an answer; an empty one where it is no Python."""
    tree = parsed(source)
    if tree is None:
        return Shape()
    nodes, lines, texts = _walk(tree)
    made_up = frozenset(made_up_names(nodes))
    return Shape(tuple(_token(node, made_up) for node in nodes), tuple(lines), words_in([*nodes, *texts]))


def _walk(tree: ast.Module) -> tuple[list[ast.AST], list[int], list[ast.AST]]:
    """Nodes in the order of the code, the line of each, and apart from them the texts that stand alone.

    What has no line is on the line of the node above. One walk for a whole class's answers takes most of the time
    of `autograder similar`, so there is one for everything.
    """
    nodes: list[ast.AST] = []
    lines: list[int] = []
    texts: list[ast.AST] = []
    waiting: list[tuple[ast.AST, int]] = [(tree, 1)]
    while waiting:
        node, line = waiting.pop()
        if node is not tree:
            nodes.append(node)
            lines.append(line)
        if type(node) in LEAVES:
            continue
        below: list[tuple[ast.AST, int]] = []
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
                texts.append(child.value)
            elif type(child) not in LEFT_OUT:
                below.append((child, getattr(child, "lineno", line)))
        waiting.extend(reversed(below))
    return nodes, lines, texts


def _token(node: ast.AST, made_up: frozenset[str]) -> int:
    """Names of libraries stay, as a disguise leaves them alone; names that the code itself binds do not."""
    name = type(node).__name__
    if isinstance(node, ast.Attribute) and node.attr not in made_up:
        name += f".{node.attr}"
    elif isinstance(node, ast.Name) and node.id not in made_up:
        name += f" {node.id}"
    return zlib.crc32(name.encode("utf-8", errors="backslashreplace"))
