"""Whether a model's default sizes are those of the signature that students were given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograder.suite.checks import require

if TYPE_CHECKING:
    from autograder.suite.student import Student


def require_default_sizes(student: Student, name: str, *sizes: Any) -> None:
    """Fail unless `name()` has parameters of the same shapes as `name(*sizes)`, whatever its layers are called.

    Raises:
        WrongAnswer: other shapes, or no parameters at all.
    """
    default = student.run(_shapes, name, ())
    require(default, f"{name} has no parameters")
    require(default == student.run(_shapes, name, sizes), f"the default sizes of {name}: {default}")


def _shapes(module, name, sizes):  # type: ignore[no-untyped-def]  # a probe, which runs beside the student's code
    """The shapes of a new model's parameters, sorted; made without values where it can be, which takes no time."""
    import torch

    try:
        with torch.device("meta"):
            model = getattr(module, name)(*sizes)
    except Exception:  # it looks at values while it is made
        model = getattr(module, name)(*sizes)
    return sorted(list(parameter.shape) for parameter in model.parameters())
