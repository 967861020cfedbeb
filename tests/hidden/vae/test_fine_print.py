"""What the docstrings say in passing: dtypes, default sizes, activations, and gradients of every output."""

import pytest
import torch

from autograder.suite import assert_close, assert_shape, require, require_default_sizes

KEEPS_FLOAT64 = "The result has the dtype of the inputs: float64 in, float64 out."
DEFAULTS = "The default sizes are those of the signature that you were given; use the arguments, not numbers."
CATEGORY_SIZES = "The default number of classes and the default sizes are those of the signature that you were given."
ONE_RELU = (
    "Each hidden layer ends in a ReLU, and there is no other non-linearity: along any straight line the layer after it "
    "is made of straight pieces, with a kink where a unit switches on."
)
EVERY_OUTPUT = "mu and logvar as forward returns them must be differentiable: the KL term trains the encoder with them."


@pytest.mark.question("reconstruction_loss")
@pytest.mark.weight(0.5)
@pytest.mark.hint(KEEPS_FLOAT64)
def test_reconstruction_loss_keeps_float64(student):
    """The loss of float64 probabilities is float64 again."""
    p = 0.1 + 0.8 * torch.rand(3, 5, dtype=torch.float64)
    x = torch.rand(3, 5, dtype=torch.float64)
    loss = assert_shape(student.reconstruction_loss(p, x), (3,), name="the loss")
    require(loss.dtype == torch.float64, f"the loss is {loss.dtype} for float64 inputs")
    want = -(x * p.log() + (1 - x) * (1 - p).log()).sum(dim=1)
    assert_close(loss, want, name="the loss in float64")


@pytest.mark.question("elbo_loss")
@pytest.mark.weight(0.5)
@pytest.mark.hint(KEEPS_FLOAT64)
def test_elbo_loss_keeps_float64(student):
    """The loss of float64 inputs is float64 again."""
    p = 0.1 + 0.8 * torch.rand(3, 5, dtype=torch.float64)
    x, mu, logvar = (torch.rand(3, size, dtype=torch.float64) for size in (5, 2, 2))
    loss = assert_shape(student.elbo_loss(p, x, mu, logvar, 0.5), (), name="the loss")
    require(loss.dtype == torch.float64, f"the loss is {loss.dtype} for float64 inputs")
    bce = -(x * p.log() + (1 - x) * (1 - p).log()).sum()
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum()
    assert_close(loss, bce + 0.5 * kl, name="the loss in float64")


def vae_dtypes(module, x):
    """The dtypes of everything that a float64 VAE gives: encode, decode, forward."""
    model = module.VAE(input_dim=6, hidden_dim=5, latent_dim=3).double()
    mu, logvar = model.encode(x)
    return [str(t.dtype) for t in (mu, logvar, model.decode(mu), *model(x))]


def conditional_dtypes(module, x, y):
    """The dtypes of everything that a float64 conditional VAE gives."""
    model = module.ConditionalVAE(input_dim=6, num_classes=4, hidden_dim=5, latent_dim=3).double()
    mu, logvar = model.encode(x, y)
    return [str(t.dtype) for t in (mu, logvar, model.decode(mu, y), *model(x, y))]


@pytest.mark.question("VAE")
@pytest.mark.weight(0.5)
@pytest.mark.hint(KEEPS_FLOAT64)
def test_vae_keeps_float64(student):
    """A VAE in float64 gives float64 everywhere."""
    dtypes = student.run(vae_dtypes, torch.rand(2, 6, dtype=torch.float64))
    require(dtypes == ["torch.float64"] * 6, f"mu, logvar, decoded, recon_x, mu, logvar are {dtypes}")


@pytest.mark.question("ConditionalVAE")
@pytest.mark.weight(0.5)
@pytest.mark.hint(KEEPS_FLOAT64)
def test_conditional_vae_keeps_float64(student):
    """A conditional VAE in float64 gives float64 everywhere."""
    dtypes = student.run(conditional_dtypes, torch.rand(2, 6, dtype=torch.float64), torch.tensor([1, 3]))
    require(dtypes == ["torch.float64"] * 6, f"mu, logvar, decoded, recon_x, mu, logvar are {dtypes}")


@pytest.mark.question("VAE")
@pytest.mark.weight(0.5)
@pytest.mark.hint(DEFAULTS)
def test_vae_default_sizes(student):
    """Without arguments the layers are as large as with those that the signature names."""
    require_default_sizes(student, "VAE", 784, 400, 20)


@pytest.mark.question("ConditionalVAE")
@pytest.mark.weight(0.5)
@pytest.mark.hint(CATEGORY_SIZES)
def test_conditional_vae_default_sizes(student):
    """Without arguments the layers are as large as with those that the signature names."""
    require_default_sizes(student, "ConditionalVAE", 784, 10, 400, 20)


def along_lines(module, x, z, y):
    """mu along a line of images, and the logits of the decoded images along a line of latents."""
    import torch

    torch.manual_seed(0)
    model = module.ConditionalVAE(input_dim=6, num_classes=3, hidden_dim=16, latent_dim=2).double().eval()
    with torch.no_grad():
        mu, _ = model.encode(x, y.expand(len(x)))
        return [mu, torch.logit(model.decode(z, y.expand(len(z))))]


@pytest.mark.question("ConditionalVAE")
@pytest.mark.weight(1)
@pytest.mark.hint(ONE_RELU)
def test_conditional_vae_hidden_layers_are_relu(student):
    """Along a straight line of inputs, encoder and decoder are straight but for a few kinks."""
    steps = torch.linspace(-8, 8, 801, dtype=torch.float64).unsqueeze(1)
    x = 0.5 + steps * torch.tensor([[1.0, -1, 1, 1, -1, 1]], dtype=torch.float64)
    z = steps * torch.tensor([[1.0, -0.7]], dtype=torch.float64)
    for name, path in zip(("mu", "the logits"), student.run(along_lines, x, z, torch.tensor(1)), strict=True):
        bent = (path[2:] - 2 * path[1:-1] + path[:-2]).abs().amax(dim=1) > 1e-9
        require(bool(bent.any()), f"{name} is one straight line", "There is no non-linearity in the hidden layer.")
        # 16 units switch once each, and a kink between two steps bends two of the differences.
        require(int(bent.sum()) <= 32, f"{name} bends at {int(bent.sum())} of 799 steps")


def gradients_of_codes(module, kind, sizes, inputs):
    """How much of a gradient the parameters get from mu, and from logvar, as forward returns them."""
    import torch

    torch.manual_seed(0)
    totals = []
    for index in (1, 2):
        model = getattr(module, kind)(*sizes)
        code = model(*inputs)[index]
        parameters = list(model.parameters())
        found = torch.autograd.grad(code.sum(), parameters, allow_unused=True) if code.requires_grad else []
        totals.append(sum(float(gradient.abs().sum()) for gradient in found if gradient is not None))
    return totals


def _require_gradients(student, kind, sizes, *inputs):
    for name, total in zip(("mu", "logvar"), student.run(gradients_of_codes, kind, sizes, inputs), strict=True):
        require(total > 0, f"no gradient flows from forward's {name}")


@pytest.mark.question("VAE")
@pytest.mark.weight(0.5)
@pytest.mark.hint(EVERY_OUTPUT)
def test_vae_mu_and_logvar_are_differentiable(student):
    """mu and logvar of forward lead back to the encoder's parameters."""
    _require_gradients(student, "VAE", (6, 8, 3), torch.rand(4, 6))


@pytest.mark.question("ConditionalVAE")
@pytest.mark.weight(0.5)
@pytest.mark.hint(EVERY_OUTPUT)
def test_conditional_vae_mu_and_logvar_are_differentiable(student):
    """mu and logvar of forward lead back to the encoder's parameters."""
    _require_gradients(student, "ConditionalVAE", (6, 4, 8, 3), torch.rand(4, 6), torch.arange(4))
