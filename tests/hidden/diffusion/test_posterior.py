"""q(x_{t-1} | x_t, x_0). Oracles: the product of two Gaussians, worked out by Bayes' rule with precisions.

The prior of x_{t-1} given x_0 is N(sqrt(abar_{t-1}) x_0, 1 - abar_{t-1}), the likelihood of x_t is
N(sqrt(alpha_t) x_{t-1}, beta_t). Precisions add, means are weighted with them: no formula of the docstring is used.
"""

import pytest
import torch

from autograder.suite import assert_close, assert_tensor, require

pytestmark = pytest.mark.question("posterior_mean_variance")

BETAS = (0.05, 0.1, 0.3, 0.2, 0.4)
SWAPPED = "The coefficients of x0 and x_t have changed places."
BEFORE_FIRST = (
    "Before t = 0 nothing has been added yet, so abar_{-1} is 1; look at how abar of the step before is made."
)
BETA_VARIANCE = "The variance is smaller than beta_t: knowing x0 leaves less doubt about x_{t-1}."
STD = "This is a standard deviation; the variance is asked for."
LOG = "This is a logarithm; the variance itself is asked for."
BROADCAST = "Each example has the coefficients of its own t, for all its elements: shape them [B, 1, ..., 1]."


def _betas():
    return torch.tensor(BETAS, dtype=torch.float64)


def _bayes(x0, x_t, t):
    """(mean, variance) by Bayes' rule, example by example."""
    means, variances = [], []
    for b, step in enumerate(t.tolist()):
        abar = torch.prod(1 - _betas()[:step])  # up to step - 1; the empty product is 1
        if step == 0:
            mean, variance = x0[b], torch.tensor(0.0, dtype=torch.float64)
        else:
            alpha, beta = 1 - _betas()[step], _betas()[step]
            prior_precision, likelihood_precision = 1 / (1 - abar), alpha / beta
            variance = 1 / (prior_precision + likelihood_precision)
            mean = variance * (prior_precision * abar**0.5 * x0[b] + likelihood_precision * x_t[b] / alpha**0.5)
        means.append(mean)
        variances.append(variance.expand_as(x0[b]))
    return torch.stack(means), torch.stack(variances)


def _case(*shape, times=(3, 1, 4, 2)):
    t = torch.tensor(times)[: shape[0]]
    return torch.randn(*shape, dtype=torch.float64), torch.randn(*shape, dtype=torch.float64), t


def _ask(student, x0, x_t, t):
    """The student's mean and variance, the latter broadcast to the mean's shape."""
    result = student.posterior_mean_variance(x0, x_t, t, _betas())
    pair = "Return two tensors: the mean and the variance."
    require(isinstance(result, (tuple, list)) and len(result) == 2, "the result is no pair", pair)
    mean, variance = assert_tensor(result[0], name="the mean"), assert_tensor(result[1], name="the variance")
    lined_up = variance.dim() == x_t.dim() and all(v in (1, n) for v, n in zip(variance.shape, x_t.shape, strict=True))
    require(
        lined_up,
        f"the variance has shape {list(variance.shape)} for x of shape {list(x_t.shape)}",
        "The variance is one number for each example, of shape [B, 1, ..., 1] or expanded to the shape of x_t, so that "
        "it multiplies the noise of its own example.",
    )
    return mean, variance.expand(x_t.shape)


def _parts(x_t, t):
    """beta, abar and abar of the step before, each [B, 1, ..., 1]."""
    bars = torch.cumprod(1 - _betas(), dim=0)
    before = torch.cat([torch.ones(1, dtype=torch.float64), bars[:-1]])
    return [values[t].reshape(-1, *[1] * (x_t.dim() - 1)) for values in (_betas(), bars, before)]


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint(BEFORE_FIRST)
def test_posterior_at_the_first_step(student):
    """At t = 0 the step before is the data: the mean is x0 and the variance 0."""
    x0, x_t = torch.tensor([[1.0, -2.0], [0.5, 3.0]]), torch.tensor([[0.3, 0.1], [-1.0, 2.0]])
    mean, variance = student.posterior_mean_variance(x0, x_t, torch.tensor([0, 0]), torch.tensor([0.1, 0.2, 0.3]))
    assert mean.shape == (2, 2)
    assert torch.allclose(mean, x0, atol=1e-6)
    assert torch.allclose(variance, torch.zeros(1), atol=1e-6)


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("Both variances meet in the formula: that of this step, beta_t, and what all steps together did.")
def test_posterior_variance_by_hand(student):
    """With betas of 0.5 and 0.5, the variance at t = 1 is 0.5 / 0.75 * 0.5 = 1/3."""
    _, variance = student.posterior_mean_variance(
        torch.zeros(1, 2), torch.zeros(1, 2), torch.tensor([1]), torch.tensor([0.5, 0.5])
    )
    assert torch.allclose(variance, torch.full((1,), 1 / 3))


@pytest.mark.weight(4)
@pytest.mark.hint("The mean weighs x0 and x_t; look up each coefficient's abar: of this step or of the one before?")
def test_posterior_mean_values(student):
    """The mean is that of Bayes' rule, for examples with different times."""
    x0, x_t, t = _case(4, 3)
    beta, abar, before = _parts(x_t, t)
    alpha = 1 - beta
    from_x_t = alpha**0.5 * (1 - before) / (1 - abar) * x_t
    from_x0 = before**0.5 * beta / (1 - abar) * x0
    mistakes = {
        SWAPPED: before**0.5 * beta / (1 - abar) * x_t + alpha**0.5 * (1 - before) / (1 - abar) * x0,
        "The coefficient of x0 has the root of abar of the step BEFORE.": abar**0.5 * beta / (1 - abar) * x0 + from_x_t,
        "The coefficient of x_t has the root of alpha_t, that of this single step.": (
            from_x0 + abar**0.5 * (1 - before) / (1 - abar) * x_t
        ),
        "A square root is missing in one of the two coefficients.": before * beta / (1 - abar) * x0 + from_x_t,
        "A square root is missing in one of the two coefficients. ": (
            from_x0 + alpha * (1 - before) / (1 - abar) * x_t
        ),
        "The division by 1 - abar_t is missing.": (from_x0 + from_x_t) * (1 - abar),
    }
    mean, _ = _ask(student, x0, x_t, t)
    assert_close(mean, _bayes(x0, x_t, t)[0], rtol=1e-6, name="the mean", mistakes=mistakes)


@pytest.mark.weight(3)
@pytest.mark.hint("The variance is beta_t, made smaller by what x0 tells us: a ratio of two (1 - abar).")
def test_posterior_variance_values(student):
    """The variance is that of Bayes' rule, for examples with different times."""
    x0, x_t, t = _case(4, 3)
    beta, abar, before = (part.expand(4, 3) for part in _parts(x_t, t))
    want = _bayes(x0, x_t, t)[1]
    mistakes = {
        BETA_VARIANCE: beta,
        STD: want.sqrt(),
        LOG: want.log(),
        "The ratio is upside down: the variance must be smaller than beta_t.": (1 - abar) / (1 - before) * beta,
        "abar of the step before must be in the numerator; with the same abar twice the ratio is 1.": beta,
    }
    _, variance = _ask(student, x0, x_t, t)
    assert_close(variance, want, rtol=1e-6, name="the variance", mistakes=mistakes)


@pytest.mark.weight(2)
@pytest.mark.hint(BEFORE_FIRST)
def test_posterior_first_step_in_a_mixed_batch(student):
    """One example at t = 0 among others at later times has mean x0 and variance 0."""
    x0, x_t, t = _case(4, 2, times=(4, 0, 1, 0))
    mean, variance = _ask(student, x0, x_t, t)
    want_mean, want_variance = _bayes(x0, x_t, t)
    assert_close(mean, want_mean, rtol=1e-6, name="the mean")
    assert_close(variance, want_variance, rtol=1e-6, atol=1e-9, name="the variance")


@pytest.mark.weight(1)
@pytest.mark.hint("With the schedule of the DDPM paper the variance at t = 1 differs from the published one.")
def test_posterior_variance_of_the_paper(student):
    """With 1000 linear betas the variance at t = 1 is the published 5.45319e-5, and 0 at t = 0."""
    betas = torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)
    x = torch.zeros(2, 3, dtype=torch.float64)
    _, variance = student.posterior_mean_variance(x, x, torch.tensor([1, 0]), betas)
    variance = torch.broadcast_to(variance, (2, 3))[:, 0]
    want = torch.tensor([5.45319e-5, 0.0], dtype=torch.float64)
    mistakes = {BETA_VARIANCE: betas[[1, 0]]}
    assert_close(variance, want, rtol=1e-4, atol=1e-12, name="the variances at t = 1, 0", mistakes=mistakes)


@pytest.mark.weight(1.5)
@pytest.mark.hint(BROADCAST)
def test_posterior_any_rank(student):
    """Inputs may have any rank; four images of 4 x 4 pixels each have their own time."""
    for shape in ((4, 1, 4, 4), (4,), (3, 2, 5), (2, 1, 3, 2, 4)):
        x0, x_t, t = _case(*shape)
        mean, variance = _ask(student, x0, x_t, t)
        want_mean, want_variance = _bayes(x0, x_t, t)
        assert_close(mean, want_mean, rtol=1e-6, name=f"the mean for shape {shape}")
        assert_close(variance, want_variance, rtol=1e-6, name=f"the variance for shape {shape}")


@pytest.mark.weight(1.5)
@pytest.mark.hint("The mean must be differentiable in x0 and x_t; nothing is detached.")
def test_posterior_gradients(student):
    """The mean's gradients are the two coefficients."""
    x0, x_t, t = _case(3, 2)
    x0.requires_grad_(), x_t.requires_grad_()
    mean, _ = student.posterior_mean_variance(x0, x_t, t, _betas())
    require(mean.requires_grad, "the mean does not require grad")
    mean.sum().backward()
    require(x0.grad is not None and x_t.grad is not None, "no gradient reaches x0 or x_t")
    one, none = torch.ones(3, 2, dtype=torch.float64), torch.zeros(3, 2, dtype=torch.float64)
    assert_close(x0.grad, _bayes(one, none, t)[0], rtol=1e-6, name="the gradient of x0")
    assert_close(x_t.grad, _bayes(none, one, t)[0], rtol=1e-6, name="the gradient of x_t")
