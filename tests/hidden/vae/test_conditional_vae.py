"""The conditional VAE as a module. One-hot labels and embeddings are equally right, so behaviour alone is tested.

That labels are categories shows in a network whose weights are all equal: there no class is special, whereas a label
fed in as one number still counts for more the larger it is.
"""

import pytest
import torch

from autograder.suite import assert_close, assert_shape, require

pytestmark = pytest.mark.question("ConditionalVAE")

DRAWS = 3000

ENCODER_BLIND = "The encoder does not use the label: q(z | x, y) depends on x and on y."
DECODER_BLIND = (
    "The decoder does not use the label, so you cannot ask it for a class: p(x | z, y) depends on z and on y."
)
ONE_NUMBER = (
    "The label is used as one number, as if class 4 were twice class 2. Classes have no order: "
    "use a one-hot vector or an embedding."
)
DETERMINISTIC = "forward gives the same reconstruction twice: it must decode a random draw of z, not mu."


def _probe_outputs(module, x, z, y, scale):
    """encode(x, y) and decode(z, y) of a randomly filled model."""
    import torch

    torch.manual_seed(1)
    model = module.ConditionalVAE(input_dim=6, num_classes=5, hidden_dim=16, latent_dim=3).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, scale)
        mu, logvar = model.encode(x, y)
        return [mu, logvar, model.decode(z, y)]


def _outputs(student, x, z, y, scale=0.5):
    mu, logvar, images = student.run(_probe_outputs, x, z, y, scale)
    assert_shape(mu, (len(y), 3), name="mu")
    assert_shape(logvar, (len(y), 3), name="logvar")
    return mu, logvar, assert_shape(images, (len(y), 6), name="the decoded images")


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("forward(x, y) returns recon_x [B, input_dim], mu [B, latent_dim], logvar [B, latent_dim].")
def test_conditional_vae_shapes(student):
    """A batch of MNIST-sized images with labels gives reconstructions, means and log-variances."""
    cvae = student.ConditionalVAE()
    y = torch.tensor([3, 0, 9])
    recon_x, mu, logvar = cvae(torch.linspace(0, 1, 3 * 784).reshape(3, 1, 28, 28), y)
    assert recon_x.shape == (3, 784)
    assert mu.shape == (3, 20)
    assert logvar.shape == (3, 20)
    assert cvae.decode(torch.zeros(3, 20), y).shape == (3, 784)


@pytest.mark.weight(2)
@pytest.mark.hint(ENCODER_BLIND)
def test_conditional_vae_encoder_sees_the_label(student):
    """The same image has another encoding under another label, and so has another image."""
    x = torch.rand(1, 6, dtype=torch.float64).repeat(5, 1)
    z = torch.zeros(5, 3, dtype=torch.float64)
    mu, logvar, _ = _outputs(student, x, z, torch.arange(5))
    for name, code in (("mu", mu), ("logvar", logvar)):
        distance = torch.pdist(code).min()
        require(bool(distance > 1e-6), f"{name} is the same for two labels")
    other, _, _ = _outputs(student, torch.flip(x, dims=(1,)), z, torch.arange(5))
    require(bool((other - mu).abs().max() > 1e-6), "mu does not depend on x", "The encoder must use the image, too.")


@pytest.mark.weight(2)
@pytest.mark.hint(DECODER_BLIND)
def test_conditional_vae_decoder_sees_the_label(student):
    """The same latent gives another image under another label, and another latent another image."""
    x = torch.zeros(5, 6, dtype=torch.float64)
    z = torch.randn(1, 3, dtype=torch.float64).repeat(5, 1)
    images = _outputs(student, x, z, torch.arange(5))[2]
    require(bool(torch.pdist(images).min() > 1e-6), "two labels give the same image")
    other = _outputs(student, x, -z, torch.arange(5))[2]
    require(bool((other - images).abs().max() > 1e-6), "the image does not depend on z", "The decoder must use z, too.")


def _probe_equal_weights(module, x, z, y):
    """encode and decode with all weights equal, so that no class is special."""
    import torch

    model = module.ConditionalVAE(input_dim=6, num_classes=5, hidden_dim=4, latent_dim=3).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(0.1)
        mu, logvar = model.encode(x, y)
        return [mu, logvar, model.decode(z, y)]


@pytest.mark.weight(2)
@pytest.mark.hint(ONE_NUMBER)
def test_conditional_vae_labels_are_categories(student):
    """Where all weights are equal, all classes are treated alike: labels have no order."""
    x = torch.rand(1, 6, dtype=torch.float64).repeat(5, 1)
    z = torch.rand(1, 3, dtype=torch.float64).repeat(5, 1)
    mu, logvar, images = student.run(_probe_equal_weights, x, z, torch.arange(5))
    for name, output, width in (("mu", mu, 3), ("logvar", logvar, 3), ("the decoded image", images, 6)):
        assert_shape(output, (5, width), name=name)
        assert_close(output, output[:1].expand(5, -1), name=f"{name} under five labels")


@pytest.mark.weight(1.5)
@pytest.mark.hint("Each example goes with its own label. A batch may be of any size and need not contain every class.")
def test_conditional_vae_keeps_examples_apart(student):
    """An example's results do not depend on the other examples of its batch, nor on their labels."""
    x, z = torch.rand(4, 6, dtype=torch.float64), torch.randn(4, 3, dtype=torch.float64)
    y = torch.tensor([2, 4, 0, 2])
    together = _outputs(student, x, z, y)
    for i in range(4):
        alone = _outputs(student, x[i : i + 1], z[i : i + 1], y[i : i + 1])
        for whole, part, name in zip(together, alone, ("mu", "logvar", "the image"), strict=True):
            assert_close(part, whole[i : i + 1], name=f"{name} of example {i} on its own")
    images = _outputs(student, x.reshape(4, 1, 2, 3), z, y)
    assert_close(images[0], together[0], name="mu of images [B, 1, H, W]", hint="Images are flattened, as in the VAE.")


def _probe_many_draws(module, x, y, eps, mode):
    """Reconstructions of one image, by forward and by decoding mu + std * eps, under the same label."""
    import torch

    torch.manual_seed(0)
    model = module.ConditionalVAE(input_dim=6, num_classes=5, hidden_dim=8, latent_dim=2).double().train(mode)
    x, y = x.expand(len(eps), -1).contiguous(), torch.full((len(eps),), y)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.6)
        recon_x, mu, logvar = model(x, y)
        encoded_mu, encoded_logvar = model.encode(x, y)
        wanted = model.decode(encoded_mu + (0.5 * encoded_logvar).exp() * eps, y)
    return [recon_x, wanted, mu[:1], logvar[:1], encoded_mu[:1], encoded_logvar[:1]]


@pytest.mark.weight(2)
@pytest.mark.hint(
    "forward must decode, under the same label, a draw of z with the mean mu and the variance that logvar stands for; "
    "its results come in the order recon_x, mu, logvar."
)
def test_conditional_vae_forward_decodes_a_draw(student):
    """forward decodes a random draw under the label that was encoded, in train and in eval mode."""
    x, eps = torch.rand(1, 6, dtype=torch.float64), torch.randn(DRAWS, 2, dtype=torch.float64)
    for training in (True, False):
        recon_x, wanted, mu, logvar, encoded_mu, encoded_logvar = student.run(_probe_many_draws, x, 3, eps, training)
        assert_close(mu, encoded_mu, name="forward's mu")
        assert_close(logvar, encoded_logvar, name="forward's logvar")
        assert_shape(recon_x, (DRAWS, 6), name="recon_x")
        inside = bool(((recon_x >= 0) & (recon_x <= 1)).all())
        require(inside, "recon_x is not in [0, 1]", "Return probabilities, not logits.")
        require(bool((recon_x.std(dim=0) > 1e-6).all()), "the reconstructions do not vary", DETERMINISTIC)
        _assert_same_distribution(recon_x, wanted)


def _assert_same_distribution(actual, wanted):
    """Compare mean and standard deviation of each column of two samples at 6 standard errors."""
    spread = wanted.std(dim=0)
    kurtosis = ((wanted - wanted.mean(dim=0)) ** 4).mean(dim=0) / spread**4
    mean_error = (actual.mean(dim=0) - wanted.mean(dim=0)).abs() / (spread * (2 / DRAWS) ** 0.5)
    std_error = (actual.std(dim=0) / spread - 1).abs() / ((kurtosis - 1).clamp_min(1) / (2 * DRAWS)) ** 0.5
    require(bool((mean_error < 6).all()), f"means differ by {mean_error.tolist()} standard errors")
    require(bool((std_error < 6).all()), f"spreads differ by {std_error.tolist()} standard errors")


def _probe_gradients(module, x, y):
    """Total absolute gradient of each parameter, from the reconstruction alone; None where there is none."""
    import torch

    torch.manual_seed(0)
    model = module.ConditionalVAE(input_dim=6, num_classes=4, hidden_dim=16, latent_dim=3)
    recon_x, _, _ = model(x, y)
    (recon_x * torch.linspace(-1, 2, 6)).sum().backward()
    return {n: None if p.grad is None else p.grad.abs().sum().item() for n, p in model.named_parameters()}


@pytest.mark.weight(1.5)
@pytest.mark.hint(
    "Every layer (and embedding) must be used, and gradients must pass through the draw of z into the encoder."
)
def test_conditional_vae_gradients_reach_every_parameter(student):
    """The reconstruction alone gives every parameter of encoder and decoder a gradient."""
    gradients = student.run(_probe_gradients, torch.rand(32, 6), torch.arange(32) % 4)
    require(
        len(gradients) > 0, "the model has no parameters", "Layers must be registered: assign them to self in __init__."
    )
    without = [name for name, total in gradients.items() if total is None or not total > 0]
    require(not without, f"no gradient in {without}")


def _probe_train(module, x, y):
    """Train on x, y; return what the decoder makes of z = 0 under each of the four labels."""
    import torch

    torch.manual_seed(0)
    model = module.ConditionalVAE(input_dim=8, num_classes=4, hidden_dim=16, latent_dim=2)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1, fused=True)
    for _ in range(15):
        recon_x, mu, logvar = model(x, y)
        optimizer.zero_grad()
        bce = torch.nn.functional.binary_cross_entropy(recon_x, x, reduction="sum")
        (bce + 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum()).backward()
        optimizer.step()
    with torch.no_grad():
        return model.decode(torch.zeros(4, 2), torch.arange(4))


@pytest.mark.weight(2)
@pytest.mark.hint(
    "After training, the label does not decide what is generated: does the decoder get it, one vector a class?"
)
def test_conditional_vae_generates_the_class_asked_for(student):
    """After fifteen training steps the decoder draws the class it is asked for."""
    # No pattern is half-way between its neighbours, so the label cannot serve as a number.
    patterns = torch.tensor([[1.0, 0] * 4, [1.0, 1, 0, 0] * 2, [0, 1.0] * 4, [1.0] * 4 + [0] * 4])
    y = torch.arange(16) % 4
    images = assert_shape(student.run(_probe_train, patterns[y], y), (4, 8), name="the images")
    nearest = torch.cdist(images, patterns).argmin(dim=1).tolist()
    require(nearest == [0, 1, 2, 3], f"asked for classes 0 to 3, got {nearest}")
