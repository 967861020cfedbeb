"""The negative ELBO: reductions and the place of beta, against closed forms written out here."""

import math

import pytest
import torch

from autograder.suite import assert_close, assert_scalar, require

pytestmark = pytest.mark.question("elbo_loss")

MEAN_OVER_BATCH = "The loss has been averaged over the batch; the docstring asks for the sum."
MEAN_OVER_PIXELS = (
    "The reconstruction term is averaged while the KL term is summed. That makes the KL far too heavy: "
    "both terms are sums over everything."
)
SCALED_KL = (
    "The KL term has been divided by the size of the batch or of the image. That makes it far too light: "
    "both terms are sums over everything."
)
NO_KL = "The KL term is missing: without it this is a plain autoencoder."
NO_RECONSTRUCTION = "The reconstruction term is missing."
SIGN = (
    "This is the ELBO, or has one sign turned round. What is minimised is its negative, in which both terms are costs."
)
BETA_ON_BOTH = "beta has been applied to both terms. That only rescales the loss; beta weighs the KL term alone."
BETA_ON_RECONSTRUCTION = "beta weighs the KL term, not the reconstruction."
BETA_IGNORED = "beta makes no difference to your loss."
NOT_REDUCED = "One loss for each example; training needs a single number for the whole batch."


def _inputs():
    recon_x = 0.05 + 0.9 * torch.rand(4, 6, dtype=torch.float64)
    x = torch.rand(4, 6, dtype=torch.float64).round()
    mu = torch.randn(4, 3, dtype=torch.float64)
    logvar = torch.randn(4, 3, dtype=torch.float64)
    return recon_x, x, mu, logvar


def _terms(recon_x, x, mu, logvar):
    """(reconstruction [B], KL [B])."""
    reconstruction = -(x * recon_x.log() + (1 - x) * (1 - recon_x).log()).sum(1)
    return reconstruction, 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1)


def _mistakes(inputs, beta):
    recon_x, _, mu, _ = inputs
    batch, pixels = recon_x.shape
    latents = mu.shape[1]
    reconstruction, kl = _terms(*inputs)
    r, k = reconstruction.sum(), kl.sum()
    return {
        MEAN_OVER_BATCH: (r + beta * k) / batch,
        NOT_REDUCED: reconstruction + beta * kl,
        MEAN_OVER_PIXELS: r / (batch * pixels) + beta * k,
        MEAN_OVER_PIXELS + " ": r / batch + beta * k,
        MEAN_OVER_PIXELS + "  ": r / pixels + beta * k,
        SCALED_KL: r + beta * k / (batch * pixels),
        SCALED_KL + " ": r + beta * k / batch,
        SCALED_KL + "  ": r + beta * k / (batch * latents),
        SIGN: -(r + beta * k),
        SIGN + " ": r - beta * k,
        SIGN + "  ": beta * k - r,
        BETA_IGNORED: r + k,
        BETA_ON_BOTH: beta * (r + k),
        BETA_ON_RECONSTRUCTION: beta * r + k,
        NO_KL: r,
        NO_RECONSTRUCTION: beta * k,
    }


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("A single number: the sum over the batch of the reconstruction term and the KL term.")
def test_elbo_loss_known_value(student):
    """Two examples of four pixels at one half, with one latent's mean at 1: twice (4 log 2 + 0.5)."""
    loss = student.elbo_loss(
        torch.full((2, 4), 0.5),
        torch.tensor([[0.0, 1.0, 1.0, 0.0]] * 2),
        torch.tensor([[1.0], [1.0]]),
        torch.zeros(2, 1),
    )
    assert loss.shape == ()
    assert torch.allclose(loss, torch.tensor(2 * (4 * math.log(2) + 0.5)))


@pytest.mark.weight(3)
@pytest.mark.hint("Add the two terms of every example, then sum over the batch. Test the two terms on their own first.")
def test_elbo_loss_value(student):
    """The loss is the sum over the batch of both terms."""
    inputs = _inputs()
    reconstruction, kl = _terms(*inputs)
    assert_close(
        student.elbo_loss(*inputs), (reconstruction + kl).sum(), name="the loss", mistakes=_mistakes(inputs, 1.0)
    )


@pytest.mark.weight(2)
@pytest.mark.hint("beta multiplies the KL term, and nothing else.")
def test_elbo_loss_beta(student):
    """beta weighs the KL term alone."""
    inputs = _inputs()
    reconstruction, kl = _terms(*inputs)
    for beta in (5.0, 0.3):
        loss = student.elbo_loss(*inputs, beta=beta)
        assert_close(
            loss, (reconstruction + beta * kl).sum(), name=f"the loss, beta {beta}", mistakes=_mistakes(inputs, beta)
        )


@pytest.mark.weight(1)
@pytest.mark.hint(MEAN_OVER_BATCH)
def test_elbo_loss_adds_up_over_the_batch(student):
    """The loss of a batch is the sum of the losses of its examples."""
    inputs = _inputs()
    whole = assert_scalar(student.elbo_loss(*inputs, beta=2.0), name="the loss", hint=NOT_REDUCED)
    parts = [student.elbo_loss(*(tensor[i : i + 1] for tensor in inputs), beta=2.0) for i in range(4)]
    total = sum(float(assert_scalar(part, name="the loss of one example", hint=NOT_REDUCED)) for part in parts)
    require(total > 0, "the loss is not positive", SIGN)
    assert_close(whole, total, name="the loss of the batch")


@pytest.mark.weight(1)
@pytest.mark.hint("x may come as images [B, 1, H, W]; reconstruction_loss takes care of that, if you let it.")
def test_elbo_loss_images(student):
    """Images give the same loss as their flattened pixels."""
    recon_x, x, mu, logvar = _inputs()
    flat = assert_scalar(student.elbo_loss(recon_x, x, mu, logvar), hint=NOT_REDUCED)
    assert_close(student.elbo_loss(recon_x, x.reshape(4, 1, 2, 3), mu, logvar), flat, name="the loss of images")


@pytest.mark.weight(1.5)
@pytest.mark.hint("Gradients must reach recon_x, mu and logvar: no detach, no .item(), no new tensors made of numbers.")
def test_elbo_loss_gradients(student):
    """Gradients reach the reconstruction, the means and the log-variances, each with its own weight."""
    recon_x, x, mu, logvar = _inputs()
    leaves = [tensor.requires_grad_() for tensor in (recon_x, mu, logvar)]
    loss = assert_scalar(student.elbo_loss(recon_x, x, mu, logvar, 3.0), hint=NOT_REDUCED)
    require(loss.requires_grad, "the loss does not require grad")
    loss.backward()
    require(all(leaf.grad is not None for leaf in leaves), "recon_x, mu or logvar has no gradient")
    p = recon_x.detach()
    assert_close(recon_x.grad, (p - x) / (p * (1 - p)), name="the gradient of recon_x")
    assert_close(mu.grad, 3 * mu.detach(), name="the gradient of mu")
    assert_close(logvar.grad, 1.5 * (logvar.detach().exp() - 1), name="the gradient of logvar")


def _probe_train(module, x):
    """40 steps on recon, mu and logvar themselves, starting far from the best ones."""
    import torch

    logits = torch.zeros(4, 6, requires_grad=True)
    mu = torch.full((4, 3), 2.0, requires_grad=True)
    logvar = torch.full((4, 3), -2.0, requires_grad=True)
    optimizer = torch.optim.Adam([logits, mu, logvar], lr=0.3, fused=True)  # whatever the scale of the loss
    for _ in range(40):
        optimizer.zero_grad()
        module.elbo_loss(torch.sigmoid(logits), x, mu, logvar).backward()
        optimizer.step()
    return [torch.sigmoid(logits.detach()), mu.detach(), logvar.detach()]


@pytest.mark.weight(1.5)
@pytest.mark.hint("Minimising your loss does not maximise the ELBO; check the signs of both terms.")
def test_elbo_loss_can_be_minimised(student):
    """Gradient descent on the loss improves both the reconstruction and the KL."""
    x = _inputs()[1].float()
    recon_x, mu, logvar = student.run(_probe_train, x)
    reconstruction, kl = _terms(recon_x, x, mu, logvar)
    require(bool((reconstruction < 2).all()), f"the reconstruction costs {reconstruction.tolist()} nats after training")
    require(bool((kl < 0.1).all()), f"the KL is {kl.tolist()} nats after training")
