"""Classifier-free guidance: a line through two predictions."""

import pytest
import torch

from autograder.suite import assert_close, require

pytestmark = pytest.mark.question("classifier_free_guidance")

PLUS_ONE = "This is the paper's (1 + w): here a scale of 1 gives the conditional prediction itself."
SWAPPED = "The two predictions have changed places: a scale of 1 gives the conditional one."


def _case(*shape):
    return torch.randn(*shape, dtype=torch.float64), torch.randn(*shape, dtype=torch.float64)


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("Start from the unconditional prediction and go `scale` times the way to the conditional one.")
def test_guidance_by_hand(student):
    """Twice the way from 1 to 3 ends at 5."""
    guided = student.classifier_free_guidance(torch.tensor([[3.0, 0.0]]), torch.tensor([[1.0, 1.0]]), 2.0)
    assert guided.shape == (1, 2)
    assert torch.allclose(guided, torch.tensor([[5.0, -1.0]]))


@pytest.mark.weight(3)
@pytest.mark.hint(
    "The guided prediction lies on the straight line through the two, `scale` times as far as the conditional one."
)
def test_guidance_values(student):
    """The prediction is extrapolated from the unconditional through the conditional one."""
    for shape, scale in (((2, 3), 3.0), ((2, 1, 3, 4), 7.5), ((4,), 0.3)):
        cond, uncond = _case(*shape)
        mistakes = {
            PLUS_ONE: cond + scale * (cond - uncond),
            SWAPPED: cond + scale * (uncond - cond),
            "The way is measured from the unconditional to the conditional prediction; yours has the wrong sign.": (
                uncond - scale * (cond - uncond)
            ),
            "The unconditional prediction to start from is missing.": scale * (cond - uncond),
            "The scale multiplies the difference of the two predictions, not one of them.": uncond + scale * cond,
            "The scale multiplies the difference of the two predictions, not one of them. ": scale * cond - uncond,
            "The result is rescaled; the docstring asks for the plain line.": (
                (uncond + scale * (cond - uncond)) / (1 + scale)
            ),
        }
        got = student.classifier_free_guidance(cond, uncond, scale)
        want = uncond + scale * (cond - uncond)
        assert_close(got, want, rtol=1e-6, name=f"the prediction at scale {scale}", mistakes=mistakes)


@pytest.mark.weight(1.5)
@pytest.mark.hint("Scale 0 is no guidance at all, scale 1 the condition as it is; a negative scale leads away from it.")
def test_guidance_special_scales(student):
    """Scale 0 gives the unconditional, scale 1 the conditional prediction; negative scales go the other way."""
    cond, uncond = _case(3, 4)
    for scale, want in ((0.0, uncond), (1.0, cond), (-1.0, 2 * uncond - cond)):
        got = student.classifier_free_guidance(cond, uncond, scale)
        assert_close(got, want, rtol=1e-6, name=f"the prediction at scale {scale}")


@pytest.mark.weight(1)
@pytest.mark.hint("The result must be differentiable in both predictions.")
def test_guidance_gradients(student):
    """The two gradients are scale and 1 - scale."""
    cond, uncond = _case(2, 3)
    cond.requires_grad_(), uncond.requires_grad_()
    guided = student.classifier_free_guidance(cond, uncond, 2.5)
    require(guided.requires_grad, "the result does not require grad")
    guided.sum().backward()
    require(cond.grad is not None and uncond.grad is not None, "no gradient in one of the predictions")
    assert_close(cond.grad, torch.full((2, 3), 2.5), name="the gradient of eps_cond")
    assert_close(uncond.grad, torch.full((2, 3), -1.5), name="the gradient of eps_uncond")
