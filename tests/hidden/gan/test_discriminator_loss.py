"""discriminator_loss: values, named mistakes, gradients, and confident logits."""

import math

import pytest
import torch
from torch.nn import functional as F

from autograder.suite import assert_close, assert_scalar, require

pytestmark = pytest.mark.question("discriminator_loss")

# Two batches of different size, logits of both signs: nothing cancels and no mean can stand for another.
REAL = torch.tensor([[2.0], [-1.0], [0.5], [3.0], [-0.3]], dtype=torch.float64)
FAKE = torch.tensor([[-2.5], [0.7], [1.9]], dtype=torch.float64)


def wrong_values(real, fake):
    """What well-known mistakes make of these logits, by the hint that explains each."""
    right = F.softplus(-real).mean() + F.softplus(fake).mean()
    p_real, p_fake = torch.sigmoid(real), torch.sigmoid(fake)
    return {
        "The two terms are averaged here. They are added: at the equilibrium the loss is 2 ln 2.": right / 2,
        "All logits are averaged together. Each batch has a mean of its own, and then the two are added.": torch.cat(
            [F.softplus(-real), F.softplus(fake)]
        ).mean(),
        "The batch is summed. Each term is a mean, so that the loss does not grow with the batch.": (
            F.softplus(-real).sum() + F.softplus(fake).sum()
        ),
        "The sign is turned around: this loss is minimised, so it is never negative.": -right,
        "The targets are swapped: the discriminator wants real samples to be called real.": (
            F.softplus(real).mean() + F.softplus(-fake).mean()
        ),
        "A sigmoid is applied twice: the loss takes logits, and BCE-with-logits has the sigmoid inside.": (
            F.softplus(-p_real).mean() + F.softplus(p_fake).mean()
        ),
        "Only the real samples count here. The discriminator must also recognise fakes.": F.softplus(-real).mean(),
        "Only the fakes count here. The discriminator must also recognise real samples.": F.softplus(fake).mean(),
        "The targets are smoothed. Here they are exactly 1 and 0.": (
            (0.9 * F.softplus(-real) + 0.1 * F.softplus(real)).mean() + F.softplus(fake).mean()
        ),
        "This is a squared error of probabilities. Here the loss is a cross-entropy.": (
            (p_real - 1).square().mean() + p_fake.square().mean()
        ),
        "This is a squared error of logits. Here the loss is a cross-entropy.": (
            (real - 1).square().mean() + fake.square().mean()
        ),
        "This is the hinge loss. Here the loss is a cross-entropy.": F.relu(1 - real).mean() + F.relu(1 + fake).mean(),
        "This is the critic's loss of a Wasserstein GAN. Here the loss is a cross-entropy.": fake.mean() - real.mean(),
        "The logarithm has base 2; the loss is in nats.": right / math.log(2),
    }


@pytest.mark.public
@pytest.mark.hint("A discriminator that cannot tell at all answers 1/2 everywhere; each term is then ln 2.")
def test_undecided_discriminator(student):
    """Logits of 0 cost 2 ln 2: what an undecided discriminator pays."""
    loss = student.discriminator_loss(torch.zeros(4, 1), torch.zeros(4, 1))
    assert loss.shape == ()
    assert abs(loss.item() - 2 * math.log(2)) < 1e-5


@pytest.mark.weight(4)
@pytest.mark.hint("Write down −log D(x) and −log(1 − D(G(z))) for one logit each, and compare with a calculator.")
def test_discriminator_loss_value(student):
    """The loss is the mean cross-entropy of the reals against 1 plus that of the fakes against 0."""
    expected = F.softplus(-REAL).mean() + F.softplus(FAKE).mean()
    loss = student.discriminator_loss(REAL, FAKE)
    assert_close(loss, expected, name="the loss", mistakes=wrong_values(REAL, FAKE))


@pytest.mark.weight(2)
@pytest.mark.hint("What does each kind of sample contribute? Real logits should be pushed up and fake logits down.")
def test_discriminator_loss_terms(student):
    """A clear real sample and a clear fake cost almost nothing; a mistaken one costs its margin."""
    sure, base = torch.full((3, 1), 6.0, dtype=torch.float64), math.log1p(math.exp(-6.0))
    swapped = "The targets are swapped: here a discriminator that is right pays most."
    for real, fake, terms in (
        (sure, -sure, (0, 0)),
        (sure, sure, (0, 6)),
        (-sure, -sure, (6, 0)),
        (-sure, sure, (6, 6)),
    ):
        loss = assert_scalar(student.discriminator_loss(real, fake))
        wrong = sum(6 - t + base for t in terms)
        assert_close(loss, sum(terms) + 2 * base, name="the loss", mistakes={swapped: wrong})


@pytest.mark.weight(2)
@pytest.mark.hint(
    "The gradient at a logit is the difference between the probability and the target, over the batch size."
)
def test_discriminator_loss_gradient(student):
    """The gradient at each logit is (D − target) / batch size."""
    real, fake = REAL.clone().requires_grad_(), FAKE.clone().requires_grad_()
    loss = assert_scalar(student.discriminator_loss(real, fake))
    require(
        loss.requires_grad, "the loss is detached", "The loss is cut off from the logits: nothing can learn from it."
    )
    loss.backward()
    expected_real, expected_fake = (torch.sigmoid(REAL) - 1) / len(REAL), torch.sigmoid(FAKE) / len(FAKE)
    half = "The gradient is half of what it should be: add the two terms, do not average them."
    total = "The gradient is not divided by the batch size: each term is a mean."
    for actual, expected, name in ((real.grad, expected_real, "real"), (fake.grad, expected_fake, "fake")):
        named = {half: expected / 2, total: expected * len(expected)}
        assert_close(actual, expected, name=f"the gradient at the {name} logits", mistakes=named)


@pytest.mark.weight(2)
@pytest.mark.hint(
    "sigmoid(s) rounds to exactly 0 or 1 for large |s|. Work with the logits: log sigmoid(s) has a stable form."
)
def test_discriminator_loss_confident_logits(student):
    """Value and gradient stay right for logits of ±40, ±100 and ±1000."""
    clamped = "For confident logits the logarithm is clamped: log sigmoid(s) should be computed from s."
    vanished = "For confident, wrong logits the gradient vanishes: a saturated sigmoid stands in the way."
    for size, with_clamp in ((40.0, 140.0), (100.0, 200.0), (1000.0, 200.0)):
        for dtype in (torch.float32, torch.float64):
            wrong = torch.full((4, 1), size, dtype=dtype, requires_grad=True)
            loss = student.discriminator_loss(-wrong, wrong)
            assert_close(loss, 2 * size, name=f"the loss at ±{size:g}", mistakes={clamped: with_clamp})
            loss.backward()
            assert_close(
                wrong.grad,
                torch.full((4, 1), 0.5),  # 1/4 by way of each of the two arguments
                name=f"the gradient at ±{size:g}",
                hint=vanished,
            )
            right = student.discriminator_loss(wrong.detach(), -wrong.detach())
            assert_close(right, 0.0, atol=1e-6, name=f"the loss of a discriminator that is right at ±{size:g}")


@pytest.mark.hint("Each term is the mean over its own batch, and dtype and device follow the logits.")
def test_discriminator_loss_batch(student):
    """Repeating a batch changes nothing, and the dtype is that of the logits."""
    once = assert_scalar(student.discriminator_loss(REAL, FAKE))
    for real, fake in ((REAL.repeat(3, 1), FAKE), (REAL, FAKE.repeat(4, 1))):
        assert_close(student.discriminator_loss(real, fake), once, name="the loss of a repeated batch")
    single = assert_scalar(student.discriminator_loss(REAL.float(), FAKE.float()))
    require(single.dtype == torch.float32, f"dtype {single.dtype} for float32 logits")
    require(once.dtype == torch.float64, f"dtype {once.dtype} for float64 logits")
