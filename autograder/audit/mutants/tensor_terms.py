"""Operators for formulas of tensor code: terms, factors, indices, arguments, and how gradients flow."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from autograder.audit.mutants.edits import Spot

PLAIN = frozenset({"shape", "dtype", "device", "ndim"})  # of a tensor, and without a gradient
ARITHMETIC = (
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.RShift, ast.LShift, ast.BitOr, ast.BitAnd,
    ast.BitXor,
)  # fmt: skip
PLAIN_METHODS = frozenset({"dim", "size", "numel"})


def drop_term(spot: Spot) -> Iterator[ast.AST]:
    """a + b becomes a, and b; so do differences, products, quotients and powers."""
    if isinstance(spot.node, ast.BinOp):
        yield spot.node.left
        yield spot.node.right


def swap_operands(spot: Spot) -> Iterator[ast.AST]:
    """a - b becomes b - a; so do quotients, powers and matrix products."""
    node = spot.node
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub | ast.Div | ast.Pow | ast.MatMult):
        yield ast.BinOp(node.right, node.op, node.left)


def augmented(spot: Spot) -> Iterator[ast.AST]:
    """a += b becomes a -= b, a *= b and so on: cosmic-ray changes the operators of a + b alone."""
    node = spot.node
    if isinstance(node, ast.AugAssign):
        for other in ARITHMETIC:
            if not isinstance(node.op, other):
                yield ast.AugAssign(node.target, other(), node.value)


def transpose(spot: Spot) -> Iterator[ast.AST]:
    """a @ b becomes a @ b.mT; a.T and a.mT become a."""
    node = spot.node
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        yield ast.BinOp(node.left, node.op, ast.Attribute(node.right, "mT", ast.Load()))
        yield ast.BinOp(ast.Attribute(node.left, "mT", ast.Load()), node.op, node.right)
    if isinstance(node, ast.Attribute) and node.attr in ("T", "mT"):
        yield node.value


def scale_constant(spot: Spot) -> Iterator[ast.AST]:
    """A constant that is no integer grows by a tenth: small, as slips are."""
    node = spot.node
    if isinstance(node, ast.Constant) and type(node.value) is float and node.value != 0:
        yield ast.Constant(round(node.value * 1.1, 12))


def detach(spot: Spot) -> Iterator[ast.AST]:
    """A tensor that is an argument, assigned or returned no longer has a gradient."""
    node = spot.node
    if spot.is_tensor_argument() and not _is_plain_use(spot):
        yield _method(node, "detach")
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp | ast.Call) and not _is_in_init(spot):
        detached = copy.copy(node)
        detached.value = _method(node.value, "detach")
        yield detached


def result(spot: Spot) -> Iterator[ast.AST]:
    """What is returned is detached, negated or of another dtype; so is each part of a tuple."""
    node = spot.node
    if not isinstance(node, ast.Return) or node.value is None:
        return
    if isinstance(node.value, ast.Tuple):
        for index, part in enumerate(node.value.elts):
            for changed in _changed_results(part):
                parts = [*node.value.elts[:index], changed, *node.value.elts[index + 1 :]]
                yield ast.Return(ast.Tuple(parts, ast.Load()))
    else:
        yield from (ast.Return(changed) for changed in _changed_results(node.value))


def no_grad(spot: Spot) -> Iterator[ast.AST]:
    """A whole function or method records no gradient."""
    node = spot.node
    if isinstance(node, ast.FunctionDef) and node.name != "__init__":
        decorated = copy.copy(node)
        no_grad = ast.Attribute(ast.Name("torch", ast.Load()), "no_grad", ast.Load())
        decorated.decorator_list = [ast.Call(no_grad, [], []), *node.decorator_list]
        yield decorated


def off_by_one(spot: Spot) -> Iterator[ast.AST]:
    """An index that is no constant moves by one; an integer argument that is handed on grows by one."""
    node = spot.node
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name | ast.BinOp):
        for op in (ast.Add(), ast.Sub()):
            moved = copy.copy(node)
            moved.slice = ast.BinOp(node.slice, op, ast.Constant(1))
            yield moved
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        yield node.value
    if spot.is_integer_argument() and isinstance(spot.parent, ast.Call | ast.keyword | ast.BinOp):
        assert isinstance(node, ast.expr)
        yield ast.BinOp(node, ast.Add(), ast.Constant(1))


def other_argument(spot: Spot) -> Iterator[ast.AST]:
    """A tensor argument is taken for another one."""
    if spot.is_tensor_argument() and not _is_plain_use(spot):
        for other, annotation in spot.scope.items():
            if "Tensor" in annotation and isinstance(spot.node, ast.Name) and other != spot.node.id:
                yield ast.Name(other, ast.Load())


def other_layer(spot: Spot) -> Iterator[ast.AST]:
    """self.a is taken for self.b, which is made in the same way."""
    node = spot.node
    if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Load) or not _is_self(node.value):
        return
    for other, made in spot.siblings.items():
        if other != node.attr and made == spot.siblings.get(node.attr):
            yield ast.Attribute(node.value, other, ast.Load())


def statement(spot: Spot) -> Iterator[list[ast.stmt]]:
    """A statement that does something is left out, or done twice."""
    node = spot.node
    if isinstance(node, ast.Expr) and not _calls_super(node):
        yield [ast.Pass()]
        yield [node, node]
    if isinstance(node, ast.AugAssign) or (isinstance(node, ast.If) and not node.orelse):
        yield [ast.Pass()]
    if isinstance(node, ast.Assign) and _is_reassignment(node):
        yield [ast.Pass()]


def _changed_results(value: ast.expr) -> Iterator[ast.expr]:
    yield _method(value, "detach")
    yield _method(value, "float")
    yield ast.UnaryOp(ast.USub(), value)


def _method(value: ast.AST, name: str) -> ast.Call:
    assert isinstance(value, ast.expr)
    return ast.Call(ast.Attribute(value, name, ast.Load()), [], [])


def _is_plain_use(spot: Spot) -> bool:
    """x.shape and x.dim(), which have nothing to do with values."""
    return isinstance(spot.parent, ast.Attribute) and spot.parent.attr in PLAIN | PLAIN_METHODS


def _is_in_init(spot: Spot) -> bool:
    return any(isinstance(p, ast.FunctionDef) and p.name == "__init__" for p in spot.parents)


def _is_self(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _calls_super(node: ast.Expr) -> bool:
    return ast.unparse(node).startswith("super()")


def _is_reassignment(node: ast.Assign) -> bool:
    """x = f(x): without it x is still something."""
    target = node.targets[0]
    reads = {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
    return isinstance(target, ast.Name) and target.id in reads
