"""The reference's diffusion model: published numbers, closed forms, and training on scikit-learn's 8 x 8 digits.

What is expected here comes from the papers, from numerical integration, from exact noise predictors of Gaussian
data, or from the digits themselves.
"""

import math
from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.distributions import Normal

from reference import diffusion


def _double(betas: Tensor) -> Tensor:
    return betas.to(torch.float64)


def test_linear_schedule_leaves_the_published_share_of_the_signal() -> None:
    """abar at 0, 499 and 999 for the schedule of Ho et al."""
    bars = diffusion.alpha_bars(torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64))
    expected = torch.tensor([0.9999, 0.0785872, 4.03583e-5], dtype=torch.float64)
    torch.testing.assert_close(bars[[0, 499, 999]], expected, rtol=1e-5, atol=0)
    torch.testing.assert_close(
        _double(diffusion.linear_beta_schedule(1000))[[0, 999]].sum().item(), 0.0201, rtol=1e-5, atol=0
    )


def test_cosine_schedule_has_the_published_numbers_and_clips_once() -> None:
    """The first and last but one beta for T = 1000; only the very last is clipped."""
    betas = _double(diffusion.cosine_beta_schedule(1000))
    expected = torch.tensor([4.12842e-5, 0.7499994, 0.999], dtype=torch.float64)
    torch.testing.assert_close(betas[[0, 998, 999]], expected, rtol=1e-5, atol=0)
    assert (betas >= 0.999 - 1e-6).sum() == 1


def test_cosine_schedule_gives_a_squared_cosine_back() -> None:
    """abar, accumulated again, is f((t + 1) / T) / f(0), up to the last step."""
    bars = diffusion.alpha_bars(_double(diffusion.cosine_beta_schedule(50)))
    u = (torch.arange(1, 50, dtype=torch.float64) / 50 + 0.008) / 1.008
    start = math.cos(0.008 / 1.008 * math.pi / 2) ** 2
    torch.testing.assert_close(bars[:-1], torch.cos(u * math.pi / 2) ** 2 / start, rtol=1e-4, atol=1e-6)


def test_one_jump_is_distributed_as_many_steps() -> None:
    """Walking through q(x_t | x_{t-1}) gives the mean and the variance of q_sample."""
    torch.manual_seed(0)
    betas = torch.tensor([0.1, 0.3, 0.2], dtype=torch.float64)
    draws = 40_000
    x = torch.full((draws,), 2.0, dtype=torch.float64)
    for beta in betas:
        x = (1 - beta).sqrt() * x + beta.sqrt() * torch.randn_like(x)
    t, bars = torch.full((2,), 2), diffusion.alpha_bars(betas)
    start = torch.full((2,), 2.0, dtype=torch.float64)
    mean = diffusion.q_sample(start, t, torch.zeros_like(start), bars)[0]
    spread = diffusion.q_sample(torch.zeros_like(start), t, torch.ones_like(start), bars)[0]
    torch.testing.assert_close(x.mean(), mean, rtol=0, atol=5 * spread.item() / draws**0.5)
    torch.testing.assert_close(x.std(), spread, rtol=5 / (2 * draws) ** 0.5, atol=0)


def test_predict_x0_inverts_q_sample_at_any_rank() -> None:
    """Numbers, vectors and images with a time of their own come back."""
    bars = diffusion.alpha_bars(_double(diffusion.linear_beta_schedule(20, 0.01, 0.3)))
    for shape in ((4,), (4, 3), (4, 1, 4, 4)):
        x0, noise, t = torch.randn(shape, dtype=torch.float64), torch.randn(shape, dtype=torch.float64), torch.arange(4)
        x_t = diffusion.q_sample(x0, t * 5, noise, bars)
        torch.testing.assert_close(diffusion.predict_x0(x_t, t * 5, noise, bars), x0)


def test_posterior_is_bayes_rule_on_a_grid() -> None:
    """Prior times likelihood, integrated numerically, has the mean and the variance of the closed form."""
    betas = torch.tensor([0.1, 0.3, 0.2], dtype=torch.float64)
    bars = diffusion.alpha_bars(betas)
    x0, x_t = torch.tensor([0.7], dtype=torch.float64), torch.tensor([-0.4], dtype=torch.float64)
    grid = torch.linspace(-8, 8, 20_001, dtype=torch.float64)
    prior = Normal(bars[1].sqrt() * x0, (1 - bars[1]).sqrt()).log_prob(grid)
    likelihood = Normal((1 - betas[2]).sqrt() * grid, betas[2].sqrt()).log_prob(x_t)
    weight = (prior + likelihood).softmax(dim=0)
    mean, variance = diffusion.posterior_mean_variance(x0, x_t, torch.tensor([2]), betas)
    torch.testing.assert_close((weight * grid).sum(), mean[0])
    torch.testing.assert_close((weight * (grid - mean) ** 2).sum(), variance[0])


def test_posterior_variance_is_the_published_one() -> None:
    """5.45319e-5 at t = 1 of the linear schedule; at t = 0 the mean is x0 and the variance 0."""
    betas = torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)
    x0, x_t = torch.randn(2, 3, dtype=torch.float64), torch.randn(2, 3, dtype=torch.float64)
    mean, variance = diffusion.posterior_mean_variance(x0, x_t, torch.tensor([1, 0]), betas)
    expected = torch.tensor([[5.45319e-5], [0.0]], dtype=torch.float64)
    torch.testing.assert_close(variance, expected, rtol=1e-5, atol=1e-12)
    torch.testing.assert_close(mean[1], x0[1])


def test_ddim_with_eta_one_is_ddpm() -> None:
    """Both samplers take the same step where they are given the same noise."""
    betas = torch.tensor([0.05, 0.1, 0.3, 0.2], dtype=torch.float64)
    x_t, noise = torch.randn(3, 2, dtype=torch.float64), torch.randn(3, 2, dtype=torch.float64)
    for t in range(4):
        ddpm = diffusion.p_sample(lambda x, _: x.sin(), x_t, t, betas, noise)  # type: ignore[arg-type]
        ddim = diffusion.ddim_step(x_t.sin(), x_t, t, t - 1, diffusion.alpha_bars(betas), 1.0, noise)
        torch.testing.assert_close(ddpm, ddim)


def test_ddim_survives_a_step_from_almost_pure_noise() -> None:
    """Where abar is 1e-8 and float32 rounds, no root of a negative number is taken."""
    bars = diffusion.alpha_bars(diffusion.cosine_beta_schedule(200))
    x = torch.randn(4, 3)
    for t_prev in range(0, 199, 7):
        assert torch.isfinite(diffusion.ddim_step(x, x, 199, t_prev, bars, 1.0, torch.randn(4, 3))).all()


def test_samplers_reproduce_a_gaussian() -> None:
    """With the exact noise predictor of N(1.5, 0.4^2), DDPM and DDIM sample that Gaussian."""
    torch.manual_seed(0)
    betas = _double(diffusion.cosine_beta_schedule(300, max_beta=0.1))
    bars, mean, spread, draws = diffusion.alpha_bars(betas), 1.5, 0.4, 20_000

    def exact(x_t: Tensor, t: Tensor) -> Tensor:
        a = bars[t]
        return (1 - a).sqrt() * (x_t - a.sqrt() * mean) / (a * spread**2 + 1 - a)

    data = mean + spread * torch.randn(draws, dtype=torch.float64)
    last = torch.full((draws,), 299)
    start = diffusion.q_sample(data, last, torch.randn_like(data), bars)  # a little of the data is left in it
    ddpm = ddim = start
    for t in reversed(range(300)):
        ddpm = diffusion.p_sample(exact, ddpm, t, betas, torch.randn_like(start))  # type: ignore[arg-type]
        eps = exact(ddim, torch.tensor(t))
        ddim = diffusion.ddim_step(eps, ddim, t, t - 1, bars, 0.0, torch.zeros_like(start))
    for samples in (ddpm, ddim):
        assert abs(samples.mean().item() - mean) < 5 * spread / draws**0.5 + 0.005
        assert abs(samples.std().item() / spread - 1) < 0.03


def test_guidance_multiplies_gaussians() -> None:
    """p(x) p(y | x)^s of two Gaussians of one width is a Gaussian again; guidance gives its score."""
    x = torch.randn(5, dtype=torch.float64)
    conditional, unconditional = x - 2.0, x  # the noise of N(2, 1) and of N(0, 1), up to one factor
    guided = diffusion.classifier_free_guidance(conditional, unconditional, 3.0)
    torch.testing.assert_close(guided, x - 6.0)


def test_timestep_embedding_has_rows_of_one_length() -> None:
    """cos^2 + sin^2 = 1 for each frequency, and the first frequency is 1."""
    embedding = diffusion.timestep_embedding(torch.tensor([0, 3, 250]), 16)
    torch.testing.assert_close(embedding[:, :8] ** 2 + embedding[:, 8:] ** 2, torch.ones(3, 8))
    torch.testing.assert_close(embedding[1, [0, 8]], torch.tensor([math.cos(3), math.sin(3)]))


def test_unet_takes_any_number_of_levels_and_any_dtype() -> None:
    """The output has the input's shape and dtype; each example has a time of its own."""
    unet = diffusion.UNet(in_channels=3, base_channels=16, channel_mults=(1, 3, 2), time_dim=10).double().eval()
    x, t = torch.randn(2, 3, 8, 16, dtype=torch.float64), torch.tensor([0, 700])
    with torch.no_grad():
        together = unet(x, t)
        torch.testing.assert_close(together[1:], unet(x[1:], t[1:]))
        assert not torch.allclose(together, unet(x, t.flip(0)))
    assert together.shape == x.shape
    assert together.dtype == x.dtype


# --- training ---

STEPS = 60


@pytest.fixture(scope="module")
def digits() -> tuple[Tensor, Tensor]:
    """(training, held-out) images [N, 1, 8, 8] in [-1, 1]."""
    images = torch.tensor(load_digits().images, dtype=torch.float32).unsqueeze(1) / 8 - 1
    images = images[torch.randperm(len(images), generator=torch.Generator().manual_seed(0))]
    return images[:1400], images[1400:]


@pytest.fixture(scope="module")
def betas() -> Tensor:
    return diffusion.cosine_beta_schedule(STEPS, max_beta=0.3)


def _loss(model: nn.Module, images: Tensor, betas: Tensor) -> Tensor:
    t = torch.randint(STEPS, (len(images),))
    return diffusion.ddpm_loss(model, images, t, torch.randn_like(images), diffusion.alpha_bars(betas))


@pytest.fixture(scope="module")
def models(digits: tuple[Tensor, Tensor], betas: Tensor) -> tuple[diffusion.UNet, diffusion.UNet]:
    """(untrained, trained)."""
    torch.manual_seed(0)
    untrained, trained = (diffusion.UNet(base_channels=16, time_dim=32) for _ in range(2))
    trained.load_state_dict(untrained.state_dict())
    optimizer = torch.optim.Adam(trained.parameters(), lr=4e-3)
    for step in range(250):
        optimizer.param_groups[0]["lr"] = 4e-3 * (1 - step / 250)
        optimizer.zero_grad()
        _loss(trained, digits[0][torch.randint(1400, (32,))], betas).backward()
        optimizer.step()
    return untrained, trained


def _energy_distance(a: Tensor, b: Tensor) -> float:
    """2 E|A - B| - E|A - A'| - E|B - B'| (Szekely & Rizzo 2013): 0 for equal distributions, else positive."""
    a, b = a.flatten(1), b.flatten(1)

    def within(s: Tensor) -> Tensor:
        return torch.cdist(s, s).sum() / (len(s) * (len(s) - 1))

    return (2 * torch.cdist(a, b).mean() - within(a) - within(b)).item()


def _ddpm(model: nn.Module, betas: Tensor) -> Tensor:
    x = torch.randn(100, 1, 8, 8)
    for t in reversed(range(STEPS)):
        x = diffusion.p_sample(model, x, t, betas, torch.randn_like(x))
    return x


def _ddim(model: nn.Module, betas: Tensor) -> Tensor:
    x, times = torch.randn(100, 1, 8, 8), [*range(STEPS - 1, -1, -4), -1]
    for t, t_prev in pairwise(times):
        eps = model(x, torch.full((100,), t))
        x = diffusion.ddim_step(eps, x, t, t_prev, diffusion.alpha_bars(betas), 0.0, torch.zeros_like(x))
    return x


@pytest.mark.slow
def test_training_lowers_the_loss_on_held_out_digits(
    digits: tuple[Tensor, Tensor], betas: Tensor, models: tuple[diffusion.UNet, diffusion.UNet]
) -> None:
    """Predicting zeros costs 1; the trained network finds most of the noise in images it has not seen."""
    with torch.no_grad():
        before, after = (_loss(model, digits[1], betas).item() for model in models)
    assert before > 0.8
    assert after < 0.35


@pytest.mark.slow
@pytest.mark.parametrize("sample", [_ddpm, _ddim])
def test_samples_come_nearer_to_the_data(
    digits: tuple[Tensor, Tensor],
    betas: Tensor,
    models: tuple[diffusion.UNet, diffusion.UNet],
    sample: Callable[[nn.Module, Tensor], Tensor],
) -> None:
    """In energy distance, samples are far nearer to held-out digits than static is, and than an untrained network's."""
    torch.manual_seed(0)
    with torch.no_grad():
        before, after = (_energy_distance(sample(model, betas).clamp(-1, 1), digits[1]) for model in models)
    static = _energy_distance(torch.randn(100, 1, 8, 8), digits[1])
    assert after < before / 3
    assert after < static / 3
