"""Reparameterisation: random streams are not comparable, so gradients and distributions are tested.

Oracles: dz/dmu = 1 and dz/dlogvar = (z - mu) / 2 for every draw; the moments of 20 000 draws at 5 sigma.
"""

import pytest
import torch

from autograder.suite import StudentError, assert_close, assert_shape, require

pytestmark = pytest.mark.question("reparameterize")

DRAWS = 20_000
MU = (-2.0, 0.5, 3.0)
LOGVAR = (-1.2, 0.8, 1.5)

HALF = (
    "The spread fits sigma = exp(logvar). The log of the variance is twice the log of the standard deviation, "
    "so it is HALF the log-variance that belongs in the exponent."
)
NOT_EXPONENTIATED = (
    "The spread fits noise multiplied by logvar itself. logvar is a logarithm and may be negative: "
    "turn it into a standard deviation first."
)
UNIFORM = "The noise does not look Gaussian: eps is standard normal, with mean 0 and tails on both sides, not uniform."
NO_GRADIENT = (
    "No gradient arrives. The draw must be written as a differentiable function of mu and logvar with the noise as an "
    "outside input: sampling from a distribution object without reparameterisation, or detaching, cuts the graph."
)


def _draw(student):
    """DRAWS draws from one and the same Gaussian: [DRAWS, 3]."""
    mu = torch.tensor([MU], dtype=torch.float64).repeat(DRAWS, 1)
    logvar = torch.tensor([LOGVAR], dtype=torch.float64).repeat(DRAWS, 1)
    return assert_shape(student.reparameterize(mu, logvar), (DRAWS, 3), name="z").detach().double()


def _standardised(z):
    """z with mean 0 and variance 1 in each latent, whatever its scale was."""
    spread = z.std(dim=0)
    require(
        bool((spread > 1e-6).all()),
        "z does not vary over the batch",
        "Every example of the batch needs noise of its own; here the draws of different examples are the same.",
    )
    return (z - z.mean(dim=0)) / spread


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("z has one entry for each entry of mu; check what your function returns.")
def test_reparameterize_shape(student):
    """z has the shape of mu, and is mu itself where the variance is (almost) zero."""
    mu = torch.tensor([[1.0, -2.0, 3.0], [0.5, 0.0, -0.5]])
    z = student.reparameterize(mu, torch.full((2, 3), -18.0))
    assert z.shape == (2, 3)
    assert torch.allclose(z, mu, atol=0.01)


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint(NO_GRADIENT)
def test_reparameterize_gradient_reaches_mu(student):
    """Moving mu by some amount moves z by the same amount: the gradient is 1."""
    mu = torch.tensor([[1.0, -2.0, 3.0], [0.5, 0.0, -0.5]], requires_grad=True)
    logvar = torch.tensor([[0.3, -1.0, 0.7], [-0.2, 1.1, -0.6]])
    z = student.reparameterize(mu, logvar)
    assert z.requires_grad, "z is cut off from mu"
    z.sum().backward()
    assert mu.grad is not None, "no gradient reached mu"
    assert torch.allclose(mu.grad, torch.ones(2, 3))


@pytest.mark.weight(2)
@pytest.mark.hint(NO_GRADIENT)
def test_reparameterize_gradient_reaches_logvar(student):
    """The gradient with respect to logvar is the right multiple of z's distance from mu."""
    mu = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    logvar = torch.randn(5, 3, dtype=torch.float64).requires_grad_()
    z = assert_shape(student.reparameterize(mu, logvar), (5, 3), name="z")
    require(z.requires_grad, "z does not require grad", NO_GRADIENT)
    z.sum().backward()
    require(logvar.grad is not None, "logvar has no gradient", NO_GRADIENT)
    distance = (z - mu).detach()
    assert_close(
        logvar.grad,
        distance / 2,
        atol=1e-7,
        name="the gradient of logvar",
        hint="Gradients reach logvar, but not the right ones: what is the derivative of sigma with respect to logvar?",
        mistakes={HALF: distance, NOT_EXPONENTIATED: distance / logvar.detach()},
    )


@pytest.mark.weight(4)
@pytest.mark.hint("The draws have the wrong spread: how does one get a standard deviation from the log of a variance?")
def test_reparameterize_spread(student):
    """Many draws have the variance that logvar stands for."""
    z = _draw(student)
    logvar = torch.tensor(LOGVAR, dtype=torch.float64)
    no_noise = "The draws do not vary at all: where is the noise? (It is drawn anew for every example.)"
    assert_close(
        z.var(dim=0),
        logvar.exp(),
        rtol=5 * (2 / DRAWS) ** 0.5,
        name="the variance of 20 000 draws",
        mistakes={
            HALF: (2 * logvar).exp(),
            NOT_EXPONENTIATED: logvar**2,
            no_noise: torch.zeros(3),
            UNIFORM: logvar.exp() / 12,
        },
    )


@pytest.mark.weight(1.5)
@pytest.mark.hint("The draws are not centred on mu.")
def test_reparameterize_mean(student):
    """Many draws are centred on mu."""
    z = _draw(student)
    spread = z.std(dim=0).clamp_min(1e-6)
    assert_close(
        (z.mean(dim=0) - torch.tensor(MU, dtype=torch.float64)) / spread,
        torch.zeros(3),
        atol=5 / DRAWS**0.5,
        name="the mean of 20 000 draws, less mu, over their standard deviation",
        mistakes={
            UNIFORM: torch.full((3,), 3.0**0.5),
            "The draws are centred on 0: mu is left out.": -torch.tensor(MU, dtype=torch.float64) / spread,
        },
    )


@pytest.mark.weight(1.5)
@pytest.mark.hint(UNIFORM)
def test_reparameterize_noise_is_gaussian(student):
    """The noise has the tails of a Gaussian."""
    e = _standardised(_draw(student))
    beyond = (e.abs() > 2).double().mean()
    # P(|N(0, 1)| > 2) = 0.0455; the standard error for 60 000 draws is 0.00085. Uniform noise never gets there.
    assert_close(beyond, 0.0455, rtol=0, atol=5 * 0.00085, name="the share of draws beyond two standard deviations")


@pytest.mark.weight(1.5)
@pytest.mark.hint("Two calls must not give the same draws; do not set a random seed inside the function.")
def test_reparameterize_noise_is_fresh(student):
    """Every call, every example and every latent gets noise of its own."""
    e = _standardised(_draw(student))
    bound = 5 / DRAWS**0.5
    across_latents = (e.T @ e / DRAWS - torch.eye(3, dtype=torch.float64)).abs().max()
    require(
        bool(across_latents < bound + 5 * (2 / DRAWS) ** 0.5),
        f"correlation {across_latents:.3g} between latents",
        "The latents of one example move together: each latent needs noise of its own, not one number an example.",
    )
    next_row = (e[1:] * e[:-1]).mean(dim=0).abs().max()
    require(
        bool(next_row < bound),
        f"correlation {next_row:.3g} between neighbouring examples",
        "Different examples of the batch share their noise; each needs its own.",
    )
    mu, logvar = torch.randn(4, 3), torch.randn(4, 3)
    first, second = student.reparameterize(mu, logvar), student.reparameterize(mu, logvar)
    require(bool((first != second).all()), "two calls gave the same z")


def _probe_meta_device(module):
    """The device of z and the error, if any, for inputs on torch's data-free device."""
    import torch

    mu, logvar = torch.zeros(2, 3), torch.zeros(2, 3)
    module.reparameterize(mu, logvar)
    try:
        return [str(module.reparameterize(mu.to("meta"), logvar.to("meta")).device), ""]
    except Exception as error:
        return ["", str(error)]


@pytest.mark.weight(1)
@pytest.mark.hint("The noise must have mu's dtype and be on mu's device; functions named ..._like see to both.")
def test_reparameterize_follows_dtype_and_device(student):
    """z has mu's dtype and is on mu's device."""
    for dtype in (torch.float16, torch.float64):
        try:
            z = student.reparameterize(torch.randn(2, 3).to(dtype), torch.randn(2, 3).to(dtype))
        except StudentError as error:
            if "not implemented for 'Half'" in str(error):
                continue  # torch's gap, for instance in a Cholesky decomposition, and no mistake
            raise
        require(z.dtype == dtype, f"z is {z.dtype} for inputs of {dtype}")
    device, error = student.run(_probe_meta_device)
    # Only a clear clash of devices counts: correct code may inspect values, which that device does not have.
    require("expected device" not in error and "same device" not in error, f"devices clash: {error}")
    require(error or device == "meta", f"z is on {device} for inputs on another device")


def _probe_fit_target(module, target):
    """Minimise E[(z - target)^2] over mu and logvar through the student's draws."""
    import torch

    mu = torch.zeros(64, len(target), requires_grad=True)
    logvar = torch.zeros(64, len(target), requires_grad=True)
    goal = torch.tensor(target)
    for _ in range(60):
        loss = ((module.reparameterize(mu, logvar) - goal) ** 2).sum()
        gradients = torch.autograd.grad(loss, (mu, logvar))
        with torch.no_grad():
            mu -= 0.1 * gradients[0]
            logvar -= 0.1 * gradients[1]
    return [mu.detach().mean(0), logvar.detach().mean(0)]


@pytest.mark.weight(2)
@pytest.mark.hint(NO_GRADIENT)
def test_reparameterize_can_be_trained_through(student):
    """Gradient descent through the draws moves the mean to a target and shrinks the variance."""
    mu, logvar = student.run(_probe_fit_target, [1.5, -2.0])
    assert_close(mu, torch.tensor([1.5, -2.0]), rtol=0, atol=0.1, name="the fitted mean")
    require(bool((logvar < -1).all()), f"the fitted log-variance is still {logvar.tolist()}")
