"""The reference GAN does what the papers say: closed forms, and training on scikit-learn's digits."""

from __future__ import annotations

import math

import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

from reference import gan

LATENT_DIM = 16


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.fixture(scope="module")
def digits() -> tuple[torch.Tensor, torch.Tensor]:
    """1797 digits of 8 × 8 pixels, x [N, 64] in [-1, 1], and their classes y [N]."""
    data = load_digits()
    return torch.tensor(data.data, dtype=torch.float32) / 8 - 1, torch.tensor(data.target)


def energy_distance(a: torch.Tensor, b: torch.Tensor) -> float:
    """2 E|a − b| − E|a − a'| − E|b − b'| (Székely & Rizzo 2013): 0 only where the distributions are the same."""
    return float(2 * torch.cdist(a, b).mean() - torch.cdist(a, a).mean() - torch.cdist(b, b).mean())


def draw(data: torch.Tensor, size: int = 64) -> torch.Tensor:
    return data[torch.randint(len(data), (size,))]


def adam(network: nn.Module) -> torch.optim.Adam:
    # Without momentum the two players chase each other less, and training depends less on the seed.
    return torch.optim.Adam(network.parameters(), lr=1e-3, betas=(0.0, 0.99))


def test_losses_at_the_equilibrium() -> None:
    """Where D answers 1/2 everywhere, the losses are 2 ln 2, -ln 2 and ln 2."""
    undecided = torch.zeros(5, 1, dtype=torch.float64)
    assert gan.discriminator_loss(undecided, undecided).item() == pytest.approx(2 * math.log(2))
    assert gan.minimax_generator_loss(undecided).item() == pytest.approx(-math.log(2))
    assert gan.generator_loss(undecided).item() == pytest.approx(math.log(2))


def test_saturating_and_non_saturating_gradients() -> None:
    """At logit -4 the saturating gradient is -0.018 and the non-saturating one -0.982."""
    logits = torch.full((1, 1), -4.0, dtype=torch.float64, requires_grad=True)
    (saturating,) = torch.autograd.grad(gan.minimax_generator_loss(logits), logits)
    (non_saturating,) = torch.autograd.grad(gan.generator_loss(logits), logits)
    assert saturating.item() == pytest.approx(-0.0179862)
    assert non_saturating.item() == pytest.approx(-0.9820138)


def test_losses_are_finite_for_confident_logits() -> None:
    """Nothing overflows at logits of ±100."""
    high, low = torch.full((2, 1), 100.0), torch.full((2, 1), -100.0)
    assert gan.discriminator_loss(low, high).item() == pytest.approx(200.0)
    assert gan.minimax_generator_loss(high).item() == pytest.approx(-100.0)
    assert gan.generator_loss(low).item() == pytest.approx(100.0)


@pytest.mark.parametrize(("norm", "penalty"), [(3.0, 4.0), (0.5, 0.25), (1.0, 0.0)])
def test_penalty_of_a_linear_critic(norm: float, penalty: float) -> None:
    """A critic of constant slope ‖w‖ pays (‖w‖ - 1)², whatever alpha is, for images too."""
    critic = nn.Sequential(nn.Flatten(), nn.Linear(12, 1)).double()
    weight = torch.randn(1, 12, dtype=torch.float64)
    critic[1].weight.data = norm * weight / weight.norm()
    real, fake = torch.randn(2, 5, 3, 2, 2, dtype=torch.float64)
    assert gan.gradient_penalty(critic, real, fake).item() == pytest.approx(penalty, abs=1e-12)


def test_penalty_is_evaluated_between_real_and_fake() -> None:
    """For the critic x²/2 the slope at x̂ is x̂ itself."""

    class Square(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.square().sum(dim=1) / 2

    real, fake = torch.tensor([[4.0], [2.0]]), torch.tensor([[0.0], [8.0]])
    alpha = torch.tensor([0.75, 0.5])  # x̂ = 3 and 5
    assert gan.gradient_penalty(Square(), real, fake, alpha).item() == pytest.approx((4 + 16) / 2)


def test_steps_move_one_player_each() -> None:
    """Each step changes its own player and leaves the other's parameters and gradients alone."""
    generator, discriminator = gan.Generator(3, 8, 4), gan.Discriminator(4, 8)
    real, z = torch.randn(6, 4), torch.randn(6, 3)
    before = [p.detach().clone() for p in generator.parameters()]
    gan.discriminator_step(generator, discriminator, torch.optim.SGD(discriminator.parameters(), lr=0.1), real, z)
    assert all(torch.equal(p, q) and p.grad is None for p, q in zip(generator.parameters(), before, strict=True))

    kept = [(p.detach().clone(), p.grad.clone()) for p in discriminator.parameters()]  # type: ignore[union-attr]
    gan.generator_step(generator, discriminator, torch.optim.SGD(generator.parameters(), lr=0.1), z)
    assert not any(torch.equal(p, q) for p, q in zip(generator.parameters(), before, strict=True))
    for parameter, (value, gradient) in zip(discriminator.parameters(), kept, strict=True):
        assert torch.equal(parameter, value)
        assert torch.equal(parameter.grad, gradient)  # type: ignore[arg-type]


@pytest.mark.slow
def test_gan_moves_towards_the_digits(digits: tuple[torch.Tensor, torch.Tensor]) -> None:
    """500 alternating steps bring the energy distance between samples and digits below 40 %."""
    x, _ = digits
    generator, discriminator = gan.Generator(LATENT_DIM, 128, 64), gan.Discriminator(64, 128)
    g_optimizer, d_optimizer = adam(generator), adam(discriminator)
    probe = torch.randn(500, LATENT_DIM)
    before = energy_distance(generator(probe).detach(), x[:500])
    for _ in range(500):
        gan.discriminator_step(generator, discriminator, d_optimizer, draw(x), torch.randn(64, LATENT_DIM))
        gan.generator_step(generator, discriminator, g_optimizer, torch.randn(64, LATENT_DIM))
    assert energy_distance(generator(probe).detach(), x[:500]) < 0.4 * before


@pytest.mark.slow
def test_wasserstein_gan_moves_towards_the_digits(digits: tuple[torch.Tensor, torch.Tensor]) -> None:
    """200 steps with critic loss and gradient penalty bring the energy distance below a tenth."""
    x, _ = digits
    generator, critic = gan.Generator(LATENT_DIM, 128, 64), gan.Discriminator(64, 128)
    g_optimizer, c_optimizer = adam(generator), adam(critic)
    probe = torch.randn(500, LATENT_DIM)
    before = energy_distance(generator(probe).detach(), x[:500])
    for _ in range(200):
        for _ in range(3):
            real, fake = draw(x), generator(torch.randn(64, LATENT_DIM)).detach()
            loss = gan.critic_loss(critic(real), critic(fake)) + 10 * gan.gradient_penalty(critic, real, fake)
            c_optimizer.zero_grad()
            loss.backward()
            c_optimizer.step()
        g_optimizer.zero_grad()
        (-critic(generator(torch.randn(64, LATENT_DIM))).mean()).backward()
        g_optimizer.step()
    assert energy_distance(generator(probe).detach(), x[:500]) < 0.1 * before


@pytest.mark.slow
def test_conditional_gan_draws_the_class_it_is_asked_for(digits: tuple[torch.Tensor, torch.Tensor]) -> None:
    """Samples asked to be zeros are nearer to the zeros than to the ones, and the reverse."""
    x, y = digits
    x, y = x[y < 2], y[y < 2]
    generator = gan.ConditionalGenerator(LATENT_DIM, 2, 128, 64)
    discriminator = gan.ConditionalDiscriminator(64, 2, 128)
    g_optimizer, d_optimizer = adam(generator), adam(discriminator)
    for _ in range(300):
        rows = torch.randint(len(x), (64,))
        fake = generator(torch.randn(64, LATENT_DIM), y[rows])
        d_optimizer.zero_grad()
        d_loss = gan.discriminator_loss(discriminator(x[rows], y[rows]), discriminator(fake.detach(), y[rows]))
        d_loss.backward()
        d_optimizer.step()
        g_optimizer.zero_grad()
        gan.generator_loss(discriminator(fake, y[rows])).backward()
        g_optimizer.step()
    for own, other in ((0, 1), (1, 0)):
        samples = generator(torch.randn(100, LATENT_DIM), torch.full((100,), own)).detach()
        assert energy_distance(samples, x[y == own]) < 0.7 * energy_distance(samples, x[y == other])
