"""q_sample and predict_x0: values at several ranks and times, gradients, and their being inverse.

The batch is as long as the image is wide in one test: only there does a coefficient of shape [B] that was not
reshaped broadcast without an error, along the wrong axis.
"""

import pytest
import torch

from autograder.suite import assert_close, require

forward = pytest.mark.question("q_sample")
inverse = pytest.mark.question("predict_x0")

ABAR = (0.95, 0.8, 0.55, 0.3, 0.1)
BROADCAST = (
    "Each example needs the coefficient of its own t, for all its elements; here coefficients run along the last axis. "
    "Give them the shape [B, 1, ..., 1]."
)
NO_ROOTS = "Variances are abar and 1 - abar, so the factors are their square roots."
ROOT_OF_SIGNAL = "The factor of x0 is the square ROOT of abar."
ROOT_OF_NOISE = "The factor of the noise is the square ROOT of 1 - abar."
SWAPPED = "The two factors have changed places: at small t the image dominates, at large t the noise."
ONE_MINUS_ROOT = "The factor of the noise is sqrt(1 - abar), which is not 1 - sqrt(abar)."


def _abar():
    return torch.tensor(ABAR, dtype=torch.float64)


def _case(*shape):
    """Data and noise [B, ...], times that differ, and abar of each example as [B, 1, ..., 1]."""
    torch.rand(3)  # both sides have the same seed, and noise that is drawn afresh must not be the data by accident
    x, noise = torch.randn(*shape, dtype=torch.float64), torch.randn(*shape, dtype=torch.float64)
    t = torch.tensor([3, 0, 4, 1, 2])[: shape[0]]
    return x, noise, t, _abar()[t].reshape(-1, *[1] * (len(shape) - 1))


def _noised(x0, noise, a):
    return a**0.5 * x0 + (1 - a) ** 0.5 * noise


@forward
@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint(NO_ROOTS)
def test_q_sample_by_hand(student):
    """With abar = 0.64, x0 = 10 and noise = 1 give 0.8 * 10 + 0.6 * 1 = 8.6."""
    x0, noise = torch.tensor([[10.0], [10.0]]), torch.tensor([[1.0], [-1.0]])
    x_t = student.q_sample(x0, torch.tensor([1, 1]), noise, torch.tensor([0.9, 0.64, 0.3]))
    assert x_t.shape == (2, 1)
    assert torch.allclose(x_t, torch.tensor([[8.6], [7.4]]))


@forward
@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("x0 may have any number of dimensions after the first; the result is shaped like it.")
def test_q_sample_image_shape(student):
    """A batch of two images, each with its own t, gives two noisy images."""
    x0 = torch.linspace(-1, 1, 2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    x_t = student.q_sample(x0, torch.tensor([0, 2]), torch.zeros(2, 3, 4, 5), torch.tensor([1.0, 0.5, 0.25]))
    assert x_t.shape == (2, 3, 4, 5)
    assert torch.allclose(x_t[0], x0[0])
    assert torch.allclose(x_t[1], 0.5 * x0[1])


@forward
@pytest.mark.weight(4)
@pytest.mark.hint("x_t = sqrt(abar_t) x0 + sqrt(1 - abar_t) noise, with alpha_bars[t] for each example.")
def test_q_sample_values(student):
    """Examples with different times are mixed with noise in the right proportions."""
    x0, noise, t, a = _case(4, 6)
    steps = torch.cat([_abar()[:1], _abar()[1:] / _abar()[:-1]])  # the alphas of single steps
    alpha = steps[t].reshape(-1, 1)
    mistakes = {
        NO_ROOTS: a * x0 + (1 - a) * noise,
        ROOT_OF_SIGNAL: a * x0 + (1 - a) ** 0.5 * noise,
        ROOT_OF_NOISE: a**0.5 * x0 + (1 - a) * noise,
        SWAPPED: _noised(noise, x0, a),
        ONE_MINUS_ROOT: a**0.5 * x0 + (1 - a**0.5) * noise,
        "This is the alpha of a single step; a jump from x0 to x_t needs the product of all steps, abar.": (
            _noised(x0, noise, alpha)
        ),
        "This is 1 - alpha, the beta of a single step, where abar belongs.": _noised(x0, noise, 1 - alpha),
        "t is 0-based: example b uses alpha_bars[t[b]] as it is, without an offset.": (
            _noised(x0, noise, _abar().roll(1)[t].reshape(-1, 1))
        ),
        "All examples got the t of the first one; each has its own.": _noised(x0, noise, a[:1]),
        "The noise is subtracted; it is added.": _noised(x0, -noise, a),
    }
    assert_close(student.q_sample(x0, t, noise, _abar()), _noised(x0, noise, a), name="x_t", mistakes=mistakes)


@forward
@pytest.mark.weight(2.5)
@pytest.mark.hint(BROADCAST)
def test_q_sample_each_image_has_its_own_time(student):
    """Four images of 4 x 4 pixels: the time belongs to the image, not to the pixel column."""
    x0, noise, t, a = _case(4, 1, 4, 4)
    columns = _abar()[t]
    rows = _abar()[t].reshape(-1, 1)
    mistakes = {BROADCAST: _noised(x0, noise, columns), BROADCAST + " ": _noised(x0, noise, rows)}
    assert_close(student.q_sample(x0, t, noise, _abar()), _noised(x0, noise, a), name="x_t", mistakes=mistakes)


@forward
@pytest.mark.weight(1.5)
@pytest.mark.hint("x0 may be [B], [B, D], [B, C, H, W] or anything else that starts with B: no rank is hard-coded.")
def test_q_sample_any_rank(student):
    """Numbers, sequences, images and volumes are all noised."""
    for shape in ((5,), (3, 2, 4), (2, 3, 4, 5), (2, 1, 3, 2, 4), (1, 3)):
        x0, noise, t, a = _case(*shape)
        assert_close(student.q_sample(x0, t, noise, _abar()), _noised(x0, noise, a), name=f"x_t of shape {shape}")


@forward
@pytest.mark.weight(1.5)
@pytest.mark.hint("x_t must be differentiable in x0 and noise: nothing is detached and no_grad is not used.")
def test_q_sample_gradients(student):
    """The gradients of x0 and of the noise are the two factors."""
    x0, noise, t, a = _case(3, 2, 4)
    x0.requires_grad_(), noise.requires_grad_()
    x_t = student.q_sample(x0, t, noise, _abar())
    require(x_t.requires_grad, "x_t does not require grad")
    x_t.sum().backward()
    require(x0.grad is not None and noise.grad is not None, "no gradient reaches x0 or noise")
    assert_close(x0.grad, (a**0.5).expand(3, 2, 4), name="the gradient of x0")
    assert_close(noise.grad, ((1 - a) ** 0.5).expand(3, 2, 4), name="the gradient of the noise")


@inverse
@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("Solve the equation of q_sample for x0.")
def test_predict_x0_by_hand(student):
    """With abar = 0.64, x_t = 8.6 and eps = 1 give (8.6 - 0.6) / 0.8 = 10."""
    x_t, eps = torch.tensor([[8.6], [7.4]]), torch.tensor([[1.0], [-1.0]])
    x0 = student.predict_x0(x_t, torch.tensor([1, 1]), eps, torch.tensor([0.9, 0.64, 0.3]))
    assert x0.shape == (2, 1)
    assert torch.allclose(x0, torch.tensor([[10.0], [10.0]]))


@inverse
@pytest.mark.weight(4)
@pytest.mark.hint("Take the noise's share off x_t first, then divide by the factor that x0 had in q_sample.")
def test_predict_x0_values(student):
    """Examples with different times get back the data they came from."""
    x0, eps, t, a = _case(4, 6)
    x_t = _noised(x0, eps, a)
    steps = torch.cat([_abar()[:1], _abar()[1:] / _abar()[:-1]])
    alpha = steps[t].reshape(-1, 1)
    mistakes = {
        "The division by sqrt(abar) is missing.": x_t - (1 - a) ** 0.5 * eps,
        "Divide by the square ROOT of abar, the factor that x0 had.": (x_t - (1 - a) ** 0.5 * eps) / a,
        ROOT_OF_NOISE: (x_t - (1 - a) * eps) / a**0.5,
        "The noise is taken off by its factor, sqrt(1 - abar).": (x_t - eps) / a**0.5,
        "Only x_t is divided; the whole difference must be.": x_t / a**0.5 - (1 - a) ** 0.5 * eps,
        "The noise is added once more; it must be taken off.": (x_t + (1 - a) ** 0.5 * eps) / a**0.5,
        "This uses the alpha of a single step where the product, abar, belongs.": (
            (x_t - (1 - alpha) ** 0.5 * eps) / alpha**0.5
        ),
    }
    assert_close(student.predict_x0(x_t, t, eps, _abar()), x0, name="x0", mistakes=mistakes)


@inverse
@pytest.mark.weight(1.5)
@pytest.mark.hint("Data that leave [-1, 1] are nobody's mistake here: the docstring asks for no clipping.")
def test_predict_x0_is_not_clipped(student):
    """Large values come back as they are."""
    x0, eps, t, a = _case(4, 3)
    x0 = 5 * x0
    clipped = "The result is clipped; the docstring asks for x0 as it is."
    mistakes = {clipped: x0.clamp(-1, 1)}
    assert_close(student.predict_x0(_noised(x0, eps, a), t, eps, _abar()), x0, name="x0", mistakes=mistakes)


@inverse
@pytest.mark.weight(2)
@pytest.mark.hint(BROADCAST)
def test_predict_x0_any_rank(student):
    """It inverts the forward process for inputs of any rank, each image with its own time."""
    for shape in ((4, 1, 4, 4), (5,), (3, 2, 4), (2, 1, 3, 2, 4)):
        x0, eps, t, a = _case(*shape)
        x_t = _noised(x0, eps, a)
        wrong = _abar()[t]
        mistakes = {BROADCAST: (x_t - (1 - wrong) ** 0.5 * eps) / wrong**0.5} if shape == (4, 1, 4, 4) else {}
        got = student.predict_x0(x_t, t, eps, _abar())
        assert_close(got, x0, name=f"x0 of shape {shape}", mistakes=mistakes)


@inverse
@pytest.mark.weight(1.5)
@pytest.mark.hint("x0 must be differentiable in x_t and eps: guidance and other losses need it.")
def test_predict_x0_gradients(student):
    """The gradients of x_t and eps are the factors of the solved equation."""
    x_t, eps, t, a = _case(3, 2, 4)
    x_t.requires_grad_(), eps.requires_grad_()
    x0 = student.predict_x0(x_t, t, eps, _abar())
    require(x0.requires_grad, "x0 does not require grad")
    x0.sum().backward()
    require(x_t.grad is not None and eps.grad is not None, "no gradient reaches x_t or eps")
    assert_close(x_t.grad, (a**-0.5).expand(3, 2, 4), name="the gradient of x_t")
    assert_close(eps.grad, (-(((1 - a) / a) ** 0.5)).expand(3, 2, 4), name="the gradient of eps")
