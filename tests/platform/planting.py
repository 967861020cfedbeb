"""Plant in a class what its reports must find: students who write in ways of their own, and one who copied."""

from __future__ import annotations

import copy
import random
from typing import Any

from autograder.reports.anonymous import anonymous

HABITS = (
    "abs", "acos", "asin", "atan", "ceil", "cos", "cosh", "cumsum", "exp", "expm1", "floor", "frac", "log1p", "neg",
    "relu", "round", "rsqrt", "sign", "sin", "sqrt",
)  # fmt: skip

Notebook = dict[str, Any]


def answers(notebook: Notebook) -> dict[str, dict[str, Any]]:
    """Question -> the cell of its code."""
    solved = [c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("solution")]
    return {c["metadata"]["nbgrader"]["grade_id"]: c for c in solved if c["cell_type"] == "code"}


def add_habits(notebook: Notebook, draw: random.Random) -> None:
    """Below each answer a function that nobody calls and nobody else would write."""
    for cell in answers(notebook).values():
        chain = "".join(f".{draw.choice(HABITS)}()" for _ in range(8))
        check = f"def check(t):\n    return torch.{draw.choice(HABITS)}(t{chain})\n"
        cell["source"] = "".join(cell["source"]) + f"\n\n{check}"


def disguised(notebook: Notebook) -> Notebook:
    """The same work with other names and comments."""
    copied = copy.deepcopy(notebook)
    for question, cell in answers(copied).items():
        cell["source"] = "# all by myself\n" + anonymous("".join(cell["source"]), {question})
    return copied
