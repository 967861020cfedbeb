"""Default sizes of models."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from autograder.suite import WrongAnswer, require_default_sizes
from autograder.suite.local import LocalBackend
from autograder.suite.student import Student


class Right(nn.Module):
    def __init__(self, inputs: int = 784, width: int = 400) -> None:
        super().__init__()
        self.any_name = nn.Linear(inputs, width)


class Narrow(Right):
    def __init__(self, inputs: int = 784, width: int = 40) -> None:
        super().__init__(inputs, width)


class Empty(nn.Module):
    def __init__(self, inputs: int = 784, width: int = 400) -> None:
        super().__init__()


class Looks(Right):
    """Looks at a value while it is made, which torch's device without data does not have."""

    def __init__(self, inputs: int = 784, width: int = 400) -> None:
        super().__init__(inputs, width)
        if torch.zeros(1).item() == 0:
            self.more = nn.Linear(width, 1)


MODELS = {"Right": Right, "Narrow": Narrow, "Empty": Empty, "Looks": Looks}


@pytest.mark.parametrize("name", ["Right", "Looks"])
def test_right_sizes_pass(name: str) -> None:
    require_default_sizes(Student(LocalBackend(MODELS)), name, 784, 400)


@pytest.mark.parametrize(("name", "says"), [("Narrow", "default sizes of Narrow"), ("Empty", "no parameters")])
def test_others_do_not(name: str, says: str) -> None:
    with pytest.raises(WrongAnswer, match=says):
        require_default_sizes(Student(LocalBackend(MODELS)), name, 784, 400)
