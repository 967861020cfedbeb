"""Generation from the prior, with models made inside the sandbox so that the student's VAE plays no part."""

import pytest
import torch

from autograder.suite import assert_close, assert_shape, require

pytestmark = pytest.mark.question("generate")

DRAWS = 4000
ENCODED_VARIANCE = 0.01831563888873418  # exp(-4), the toy encoder below
FROM_ENCODINGS = (
    "The latents fit the encodings of some input. New images start from the prior N(0, I); no encoder is needed."
)
UNIFORM = "The latents are not Gaussian: the prior is the standard normal, not a uniform distribution."
GRADIENT = "Generating is not training: no gradient needs to be recorded here."


def _probe_generate(module, num_samples, latent_dim, default_dim):
    """[images, latents that were decoded, decoder weight, requires_grad, autograd on after the call?]."""
    import torch

    class Toy(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.linspace(-1, 1, latent_dim * 6).reshape(latent_dim, 6))
            self.seen = []

        def encode(self, x):
            return torch.full((len(x), latent_dim), 3.0), torch.full((len(x), latent_dim), -4.0)

        def reparameterize(self, mu, logvar):
            return mu + (0.5 * logvar).exp() * torch.randn_like(mu)

        def decode(self, z):
            self.seen.append(z.detach().clone())
            return torch.sigmoid(z @ self.weight)

        def forward(self, x):
            mu, logvar = self.encode(x)
            return self.decode(self.reparameterize(mu, logvar)), mu, logvar

    model = Toy()
    extra = () if default_dim else (latent_dim,)
    with torch.enable_grad():
        try:
            images = module.generate(model, num_samples, *extra)
            autograd_on = torch.is_grad_enabled()
        finally:
            torch.set_grad_enabled(True)
    seen = torch.cat([z.reshape(-1, z.shape[-1]) for z in model.seen]) if model.seen else None
    is_tensor = isinstance(images, torch.Tensor)
    needs_grad = images.requires_grad if is_tensor else None
    return [images.detach() if is_tensor else images, seen, model.weight.detach(), needs_grad, autograd_on]


def _generate(student, num_samples, latent_dim, default_dim=False):
    images, seen, weight, needs_grad, autograd_on = student.run(_probe_generate, num_samples, latent_dim, default_dim)
    assert_shape(images, (num_samples, 6), name="the images")
    require(seen is not None, "decode was never called", "The images come out of the model's decode method.")
    assert_shape(seen, (num_samples, latent_dim), name="what was decoded")
    return images, seen, weight, needs_grad, autograd_on


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("Draw z [num_samples, latent_dim] from the prior and decode it.")
def test_generate_shape(student):
    """Five new images from a small VAE."""
    vae = student.VAE(input_dim=12, hidden_dim=8, latent_dim=3)
    images = student.generate(vae, 5, latent_dim=3)
    assert images.shape == (5, 12)
    assert not images.requires_grad


@pytest.mark.weight(3)
@pytest.mark.hint("The latents do not have the mean and variance of the prior N(0, I).")
def test_generate_draws_from_the_prior(student):
    """The decoded latents are draws from N(0, I): mean 0, variance 1, Gaussian tails."""
    z = _generate(student, DRAWS, 3)[1].double()
    assert_close(
        z.var(dim=0),
        torch.ones(3),
        rtol=5 * (2 / DRAWS) ** 0.5,
        name="the variance of the latents",
        mistakes={
            FROM_ENCODINGS: torch.full((3,), ENCODED_VARIANCE),
            UNIFORM: torch.full((3,), 1 / 3),
            UNIFORM + " ": torch.full((3,), 1 / 12),
            "Every image is decoded from the same latent: draw one for each.": torch.zeros(3),
        },
    )
    assert_close(
        z.mean(dim=0),
        torch.zeros(3),
        atol=5 / DRAWS**0.5,
        name="the mean of the latents",
        mistakes={FROM_ENCODINGS: torch.full((3,), 3.0), UNIFORM: torch.full((3,), 0.5)},
    )
    beyond = (z.abs() > 2).double().mean()  # 0.0455 for a standard normal
    assert_close(beyond, 0.0455, rtol=0, atol=5 * (0.0455 / z.numel()) ** 0.5, name="the tails", hint=UNIFORM)


@pytest.mark.weight(1.5)
@pytest.mark.hint("Return what decode gives, one row for each draw, unchanged.")
def test_generate_decodes_its_draws(student):
    """Row i of the result decodes draw i."""
    images, z, weight, _, _ = _generate(student, 7, 3)
    assert_close(images, torch.sigmoid(z.double() @ weight.double()), name="the images")


@pytest.mark.weight(1.5)
@pytest.mark.hint("Each image needs a draw of its own in every latent, and two calls give different images.")
def test_generate_draws_are_independent(student):
    """Latents and images are independent of each other, and two calls differ."""
    z = _generate(student, DRAWS, 3)[1].double()
    correlation = (z.T @ z / DRAWS - torch.diag((z**2).mean(dim=0))).abs().max()
    require(bool(correlation < 5 / DRAWS**0.5), f"correlation {correlation:.3g} between latents")
    neighbours = (z[1:] * z[:-1]).mean(dim=0).abs().max()
    require(bool(neighbours < 5 / DRAWS**0.5), f"correlation {neighbours:.3g} between images")
    first, second = _generate(student, 4, 3)[1], _generate(student, 4, 3)[1]
    require(bool((first != second).all()), "two calls decoded the same latents", "Do not set a random seed inside.")


@pytest.mark.weight(1.5)
@pytest.mark.hint(GRADIENT)
def test_generate_records_no_gradient(student):
    """The images do not require grad, and autograd is on again afterwards."""
    _, _, _, needs_grad, autograd_on = _generate(student, 4, 3)
    require(needs_grad is False, "the images require grad", GRADIENT)
    require(
        autograd_on,
        "autograd stays switched off after the call",
        "Autograd stays switched off after the call, so nothing can be trained any more: do it for one block only.",
    )


@pytest.mark.weight(0.5)
@pytest.mark.hint("latent_dim has a default, and num_samples may be 1.")
def test_generate_default_latent_dim_and_one_sample(student):
    """Without latent_dim there are 20 latents; one sample gives one row."""
    _generate(student, 3, 20, default_dim=True)
    _generate(student, 1, 4)


def _probe_dtype_and_device(module):
    """The dtype for a float64 model, and the device and error for a model on torch's data-free device."""
    import torch

    class Toy(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(3, 6)

        def decode(self, z):
            return torch.sigmoid(self.layer(z))

    dtype = str(module.generate(Toy().double(), 2, 3).dtype)
    try:
        return [dtype, str(module.generate(Toy().to("meta"), 2, 3).device), ""]
    except Exception as error:
        return [dtype, "", str(error)]


@pytest.mark.weight(1)
@pytest.mark.hint("Draw z with the dtype and on the device of the model's parameters.")
def test_generate_follows_dtype_and_device(student):
    """A float64 model gives float64 images, and a model on another device gets its latents there."""
    dtype, device, error = student.run(_probe_dtype_and_device)
    require(dtype == "torch.float64", f"the images are {dtype} for a float64 model")
    # Only a clear clash of devices counts: correct code may inspect values, which that device does not have.
    require("expected device" not in error and "same device" not in error, f"devices clash: {error}")
    require(error or device == "meta", f"the images are on {device}, not where the model is")
