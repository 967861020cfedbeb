"""All mutants of one question: cosmic-ray's operators and those made for tensor code."""

from __future__ import annotations

import ast
import zlib
from collections.abc import Iterator

from autograder.audit.mutants import tensor_calls, tensor_terms
from autograder.audit.mutants.cosmic import cosmic_mutants
from autograder.audit.mutants.edits import Operator, replaced, spots
from autograder.audit.mutants.model import Mutant
from autograder.audit.mutants.normal_form import annotations_of, difference, normal_form, where_of

TENSOR_OPERATORS: dict[str, Operator] = {
    "drop call": tensor_calls.drop_call,
    "neighbour call": tensor_calls.neighbour_call,
    "swap dim": tensor_calls.swap_dim,
    "keepdim": tensor_calls.keep_dim,
    "drop keyword": tensor_calls.drop_keyword,
    "other word": tensor_calls.other_word,
    "swap arguments": tensor_calls.swap_arguments,
    "dtype": tensor_calls.other_dtype,
    "drop term": tensor_terms.drop_term,
    "swap operands": tensor_terms.swap_operands,
    "augmented": tensor_terms.augmented,
    "transpose": tensor_terms.transpose,
    "scale constant": tensor_terms.scale_constant,
    "detach": tensor_terms.detach,
    "result": tensor_terms.result,
    "no_grad": tensor_terms.no_grad,
    "off by one": tensor_terms.off_by_one,
    "other argument": tensor_terms.other_argument,
    "other layer": tensor_terms.other_layer,
    "statement": tensor_terms.statement,
}


def mutants_of(question: str, source: str) -> tuple[Mutant, ...]:
    """Every mutant of a question's source, each text once; those of tensor code first."""
    plain = normal_form(source)
    tree = ast.parse(plain)
    seen = {ast.dump(tree)}
    found = []
    for operator, text in (*_tensor_mutants(tree, source), *cosmic_mutants(plain)):
        form = _form(text)
        if form is not None and form not in seen:
            seen.add(form)
            found.append(_mutant(question, operator, tree, plain, ast.unparse(ast.parse(text)) + "\n"))
    return tuple(found)


def sample(mutants: tuple[Mutant, ...], size: int) -> tuple[Mutant, ...]:
    """`size` of them, the same ones in every run, spread over all operators."""
    chosen = sorted(mutants, key=lambda mutant: zlib.crc32(mutant.name.encode()))[:size]
    return tuple(mutant for mutant in mutants if mutant in chosen)


def _tensor_mutants(tree: ast.Module, source: str) -> Iterator[tuple[str, str]]:
    places = list(spots(tree, annotations_of(source)))
    for name, operator in TENSOR_OPERATORS.items():
        for spot in places:
            for change in operator(spot):
                text = replaced(tree, spot, change)
                if text is not None:
                    yield name, text


def _form(text: str) -> str | None:
    """What tells mutants apart: their syntax trees; None where it is no Python."""
    try:
        compile(text, "<mutant>", "exec", dont_inherit=True)
        return ast.dump(ast.parse(text))
    except (SyntaxError, ValueError):
        return None


def _mutant(question: str, operator: str, tree: ast.Module, plain: str, text: str) -> Mutant:
    line, was, becomes = difference(plain, text)
    return Mutant(question, operator, where_of(tree, line), was, becomes, text)
