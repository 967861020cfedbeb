"""What the author of a hidden suite needs: checks with named mistakes, and the variants of an audit.

    from autograder.suite import assert_close, assert_shape, raises_in_student

The `student` fixture and the markers come from `autograder.suite.plugin`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from autograder.suite.variants import Alternative, Mistake

if TYPE_CHECKING:
    from autograder.suite.checks import (
        WrongAnswer,
        assert_close,
        assert_scalar,
        assert_shape,
        assert_tensor,
        raises_in_student,
        require,
    )
    from autograder.suite.sizes import require_default_sizes
    from autograder.suite.student import StudentError

__all__ = [
    "Alternative",
    "Mistake",
    "StudentError",
    "WrongAnswer",
    "assert_close",
    "assert_scalar",
    "assert_shape",
    "assert_tensor",
    "raises_in_student",
    "require",
    "require_default_sizes",
]
ELSEWHERE = {"StudentError": "autograder.suite.student", "require_default_sizes": "autograder.suite.sizes"}


def __getattr__(name: str) -> Any:
    """Checks are imported where they are used: they import torch, and lists of variants can do without it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(ELSEWHERE.get(name, "autograder.suite.checks")), name)
