"""KL from a diagonal Gaussian to the standard normal, against torch.distributions and known numbers."""

import pytest
import torch
from torch.distributions import Normal
from torch.distributions import kl_divergence as kl_of

from autograder.suite import assert_close, assert_shape, require

pytestmark = pytest.mark.question("kl_divergence")

MEAN_OVER_LATENTS = (
    "This is the average over the latents. The latents are independent, so the KL of the whole vector is their sum."
)
OVER_THE_BATCH = (
    "The examples have been added up or averaged too early: the result keeps one number for each example of the batch."
)
OVER_WRONG_DIMENSION = "You have reduced over the batch and kept the latents; it is the other way round."
NEGATIVE = (
    "The sign is wrong: a KL divergence is never negative, and a minus in front belongs to the lecture's other form."
)
CONSTANT_MISSING = "A constant is missing: evaluate your formula where q equals the prior; it must give zero."
NO_HALF = "Twice too much: every term of the Gaussian log-density carries a factor of one half, and so does its KL."
LOG_SIGMA = (
    "logvar has been read as the log of sigma. It is the log of the variance: nothing needs to be squared or doubled."
)
SIGMA_FOR_VARIANCE = (
    "The term that should be the variance holds the standard deviation: sigma where sigma squared belongs."
)
REVERSED = (
    "This is the KL in the other direction, from the prior to q. In the ELBO the expectation is taken under q, "
    "so q comes first."
)
NO_MEAN = "The mean plays no part in your result: where is its distance from the prior's mean?"
NO_LOGARITHM = (
    "The term in log sigma squared is missing, or has the wrong sign: very small variances must be expensive."
)


def _right(mu, logvar):
    """[B], by torch.distributions."""
    q = Normal(mu, (0.5 * logvar).exp())
    return kl_of(q, Normal(torch.zeros_like(mu), torch.ones_like(mu))).sum(dim=1)


def _mistakes(mu, logvar):
    # Several values may carry one hint: blanks at its end keep the keys apart.
    right = _right(mu, logvar)
    latents = mu.shape[1]
    variance = logvar.exp()
    q, p = Normal(mu, variance.sqrt()), Normal(torch.zeros_like(mu), torch.ones_like(mu))
    return {
        MEAN_OVER_LATENTS: right / latents,
        OVER_THE_BATCH: right.sum(),
        OVER_THE_BATCH + " ": right.mean(),
        OVER_THE_BATCH + "  ": right.mean() / latents,
        OVER_WRONG_DIMENSION: kl_of(q, p).sum(dim=0),
        NEGATIVE: -right,
        CONSTANT_MISSING: right + latents / 2,
        CONSTANT_MISSING + " ": right + latents,
        NO_HALF: 2 * right,
        SIGMA_FOR_VARIANCE: 0.5 * (mu**2 + variance.sqrt() - 1 - logvar).sum(1),
        LOG_SIGMA: 0.5 * (mu**2 + variance**2 - 1 - 2 * logvar).sum(1),
        LOG_SIGMA + " ": 0.5 * (mu**2 + variance**2 - 1 - logvar).sum(1),
        REVERSED: kl_of(p, q).sum(dim=1),
        NO_MEAN: right - 0.5 * (mu**2).sum(1),
        NO_LOGARITHM: right + 0.5 * logvar.sum(1),
        NO_LOGARITHM + " ": right + logvar.sum(1),
    }


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("One number for each example, summed over the latents; zero where q is the prior.")
def test_kl_divergence_shape_and_known_value(student):
    """One number an example: 0 for the prior itself, and 0.5 for every latent whose mean is moved to 1."""
    kl = student.kl_divergence(torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]), torch.zeros(3, 2))
    assert kl.shape == (3,)
    assert torch.allclose(kl, torch.tensor([0.0, 0.5, 1.0]), atol=1e-6)


@pytest.mark.weight(4)
@pytest.mark.hint("Write the KL of two one-dimensional Gaussians, put the prior in for p, then sum over the latents.")
def test_kl_divergence_values(student):
    """The divergence is right for arbitrary means and variances."""
    mu, logvar = torch.randn(4, 3, dtype=torch.float64), 1.5 * torch.randn(4, 3, dtype=torch.float64)
    assert_close(student.kl_divergence(mu, logvar), _right(mu, logvar), name="the KL", mistakes=_mistakes(mu, logvar))


@pytest.mark.weight(2)
@pytest.mark.hint("The variance of q does not enter in the right way.")
def test_kl_divergence_direction(student):
    """For N(0, 2^2) the divergence to the prior is 0.806853 nats, not what the other direction would give."""
    mu = torch.zeros(2, 1, dtype=torch.float64)
    logvar = torch.full((2, 1), 2 * 0.6931471805599453, dtype=torch.float64)
    assert_close(
        student.kl_divergence(mu, logvar),
        torch.full((2,), 0.8068528194400546),
        name="the KL of N(0, 4)",
        mistakes={REVERSED: torch.full((2,), 0.3181471805599453), **_mistakes(mu, logvar)},
    )


@pytest.mark.weight(1)
@pytest.mark.hint("Compute it with differentiable operations on mu and logvar; no detach, no .item(), no new tensors.")
def test_kl_divergence_gradient(student):
    """Gradients pull mu to 0 and the variance to 1."""
    mu = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    logvar = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    kl = assert_shape(student.kl_divergence(mu, logvar), (4,), name="the KL", hint=OVER_THE_BATCH)
    require(kl.requires_grad, "the KL does not require grad")
    weight = torch.tensor([1.0, -2.0, 0.5, 3.0], dtype=torch.float64)  # so that examples cannot be mixed up
    (weight * kl).sum().backward()
    require(mu.grad is not None and logvar.grad is not None, "mu or logvar has no gradient")
    by_example = weight.unsqueeze(1)
    assert_close(mu.grad, by_example * mu.detach(), name="the gradient of mu")
    assert_close(logvar.grad, by_example * (logvar.detach().exp() - 1) / 2, name="the gradient of logvar")


@pytest.mark.weight(1)
@pytest.mark.hint(CONSTANT_MISSING)
def test_kl_divergence_is_zero_at_the_prior_only(student):
    """The divergence is 0 at the prior and positive everywhere else."""
    grid = torch.linspace(-3, 3, 7, dtype=torch.float64)
    mu, logvar = (g.reshape(-1, 1) for g in torch.meshgrid(grid, grid, indexing="ij"))
    kl = assert_shape(student.kl_divergence(mu, logvar), (49,), name="the KL", hint=OVER_THE_BATCH)
    at_prior = (mu.squeeze(1) == 0) & (logvar.squeeze(1) == 0)
    assert_close(kl[at_prior], torch.zeros(1), atol=1e-9, name="the KL of the prior to itself")
    require(bool((kl[~at_prior] > 1e-3).all()), "the KL is not positive away from the prior", NEGATIVE)


@pytest.mark.weight(1)
@pytest.mark.hint("A batch of one example still gives a tensor of shape [1], and float64 inputs give a float64 result.")
def test_kl_divergence_single_example_and_extremes(student):
    """A batch of one example, one latent, and very small or large variances work too."""
    mu = torch.tensor([[0.7, -1.3]], dtype=torch.float64)
    logvar = torch.tensor([[-9.0, 6.0]], dtype=torch.float64)
    kl = assert_shape(student.kl_divergence(mu, logvar), (1,), name="the KL of one example")
    require(kl.dtype == torch.float64, f"the KL is {kl.dtype} for float64 inputs")
    assert_close(kl, _right(mu, logvar), name="the KL of one example", mistakes=_mistakes(mu, logvar))


def _probe_descend(module):
    """30 steps of gradient descent on the divergence."""
    import torch

    mu = torch.tensor([[2.0, -1.5], [0.5, 3.0]], requires_grad=True)
    logvar = torch.tensor([[1.0, -2.0], [-1.0, 1.5]], requires_grad=True)
    for _ in range(30):
        gradients = torch.autograd.grad(module.kl_divergence(mu, logvar).sum(), (mu, logvar))
        with torch.no_grad():
            mu -= 0.8 * gradients[0]
            logvar -= 0.8 * gradients[1]
    return [mu.detach(), logvar.detach()]


@pytest.mark.weight(1.5)
@pytest.mark.hint("Minimising the divergence must turn q into the prior: mean 0 and variance 1 in every latent.")
def test_kl_divergence_minimised_gives_the_prior(student):
    """Gradient descent on the divergence ends at the standard normal."""
    mu, logvar = student.run(_probe_descend)
    assert_close(mu, torch.zeros(2, 2), atol=0.02, name="the mean after training")
    assert_close(logvar, torch.zeros(2, 2), atol=0.02, name="the log-variance after training")
