"""Discriminator: shape, images, logits without a sigmoid, gradients, a hidden non-linearity."""

import math

import pytest
import torch

from autograder.suite import assert_shape, require

pytestmark = pytest.mark.question("Discriminator")


def fit_scores(module, x, target):
    """Fit D(x) to fixed scores with Adam; return the scores after training, in eval mode."""
    import torch

    discriminator = module.Discriminator(input_dim=x.shape[1], hidden_dim=32)
    optimizer = torch.optim.Adam(discriminator.parameters(), lr=0.02, fused=True)
    for _ in range(60):
        optimizer.zero_grad()
        (discriminator(x) - target).square().mean().backward()
        optimizer.step()
    discriminator.eval()
    with torch.no_grad():
        return discriminator(x)


@pytest.mark.public
@pytest.mark.hint("One logit for each example, as a column.")
def test_discriminator_shape(student):
    """D gives logits [B, 1], for flat samples and for images."""
    discriminator = student.Discriminator(input_dim=12, hidden_dim=16)
    assert discriminator(torch.randn(5, 12)).shape == (5, 1)
    assert discriminator(torch.randn(5, 3, 2, 2)).shape == (5, 1)


@pytest.mark.weight(2)
@pytest.mark.hint("Flatten everything but the batch dimension before the first layer.")
def test_discriminator_flattens_images(student):
    """An image batch scores exactly as its rows of pixels."""
    discriminator = student.Discriminator(input_dim=12, hidden_dim=16)
    discriminator.eval()
    images = torch.randn(5, 3, 2, 2)
    flat = assert_shape(discriminator(images.flatten(1)), (5, 1), name="the logits").detach()
    for shape in ((5, 3, 2, 2), (5, 1, 4, 3), (5, 2, 6)):
        logits = assert_shape(discriminator(images.reshape(shape)), (5, 1), name="the logits").detach()
        require(torch.allclose(logits, flat, atol=1e-5), f"{list(shape)} scores differently from [5, 12]")


@pytest.mark.weight(3)
@pytest.mark.hint("A logit is any real number. Train it towards a negative score and see what it can reach.")
def test_discriminator_gives_logits(student):
    """A trained D scores far below 0 and far above 1: logits, not probabilities."""
    x = torch.randn(16, 6)
    x[:, 0] = 8 * torch.tensor([-1.0, 1.0]).repeat(8)  # two groups far apart: a critic of bounded slope gets there, too
    scores = student.run(fit_scores, x, x[:, :1] / 2)
    scores = assert_shape(scores, (16, 1), name="the logits")
    low, high = scores.min().item(), scores.max().item()
    squashed = (
        "The scores never leave 0 … 1: the losses take logits and apply the sigmoid themselves. None belongs here."
    )
    one_sided = "The scores never become negative: the last layer should be linear."
    require(high > 1.5 or low < 0, f"scores span {low:.3g} … {high:.3g}", squashed)
    require(low < 0, f"scores span {low:.3g} … {high:.3g}", one_sided)
    require(low < -1.5 and high > 1.5, f"scores span {low:.3g} … {high:.3g}")


@pytest.mark.weight(2)
@pytest.mark.hint("In eval mode each logit depends on its own example alone.")
def test_discriminator_scores_examples_separately(student):
    """In eval mode a logit does not depend on the rest of the batch, and differs between examples."""
    discriminator = student.Discriminator(input_dim=12, hidden_dim=16)
    discriminator.eval()
    x = torch.randn(7, 12)
    logits = assert_shape(discriminator(x), (7, 1), name="the logits").detach()
    alone = assert_shape(discriminator(x[3:5]), (2, 1), name="the logits").detach()
    require(torch.allclose(logits[3:5], alone, atol=1e-5), "a logit depends on the batch")
    spread = (logits - logits[:1]).abs().max()
    require(spread > 1e-5 * logits.abs().max(), "all logits agree", "Every example gets the same logit.")


@pytest.mark.weight(2)
@pytest.mark.hint("The generator learns from the gradient of the logit with respect to the pixels; keep it intact.")
def test_discriminator_passes_gradients(student):
    """Gradients flow from the logits to every pixel and into the parameters."""
    discriminator = student.Discriminator(input_dim=12, hidden_dim=16)
    discriminator.eval()
    x = torch.randn(32, 3, 2, 2, requires_grad=True)
    logits = assert_shape(discriminator(x), (32, 1), name="the logits")
    require(logits.requires_grad, "the logits are detached")
    (logits * torch.randn(32, 1)).sum().backward()
    shapes = discriminator.parameter_shapes()
    require(
        shapes,
        "no parameters",
        "The module has no parameters: layers kept in a plain list are not registered. See nn.ModuleList.",
    )
    require(x.grad is not None, "x got no gradient")
    require(
        bool((x.grad.abs().sum(dim=0) > 0).all()),
        "some pixels got no gradient",
        "Some pixels have no influence on the logit.",
    )
    gradients = [discriminator.get(f"{name}.grad") for name in shapes]
    require(
        any(g is not None and g.abs().max() > 0 for g in gradients),
        "no parameter got a gradient",
        "Gradients reach x but not the module's parameters.",
    )


@pytest.mark.weight(2)
@pytest.mark.hint("Without a non-linearity between them, two linear layers are one linear layer.")
def test_discriminator_is_nonlinear(student):
    """D has a hidden layer with a non-linearity, as wide as hidden_dim says."""
    discriminator = student.Discriminator(input_dim=12, hidden_dim=16)
    discriminator.eval()
    bends = []
    for scale in (1, 10, 100):  # weights that start small bend far from 0 alone
        a, b = scale * torch.randn(2, 64, 12)
        logits = assert_shape(discriminator(torch.cat([a, b, (a + b) / 2])), (192, 1), name="the logits").detach()
        at_a, at_b, middle = logits.double().chunk(3)
        bends.append((((at_a + at_b) / 2 - middle).norm() / (at_a - at_b).norm()).item())
    require(max(bends) > 1e-3, f"bends by {max(bends):.3g} of its span at most")

    sizes = [
        sum(math.prod(s) for s in student.Discriminator(12, hidden_dim).parameter_shapes().values())
        for hidden_dim in (16, 24)
    ]
    require(
        sizes[1] > sizes[0],
        f"{sizes} parameters with 16 and 24 hidden units",
        "The network has the same size whatever hidden_dim is.",
    )


@pytest.mark.hint("The default sizes are part of the signature: look at them again.")
def test_discriminator_defaults(student):
    """Without arguments D scores 28 × 28 images."""
    assert_shape(student.Discriminator()(torch.randn(3, 1, 28, 28)), (3, 1), name="the logits")
