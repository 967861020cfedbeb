"""One reverse step, with models made by the test. Oracle: algorithm 2 of the paper, with scalars of math."""

import math

import pytest
import torch

from autograder.suite import assert_close, require

pytestmark = pytest.mark.question("p_sample")

BETAS = (0.05, 0.1, 0.3, 0.2, 0.4)
NOISE_AT_END = "At t = 0 no noise is added: the last step returns the mean."
VARIANCE = "The noise has the posterior's variance, which is smaller than beta_t."
NOT_STD = "The noise is multiplied by the standard deviation, the square root of the variance."


def _probe_step(module, x_t, t, betas, noise):
    """[x_{t-1}, the calls of the model] for the model eps = sin(x_t) + t / 10."""
    import torch

    class Toy(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.calls = []

        def forward(self, x_t, t):
            self.calls.append([x_t.detach().clone(), t])
            return torch.sin(x_t) + t.reshape(-1, *[1] * (x_t.dim() - 1)) / 10

    toy = Toy()
    return [module.p_sample(toy, x_t, t, betas, noise).detach(), toy.calls]


def _eps(x_t, t):
    return torch.sin(x_t) + t / 10


def _scalars(t):
    """(beta, alpha, abar, abar of the step before) at t, as floats."""
    abar = math.prod(1 - beta for beta in BETAS[: t + 1])
    return BETAS[t], 1 - BETAS[t], abar, math.prod(1 - beta for beta in BETAS[:t])


def _mean(x_t, t):
    beta, alpha, abar, _ = _scalars(t)
    return (x_t - beta / math.sqrt(1 - abar) * _eps(x_t, t)) / math.sqrt(alpha)


def _deviation(t):
    beta, _, abar, before = _scalars(t)
    return math.sqrt((1 - before) / (1 - abar) * beta)


def _betas():
    return torch.tensor(BETAS, dtype=torch.float64)


def _case(*shape):
    return 2 * torch.randn(*shape, dtype=torch.float64), torch.randn(*shape, dtype=torch.float64)


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("The step keeps the shape; the model must be given one t for each example, as a LongTensor [B].")
def test_p_sample_shape(student):
    """One step with an untrained U-Net gives images of the same shape."""
    unet = student.UNet(in_channels=1, base_channels=16, channel_mults=(1,), time_dim=16)
    x_t = torch.linspace(-1, 1, 2 * 16).reshape(2, 1, 4, 4)
    x = student.p_sample(unet, x_t, 2, torch.tensor([0.1, 0.2, 0.3]), x_t.flip(0))
    assert x.shape == (2, 1, 4, 4)
    assert bool(torch.isfinite(x).all())


@pytest.mark.weight(4)
@pytest.mark.hint("The mean is that of the posterior at the x0 which the model's eps implies.")
def test_p_sample_mean(student):
    """Without noise the step gives the mean of algorithm 2, at several times."""
    x_t, _ = _case(4, 3)
    for t in (2, 4, 1):
        beta, alpha, abar, before = _scalars(t)
        eps, root = _eps(x_t, t), math.sqrt(1 - abar)
        x0 = (x_t - root * eps) / math.sqrt(abar)
        clipped = math.sqrt(before) * beta * x0.clamp(-1, 1) + math.sqrt(alpha) * (1 - before) * x_t
        mistakes = {
            "The division by the root of alpha_t is missing.": x_t - beta / root * eps,
            "The division is by the root of alpha_t, of this step alone, not of abar_t.": (
                (x_t - beta / root * eps) / math.sqrt(abar)
            ),
            "The factor of eps has the root of 1 - abar_t in it, not of 1 - alpha_t.": (
                (x_t - beta / math.sqrt(beta) * eps) / math.sqrt(alpha)
            ),
            "The factor of eps has a square ROOT in it.": (x_t - beta / (1 - abar) * eps) / math.sqrt(alpha),
            "This is the predicted x0 itself; one step goes only a little of the way.": x0,
            "The predicted x0 is clipped; the docstring asks for it as it is.": clipped / (1 - abar),
            "The model's eps is used as if it were x0: turn it into x0 first.": (
                (math.sqrt(before) * beta * eps + math.sqrt(alpha) * (1 - before) * x_t) / (1 - abar)
            ),
        }
        got, _ = student.run(_probe_step, x_t, t, _betas(), torch.zeros_like(x_t))
        assert_close(got, _mean(x_t, t), rtol=1e-6, name=f"the mean at t = {t}", mistakes=mistakes)


@pytest.mark.weight(2.5)
@pytest.mark.hint(VARIANCE)
def test_p_sample_noise(student):
    """The noise is scaled to the posterior's standard deviation."""
    x_t, noise = _case(4, 3)
    for t in (2, 3, 1):
        scale = _deviation(t)
        mistakes = {
            VARIANCE: math.sqrt(BETAS[t]) * noise,
            NOT_STD: scale**2 * noise,
            NOT_STD + " ": BETAS[t] * noise,
            "No noise is added, though t > 0.": torch.zeros_like(noise),
            "The noise is added unscaled.": noise,
        }
        quiet, _ = student.run(_probe_step, x_t, t, _betas(), torch.zeros_like(x_t))
        loud, _ = student.run(_probe_step, x_t, t, _betas(), noise)
        require(loud.shape == quiet.shape, "the noise changes the shape of the result")
        assert_close(loud - quiet, scale * noise, rtol=1e-6, name=f"the noise at t = {t}", mistakes=mistakes)


@pytest.mark.weight(2)
@pytest.mark.hint(NOISE_AT_END)
def test_p_sample_last_step(student):
    """At t = 0 the result is the predicted x0, whatever the noise is."""
    x_t, noise = _case(3, 1, 2, 3)
    got, _ = student.run(_probe_step, x_t, 0, _betas(), noise)
    want = (x_t - math.sqrt(BETAS[0]) * _eps(x_t, 0)) / math.sqrt(1 - BETAS[0])
    mistakes = {NOISE_AT_END: want + math.sqrt(BETAS[0]) * noise, NOISE_AT_END + " ": want + noise}
    assert_close(got, want, rtol=1e-6, name="the result at t = 0", mistakes=mistakes)


@pytest.mark.weight(1)
@pytest.mark.hint("The model is called once, with x_t and a LongTensor [B] in which every entry is t.")
def test_p_sample_asks_the_model(student):
    """The model sees x_t and the time of every example, for inputs of any rank."""
    for shape in ((4, 1, 4, 4), (3, 2), (5,)):
        x_t, noise = _case(*shape)
        got, calls = student.run(_probe_step, x_t, 3, _betas(), noise)
        require(len(calls) == 1, f"the model was called {len(calls)} times")
        assert_close(calls[0][0], x_t, name="the x_t that the model saw")
        assert_close(calls[0][1], torch.full((shape[0],), 3), name="the t that the model saw")
        require(calls[0][1].dtype == torch.int64, f"t has dtype {calls[0][1].dtype}")
        assert_close(got, _mean(x_t, 3) + _deviation(3) * noise, rtol=1e-6, name=f"the result of shape {shape}")


def _probe_chain(module, x0, x_t, betas, noises):
    """Where a model that knows x0 arrives from x_t in len(betas) steps."""
    import torch

    bars = torch.cumprod(1 - betas, dim=0)

    class Oracle(torch.nn.Module):
        def forward(self, x_t, t):
            a = bars[t].reshape(-1, *[1] * (x_t.dim() - 1))
            return (x_t - a.sqrt() * x0) / (1 - a).sqrt()

    for t in reversed(range(len(betas))):
        x_t = module.p_sample(Oracle(), x_t, t, betas, noises[t])
    return [x_t, bars]


@pytest.mark.weight(1.5)
@pytest.mark.hint("With a model that knows x0, all steps together must end at x0. " + NOISE_AT_END)
def test_p_sample_chain_arrives_at_the_data(student):
    """Sampling with a model that knows the data ends at the data."""
    x0, x_t = _case(3, 1, 2, 2)
    noises = torch.randn(5, 3, 1, 2, 2, dtype=torch.float64)
    got, _ = student.run(_probe_chain, x0, x_t, _betas(), noises)
    assert_close(got, x0, rtol=1e-6, name="the end of the chain")
