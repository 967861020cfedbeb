"""Generator: shape, range, use of z, a hidden non-linearity, and that it can learn."""

import math

import pytest
import torch

from autograder.suite import assert_shape, require

pytestmark = pytest.mark.question("Generator")


def fit_targets(module, z, target):
    """Fit G(z) to fixed targets with Adam; return the mean squared error of each step."""
    import torch

    generator = module.Generator(latent_dim=z.shape[1], hidden_dim=32, output_dim=target.shape[1])
    optimizer = torch.optim.Adam(generator.parameters(), lr=0.02, fused=True)
    losses = []
    for _ in range(40):
        optimizer.zero_grad()
        loss = (generator(z) - target).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.public
@pytest.mark.hint("Each row of z becomes one row of output_dim values; samples stay flat.")
def test_generator_shape(student):
    """G turns z [B, latent_dim] into samples [B, output_dim]."""
    generator = student.Generator(latent_dim=6, hidden_dim=16, output_dim=12)
    assert generator(torch.randn(5, 6)).shape == (5, 12)


@pytest.mark.public
@pytest.mark.hint("The last operation should map every real number smoothly into the range the data were scaled to.")
def test_generator_range(student):
    """Samples stay in [-1, 1], even for extreme noise."""
    generator = student.Generator(latent_dim=6, hidden_dim=16, output_dim=12)
    for scale in (1.0, 1000.0):
        x = generator(scale * torch.randn(64, 6))
        assert x.abs().max() <= 1.0


@pytest.mark.weight(2)
@pytest.mark.hint("Data lie in [-1, 1], so samples must be able to take negative and positive values.")
def test_generator_reaches_both_signs(student):
    """Samples reach negative as well as positive values and stay within [-1, 1]."""
    generator = student.Generator(latent_dim=6, hidden_dim=16, output_dim=12)
    x = assert_shape(generator(100 * torch.randn(64, 6)), (64, 12), name="the samples").detach()
    require(torch.isfinite(x).all(), "samples are not finite", "Samples must be finite for any noise.")
    require(
        x.abs().max() <= 1,
        f"largest magnitude {x.abs().max():.4g}",
        "Samples leave [-1, 1]: the output layer is not followed by tanh.",
    )
    require(
        x.min() < 0,
        f"smallest value {x.min():.4g}",
        "No sample is ever negative: a sigmoid reaches only 0 … 1, while the data lie in [-1, 1].",
    )
    require(x.max() > 0, f"largest value {x.max():.4g}", "No sample is ever positive.")


@pytest.mark.hint("Clipping stops the gradient of every value beyond ±1. Which smooth function has this range?")
def test_generator_saturates_smoothly(student):
    """Strong outputs approach ±1 without being cut off there."""
    generator = student.Generator(latent_dim=6, hidden_dim=16, output_dim=12)
    generator.eval()
    z, scale = torch.randn(8, 6), 1.0
    for _ in range(40):  # until an output lies near the end of the range, where tanh and clipping differ
        if generator(scale * z).abs().max() > 0.95:
            break
        scale *= 1.25
    x = assert_shape(generator(1.5 * scale * z), (8, 12), name="the samples").detach()
    require(bool((x.abs() <= 1).all()), f"largest magnitude {x.abs().max():.4g}")
    require(not bool((x.abs() == 1).any()), f"{int((x.abs() == 1).sum())} values are exactly ±1")


@pytest.mark.weight(2)
@pytest.mark.hint("In eval mode the sample is a function of z alone: draw no noise inside, and use all of z.")
def test_generator_is_a_function_of_z(student):
    """In eval mode the same z gives the same sample, whatever else is in the batch."""
    generator = student.Generator(latent_dim=6, hidden_dim=16, output_dim=12)
    generator.eval()
    z = torch.randn(7, 6)
    x = assert_shape(generator(z), (7, 12), name="the samples").detach()
    again = assert_shape(generator(z), (7, 12), name="the samples").detach()
    require(torch.allclose(x, again, atol=1e-6), "two calls differ", "The same z gives another sample the second time.")
    alone = assert_shape(generator(z[2:4]), (2, 12), name="the samples").detach()
    require(
        torch.allclose(x[2:4], alone, atol=1e-5),
        "a row depends on the batch",
        "A sample changes with the other examples of its batch; look for a reduction over dimension 0.",
    )
    require((x - x[:1]).abs()[1:].max() > 1e-4 * x.abs().max(), "all rows agree", "Every z gives the same sample.")


@pytest.mark.weight(2)
@pytest.mark.hint("The generator learns only through the gradient of its samples: nothing on the way may be detached.")
def test_generator_passes_gradients(student):
    """Gradients flow from the samples to every entry of z and into the parameters."""
    generator = student.Generator(latent_dim=6, hidden_dim=16, output_dim=12)
    generator.eval()
    z = torch.randn(32, 6, requires_grad=True)
    x = assert_shape(generator(z), (32, 12), name="the samples")
    require(x.requires_grad, "the samples are detached")
    (x * torch.randn(32, 12)).sum().backward()
    shapes = generator.parameter_shapes()
    require(
        shapes,
        "no parameters",
        "The module has no parameters: layers kept in a plain list are not registered. See nn.ModuleList.",
    )
    require(z.grad is not None, "z got no gradient")
    per_entry = z.grad.abs().sum(dim=0)
    require(
        bool((per_entry > 0).all()),
        f"{int((per_entry == 0).sum())} entries of z without gradient",
        "Some entries of z have no influence on the samples.",
    )
    gradients = [generator.get(f"{name}.grad") for name in shapes]
    require(
        any(g is not None and g.abs().max() > 0 for g in gradients),
        "no parameter got a gradient",
        "Gradients reach z but not the module's parameters.",
    )


@pytest.mark.weight(2)
@pytest.mark.hint("Without a non-linearity between them, two linear layers are one linear layer.")
def test_generator_is_nonlinear(student):
    """Before the tanh stands a hidden layer with a non-linearity, as wide as hidden_dim says."""
    generator = student.Generator(latent_dim=6, hidden_dim=16, output_dim=12)
    generator.eval()
    bends = []
    for scale in (1, 10, 100):  # weights that start small bend far from 0 alone
        a, b = scale * torch.randn(2, 64, 6)
        x = assert_shape(generator(torch.cat([a, b, (a + b) / 2])), (192, 12), name="the samples").detach().double()
        clear = (x.abs() < 0.99).reshape(3, 64, 12).all(dim=0)  # where tanh can be undone
        at_a, at_b, middle = torch.atanh(x.clamp(-0.99, 0.99)).chunk(3)
        bend, span = (at_a + at_b) / 2 - middle, at_a - at_b
        bends.append((bend[clear].norm() / span[clear].norm()).item() if clear.any() else 0.0)
    require(max(bends) > 1e-3, f"bends by {max(bends):.3g} of its span at most")

    sizes = [
        sum(math.prod(s) for s in student.Generator(6, hidden_dim, 12).parameter_shapes().values())
        for hidden_dim in (16, 24)
    ]
    require(
        sizes[1] > sizes[0],
        f"{sizes} parameters with 16 and 24 hidden units",
        "The network has the same size whatever hidden_dim is.",
    )


@pytest.mark.weight(2)
@pytest.mark.hint(
    "A few gradient steps should bring the samples near any targets in [-1, 1]; check range and registration."
)
def test_generator_can_learn(student):
    """Forty steps of Adam bring the samples much nearer to given targets."""
    z = torch.randn(16, 6)
    target = 0.8 * torch.sign(z[:, :4])  # both signs, and a simple function of z
    losses = student.run(fit_targets, z, target)
    require(all(math.isfinite(loss) for loss in losses), "a loss is not finite")
    require(losses[-1] < 0.4 * losses[0], f"error {losses[0]:.3g} -> {losses[-1]:.3g}")


@pytest.mark.hint("The default sizes are part of the signature: look at them again.")
def test_generator_defaults(student):
    """Without arguments: noise of length 100 becomes 784 pixels."""
    assert_shape(student.Generator()(torch.randn(3, 100)), (3, 784), name="the samples")
