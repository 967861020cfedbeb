"""One DDIM step. Oracles: x0 at t_prev = -1, any sub-schedule with a constant eps, and DDPM's posterior at eta = 1."""

import math
from itertools import pairwise

import pytest
import torch

from autograder.suite import assert_close, require

pytestmark = pytest.mark.question("ddim_step")

ABAR = (0.95, 0.8, 0.55, 0.3, 0.1)
END = "t_prev = -1 stands for the data themselves, with abar = 1; alpha_bars[-1] is the LAST step's."
DIRECTION = "The rest of the variance, 1 - abar_prev - sigma^2, points along eps, by its square root."
SKIPPING = (
    "Steps between t and t_prev are skipped, so the ratio abar_t / abar_prev takes the place of a single step's alpha."
)


def _alpha_bars():
    return torch.tensor(ABAR, dtype=torch.float64)


def _case(*shape):
    """x0, eps, noise, and x_t at t = 3."""
    x0, eps, noise = (torch.randn(*shape, dtype=torch.float64) for _ in range(3))
    return x0, eps, noise


def _noised(x0, eps, t):
    abar = ABAR[t] if t >= 0 else 1.0
    return math.sqrt(abar) * x0 + math.sqrt(1 - abar) * eps


def _sigma(t, t_prev, eta=1.0):
    a, b = ABAR[t], ABAR[t_prev] if t_prev >= 0 else 1.0
    return eta * math.sqrt((1 - b) / (1 - a) * (1 - a / b))


def _ask(student, eps, x_t, t, t_prev, eta, noise):
    return student.ddim_step(eps, x_t, t, t_prev, _alpha_bars(), eta, noise)


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint(END)
def test_ddim_step_to_the_data(student):
    """A step to t_prev = -1 gives the predicted x0: (8.6 - 0.6 * 1) / 0.8 = 10."""
    eps, x_t = torch.tensor([[1.0, -1.0]]), torch.tensor([[8.6, 7.4]])
    x = student.ddim_step(eps, x_t, 1, -1, torch.tensor([0.9, 0.64, 0.3]), 0.0, torch.zeros(1, 2))
    assert x.shape == (1, 2)
    assert torch.allclose(x, torch.tensor([[10.0, 10.0]]))


@pytest.mark.weight(4)
@pytest.mark.hint("Predict x0, then noise it again to the level of t_prev, with the SAME eps.")
def test_ddim_step_deterministic(student):
    """With eta = 0, x_t moves to the level of t_prev along the same noise, for neighbours and for skipped steps."""
    x0, eps, noise = _case(3, 1, 2, 4)
    for t, t_prev in ((3, 2), (4, 1), (2, 0), (3, 0)):
        x_t, a, b = _noised(x0, eps, t), ABAR[t], ABAR[t_prev]
        single, before = a / ABAR[t - 1], ABAR[t - 1]
        as_neighbour = math.sqrt(before) * x0 + math.sqrt(1 - before) * eps
        mistakes = {
            "This goes to t - 1, whatever t_prev is. " + SKIPPING: as_neighbour,
            SKIPPING: (x_t - (1 - single) / math.sqrt(1 - a) * eps) / math.sqrt(single),
            "This is the predicted x0; it must be noised again to the level of t_prev.": x0,
            "The predicted x0 is noised with fresh noise; with eta = 0 it is the same eps.": _noised(x0, noise, t_prev),
            "The predicted x0 is clipped; the docstring asks for it as it is.": _noised(x0.clamp(-1, 1), eps, t_prev),
            "A square root is missing.": b * x0 + math.sqrt(1 - b) * eps,
            "A square root is missing. ": math.sqrt(b) * x0 + (1 - b) * eps,
            "The noise level is that of t, not of t_prev.": math.sqrt(b) * x0 + math.sqrt(1 - a) * eps,
            "Nothing has been left of the noise: it points along eps.": math.sqrt(b) * x0,
            "With eta = 0 no fresh noise is added: eta is ignored.": (
                math.sqrt(b) * x0 + math.sqrt(1 - b - _sigma(t, t_prev) ** 2) * eps + _sigma(t, t_prev) * noise
            ),
        }
        got = _ask(student, eps, x_t, t, t_prev, 0.0, noise)
        assert_close(got, _noised(x0, eps, t_prev), rtol=1e-6, name=f"the step {t} -> {t_prev}", mistakes=mistakes)


@pytest.mark.weight(3)
@pytest.mark.hint("sigma grows with eta, and what it adds as fresh noise is taken from the direction of eps.")
def test_ddim_step_with_noise(student):
    """With eta > 0 a part of the noise is replaced by fresh noise."""
    x0, eps, noise = _case(3, 2, 4)
    for t, t_prev, eta in ((3, 2, 0.6), (4, 1, 0.5), (3, 0, 1.0)):
        b, s = ABAR[t_prev], _sigma(t, t_prev, eta)
        full = _sigma(t, t_prev)
        one = 1 - ABAR[t] / ABAR[t - 1]  # the beta of a single step
        wrong = eta * math.sqrt((1 - ABAR[t - 1]) / (1 - ABAR[t]) * one)
        other = eta * math.sqrt(one)
        mistakes = {
            "eta is ignored: no fresh noise is added.": _mixed(x0, eps, noise, b, 0.0),
            "eta is ignored: sigma does not depend on it.": _mixed(x0, eps, noise, b, full),
            DIRECTION: math.sqrt(b) * x0 + math.sqrt(1 - b) * eps + s * noise,
            DIRECTION + " ": math.sqrt(b) * x0 + (math.sqrt(1 - b) - s) * eps + s * noise,
            DIRECTION + "  ": math.sqrt(b) * x0 + math.sqrt(abs(1 - b - s)) * eps + s * noise,
            "The fresh noise is multiplied by sigma, the standard deviation, not by its square.": (
                math.sqrt(b) * x0 + math.sqrt(1 - b - s**2) * eps + s**2 * noise
            ),
            "eta multiplies sigma, not sigma^2.": _mixed(x0, eps, noise, b, math.sqrt(eta) * full),
            SKIPPING: _mixed(x0, eps, noise, b, wrong),
            SKIPPING + " ": _mixed(x0, eps, noise, b, other),
        }
        got = _ask(student, eps, _noised(x0, eps, t), t, t_prev, eta, noise)
        want = _mixed(x0, eps, noise, b, s)
        assert_close(got, want, rtol=1e-6, name=f"the step {t} -> {t_prev} with eta = {eta}", mistakes=mistakes)


def _mixed(x0, eps, noise, abar_prev, sigma):
    rest = max(1 - abar_prev - sigma**2, 0.0)
    return math.sqrt(abar_prev) * x0 + math.sqrt(rest) * eps + sigma * noise


@pytest.mark.weight(1.5)
@pytest.mark.hint(END)
def test_ddim_step_end(student):
    """The step to t_prev = -1 gives x0, without any noise, whatever eta is."""
    x0, eps, noise = _case(3, 2, 4)
    for t, eta in ((3, 0.0), (0, 1.0), (4, 1.0)):
        mistakes = {
            END: _noised(x0, eps, 4),
            "The result is NaN: a root of a negative number. " + END: torch.full_like(x0, math.nan),
            END + " ": _noised(x0, eps, 0),
            "No noise is added in the last step.": x0 + eta * math.sqrt(1 - ABAR[t]) * noise,
        }
        got = _ask(student, eps, _noised(x0, eps, t), t, -1, eta, noise)
        assert_close(got, x0, rtol=1e-6, atol=1e-9, name=f"the step {t} -> -1", mistakes=mistakes)


@pytest.mark.weight(1.5)
@pytest.mark.hint("With eta = 1 and neighbouring steps DDIM is DDPM: the variance is the posterior's.")
def test_ddim_step_is_ddpm_at_eta_one(student):
    """With eta = 1, a step to t - 1 has mean and variance of q(x_{t-1} | x_t, x0)."""
    x0, eps, noise = _case(4, 3)
    for t in (4, 3, 1):
        alpha, abar = ABAR[t] / ABAR[t - 1], ABAR[t - 1]
        # Bayes' rule: precisions add, means are weighted with them.
        prior, likelihood = 1 / (1 - abar), alpha / (1 - alpha)
        x_t = _noised(x0, eps, t)
        mean = (prior * math.sqrt(abar) * x0 + likelihood * x_t / math.sqrt(alpha)) / (prior + likelihood)
        want = mean + noise / math.sqrt(prior + likelihood)
        beta = "The variance at eta = 1 is smaller than beta_t: it is the posterior's."
        mistakes = {beta: _mixed(x0, eps, noise, abar, math.sqrt(1 - alpha))}
        got = _ask(student, eps, x_t, t, t - 1, 1.0, noise)
        assert_close(got, want, rtol=1e-6, name=f"the step {t} -> {t - 1}", mistakes=mistakes)


@pytest.mark.weight(1)
@pytest.mark.hint("The result must be differentiable in x_t and eps.")
def test_ddim_step_gradients(student):
    """The gradients of x_t and eps are their factors."""
    _, eps, noise = _case(3, 4)
    x_t = torch.randn(3, 4, dtype=torch.float64)
    x_t.requires_grad_(), eps.requires_grad_()
    result = _ask(student, eps, x_t, 3, 1, 0.6, noise)
    require(result.requires_grad, "the result does not require grad")
    result.sum().backward()
    require(x_t.grad is not None and eps.grad is not None, "no gradient reaches x_t or eps")
    ratio = math.sqrt(ABAR[1] / ABAR[3])
    along = math.sqrt(1 - ABAR[1] - _sigma(3, 1, 0.6) ** 2) - ratio * math.sqrt(1 - ABAR[3])
    one = torch.ones(3, 4, dtype=torch.float64)
    assert_close(x_t.grad, ratio * one, rtol=1e-6, name="the gradient of x_t")
    assert_close(eps.grad, along * one, rtol=1e-6, name="the gradient of eps")


@pytest.mark.weight(1.5)
@pytest.mark.hint("With one and the same eps all the way, every sequence of steps ends at x0.")
def test_ddim_step_any_subsequence(student):
    """With the true eps, every sequence of steps leads to x0, for data of any rank."""
    for shape, steps in (((5,), (4, 3, 2, 1, 0, -1)), ((2, 3), (4, 2, -1)), ((2, 1, 3, 4), (4, 1, 0, -1))):
        x0, eps, noise = _case(*shape)
        x = _noised(x0, eps, 4)
        for t, t_prev in pairwise(steps):
            x = _ask(student, eps, x, t, t_prev, 0.0, noise)
        assert_close(x, x0, rtol=1e-6, atol=1e-8, name="the end of the sequence")
