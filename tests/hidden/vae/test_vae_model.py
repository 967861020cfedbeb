"""The VAE as a module. Layers may have any name and layout, so tests see behaviour alone.

A network whose parameters are all known constants has a closed form whatever its layers are called:
with every weight w and every bias b, hidden = relu(w * sum(x) + b) and output = w * hidden_dim * hidden + b.
"""

import pytest
import torch

from autograder.suite import assert_close, assert_shape, require

pytestmark = pytest.mark.question("VAE")

WEIGHT, BIAS = 0.1, -0.3
NO_SIGMOID = "The decoder returns logits. It must return probabilities: what squashes any number into (0, 1)?"
NO_RELU = "There is no non-linearity between the two linear layers: without one, two layers are worth no more than one."
WRONG_ACTIVATION = "The hidden layer has another activation than the docstring asks for."
OUTPUT_ACTIVATION = "mu and logvar may be any real number: they have no activation of their own."
DETERMINISTIC = "forward gives the same reconstruction twice: it must decode a random draw of z, not mu."
SPREAD = (
    "The reconstructions of one image vary by the wrong amount: forward must decode z drawn with the mean mu and the "
    "variance that logvar stands for, from encode's outputs in the right order."
)


def _probe_constant_network(module, x, z, weight, bias, mode):
    """Encode x and decode z with every weight and every bias set to the same number."""
    import torch

    model = module.VAE(input_dim=6, hidden_dim=5, latent_dim=2).double().train(mode)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(weight if parameter.squeeze().dim() > 1 else bias)
        mu, logvar = model.encode(x)
        return [mu, logvar, model.decode(z)]


def _closed_form(inputs, latent, activation=torch.relu):
    """[B, outputs], all outputs of an example being equal."""
    hidden = activation(WEIGHT * inputs.sum(dim=1, keepdim=True) + BIAS)
    return (WEIGHT * 5 * hidden + BIAS).expand(-1, latent)


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("forward returns three tensors: recon_x [B, input_dim], mu [B, latent_dim], logvar [B, latent_dim].")
def test_vae_shapes(student):
    """A batch of two MNIST-sized images gives two reconstructions, two means and two log-variances."""
    vae = student.VAE()
    recon_x, mu, logvar = vae(torch.linspace(0, 1, 2 * 784).reshape(2, 1, 28, 28))
    assert recon_x.shape == (2, 784)
    assert mu.shape == (2, 20)
    assert logvar.shape == (2, 20)


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint(NO_SIGMOID)
def test_vae_decodes_to_probabilities(student):
    """The decoder gives probabilities, for a VAE of any size."""
    vae = student.VAE(input_dim=12, hidden_dim=8, latent_dim=3)
    recon_x = vae.decode(20 * torch.linspace(-3, 3, 15).reshape(5, 3))
    assert recon_x.shape == (5, 12)
    assert bool((recon_x >= 0).all() and (recon_x <= 1).all())


@pytest.mark.weight(2.5)
@pytest.mark.hint("encode: flatten, linear, ReLU, then one linear layer (with bias) for mu and one for logvar.")
def test_vae_encoder_values(student):
    """The encoder is one hidden ReLU layer followed by linear outputs."""
    x = torch.rand(4, 6, dtype=torch.float64) * torch.tensor([[2.0], [6.0], [-2.0], [-4.0]], dtype=torch.float64)
    mistakes = {
        NO_RELU: _closed_form(x, 2, activation=lambda a: a),
        WRONG_ACTIVATION: _closed_form(x, 2, activation=torch.tanh),
        WRONG_ACTIVATION + " ": _closed_form(x, 2, activation=torch.sigmoid),
        WRONG_ACTIVATION + "  ": _closed_form(x, 2, activation=torch.nn.functional.leaky_relu),
        OUTPUT_ACTIVATION: torch.relu(_closed_form(x, 2)),
        OUTPUT_ACTIVATION + " ": torch.nn.functional.softplus(_closed_form(x, 2)),
        OUTPUT_ACTIVATION + "  ": _closed_form(x, 2).exp(),
        OUTPUT_ACTIVATION + "   ": torch.tanh(_closed_form(x, 2)),
    }
    z = torch.zeros(1, 2, dtype=torch.float64)
    # Both modes: a layer that behaves differently in training (dropout, normalisation) has no place here.
    for mode in (False, True):
        mu, logvar, _ = student.run(_probe_constant_network, x, z, WEIGHT, BIAS, mode)
        assert_close(mu, _closed_form(x, 2), name="mu", mistakes=mistakes)
        assert_close(logvar, _closed_form(x, 2), name="logvar", mistakes=mistakes)


@pytest.mark.weight(2.5)
@pytest.mark.hint("decode: linear, ReLU, linear (with bias), sigmoid.")
def test_vae_decoder_values(student):
    """The decoder is one hidden ReLU layer followed by a linear layer and a sigmoid."""
    z = 3 * torch.randn(5, 2, dtype=torch.float64)
    z[0], z[1] = -8.0, 8.0  # both sides of the ReLU for certain
    x = torch.zeros(1, 6, dtype=torch.float64)
    logits = _closed_form(z, 6)
    for mode in (False, True):
        _, _, recon_x = student.run(_probe_constant_network, x, z, WEIGHT, BIAS, mode)
        assert_close(
            recon_x,
            torch.sigmoid(logits),
            name="the decoded images",
            mistakes={
                NO_SIGMOID: logits,
                "The decoder ends in a tanh, which gives numbers in (-1, 1); probabilities are needed.": torch.tanh(
                    logits
                ),
                "The sigmoid has been applied twice.": torch.sigmoid(torch.sigmoid(logits)),
                NO_RELU: torch.sigmoid(_closed_form(z, 6, activation=lambda a: a)),
                WRONG_ACTIVATION: torch.sigmoid(_closed_form(z, 6, activation=torch.tanh)),
                "The pixels are independent probabilities: a softmax over them makes them share.": logits.softmax(1),
            },
        )


def _probe_many_draws(module, x, draws, eps, mode):
    """Reconstructions of one image, by forward and by decoding mu + std * eps for a given eps."""
    import torch

    torch.manual_seed(0)
    model = module.VAE(input_dim=6, hidden_dim=8, latent_dim=2).double().train(mode)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.6)
        recon_x, mu, logvar = model(x.expand(draws, -1).contiguous())
        encoded_mu, encoded_logvar = model.encode(x)
        wanted = model.decode(encoded_mu + (0.5 * encoded_logvar).exp() * eps)
    return [recon_x, wanted, mu[:1], logvar[:1], encoded_mu, encoded_logvar]


def _assert_same_distribution(actual, wanted, hint):
    """Compare mean and standard deviation of each column of two samples at 6 standard errors."""
    require(bool((actual.std(dim=0) > 1e-6).all()), "the reconstructions do not vary", DETERMINISTIC)
    count = actual.shape[0]
    spread = wanted.std(dim=0)
    mean_error = (actual.mean(dim=0) - wanted.mean(dim=0)).abs() / (spread * (2 / count) ** 0.5)
    kurtosis = ((wanted - wanted.mean(dim=0)) ** 4).mean(dim=0) / spread**4
    std_error = (actual.std(dim=0) / spread - 1).abs() / ((kurtosis - 1).clamp_min(1) / (2 * count)) ** 0.5
    require(bool((mean_error < 6).all()), f"means differ by {mean_error.tolist()} standard errors", hint)
    require(bool((std_error < 6).all()), f"spreads differ by {std_error.tolist()} standard errors", hint)


@pytest.mark.weight(2.5)
@pytest.mark.hint(SPREAD)
def test_vae_forward_decodes_a_draw(student):
    """forward decodes a random draw from q(z | x), and returns the mu and logvar of encode."""
    x = torch.tensor([[0.1, 0.9, 0.4, 1.0, 0.0, 0.7]], dtype=torch.float64)
    eps = torch.randn(4000, 2, dtype=torch.float64)
    recon_x, wanted, mu, logvar, encoded_mu, encoded_logvar = student.run(_probe_many_draws, x, 4000, eps, True)
    order = "forward returns (recon_x, mu, logvar), in this order, with mu and logvar as encode gave them."
    assert_close(mu, encoded_mu, name="forward's mu", hint=order, mistakes={order: encoded_logvar})
    assert_close(logvar, encoded_logvar, name="forward's logvar", hint=order)
    apart = bool((encoded_mu - encoded_logvar).abs().max() > 1e-6)
    require(apart, "mu and logvar are equal", "mu and logvar are the same numbers: each has a linear layer of its own.")
    assert_shape(recon_x, (4000, 6), name="recon_x")
    _assert_same_distribution(recon_x, wanted, SPREAD)


@pytest.mark.weight(1)
@pytest.mark.hint(DETERMINISTIC)
def test_vae_samples_in_eval_mode_too(student):
    """Calling eval() does not switch the sampling off."""
    x = torch.rand(1, 6, dtype=torch.float64)
    eps = torch.randn(2, 2, dtype=torch.float64)
    recon_x = assert_shape(student.run(_probe_many_draws, x, 4, eps, False)[0], (4, 6), name="recon_x")
    require(bool((recon_x[1:] - recon_x[0]).abs().max() > 1e-9), "no variation between draws in eval mode")


@pytest.mark.weight(1)
@pytest.mark.hint("x may come as images [B, 1, H, W] of any size: flatten all dimensions but the first.")
def test_vae_images_are_flattened(student):
    """Images and their flattened pixels have the same encoding, example by example."""
    vae = student.VAE(input_dim=6, hidden_dim=8, latent_dim=3)
    x = torch.rand(5, 1, 2, 3)
    mu, logvar = vae.encode(x)
    flat_mu, flat_logvar = vae.encode(x.reshape(5, 6))
    assert_shape(mu, (5, 3), name="mu")
    assert_close(mu, flat_mu.detach(), name="mu of images")
    assert_close(logvar, flat_logvar.detach(), name="logvar of images")
    one_mu, _ = vae.encode(x[3:4])
    assert_close(one_mu, flat_mu[3:4].detach(), rtol=1e-3, atol=1e-5, name="mu of one image on its own")
    recon_x, _, _ = vae(x)
    assert_shape(recon_x, (5, 6), name="recon_x", hint="The reconstruction stays flat: [B, input_dim].")


def _probe_reparameterize_method(module, mu, logvar):
    """z and its gradients with respect to mu and logvar."""
    import torch

    model = module.VAE(input_dim=6, hidden_dim=8, latent_dim=3)
    mu, logvar = mu.requires_grad_(), logvar.requires_grad_()
    z = model.reparameterize(mu, logvar)
    gradients = torch.autograd.grad(z.sum(), (mu, logvar), allow_unused=True) if z.requires_grad else (None, None)
    return [z.detach(), *gradients]


@pytest.mark.weight(1)
@pytest.mark.hint("The method does what the function reparameterize does; call it.")
def test_vae_reparameterize_method(student):
    """The method draws z from N(mu, exp(logvar)) and lets gradients through."""
    mu, logvar = torch.randn(4, 3, dtype=torch.float64), torch.randn(4, 3, dtype=torch.float64)
    z, mu_gradient, logvar_gradient = student.run(_probe_reparameterize_method, mu, logvar)
    assert_shape(z, (4, 3), name="z")
    require(mu_gradient is not None and logvar_gradient is not None, "no gradient reaches mu or logvar")
    assert_close(mu_gradient, torch.ones(4, 3), name="the gradient of mu")
    half = "The draw's standard deviation needs HALF the log-variance in the exponent."
    distance = z - mu
    assert_close(logvar_gradient, distance / 2, atol=1e-7, name="the gradient of logvar", mistakes={half: distance})
    require(bool((distance.abs() > 1e-12).any()), "z is mu", DETERMINISTIC)


def _probe_gradients(module, x):
    """Total absolute gradient of each parameter, from the reconstruction alone; None where there is none."""
    import torch

    torch.manual_seed(0)
    model = module.VAE(input_dim=6, hidden_dim=16, latent_dim=3)
    recon_x, _, _ = model(x)
    (recon_x * torch.linspace(-1, 2, 6)).sum().backward()
    return {n: None if p.grad is None else p.grad.abs().sum().item() for n, p in model.named_parameters()}


@pytest.mark.weight(1.5)
@pytest.mark.hint(
    "The reconstruction must be differentiable in every layer, through z as well: mu and logvar are not detached, z is "
    "not sampled from a distribution object without reparameterisation, and every layer is registered and used."
)
def test_vae_gradients_reach_every_parameter(student):
    """The reconstruction alone gives every parameter of encoder and decoder a gradient."""
    gradients = student.run(_probe_gradients, torch.rand(32, 6))
    require(
        len(gradients) > 0, "the model has no parameters", "Layers must be registered: assign them to self in __init__."
    )
    without = [name for name, total in gradients.items() if total is None or not total > 0]
    require(not without, f"no gradient in {without}")


def _probe_train(module, x):
    """Train on x; return the reconstructions before and after. A small beta, so that z is used at once."""
    import torch

    torch.manual_seed(0)
    model = module.VAE(input_dim=16, hidden_dim=32, latent_dim=2)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05, fused=True)
    start = model(x)[0].detach()
    for _ in range(20):
        recon_x, mu, logvar = model(x)
        optimizer.zero_grad()
        bce = torch.nn.functional.binary_cross_entropy(recon_x, x, reduction="sum")
        (bce + 0.05 * 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum()).backward()
        optimizer.step()
    return [start, model(x)[0].detach()]


def _nats_an_image(recon_x, x):
    return torch.nn.functional.binary_cross_entropy(recon_x.double(), x.double(), reduction="sum").item() / len(x)


@pytest.mark.weight(2)
@pytest.mark.hint(
    "The model does not learn to tell two images apart: does the decoder see z, and do gradients reach it?"
)
def test_vae_can_be_trained(student):
    """Twenty training steps on two kinds of images make reconstructions better than ignoring z ever could."""
    kind = torch.tensor([[1.0, 0.0] * 8, [0.0, 1.0] * 8])
    x = kind.repeat(16, 1)
    start, end = (assert_shape(r, (32, 16), name="the reconstruction") for r in student.run(_probe_train, x))
    before, after = _nats_an_image(start, x), _nats_an_image(end, x)
    # A decoder that ignores z cannot do better than 16 log 2 = 11.1 nats an image.
    require(after < 8 and after < before, f"the reconstruction went from {before:.2f} to {after:.2f} nats an image")
