"""minimax_generator_loss and generator_loss: the two forms, and what sets them apart."""

import math

import pytest
import torch
from torch.nn import functional as F

from autograder.suite import assert_close, assert_scalar, require

LOGITS = torch.tensor([[-4.0], [-1.2], [0.4], [2.5], [-0.1]], dtype=torch.float64)

SUMMED = "The batch is summed; the loss is a mean, so that it does not grow with the batch."
TWICE = "A sigmoid is applied twice: the discriminator's outputs are logits, and one sigmoid turns them into D."
CLAMPED = "For confident logits the logarithm is clamped or shifted: compute log sigmoid(s) from s itself."
VANISHED = "For these logits the gradient vanishes although it should not: a saturated sigmoid stands in the way."


def minimax(s):
    return -F.softplus(s).mean()


def non_saturating(s):
    return F.softplus(-s).mean()


# --- minimax_generator_loss ---


@pytest.mark.question("minimax_generator_loss")
@pytest.mark.public
@pytest.mark.hint("A logit of 0 means D(G(z)) = 1/2. What is the logarithm of 1 − 1/2?")
def test_minimax_of_undecided_discriminator(student):
    """Where D(G(z)) = 1/2 the minimax loss is −ln 2."""
    loss = student.minimax_generator_loss(torch.zeros(4, 1))
    assert loss.shape == ()
    assert abs(loss.item() + math.log(2)) < 1e-5


@pytest.mark.question("minimax_generator_loss")
@pytest.mark.weight(4)
@pytest.mark.hint("Take the generator's part of the two-player game as it stands, with D the sigmoid of the logit.")
def test_minimax_value(student):
    """The loss is the mean of log(1 − D(G(z)))."""
    p = torch.sigmoid(LOGITS)
    assert_close(
        student.minimax_generator_loss(LOGITS),
        minimax(LOGITS),
        name="the loss",
        mistakes={
            "This is the non-saturating form. The game itself has the generator minimise log(1 − D(G(z))).": (
                non_saturating(LOGITS)
            ),
            "The sign is turned around: the generator *minimises* log(1 − D(G(z))), which is never positive.": (
                -minimax(LOGITS)
            ),
            "This is the mean of log D(G(z)). In the game the fakes enter through 1 − D.": -non_saturating(LOGITS),
            SUMMED: minimax(LOGITS) * len(LOGITS),
            TWICE: torch.log(1 - torch.sigmoid(p)).mean(),
            "The logarithm is missing.": (1 - p).mean(),
            "The mean is taken inside the logarithm; it belongs outside.": torch.log((1 - p).mean()),
        },
    )


@pytest.mark.question("minimax_generator_loss")
@pytest.mark.weight(3)
@pytest.mark.hint("Derive the slope of log(1 − sigmoid(s)) in s: it is small exactly where D is sure of a fake.")
def test_minimax_gradient_saturates(student):
    """At logit −4 the gradient is only −0.018: the form saturates where D is sure."""
    s = torch.full((1, 1), -4.0, dtype=torch.float64, requires_grad=True)
    assert_scalar(student.minimax_generator_loss(s)).backward()
    strong = "The gradient is strong where D is sure of a fake: that is the non-saturating form."
    upward = "The gradient has the wrong sign: a step down this loss must raise the fakes' logits."
    named = {strong: torch.tensor([[-0.98201379]]), upward: torch.tensor([[0.01798621]])}
    assert_close(s.grad, torch.tensor([[-0.01798621]]), name="the gradient", mistakes=named)
    s = LOGITS.clone().requires_grad_()
    assert_scalar(student.minimax_generator_loss(s)).backward()
    assert_close(s.grad, -torch.sigmoid(LOGITS) / len(LOGITS), name="the gradient")


@pytest.mark.question("minimax_generator_loss")
@pytest.mark.weight(2)
@pytest.mark.hint("1 − sigmoid(s) is again a sigmoid. Of what? Its logarithm then has a stable form.")
def test_minimax_confident_logits(student):
    """Value and gradient stay right for logits of ±40, ±100 and ±1000."""
    for dtype in (torch.float32, torch.float64):
        for size in (40.0, 100.0, 1000.0):
            s = torch.full((2, 1), size, dtype=dtype, requires_grad=True)
            loss = student.minimax_generator_loss(s)
            assert_close(loss, -size, name=f"the loss at {size:g}", hint=CLAMPED, mistakes={CLAMPED: -100.0})
            loss.backward()
            assert_close(s.grad, torch.full((2, 1), -0.5), name=f"the gradient at {size:g}", hint=VANISHED)
            assert_close(student.minimax_generator_loss(-s.detach()), 0.0, name=f"the loss at −{size:g}")


@pytest.mark.question("minimax_generator_loss")
@pytest.mark.hint("The loss is one number, the mean over the batch; its dtype follows the logits.")
def test_minimax_batch(student):
    """Repeating the batch changes nothing, and the dtype is that of the logits."""
    once = assert_scalar(student.minimax_generator_loss(LOGITS))
    assert_close(student.minimax_generator_loss(LOGITS.repeat(3, 1)), once, name="the loss of a repeated batch")
    single = assert_scalar(student.minimax_generator_loss(LOGITS.float()))
    require((single.dtype, once.dtype) == (torch.float32, torch.float64), f"dtypes {single.dtype}, {once.dtype}")


# --- generator_loss ---


@pytest.mark.question("generator_loss")
@pytest.mark.public
@pytest.mark.hint("A logit of 0 means D(G(z)) = 1/2. What is the negative logarithm of that?")
def test_generator_loss_of_undecided_discriminator(student):
    """Where D(G(z)) = 1/2 the generator's loss is ln 2."""
    loss = student.generator_loss(torch.zeros(4, 1))
    assert loss.shape == ()
    assert abs(loss.item() - math.log(2)) < 1e-5


@pytest.mark.question("generator_loss")
@pytest.mark.weight(4)
@pytest.mark.hint("The generator wants its fakes to be called real: which target does that give them?")
def test_generator_loss_value(student):
    """The loss is minus the mean of log D(G(z))."""
    p = torch.sigmoid(LOGITS)
    assert_close(
        student.generator_loss(LOGITS),
        non_saturating(LOGITS),
        name="the loss",
        mistakes={
            "This is the saturating form of the original game. Here it is −log D(G(z)) that is asked.": minimax(LOGITS),
            "The target is 0 here. The generator wants its fakes to be called real.": -minimax(LOGITS),
            "The sign is turned around: the generator minimises *minus* log D(G(z)).": -non_saturating(LOGITS),
            SUMMED: non_saturating(LOGITS) * len(LOGITS),
            TWICE: -torch.log(torch.sigmoid(p)).mean(),
            "The logarithm is missing.": (1 - p).mean(),
            "This is the Wasserstein generator's loss; here the logarithm of D counts.": -LOGITS.mean(),
            "The mean is taken inside the logarithm; it belongs outside.": -torch.log(p.mean()),
            "This is half of the loss.": non_saturating(LOGITS) / 2,
        },
    )


@pytest.mark.question("generator_loss")
@pytest.mark.weight(3)
@pytest.mark.hint("Derive the slope of −log sigmoid(s) in s: it is close to −1 where D is sure of a fake.")
def test_generator_loss_gradient_is_strong(student):
    """At logit −4 the gradient is −0.982: the form does not saturate where D is sure."""
    s = torch.full((1, 1), -4.0, dtype=torch.float64, requires_grad=True)
    assert_scalar(student.generator_loss(s)).backward()
    weak = "The gradient vanishes where D is sure of a fake: that is the saturating form."
    upward = "The gradient pushes the fakes' logits down: the target of the fakes should be 1."
    named = {weak: torch.tensor([[-0.01798621]]), upward: torch.tensor([[0.01798621]])}
    assert_close(s.grad, torch.tensor([[-0.98201379]]), name="the gradient", mistakes=named)
    s = LOGITS.clone().requires_grad_()
    assert_scalar(student.generator_loss(s)).backward()
    assert_close(s.grad, (torch.sigmoid(LOGITS) - 1) / len(LOGITS), name="the gradient")


@pytest.mark.question("generator_loss")
@pytest.mark.weight(2)
@pytest.mark.hint("sigmoid(s) rounds to 0 for very negative s. Its logarithm has a stable form in s.")
def test_generator_loss_confident_logits(student):
    """Value and gradient stay right for logits of ±40, ±100 and ±1000."""
    for dtype in (torch.float32, torch.float64):
        for size in (40.0, 100.0, 1000.0):
            s = torch.full((2, 1), -size, dtype=dtype, requires_grad=True)
            loss = student.generator_loss(s)
            assert_close(loss, size, name=f"the loss at −{size:g}", hint=CLAMPED, mistakes={CLAMPED: 100.0})
            loss.backward()
            assert_close(s.grad, torch.full((2, 1), -0.5), name=f"the gradient at −{size:g}", hint=VANISHED)
            assert_close(student.generator_loss(-s.detach()), 0.0, name=f"the loss at {size:g}")


@pytest.mark.question("generator_loss")
@pytest.mark.hint("The loss is one number, the mean over the batch; its dtype follows the logits.")
def test_generator_loss_batch(student):
    """Repeating the batch changes nothing, and the dtype is that of the logits."""
    once = assert_scalar(student.generator_loss(LOGITS))
    assert_close(student.generator_loss(LOGITS.repeat(3, 1)), once, name="the loss of a repeated batch")
    single = assert_scalar(student.generator_loss(LOGITS.float()))
    require((single.dtype, once.dtype) == (torch.float32, torch.float64), f"dtypes {single.dtype}, {once.dtype}")
