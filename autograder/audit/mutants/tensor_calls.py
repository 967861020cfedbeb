"""Operators for calls of tensor code: leave one out, take its neighbour, another dim, another keyword."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Iterator

from autograder.audit.mutants.edits import Spot

# f(x, ...) or x.f(...) -> x
LEFT_OUT = frozenset(
    {
        "abs", "ceil", "clamp", "clone", "contiguous", "cos", "cumprod", "cumsum", "detach", "double", "exp", "expand",
        "expm1", "flatten", "flip", "float", "floor", "gelu", "leaky_relu", "log", "log1p", "log_softmax", "logsigmoid",
        "masked_fill", "mean", "neg", "pad", "permute", "pow", "reciprocal", "relu", "repeat", "requires_grad_",
        "reshape", "round", "rsqrt", "sigmoid", "silu", "sin", "softmax", "softplus", "sqrt", "square", "squeeze",
        "sum", "tanh", "to", "transpose", "tril", "triu", "unsqueeze", "view", "where",
    }
)  # fmt: skip

NEIGHBOURS = {
    "sum": ("mean",), "mean": ("sum",), "max": ("min",), "min": ("max",), "amax": ("amin",), "amin": ("amax",),
    "argmax": ("argmin",), "argmin": ("argmax",), "any": ("all",), "all": ("any",), "sin": ("cos",), "cos": ("sin",),
    "exp": ("log", "expm1"), "log": ("exp", "log2"), "sqrt": ("square", "rsqrt"),
    "zeros": ("ones",), "ones": ("zeros",),
    "zeros_like": ("ones_like",), "ones_like": ("zeros_like",), "rand": ("randn",), "randn": ("rand",),
    "rand_like": ("randn_like",), "randn_like": ("rand_like",), "cumprod": ("cumsum",), "cumsum": ("cumprod",),
    "sigmoid": ("tanh",), "tanh": ("sigmoid",), "relu": ("tanh",), "silu": ("relu",), "gelu": ("relu",),
    "leaky_relu": ("relu",), "softmax": ("log_softmax",), "log_softmax": ("softmax",), "logsigmoid": ("sigmoid",),
    "mse_loss": ("l1_loss",), "binary_cross_entropy": ("binary_cross_entropy_with_logits", "mse_loss"),
    "binary_cross_entropy_with_logits": ("binary_cross_entropy",), "triu": ("tril",), "tril": ("triu",),
    "floor": ("ceil",), "ceil": ("floor",), "avg_pool2d": ("max_pool2d",), "var": ("std",), "std": ("var",),
    "eval": ("train",), "train": ("eval",), "ones_": ("zeros_",), "zeros_": ("ones_",), "no_grad": ("enable_grad",),
    "GroupNorm": ("Identity",), "LayerNorm": ("Identity",), "SiLU": ("Identity",), "GELU": ("Identity",),
}  # fmt: skip

WORDS = {"none": ("mean", "sum"), "mean": ("sum",), "sum": ("mean",), "bilinear": ("nearest",), "ij": ("xy",)}
REDUCTIONS = frozenset({"sum", "mean", "amax", "amin", "softmax", "logsumexp", "vector_norm", "norm", "var", "std"})
OTHER_DIM = {0: (1,), 1: (0,), -1: (0, -2), -2: (-1,), 2: (1,)}
SYMMETRIC = frozenset({"mse_loss", "l1_loss", "maximum", "minimum", "allclose"})
MODULES = frozenset({"torch", "F", "nn", "math"})


def drop_call(spot: Spot) -> Iterator[ast.AST]:
    """sqrt(x) and x.sqrt() become x."""
    call = spot.node
    if isinstance(call, ast.Call) and _name(call) in LEFT_OUT:
        subject = _subject(call)
        if subject is not None:
            yield subject


def neighbour_call(spot: Spot) -> Iterator[ast.AST]:
    """sum becomes mean, cos becomes sin."""
    for other in NEIGHBOURS.get(_name(spot.node), ()):
        call = copy.deepcopy(spot.node)
        assert isinstance(call, ast.Call)
        assert isinstance(call.func, ast.Attribute)
        call.func.attr = other
        if other == "Identity":
            call.args, call.keywords = [], []
        yield call


def swap_dim(spot: Spot) -> Iterator[ast.AST]:
    """dim=0 becomes dim=1; the dim may be a positional argument."""
    node = spot.node
    if isinstance(node, ast.keyword) and node.arg in ("dim", "start_dim"):
        for other in OTHER_DIM.get(_integer(node.value), ()):
            yield ast.keyword(node.arg, ast.Constant(other))
    if isinstance(node, ast.Call) and _name(node) in REDUCTIONS | {"cat", "stack", "unsqueeze", "cumprod", "cumsum"}:
        at = 0 if _is_method(node) else 1
        for other in OTHER_DIM.get(_integer(node.args[at]), ()) if len(node.args) > at else ():
            call = copy.deepcopy(node)
            call.args[at] = ast.Constant(other)
            yield call


def keep_dim(spot: Spot) -> Iterator[ast.AST]:
    """A reduction keeps its dim as one of size 1, or no longer does."""
    call = spot.node
    if not isinstance(call, ast.Call) or _name(call) not in REDUCTIONS - {"softmax"}:
        return
    has_dim = any(k.arg == "dim" for k in call.keywords) or len(call.args) > (0 if _is_method(call) else 1)
    if has_dim and not any(k.arg == "keepdim" for k in call.keywords):
        kept = copy.deepcopy(call)
        kept.keywords.append(ast.keyword("keepdim", ast.Constant(True)))
        yield kept


def drop_keyword(spot: Spot) -> Iterator[ast.AST]:
    """f(x, dim=1) becomes f(x)."""
    call = spot.node
    if isinstance(call, ast.Call):
        for index in range(len(call.keywords)):
            shorter = copy.deepcopy(call)
            del shorter.keywords[index]
            yield shorter


def other_word(spot: Spot) -> Iterable[ast.AST]:
    """reduction="none" becomes "mean"."""
    node = spot.node
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [ast.Constant(word) for word in WORDS.get(node.value, ())]
    return []


def swap_arguments(spot: Spot) -> Iterator[ast.AST]:
    """f(a, b) becomes f(b, a), and cat([a, b]) becomes cat([b, a])."""
    node = spot.node
    if isinstance(node, ast.Call) and len(node.args) >= 2 and _name(node) not in SYMMETRIC:
        first, second = node.args[:2]
        if not isinstance(first, ast.Starred) and not isinstance(second, ast.Starred):
            swapped = copy.deepcopy(node)
            swapped.args[:2] = [second, first]
            yield swapped
    if isinstance(node, ast.List | ast.Tuple) and isinstance(node.ctx, ast.Load) and len(node.elts) >= 2:
        turned = copy.deepcopy(node)
        turned.elts.reverse()
        yield turned


def other_dtype(spot: Spot) -> Iterator[ast.AST]:
    """torch.float64 becomes torch.float32."""
    node = spot.node
    other = {"float64": "float32", "float32": "float64", "long": "int32", "uint8": "int64"}
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in other:
        yield ast.Attribute(node.value, other[node.attr], ast.Load())


def _name(node: ast.AST) -> str:
    """The function's last name, "" where the node is no call of an attribute."""
    return node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""


def _is_method(call: ast.Call) -> bool:
    """Whether it is x.f(...), and not torch.f(...) or torch.linalg.f(...)."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    while isinstance(owner, ast.Attribute):
        owner = owner.value
    return not (isinstance(owner, ast.Name) and owner.id in MODULES)


def _subject(call: ast.Call) -> ast.expr | None:
    """The tensor that the call is about."""
    if _is_method(call):
        return call.func.value if isinstance(call.func, ast.Attribute) else None
    return call.args[0] if call.args else None


def _integer(node: ast.AST) -> int:
    """Its value; something that is no dim where it is no integer."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_integer(node.operand)
    return node.value if isinstance(node, ast.Constant) and type(node.value) is int else 99
