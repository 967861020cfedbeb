"""Binary cross-entropy of each example, against its definition."""

import math

import pytest
import torch

from autograder.suite import assert_close, assert_shape, require

pytestmark = pytest.mark.question("reconstruction_loss")

MEAN_OVER_PIXELS = (
    "This is the average over the pixels. The pixels are independent given z, so their log-probabilities add up."
)
OVER_THE_BATCH = "The examples have been added up or averaged: the result keeps one number for each example."
OVER_WRONG_DIMENSION = "You have reduced over the batch and kept the pixels; it is the other way round."
SQUARED_ERROR = "This is a squared error. The decoder gives Bernoulli probabilities, so the loss is a cross-entropy."
LOGITS = (
    "recon_x holds probabilities already, but has been treated as logits: a sigmoid is applied a second time "
    "inside the loss."
)
NEGATIVE = "The sign is wrong: this is the log-likelihood, and a loss is its negative."
SWAPPED = (
    "The two arguments have changed places: the logarithm is taken of the model's probabilities, not of the pixels."
)
BRIGHT_ONLY = "Only bright pixels are scored: a dark pixel must cost something, too, when its probability is high."
BITS = "The numbers are in bits: use the natural logarithm."


def _inputs():
    recon_x = 0.05 + 0.9 * torch.rand(3, 6, dtype=torch.float64)
    x = torch.tensor(
        [[0, 1, 1, 0, 1, 0], [1, 1, 0.25, 0, 0.5, 1], [0.75, 0, 0, 0.1, 1, 0]], dtype=torch.float64
    )  # grey levels, too
    return recon_x, x


def _per_pixel(p, x):
    return -(x * p.log() + (1 - x) * (1 - p).log())


def _mistakes(p, x):
    pixels = _per_pixel(p, x)
    right = pixels.sum(1)
    return {
        MEAN_OVER_PIXELS: pixels.mean(1),
        OVER_THE_BATCH: right.sum(),
        OVER_THE_BATCH + " ": right.mean(),
        OVER_THE_BATCH + "  ": pixels.mean(),
        OVER_WRONG_DIMENSION: pixels.sum(0),
        SQUARED_ERROR: ((p - x) ** 2).sum(1),
        SQUARED_ERROR + " ": ((p - x) ** 2).mean(1),
        SQUARED_ERROR + "  ": ((p - x) ** 2).sum(),
        LOGITS: _per_pixel(torch.sigmoid(p), x).sum(1),
        NEGATIVE: -right,
        SWAPPED: -(p * x.log().clamp_min(-100) + (1 - p) * (1 - x).log().clamp_min(-100)).sum(1),
        BRIGHT_ONLY: -(x * p.log()).sum(1),
        BITS: right / 0.6931471805599453,
    }


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("One number for each example: the sum over its pixels, in nats.")
def test_reconstruction_loss_shape_and_known_value(student):
    """One number an example: a pixel with probability one half costs log 2 nats."""
    loss = student.reconstruction_loss(torch.full((3, 4), 0.5), torch.tensor([[0.0, 1.0, 1.0, 0.0]] * 3))
    assert loss.shape == (3,)
    assert torch.allclose(loss, torch.full((3,), 4 * math.log(2)))


@pytest.mark.weight(4)
@pytest.mark.hint("Write down the log-probability of one Bernoulli pixel, sum over the pixels, and mind the sign.")
def test_reconstruction_loss_values(student):
    """The loss is the binary cross-entropy, for black, white and grey pixels."""
    p, x = _inputs()
    loss = student.reconstruction_loss(p, x)
    assert_close(loss, _per_pixel(p, x).sum(1), name="the loss", mistakes=_mistakes(p, x))


@pytest.mark.weight(2)
@pytest.mark.hint(
    "x may come as a batch of images [B, 1, H, W]: bring it into the shape of recon_x, example by example."
)
def test_reconstruction_loss_images(student):
    """Images give the same loss as their flattened pixels."""
    p, x = _inputs()
    flat = assert_shape(student.reconstruction_loss(p, x), (3,), name="the loss", hint=OVER_THE_BATCH)
    assert_close(student.reconstruction_loss(p, x.reshape(3, 1, 2, 3)), flat, name="the loss of images")


@pytest.mark.weight(1)
@pytest.mark.hint(
    "The cross-entropy must be differentiable in recon_x, and steepest where the model is surest and wrong."
)
def test_reconstruction_loss_gradient(student):
    """The gradient pushes each probability towards its pixel."""
    p, x = _inputs()
    p.requires_grad_()
    loss = assert_shape(student.reconstruction_loss(p, x), (3,), name="the loss", hint=OVER_THE_BATCH)
    require(loss.requires_grad, "the loss does not require grad")
    weight = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    (weight * loss).sum().backward()
    require(p.grad is not None, "recon_x has no gradient")
    q = p.detach()
    assert_close(p.grad, weight.unsqueeze(1) * (q - x) / (q * (1 - q)), name="the gradient of recon_x")


@pytest.mark.weight(1)
@pytest.mark.hint("The loss of an example may depend on its own pixels alone.")
def test_reconstruction_loss_keeps_examples_apart(student):
    """Changing one example changes no other example's loss, and a batch of one keeps its dimension."""
    p, x = _inputs()
    together = assert_shape(student.reconstruction_loss(p, x), (3,), name="the loss", hint=OVER_THE_BATCH)
    alone = assert_shape(student.reconstruction_loss(p[1:2], x[1:2]), (1,), name="the loss of one example")
    require(bool((alone > 0).all()), "the loss is not positive", NEGATIVE)
    assert_close(together[1:2], alone, name="the loss of the second example")


@pytest.mark.weight(1)
@pytest.mark.hint(
    "A sigmoid rounds to exactly 0 or 1 in float32, and the logarithm of 0 is infinite: keep the logarithm finite. "
    "(1 - 1e-8 is 1 in float32.)"
)
def test_reconstruction_loss_saturated(student):
    """The loss stays finite, and is large, where a probability has been rounded to exactly 0 or 1."""
    p = torch.tensor([[0.0, 1.0, 0.3], [1.0, 0.0, 0.6]])
    right_way = torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]])
    wrong_way = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]])
    good = assert_shape(student.reconstruction_loss(p, right_way), (2,), name="the loss")
    bad = assert_shape(student.reconstruction_loss(p, wrong_way), (2,), name="the loss")
    require(bool(torch.isfinite(good).all()) and bool(torch.isfinite(bad).all()), f"{good.tolist()}, {bad.tolist()}")
    require(bool((bad > good + 5).all()), "confident mistakes cost too little", "Confident mistakes must be expensive.")


def _probe_fit(module, x):
    """50 Adam steps on the logits of the reconstruction."""
    import torch

    logits = torch.zeros(3, 6, requires_grad=True)
    optimizer = torch.optim.Adam([logits], lr=0.3, fused=True)  # whatever the scale of the loss
    for _ in range(50):
        optimizer.zero_grad()
        module.reconstruction_loss(torch.sigmoid(logits), x).sum().backward()
        optimizer.step()
    return torch.sigmoid(logits.detach())


@pytest.mark.weight(1.5)
@pytest.mark.hint("Minimising the loss must make each probability equal to its pixel, grey levels included.")
def test_reconstruction_loss_minimised_gives_the_image(student):
    """Gradient descent on the loss reproduces the image."""
    _, x = _inputs()
    assert_close(student.run(_probe_fit, x.float()), x, rtol=0, atol=0.05, name="the reconstruction after training")
