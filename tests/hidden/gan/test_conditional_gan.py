"""ConditionalGenerator and ConditionalDiscriminator: both players use the class, and use it as a name."""

import pytest
import torch

from autograder.suite import assert_shape, require

AS_NUMBER = (
    "The label seems to enter as one number. Classes have no order or distance: use a one-hot vector or an embedding."
)
UNUSED = "Some labels make no difference to the result."

generator_question = pytest.mark.question("ConditionalGenerator")
discriminator_question = pytest.mark.question("ConditionalDiscriminator")


def roughness(outputs):
    """How jagged outputs [K, D] are along the K classes: about 1 for unrelated classes, near 0 for a smooth curve."""
    outputs = outputs.double()
    bends = (outputs[2:] - 2 * outputs[1:-1] + outputs[:-2]).abs().median(dim=0).values
    return (bends / (outputs.max(dim=0).values - outputs.min(dim=0).values)).max().item()


def least_distance(outputs):
    """The smallest distance between the rows of outputs [K, D], relative to the largest."""
    distances = torch.cdist(outputs.double(), outputs.double())
    return (distances + distances.max() * torch.eye(len(outputs))).min().item() / distances.max().item()


@generator_question
@pytest.mark.public
@pytest.mark.hint("One sample for each pair of z and y, every value in [-1, 1].")
def test_conditional_generator_shape(student):
    """G turns z [B, latent_dim] and y [B] into samples [B, output_dim] in [-1, 1]."""
    generator = student.ConditionalGenerator(latent_dim=6, num_classes=4, hidden_dim=16, output_dim=12)
    x = generator(torch.randn(5, 6), torch.tensor([0, 3, 1, 1, 2]))
    assert x.shape == (5, 12)
    assert x.abs().max() <= 1.0


@generator_question
@pytest.mark.weight(3)
@pytest.mark.hint("Join the label, one-hot or embedded, to z before the first layer, so that it shapes the sample.")
def test_conditional_generator_uses_the_label(student):
    """For the same z each class gives another sample, and classes are not taken for numbers."""
    generator = student.ConditionalGenerator(latent_dim=6, num_classes=60, hidden_dim=16, output_dim=12)
    generator.eval()
    z, y = torch.randn(1, 6).expand(60, 6).contiguous(), torch.arange(60)
    x = assert_shape(generator(z, y), (60, 12), name="the samples").detach()
    require((x - x[:1]).abs().max() > 1e-6, "the label changes nothing", UNUSED)
    require(roughness(x) > 0.02, f"roughness {roughness(x):.3g}", AS_NUMBER)
    require(least_distance(x) > 1e-4, "two classes give the same sample", UNUSED)


@generator_question
@pytest.mark.weight(2)
@pytest.mark.hint("Each row of the batch has its own noise and its own label.")
def test_conditional_generator_works_by_example(student):
    """Each sample depends on its own z and its own y, and z still matters."""
    generator = student.ConditionalGenerator(latent_dim=6, num_classes=4, hidden_dim=16, output_dim=12)
    generator.eval()
    z, y = torch.randn(7, 6, requires_grad=True), torch.tensor([0, 3, 1, 1, 2, 0, 3])
    x = assert_shape(generator(z, y), (7, 12), name="the samples")
    rows = torch.tensor([4, 0, 6])
    picked = assert_shape(generator(z.detach()[rows], y[rows]), (3, 12), name="the samples").detach()
    require(torch.allclose(x.detach()[rows], picked, atol=1e-5), "a sample depends on the other examples")
    (x * torch.randn(7, 12)).sum().backward()
    require(
        z.grad is not None and bool((z.grad.abs().sum(dim=0) > 0).all()),
        "some entries of z have no gradient",
        "The noise has no influence on the sample: each class would give one picture only.",
    )


@generator_question
@pytest.mark.weight(2)
@pytest.mark.hint("Data lie in [-1, 1], so samples must be able to take negative and positive values and none beyond.")
def test_conditional_generator_range(student):
    """Samples reach both signs and stay in [-1, 1], whatever the noise."""
    generator = student.ConditionalGenerator(latent_dim=6, num_classes=4, hidden_dim=16, output_dim=12)
    x = assert_shape(generator(100 * torch.randn(32, 6), torch.arange(32) % 4), (32, 12), name="the samples").detach()
    require(x.abs().max() <= 1, "samples leave [-1, 1]", "Samples leave [-1, 1]: the last operation is not tanh.")
    require(
        x.min() < 0 < x.max(),
        f"samples span {x.min():.3g} … {x.max():.3g}",
        "Samples have one sign only: is it a sigmoid?",
    )


@generator_question
@pytest.mark.hint("The default sizes are part of the signature: look at them again.")
def test_conditional_generator_defaults(student):
    """Without arguments: noise of length 100 and ten classes become 784 pixels."""
    x = student.ConditionalGenerator()(torch.randn(10, 100), torch.arange(10))
    assert_shape(x, (10, 784), name="the samples")


@discriminator_question
@pytest.mark.public
@pytest.mark.hint("One logit for each pair of sample and label, as a column.")
def test_conditional_discriminator_shape(student):
    """D gives logits [B, 1] for samples with labels, flat or as images."""
    discriminator = student.ConditionalDiscriminator(input_dim=12, num_classes=4, hidden_dim=16)
    y = torch.tensor([0, 3, 1, 1, 2])
    assert discriminator(torch.randn(5, 12), y).shape == (5, 1)
    assert discriminator(torch.randn(5, 3, 2, 2), y).shape == (5, 1)


@discriminator_question
@pytest.mark.weight(3)
@pytest.mark.hint("D has to see the label too: else the generator may ignore it unpunished.")
def test_conditional_discriminator_uses_the_label(student):
    """For the same sample each class gives another logit, and classes are not taken for numbers."""
    discriminator = student.ConditionalDiscriminator(input_dim=12, num_classes=60, hidden_dim=16)
    discriminator.eval()
    x, y = torch.randn(4, 1, 12).expand(4, 60, 12).reshape(240, 12), torch.arange(60).repeat(4)
    logits = assert_shape(discriminator(x, y), (240, 1), name="the logits").detach().reshape(4, 60).T
    require(
        (logits - logits[:1]).abs().max() > 1e-6,
        "the label changes nothing",
        "The label is withheld: D cannot see whether a sample shows the class it was asked for.",
    )
    require(roughness(logits) > 0.02, f"roughness {roughness(logits):.3g}", AS_NUMBER)
    require(least_distance(logits) > 1e-4, "two classes give the same logits", UNUSED)


@discriminator_question
@pytest.mark.weight(3)
@pytest.mark.hint("Join the label to x before a hidden layer, or multiply it with features of x.")
def test_conditional_discriminator_judges_the_pair(student):
    """How much a label changes the logit depends on the sample: D judges whether the two fit together."""
    discriminator = student.ConditionalDiscriminator(input_dim=12, num_classes=4, hidden_dim=16)
    discriminator.eval()
    x, y = torch.randn(8, 1, 12).expand(8, 4, 12).reshape(32, 12), torch.arange(4).repeat(8)
    logits = assert_shape(discriminator(x, y), (32, 1), name="the logits").detach().double().reshape(8, 4)
    by_sample, by_label = logits - logits[:1], logits - logits[:, :1]
    require(by_sample.abs().max() > 1e-6, "the sample changes nothing", "The sample has no influence on the logit.")
    interaction = (by_label - by_label[:1]).abs().max()
    require(
        interaction > 1e-3 * by_label.abs().max(),
        f"interaction {interaction:.3g}",
        "The logit is a score of the sample plus a score of the label; it cannot tell whether the two fit together.",
    )


@discriminator_question
@pytest.mark.weight(2)
@pytest.mark.hint("Flatten x as in Discriminator; each row has its own label.")
def test_conditional_discriminator_works_by_example(student):
    """An image scores as its row of pixels, each row on its own, and gradients reach the pixels."""
    discriminator = student.ConditionalDiscriminator(input_dim=12, num_classes=4, hidden_dim=16)
    discriminator.eval()
    x, y = torch.randn(7, 3, 2, 2, requires_grad=True), torch.tensor([0, 3, 1, 1, 2, 0, 3])
    logits = assert_shape(discriminator(x, y), (7, 1), name="the logits")
    rows = torch.tensor([4, 0, 6])
    picked = assert_shape(discriminator(x.detach()[rows].flatten(1), y[rows]), (3, 1), name="the logits").detach()
    require(torch.allclose(logits.detach()[rows], picked, atol=1e-5), "a logit depends on x's shape or other examples")
    (logits * torch.randn(7, 1)).sum().backward()
    require(x.grad is not None and bool((x.grad.abs().sum(dim=0) > 0).all()), "some pixels have no influence")


def fit_pairs(module, x, y, target):
    """Fit D(x, y) to fixed scores with Adam; return the scores after training, in eval mode."""
    import torch

    discriminator = module.ConditionalDiscriminator(input_dim=x.shape[1], num_classes=2, hidden_dim=32)
    optimizer = torch.optim.Adam(discriminator.parameters(), lr=0.02, fused=True)
    for _ in range(60):
        optimizer.zero_grad()
        (discriminator(x, y) - target).square().mean().backward()
        optimizer.step()
    discriminator.eval()
    with torch.no_grad():
        return discriminator(x, y)


@discriminator_question
@pytest.mark.weight(2)
@pytest.mark.hint("The losses take logits, and which labels fit which samples must be learnable.")
def test_conditional_discriminator_can_learn(student):
    """Sixty steps of Adam teach D which samples and labels fit together, with logits of both signs."""
    x, y = 3 * torch.randn(24, 6), torch.arange(24) % 2
    target = 4 * torch.sign(x[:, :1]) * (2 * y[:, None] - 1)
    scores = assert_shape(student.run(fit_pairs, x, y, target), (24, 1), name="the logits")
    low, high = scores.min().item(), scores.max().item()
    squashed = "The logits never leave 0 … 1: the losses apply the sigmoid themselves, so none belongs here."
    require(low < 0 or high > 1.5, f"logits span {low:.3g} … {high:.3g}", squashed)
    right = ((scores > 0) == (target > 0)).double().mean().item()
    require(right > 0.9 and low < -1.5 and high > 1.5, f"{right:.0%} on the right side, span {low:.3g} … {high:.3g}")


@discriminator_question
@pytest.mark.hint("The default sizes are part of the signature: look at them again.")
def test_conditional_discriminator_defaults(student):
    """Without arguments D scores 28 × 28 images of ten classes."""
    logits = student.ConditionalDiscriminator()(torch.randn(10, 1, 28, 28), torch.arange(10))
    assert_shape(logits, (10, 1), name="the logits")
