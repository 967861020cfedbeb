"""The simple loss, with models made by the test: what the model is asked, and what becomes of its answer."""

import math

import pytest
import torch

from autograder.suite import assert_close, assert_scalar, require

pytestmark = pytest.mark.question("ddpm_loss")

ABAR = (0.95, 0.8, 0.55, 0.3, 0.1)
TARGET = "The model predicts the NOISE: that is what its answer is compared with, not the image."
FRESH = "The noise in x_t must be the noise that was passed in, the same that the model's answer is compared with."
MEAN = "The loss is the mean over all elements, a single number."


def _probe_loss(module, x0, t, noise, alpha_bars, weight):
    """[loss, the x_t and the t that the model saw, d loss / d weight] for the model eps = weight x_t + t / 10."""
    import torch

    class Toy(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.tensor(weight, dtype=x0.dtype))
            self.seen = []

        def forward(self, x_t, t):
            self.seen.append([x_t.detach().clone(), t])
            return self.weight * x_t + t.reshape(-1, *[1] * (x_t.dim() - 1)) / 10

    toy = Toy()
    loss = module.ddpm_loss(toy, x0, t, noise, alpha_bars)
    if loss.requires_grad:
        loss.sum().backward()
    return [loss.detach(), toy.seen, toy.weight.grad]


def _case(*shape):
    torch.rand(3)  # both sides have the same seed, and noise that is drawn afresh must not be the data by accident
    x0, noise = torch.randn(*shape, dtype=torch.float64), torch.randn(*shape, dtype=torch.float64)
    t, abar = torch.tensor([3, 0, 4, 1, 2])[: shape[0]], torch.tensor(ABAR, dtype=torch.float64)
    a = abar[t].reshape(-1, *[1] * (len(shape) - 1))
    x_t = a**0.5 * x0 + (1 - a) ** 0.5 * noise
    return x0, t, noise, abar, x_t, t.reshape(a.shape) / 10


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint(MEAN)
def test_ddpm_loss_is_one_number(student):
    """The loss of an untrained U-Net is a single positive number."""
    x0 = torch.linspace(-1, 1, 2 * 16).reshape(2, 1, 4, 4)
    unet = student.UNet(in_channels=1, base_channels=16, channel_mults=(1,), time_dim=16)
    loss = student.ddpm_loss(unet, x0, torch.tensor([0, 2]), x0.flip(0), torch.tensor([0.9, 0.5, 0.2]))
    assert loss.shape == ()
    assert math.isfinite(loss.item())
    assert loss.item() > 0


@pytest.mark.weight(2)
@pytest.mark.hint("The model is asked once, for the noise in x_t = q_sample(x0, t, noise, alpha_bars), and told t.")
def test_ddpm_loss_asks_the_model_about_x_t(student):
    """The model sees the noisy data and their times, not the clean data."""
    x0, t, noise, abar, x_t, _ = _case(4, 1, 2, 3)
    _, seen, _ = student.run(_probe_loss, x0, t, noise, abar, 0.5)
    require(len(seen) == 1, f"the model was called {len(seen)} times")
    mistakes = {
        "The model sees the clean data; it must see x_t.": x0,
        "The model sees the bare noise; it must see x_t.": noise,
        "The data and the noise have changed places in x_t.": (_case_swapped(x0, noise, abar, t)),
    }
    assert_close(seen[0][0], x_t, name="what the model saw", mistakes=mistakes, hint=FRESH)
    assert_close(
        seen[0][1], t, name="the t that the model saw", hint="The model is told t as it came in, [B] integers."
    )


def _case_swapped(x0, noise, abar, t):
    a = abar[t].reshape(-1, *[1] * (x0.dim() - 1))
    return a**0.5 * noise + (1 - a) ** 0.5 * x0


@pytest.mark.weight(3)
@pytest.mark.hint("The loss is the mean of the squared difference between the noise and the model's answer.")
def test_ddpm_loss_values(student):
    """The loss is the mean squared error between the noise and what the model says."""
    for shape in ((4, 3, 2, 5), (5, 2), (3,)):
        x0, t, noise, abar, x_t, shift = _case(*shape)
        eps = 0.5 * x_t + shift
        squared = (eps - noise) ** 2
        a = abar[t].reshape(shift.shape)
        mistakes = {
            TARGET: ((eps - x0) ** 2).mean(),
            TARGET + " ": ((eps - x_t) ** 2).mean(),
            MEAN: squared.sum(),
            MEAN + " ": squared.reshape(len(x0), -1).sum(dim=1).mean(),
            MEAN + "  ": squared.reshape(len(x0), -1).mean(dim=1),
            "The differences are squared, not taken by their absolute value.": (eps - noise).abs().mean(),
            "The differences are to be squared alone; this is the root of their mean.": squared.mean().sqrt(),
            "All times have the same weight in the simple loss.": (squared / (1 - a)).mean(),
            "All times have the same weight in the simple loss. ": (squared * (1 - a) / a).mean(),
            "The mean of squares has no factor of one half.": squared.mean() / 2,
        }
        loss, _, _ = student.run(_probe_loss, x0, t, noise, abar, 0.5)
        assert_close(loss, squared.mean(), rtol=1e-6, name="the loss", mistakes=mistakes)


def _probe_perfect(module, x0, t, noise, alpha_bars):
    """The loss of a model that knows x0 and works out the noise from what it is shown."""
    import torch

    class Oracle(torch.nn.Module):
        def forward(self, x_t, t):
            a = alpha_bars[t].reshape(-1, *[1] * (x_t.dim() - 1))
            return (x_t - a.sqrt() * x0) / (1 - a).sqrt()

    return [module.ddpm_loss(Oracle(), x0, t, noise, alpha_bars), alpha_bars]


@pytest.mark.weight(1.5)
@pytest.mark.hint("A model that finds exactly the noise in x_t has no loss. " + FRESH)
def test_ddpm_loss_of_a_perfect_model(student):
    """A model that finds the noise exactly has a loss of zero."""
    x0, t, noise, abar, _, _ = _case(4, 1, 3, 2)
    loss, _ = student.run(_probe_perfect, x0, t, noise, abar)
    assert_close(assert_scalar(loss), 0.0, atol=1e-12, name="the loss of the perfect model")


@pytest.mark.weight(1.5)
@pytest.mark.hint("Gradients must reach the model: its answer is not detached, and no_grad is not used.")
def test_ddpm_loss_gradient(student):
    """The gradient of the model's parameter is that of the mean squared error."""
    x0, t, noise, abar, x_t, shift = _case(4, 2, 3)
    _, _, gradient = student.run(_probe_loss, x0, t, noise, abar, 0.5)
    require(gradient is not None, "the model's parameter has no gradient")
    want = (2 * (0.5 * x_t + shift - noise) * x_t).mean()
    assert_close(gradient, want, rtol=1e-6, name="the gradient")


def _probe_train(module, x0, t, noise, alpha_bars):
    """The weight of the model eps = weight x_t after gradient descent on the loss."""
    import torch

    class Line(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros((), dtype=x0.dtype))

        def forward(self, x_t, t):
            return self.weight * x_t

    line = Line()
    for _ in range(60):
        (gradient,) = torch.autograd.grad(module.ddpm_loss(line, x0, t, noise, alpha_bars), line.weight)
        with torch.no_grad():
            line.weight -= 0.2 * gradient
    return line.weight.detach()


@pytest.mark.weight(1.5)
@pytest.mark.hint("A model with one weight does not find the best weight: " + FRESH)
def test_ddpm_loss_trains_a_model(student):
    """Gradient descent on the loss brings a one-weight model to the least-squares solution."""
    x0, t, noise, abar, x_t, _ = _case(5, 40)
    want = (x_t * noise).mean() / (x_t * x_t).mean()
    weight = student.run(_probe_train, x0, t, noise, abar)
    assert_close(weight, want, rtol=1e-3, name="the weight", mistakes={TARGET: (x_t * x0).mean() / (x_t * x_t).mean()})
