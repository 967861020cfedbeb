"""The reference VAE: closed forms, and training on scikit-learn's 8 x 8 digits.

What is expected here comes from torch.distributions, from numbers worked out by hand, or from the data.
"""

from collections.abc import Callable

import pytest
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.distributions import Bernoulli, Normal
from torch.distributions import kl_divergence as kl_of

from reference import vae

PIXELS, LATENTS, HIDDEN = 64, 8, 64


def test_kl_divergence_agrees_with_torch_distributions() -> None:
    """The closed form is the sum over latents of the univariate divergences."""
    mu, logvar = torch.randn(7, 3, dtype=torch.float64), torch.randn(7, 3, dtype=torch.float64)
    q, p = Normal(mu, (0.5 * logvar).exp()), Normal(torch.zeros_like(mu), torch.ones_like(mu))
    torch.testing.assert_close(vae.kl_divergence(mu, logvar), kl_of(q, p).sum(dim=1))


def test_kl_divergence_of_a_doubled_deviation_is_the_published_number() -> None:
    """KL(N(0, 4) || N(0, 1)) = 3/2 - log 2 = 0.806853 nats; the other direction would be 0.318147."""
    kl = vae.kl_divergence(torch.zeros(1, 1), torch.full((1, 1), 4.0).log())
    torch.testing.assert_close(kl, torch.tensor([0.806853]), rtol=1e-5, atol=0)


def test_reparameterize_gradients_are_those_of_the_paper() -> None:
    """dz/dmu = 1 and dz/dlogvar = (z - mu) / 2 for every draw."""
    mu = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    logvar = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    z = vae.reparameterize(mu, logvar)
    mu_gradient, logvar_gradient = torch.autograd.grad(z.sum(), (mu, logvar))
    torch.testing.assert_close(mu_gradient, torch.ones_like(mu))
    torch.testing.assert_close(logvar_gradient, (z - mu) / 2)


def test_reconstruction_loss_is_a_bernoulli_log_likelihood() -> None:
    """For black and white pixels it is -log p(x) of independent Bernoulli variables, images or not."""
    probabilities = 0.05 + 0.9 * torch.rand(4, 6)
    x = torch.rand(4, 6).round()
    expected = -Bernoulli(probabilities).log_prob(x).sum(dim=1)
    torch.testing.assert_close(vae.reconstruction_loss(probabilities, x), expected)
    torch.testing.assert_close(vae.reconstruction_loss(probabilities, x.reshape(4, 1, 2, 3)), expected)


def test_reconstruction_loss_of_a_saturated_sigmoid_is_finite() -> None:
    """Probabilities that rounded to 0 and 1 cost nothing where they are right and a finite amount where wrong."""
    p = torch.sigmoid(torch.tensor([[200.0, -200.0]]))
    assert p.tolist() == [[1.0, 0.0]]
    assert vae.reconstruction_loss(p, p).item() == 0
    wrong = vae.reconstruction_loss(p, 1 - p)
    assert torch.isfinite(wrong).all()
    assert wrong.item() > 20


def test_elbo_is_a_lower_bound_on_the_log_likelihood() -> None:
    """With one latent, log p(x) can be integrated on a grid: the ELBO lies below it, by KL(q || posterior)."""
    torch.manual_seed(0)
    model = vae.VAE(input_dim=5, hidden_dim=6, latent_dim=1).double()
    x = torch.tensor([[1.0, 0.0, 1.0, 1.0, 0.0]], dtype=torch.float64)
    with torch.no_grad():
        z = torch.linspace(-8, 8, 4001, dtype=torch.float64).unsqueeze(1)
        log_joint = -vae.reconstruction_loss(model.decode(z), x.expand(4001, -1)) + Normal(0, 1).log_prob(z).squeeze(1)
        step = torch.tensor(16 / 4000, dtype=torch.float64).log()
        log_evidence = torch.logsumexp(log_joint + step, dim=0)
        mu, logvar = model.encode(x)
        q = Normal(mu.squeeze(), (0.5 * logvar).exp().squeeze())
        log_q = q.log_prob(z.squeeze(1))
        expected_elbo = ((log_joint - log_q) * (log_q + step).exp()).sum()
        posterior = log_joint - log_evidence
        gap = ((log_q - posterior) * (log_q + step).exp()).sum()

        draws = 20_000
        mus, logvars = mu.expand(draws, 1), logvar.expand(draws, 1)
        decoded = model.decode(vae.reparameterize(mus, logvars))
        estimates = -vae.reconstruction_loss(decoded, x.expand(draws, -1)) - vae.kl_divergence(mus, logvars)
        estimate = -vae.elbo_loss(decoded, x.expand(draws, -1), mus, logvars) / draws
    error = 5 * estimates.std().item() / draws**0.5
    torch.testing.assert_close(estimate, expected_elbo, rtol=0, atol=error)
    torch.testing.assert_close(log_evidence - expected_elbo, gap, rtol=1e-6, atol=1e-8)
    assert expected_elbo < log_evidence


def test_beta_weighs_the_kl_alone() -> None:
    """The loss is linear in beta, and its slope is the KL of the batch."""
    recon_x, x = torch.full((3, 4), 0.5), torch.ones(3, 4)
    mu, logvar = torch.randn(3, 2), torch.randn(3, 2)
    slope = vae.elbo_loss(recon_x, x, mu, logvar, beta=3.0) - vae.elbo_loss(recon_x, x, mu, logvar, beta=2.0)
    torch.testing.assert_close(slope, vae.kl_divergence(mu, logvar).sum(), rtol=1e-4, atol=1e-5)


def test_interpolate_includes_both_ends_and_is_straight() -> None:
    """Second differences vanish, and the ends are the end points."""
    z0, z1 = torch.randn(4, dtype=torch.float64), torch.randn(4, dtype=torch.float64)
    path = vae.interpolate(z0, z1, 9)
    torch.testing.assert_close(path[[0, -1]], torch.stack([z0, z1]))
    torch.testing.assert_close(path.diff(n=2, dim=0), torch.zeros(7, 4, dtype=torch.float64), rtol=0, atol=1e-12)


# --- training ---


@pytest.fixture(scope="module")
def digits() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(training images, held-out images, training labels, held-out labels); images [N, 64] in [0, 1]."""
    data = load_digits()
    images = torch.tensor(data.data, dtype=torch.float32) / 16
    labels = torch.tensor(data.target)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    images, labels = images[order], labels[order]
    return images[:1400], images[1400:], labels[:1400], labels[1400:]


def _train(model: nn.Module, loss_of: Callable[[Tensor], Tensor], examples: int, steps: int) -> None:
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(steps):
        optimizer.zero_grad()
        loss_of(torch.randint(examples, (128,))).backward()
        optimizer.step()


def _elbo(model: vae.VAE, x: Tensor) -> float:
    """ELBO in nats an image, averaged over 10 draws of z."""
    with torch.no_grad():
        losses = [vae.elbo_loss(recon_x, x, mu, logvar).item() for recon_x, mu, logvar in (model(x) for _ in range(10))]
    return -sum(losses) / len(losses) / len(x)


def _energy_distance(a: Tensor, b: Tensor) -> float:
    """2 E|A - B| - E|A - A'| - E|B - B'| (Szekely & Rizzo 2013): 0 for equal distributions, else positive."""

    def within(s: Tensor) -> Tensor:
        return torch.cdist(s, s).sum() / (len(s) * (len(s) - 1))

    return (2 * torch.cdist(a, b).mean() - within(a) - within(b)).item()


@pytest.fixture(scope="module")
def models(digits: tuple[Tensor, Tensor, Tensor, Tensor]) -> tuple[vae.VAE, vae.VAE]:
    """(untrained, trained)."""
    train = digits[0]
    torch.manual_seed(0)
    untrained = vae.VAE(PIXELS, HIDDEN, LATENTS)
    trained = vae.VAE(PIXELS, HIDDEN, LATENTS)
    trained.load_state_dict(untrained.state_dict())

    def loss_of(batch: Tensor) -> Tensor:
        x = train[batch]
        recon_x, mu, logvar = trained(x)
        return vae.elbo_loss(recon_x, x, mu, logvar) / len(x)

    _train(trained, loss_of, len(train), steps=1000)
    return untrained, trained


@pytest.mark.slow
def test_training_raises_the_elbo_of_held_out_digits(
    digits: tuple[Tensor, Tensor, Tensor, Tensor], models: tuple[vae.VAE, vae.VAE]
) -> None:
    """The bound beats the best model that ignores z, on images it has not seen."""
    train, test = digits[:2]
    untrained, trained = models
    marginal = train.mean(dim=0).clamp(1e-3, 1 - 1e-3).expand_as(test)
    without_latents = -vae.reconstruction_loss(marginal, test).mean().item()
    assert _elbo(trained, test) > _elbo(untrained, test) + 10
    assert _elbo(trained, test) > without_latents + 2


@pytest.mark.slow
def test_samples_from_the_prior_come_nearer_to_the_data(
    digits: tuple[Tensor, Tensor, Tensor, Tensor], models: tuple[vae.VAE, vae.VAE]
) -> None:
    """Generated digits are far nearer to real ones, in energy distance, than those of the untrained model."""
    test = digits[1]
    before, after = (_energy_distance(vae.generate(model, 400, LATENTS), test) for model in models)
    assert after < before / 3


@pytest.mark.slow
def test_conditional_vae_generates_the_digit_asked_for(digits: tuple[Tensor, Tensor, Tensor, Tensor]) -> None:
    """A classifier that knows only the class means recognises most of the generated digits."""
    train, _, labels, _ = digits
    torch.manual_seed(0)
    model = vae.ConditionalVAE(PIXELS, 10, HIDDEN, LATENTS)

    def loss_of(batch: Tensor) -> Tensor:
        x, y = train[batch], labels[batch]
        recon_x, mu, logvar = model(x, y)
        return vae.elbo_loss(recon_x, x, mu, logvar) / len(x)

    _train(model, loss_of, len(train), steps=1000)
    y = torch.arange(10).repeat(30)
    with torch.no_grad():
        images = model.decode(torch.randn(300, LATENTS), y)
    class_means = torch.stack([train[labels == digit].mean(dim=0) for digit in range(10)])
    recognised = torch.cdist(images, class_means).argmin(dim=1)
    assert (recognised == y).float().mean() > 0.7
