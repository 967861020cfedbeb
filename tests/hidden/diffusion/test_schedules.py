"""Noise schedules. Oracles: the endpoints, and numbers of Ho et al. and Nichol & Dhariwal for T = 1000.

Results are compared at float32's precision. It is poor at the ends of the cosine schedule: in absolute terms 1e-6
at the beginning, where nearly equal numbers are subtracted, and 1e-4 at the end, where tiny cosines are divided.
"""

import math

import pytest
import torch

from autograder.suite import assert_close, assert_shape, require

linear = pytest.mark.question("linear_beta_schedule")
cosine = pytest.mark.question("cosine_beta_schedule")
bars = pytest.mark.question("alpha_bars")

DTYPE = "The schedule has torch's default dtype, as torch.linspace gives it, so that it mixes with float32 images."
BAR_IS_SURVIVAL = (
    "alpha_bars are products of alpha = 1 - beta, the share of the variance that survives, not of beta itself."
)
ONE_STEP = "These are the alphas of single steps; alpha_bars accumulates them over all steps so far."
SHIFTED = "The product up to AND INCLUDING step t belongs at index t; yours is a step late."


def _line(timesteps, start, end):
    """[T] in float64, by the definition."""
    return torch.tensor([start + (end - start) * i / (timesteps - 1) for i in range(timesteps)], dtype=torch.float64)


@linear
@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("The schedule has `timesteps` values, from beta_start to beta_end.")
def test_linear_schedule_end_points(student):
    """The schedule of the DDPM paper has 1000 values, from 0.0001 to 0.02."""
    betas = student.linear_beta_schedule(1000)
    assert betas.shape == (1000,)
    assert math.isclose(float(betas[0]), 1e-4, rel_tol=1e-4)
    assert math.isclose(float(betas[-1]), 0.02, rel_tol=1e-4)


@linear
@pytest.mark.weight(3)
@pytest.mark.hint("The betas themselves are equally spaced, both end points included.")
def test_linear_schedule_values(student):
    """The betas lie on a straight line between the two end points."""
    want = _line(1000, 1e-4, 0.02)
    scaled = "These are squares of equally spaced numbers: here the betas themselves are on a line, not their roots."
    no_end = "The last value falls short of beta_end: both end points are included."
    down = "The schedule runs backwards: the first steps are the least noisy."
    geometric = "These betas grow by a constant factor; they should grow by a constant amount."
    step = (0.02 - 1e-4) / 1000
    mistakes = {
        scaled: _line(1000, 0.01, 0.02**0.5) ** 2,
        no_end: 1e-4 + step * torch.arange(1000, dtype=torch.float64),
        down: want.flip(0),
        geometric: torch.logspace(-4, math.log10(0.02), 1000, dtype=torch.float64),
    }
    assert_close(student.linear_beta_schedule(1000), want, rtol=1e-4, atol=1e-8, name="betas", mistakes=mistakes)


@linear
@pytest.mark.weight(2)
@pytest.mark.hint("The end points are the arguments, whatever the number of steps is.")
def test_linear_schedule_uses_its_arguments(student):
    """Another number of steps and other end points are honoured."""
    rescaled = "The end points are not rescaled with the number of steps: they are what the arguments say."
    for timesteps, start, end in ((10, 1e-4, 0.02), (7, 0.01, 0.3)):
        want = _line(timesteps, start, end)
        got = student.linear_beta_schedule(timesteps, beta_start=start, beta_end=end)
        mistakes = {rescaled: want * 1000 / timesteps}
        assert_close(got, want, rtol=1e-4, atol=1e-8, name=f"betas for T = {timesteps}", mistakes=mistakes)


@linear
@pytest.mark.weight(1)
@pytest.mark.hint(DTYPE)
def test_linear_schedule_dtype(student):
    """The betas are a float32 tensor."""
    betas = assert_shape(student.linear_beta_schedule(5), (5,), name="betas")
    require(betas.dtype == torch.float32, f"betas are {betas.dtype}")


def _cosine(timesteps, s=0.008, max_beta=0.999, power=2, offset=True):
    """[T] in float64, one value at a time."""
    shift = s if offset else 0.0

    def f(u):
        return math.cos((u + shift) / (1 + shift) * math.pi / 2) ** power

    ratios = [f((t + 1) / timesteps) / f(t / timesteps) for t in range(timesteps)]
    return torch.tensor([min(1 - ratio, max_beta) for ratio in ratios], dtype=torch.float64)


@cosine
@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("Each beta compares f at the end of a step with f at its beginning; the noise grows towards the end.")
def test_cosine_schedule_grows(student):
    """There are `timesteps` betas, which grow from almost 0 to max_beta."""
    betas = student.cosine_beta_schedule(100)
    assert betas.shape == (100,)
    assert 0 < float(betas[0]) < 0.002
    assert math.isclose(float(betas[-1]), 0.999, rel_tol=1e-4)
    assert bool((betas[1:] > betas[:-1]).all())


@cosine
@pytest.mark.weight(4)
@pytest.mark.hint("Compute f at T + 1 points first; then beta_t is 1 - f((t + 1) / T) / f(t / T).")
def test_cosine_schedule_values(student):
    """The betas follow the equation of Nichol & Dhariwal."""
    mistakes = {
        "The cosine is not squared.": _cosine(50, power=1),
        "The offset s is missing.": _cosine(50, offset=False),
        "The last value is not clipped at max_beta.": _cosine(50, max_beta=2.0),
        "These are the ratios f((t + 1) / T) / f(t / T) themselves, which are 1 - beta.": (
            1 - _cosine(50, max_beta=2.0)
        ).clamp(max=0.999),
        "This looks like abar itself; beta is one minus the RATIO of two neighbouring values.": (
            torch.cumprod(1 - _cosine(50, max_beta=2.0), dim=0)
        ),
    }
    got = student.cosine_beta_schedule(50)
    assert_close(got, _cosine(50), rtol=1e-4, atol=1e-6, name="betas for T = 50", mistakes=mistakes)


@cosine
@pytest.mark.weight(2)
@pytest.mark.hint("For T = 1000 the schedule does not give the numbers of the paper's equation.")
def test_cosine_schedule_of_a_thousand_steps(student):
    """The first, the last but one and the last of 1000 betas are right, and only the last is clipped."""
    betas = assert_shape(student.cosine_beta_schedule(1000), (1000,), name="betas").double()
    no_offset = "The first betas are far too small: this is what the offset s is for."
    unclipped = "The last beta reaches 1, and with it abar reaches 0: clip it at max_beta."
    assert_close(betas[0], 4.12842e-5, rtol=0, atol=1e-6, name="the first beta", mistakes={no_offset: 2.4674e-6})
    assert_close(betas[998], 0.7499994, rtol=1e-3, name="the last beta but one")
    assert_close(betas[999], 0.999, rtol=1e-5, name="the last beta", mistakes={unclipped: 1.0})


@cosine
@pytest.mark.weight(1.5)
@pytest.mark.hint("s and max_beta are arguments.")
def test_cosine_schedule_uses_its_arguments(student):
    """Another offset and another limit are honoured."""
    got = student.cosine_beta_schedule(20, s=0.05, max_beta=0.4)
    clip = "max_beta is ignored: nothing in the schedule may be larger."
    offset = "s is ignored."
    mistakes = {
        clip: _cosine(20, s=0.05),
        clip + " ": _cosine(20, s=0.05, max_beta=2),
        offset: _cosine(20, max_beta=0.4),
    }
    assert_close(got, _cosine(20, s=0.05, max_beta=0.4), rtol=1e-4, atol=1e-6, name="betas", mistakes=mistakes)


@cosine
@pytest.mark.weight(1)
@pytest.mark.hint(DTYPE)
def test_cosine_schedule_dtype(student):
    """The betas are a float32 tensor, also where they were computed more precisely."""
    betas = assert_shape(student.cosine_beta_schedule(5), (5,), name="betas")
    require(betas.dtype == torch.float32, f"betas are {betas.dtype}")


def _products(betas):
    """[T], multiplied up one by one."""
    product, result = 1.0, []
    for beta in betas.tolist():
        product *= 1 - beta
        result.append(product)
    return torch.tensor(result, dtype=torch.float64)


@bars
@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("alpha_bars[t] is the product of (1 - beta) of all steps up to and including t.")
def test_alpha_bars_by_hand(student):
    """Betas of 0.1, 0.2 and 0.5 leave 0.9, 0.72 and 0.36 of the variance."""
    result = student.alpha_bars(torch.tensor([0.1, 0.2, 0.5]))
    assert result.shape == (3,)
    assert torch.allclose(result, torch.tensor([0.9, 0.72, 0.36]))


@bars
@pytest.mark.weight(3)
@pytest.mark.hint("alpha_bars[t] is the product of (1 - beta) of all steps up to and including t.")
def test_alpha_bars_values(student):
    """Any betas, in any order, are accumulated."""
    betas = torch.tensor([0.3, 0.05, 0.2, 0.6, 0.01], dtype=torch.float64)
    want = _products(betas)
    mistakes = {
        ONE_STEP: 1 - betas,
        BAR_IS_SURVIVAL: torch.cumprod(betas, dim=0),
        BAR_IS_SURVIVAL + " ": 1 - torch.cumprod(betas, dim=0),
        SHIFTED: torch.cat([torch.ones(1, dtype=torch.float64), want[:-1]]),
        "Variances that survive are multiplied: adding up the betas is only about right while they are tiny.": (
            1 - betas.cumsum(dim=0)
        ),
        "This is the square root of abar; the root is taken where it is used.": want.sqrt(),
        "The product runs from the last step backwards.": _products(betas.flip(0)).flip(0),
    }
    assert_close(student.alpha_bars(betas), want, rtol=1e-6, name="alpha_bars", mistakes=mistakes)


@bars
@pytest.mark.weight(2)
@pytest.mark.hint("With the paper's linear schedule almost nothing of the image is left at the last step.")
def test_alpha_bars_of_the_paper(student):
    """The linear schedule of the DDPM paper gives the published signal levels."""
    result = assert_shape(student.alpha_bars(_line(1000, 1e-4, 0.02)), (1000,), name="alpha_bars").double()
    want = torch.tensor([0.9999, 0.0785872, 4.03583e-5], dtype=torch.float64)
    assert_close(result[[0, 499, 999]], want, rtol=1e-4, atol=0, name="alpha_bars at 0, 499 and 999")


@bars
@pytest.mark.weight(1)
@pytest.mark.hint("The result follows betas' dtype, and the argument is not changed in place.")
def test_alpha_bars_keeps_dtype_and_argument(student):
    """A float64 schedule stays float64, one step is enough, and betas are left as they were."""
    result = assert_shape(student.alpha_bars(torch.tensor([0.25], dtype=torch.float64)), (1,), name="alpha_bars")
    require(result.dtype == torch.float64, f"alpha_bars are {result.dtype} for float64 betas")
    before, after = student.run(_probe_argument, [0.1, 0.2, 0.5])
    changed = "The function changes its argument in place; whoever passed betas still needs them."
    assert_close(after, before, rtol=0, atol=0, name="betas after the call", hint=changed)


def _probe_argument(module, values):
    """betas before and after a call."""
    import torch

    betas = torch.tensor(values)
    before = betas.clone()
    module.alpha_bars(betas)
    return [before, betas]
