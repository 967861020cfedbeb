"""What the author of a hidden suite needs: checks with named mistakes, and the variants of an audit.

    from autograder.suite import assert_close, assert_shape, raises_in_student

The `student` fixture and the markers come from `autograder.suite.plugin`.
"""

from autograder.suite.checks import (
    WrongAnswer,
    assert_close,
    assert_scalar,
    assert_shape,
    assert_tensor,
    raises_in_student,
    require,
)
from autograder.suite.student import StudentError
from autograder.suite.variants import Alternative, Mistake

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
]
