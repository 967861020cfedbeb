"""critic_loss: sign, means over batches of different size, gradients."""

import pytest
import torch

from autograder.suite import assert_close, assert_scalar, require

pytestmark = pytest.mark.question("critic_loss")

REAL = torch.tensor([[2.0], [-1.0], [0.5], [3.0]], dtype=torch.float64)
FAKE = torch.tensor([[-2.5], [0.75], [1.0]], dtype=torch.float64)


@pytest.mark.public
@pytest.mark.hint("The critic minimises this loss, and real samples are to score higher than fakes.")
def test_critic_loss_sign(student):
    """A critic that scores real samples 3 higher than fakes has the loss −3."""
    loss = student.critic_loss(torch.full((4, 1), 2.0), torch.full((4, 1), -1.0))
    assert loss.shape == ()
    assert abs(loss.item() + 3.0) < 1e-6


@pytest.mark.weight(3)
@pytest.mark.hint("Two means of plain scores and one difference: no sigmoid and no logarithm.")
def test_critic_loss_value(student):
    """The loss is the mean score of the fakes minus the mean score of the reals."""
    right = FAKE.mean() - REAL.mean()
    assert_close(
        student.critic_loss(REAL, FAKE),
        right,
        name="the loss",
        mistakes={
            "The sign is turned around: minimising this would score fakes above real samples.": -right,
            "The scores are summed; each term is a mean over its batch.": FAKE.sum() - REAL.sum(),
            "The scores are squashed by a sigmoid. A critic's score is any real number.": (
                torch.sigmoid(FAKE).mean() - torch.sigmoid(REAL).mean()
            ),
            "The two means are added; the critic looks at their difference.": FAKE.mean() + REAL.mean(),
            "This is the classifier's cross-entropy, not the critic's loss.": (
                torch.nn.functional.softplus(-REAL).mean() + torch.nn.functional.softplus(FAKE).mean()
            ),
            "Only the fakes count here.": FAKE.mean(),
            "Only the real samples count here.": -REAL.mean(),
            "This is half of the loss.": right / 2,
        },
    )


@pytest.mark.weight(2)
@pytest.mark.hint("Each score enters the loss linearly, with its own batch's size in the denominator.")
def test_critic_loss_gradient(student):
    """The gradient is −1/B at each real score and +1/B' at each fake one."""
    real, fake = REAL.clone().requires_grad_(), FAKE.clone().requires_grad_()
    loss = assert_scalar(student.critic_loss(real, fake))
    require(
        loss.requires_grad, "the loss is detached", "The loss is cut off from the scores: nothing can learn from it."
    )
    loss.backward()
    turned = "The sign is turned around: a step down this loss should raise real scores and lower fake ones."
    for gradient, expected, name in ((real.grad, -1 / 4, "real"), (fake.grad, 1 / 3, "fake")):
        want = torch.full_like(REAL if name == "real" else FAKE, expected)
        assert_close(gradient, want, name=f"the gradient at the {name} scores", mistakes={turned: -want})


@pytest.mark.weight(2)
@pytest.mark.hint("What should happen to the loss when every score of the critic grows by the same amount? Or doubles?")
def test_critic_loss_is_linear(student):
    """A common shift of all scores changes nothing; a common factor scales the loss."""
    once = assert_scalar(student.critic_loss(REAL, FAKE))
    assert_close(student.critic_loss(REAL + 100, FAKE + 100), once, name="the loss of shifted scores")
    assert_close(student.critic_loss(50 * REAL, 50 * FAKE), 50 * once, name="the loss of scaled scores")
    assert_close(student.critic_loss(REAL.repeat(3, 1), FAKE), once, name="the loss of a repeated batch")
