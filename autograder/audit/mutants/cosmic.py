"""cosmic-ray's operators, applied to text in memory."""

from __future__ import annotations

from collections.abc import Iterator

from autograder.errors import UsageError

# Need arguments of their own, and guess at dependencies between variables.
LEFT_OUT = frozenset({"VariableReplacer", "VariableInserter"})


def cosmic_mutants(source: str) -> Iterator[tuple[str, str]]:
    """(operator, mutated source) for every operator and every place where it fits.

    Raises:
        UsageError: cosmic-ray is not installed.
    """
    try:
        from cosmic_ray.ast import ast_nodes, get_ast
        from cosmic_ray.mutating import mutate_code
        from cosmic_ray.operators.provider import OperatorProvider
    except ImportError:
        raise UsageError("Mutants need cosmic-ray; run: pip install 'autograder[dev]'") from None
    provider = OperatorProvider()
    nodes = list(ast_nodes(get_ast(source)))
    for name in provider:
        if name in LEFT_OUT:
            continue
        operator = provider[name]()
        # Counted beforehand: most operators fit nowhere, and mutate_code parses the source each time.
        for occurrence in range(sum(len(list(operator.mutation_positions(node))) for node in nodes)):
            yield f"cosmic-ray {name}", mutate_code(source, operator, occurrence)
