"""Linear interpolation between two latents."""

import pytest
import torch

from autograder.suite import assert_close, assert_shape, require

pytestmark = pytest.mark.question("interpolate")

REVERSED = "The path runs backwards: the first point is z0 and the last one is z1."
END_MISSING = "The last point is missing: both end points are part of the path."
START_MISSING = "The first point is missing: both end points are part of the path."
BOTH_MISSING = "The end points are missing: both are part of the path."
TRANSPOSED = "Points and latents have changed places: one row for each point."
TOO_MANY = "One point too many: steps counts the points, both end points included."
CURVED = "The points do not lie on a straight line: mix the end points with weights that add up to 1."
UNEVEN = "The points lie on the line but are not equally spaced."


def _path(z0, z1, weights):
    return z0 + weights.unsqueeze(1) * (z1 - z0)


def _mistakes(z0, z1, steps):
    even = torch.linspace(0, 1, steps, dtype=torch.float64)
    index = torch.arange(steps, dtype=torch.float64)
    angle = torch.arccos((z0 / z0.norm()) @ (z1 / z1.norm()))
    spherical = (
        torch.sin((1 - even) * angle).unsqueeze(1) * z0 + torch.sin(even * angle).unsqueeze(1) * z1
    ) / torch.sin(angle)
    return {
        REVERSED: _path(z0, z1, 1 - even),
        END_MISSING: _path(z0, z1, index / steps),
        START_MISSING: _path(z0, z1, (index + 1) / steps),
        BOTH_MISSING: _path(z0, z1, (index + 1) / (steps + 1)),
        TRANSPOSED: _path(z0, z1, even).T,
        TOO_MANY: _path(z0, z1, torch.linspace(0, 1, steps + 1, dtype=torch.float64)),
        TOO_MANY + " ": _path(z0, z1, torch.linspace(0, 1, steps + 2, dtype=torch.float64)),
        CURVED: spherical,
        CURVED + " ": z0 + even.unsqueeze(1) * z1,
        UNEVEN: _path(z0, z1, (1 - torch.cos(torch.pi * even)) / 2),
        UNEVEN + " ": _path(z0, z1, even**2),
    }


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("Three points: the start, the middle and the end.")
def test_interpolate_three_points(student):
    """With three steps there is the start, the point half-way and the end."""
    path = student.interpolate(torch.tensor([0.0, 1.0]), torch.tensor([2.0, 5.0]), 3)
    assert path.shape == (3, 2)
    assert torch.allclose(path, torch.tensor([[0.0, 1.0], [1.0, 3.0], [2.0, 5.0]]))


@pytest.mark.weight(3)
@pytest.mark.hint("Mix z0 and z1 with weights that run from 0 to 1 in equal steps, one row for each point.")
def test_interpolate_values(student):
    """The points lie on the straight line, equally spaced, from z0 to z1."""
    z0, z1 = torch.randn(4, dtype=torch.float64), torch.randn(4, dtype=torch.float64)
    wanted = _path(z0, z1, torch.linspace(0, 1, 7, dtype=torch.float64))
    assert_close(student.interpolate(z0, z1, 7), wanted, name="the path", mistakes=_mistakes(z0, z1, 7))


@pytest.mark.weight(1)
@pytest.mark.hint("With two steps the path is just the two end points, z0 first.")
def test_interpolate_end_points(student):
    """With two steps there are just the two end points, and with more they are still there."""
    z0, z1 = torch.randn(5), torch.randn(5)
    assert_close(
        student.interpolate(z0, z1, 2),
        torch.stack([z0, z1]),
        name="the path of two points",
        mistakes={REVERSED: torch.stack([z1, z0])},
    )
    path = assert_shape(student.interpolate(z0, z1, 11), (11, 5), name="the path")
    assert_close(path[0], z0, name="the first point", hint="The first point is not z0.")
    assert_close(path[-1], z1, name="the last point", hint="The last point is not z1.")


@pytest.mark.weight(1)
@pytest.mark.hint(
    "Every point must be differentiable in both end points: compute with tensors, not with their numbers."
)
def test_interpolate_gradients(student):
    """Each end point's gradient is the sum of its weights along the path."""
    z0 = torch.randn(3, dtype=torch.float64, requires_grad=True)
    z1 = torch.randn(3, dtype=torch.float64, requires_grad=True)
    path = assert_shape(student.interpolate(z0, z1, 5), (5, 3), name="the path")
    require(path.requires_grad, "the path does not require grad")
    importance = torch.tensor([1.0, -2.0, 0.5, 3.0, 4.0], dtype=torch.float64)
    (importance.unsqueeze(1) * path).sum().backward()
    require(z0.grad is not None and z1.grad is not None, "z0 or z1 has no gradient")
    even = torch.linspace(0, 1, 5, dtype=torch.float64)
    assert_close(z0.grad, (importance @ (1 - even)).expand(3), name="the gradient of z0")
    assert_close(z1.grad, (importance @ even).expand(3), name="the gradient of z1")


def _probe_meta_device(module):
    """The device of the path and the error, if any, for end points on torch's data-free device."""
    import torch

    z0, z1 = torch.zeros(3), torch.ones(3)
    module.interpolate(z0, z1, 4)
    try:
        return [str(module.interpolate(z0.to("meta"), z1.to("meta"), 4).device), ""]
    except Exception as error:
        return ["", str(error)]


@pytest.mark.weight(0.5)
@pytest.mark.hint("The weights must have the dtype and the device of z0.")
def test_interpolate_follows_dtype_and_device(student):
    """The path has the dtype and the device of its end points."""
    for dtype in (torch.float16, torch.float64):
        path = student.interpolate(torch.zeros(3, dtype=dtype), torch.ones(3, dtype=dtype), 4)
        require(path.dtype == dtype, f"the path is {path.dtype} for end points of {dtype}")
    device, error = student.run(_probe_meta_device)
    require("expected device" not in error and "same device" not in error, f"devices clash: {error}")
    require(error or device == "meta", f"the path is on {device} for end points on another device")


def _probe_decoded_path(module, z0, z1, weight):
    """A path pushed through a decoder, as for a figure."""
    import torch

    return torch.sigmoid(module.interpolate(z0, z1, 6) @ weight)


@pytest.mark.weight(1)
@pytest.mark.hint("The path is a batch of latents that a decoder can take as it is: [steps, D].")
def test_interpolate_path_can_be_decoded(student):
    """The path goes through a decoder as one batch, and its logits lie on a straight line, too."""
    z0, z1 = torch.randn(3, dtype=torch.float64), torch.randn(3, dtype=torch.float64)
    weight = torch.randn(3, 8, dtype=torch.float64)
    images = assert_shape(student.run(_probe_decoded_path, z0, z1, weight), (6, 8), name="the decoded path")
    even = torch.linspace(0, 1, 6, dtype=torch.float64)
    assert_close(torch.logit(images), _path(z0 @ weight, z1 @ weight, even), name="the logits along the path")
