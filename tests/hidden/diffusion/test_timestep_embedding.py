"""The sinusoidal time embedding. Oracle: math.cos and math.sin, one number at a time."""

import math

import pytest
import torch

from autograder.suite import assert_close, assert_shape, assert_tensor, require

pytestmark = pytest.mark.question("timestep_embedding")

HALVES = "All cosines come first, then all sines; here the two halves have changed places."
INTERLEAVED = (
    "Cosines and sines alternate here; the first half of the embedding holds the cosines, the second the sines."
)
ENDPOINT = "The lowest frequency is not quite 1 / max_period: the exponent is i divided by dim / 2, not by dim / 2 - 1."
EXPONENT = "The frequencies fall too slowly or too fast: the exponent of max_period is -i / (dim / 2)."


def _embedding(times, dim, max_period=10000.0, exponent=None, scale=1.0):
    """(cosines, sines), each [B, dim / 2] in float64."""
    half = dim // 2
    share = exponent or (lambda i: i / half)
    angles = [[scale * t * max_period ** -share(i) for i in range(half)] for t in times]
    return (torch.tensor([[f(a) for a in row] for row in angles], dtype=torch.float64) for f in (math.cos, math.sin))


def _joined(*args, **kwargs):
    return torch.cat(list(_embedding(*args, **kwargs)), dim=1)


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("Every t gives a row of length dim; at t = 0 all cosines are 1 and all sines 0.")
def test_embedding_of_step_zero(student):
    """Step 0 has cosines of 1 in the first half and sines of 0 in the second."""
    embedding = student.timestep_embedding(torch.tensor([0, 5, 7]), 8)
    assert embedding.shape == (3, 8)
    assert torch.allclose(embedding[0], torch.tensor([1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]))


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("The first frequency is 1 radian a step.")
def test_embedding_first_frequency(student):
    """The first cosine and the first sine are cos(t) and sin(t)."""
    embedding = student.timestep_embedding(torch.tensor([3]), 4)
    assert math.isclose(float(embedding[0, 0]), math.cos(3), abs_tol=1e-5)
    assert math.isclose(float(embedding[0, 2]), math.sin(3), abs_tol=1e-5)


@pytest.mark.weight(4)
@pytest.mark.hint("Each entry is the cosine or the sine of t times a frequency max_period ** (-i / (dim / 2)).")
def test_embedding_values(student):
    """Every frequency has its cosine and its sine in the right place."""
    times = [1, 4, 17, 60]
    cos, sin = _embedding(times, 10)
    mistakes = {
        HALVES: torch.cat([sin, cos], dim=1),
        INTERLEAVED: torch.stack([cos, sin], dim=2).flatten(1),
        INTERLEAVED + " ": torch.stack([sin, cos], dim=2).flatten(1),
        ENDPOINT: _joined(times, 10, exponent=lambda i: i / 4),
        EXPONENT: _joined(times, 10, exponent=lambda i: i / 10),
        EXPONENT + " ": _joined(times, 10, exponent=lambda i: 2 * i / 5),
        "The angles are in radians: there is no factor of 2 pi.": _joined(times, 10, scale=2 * math.pi),
        "Both halves are cosines; the second is made of sines.": torch.cat([cos, cos], dim=1),
        "Both halves are sines; the first is made of cosines.": torch.cat([sin, sin], dim=1),
        "One row a frequency and one column a step: the embedding is transposed.": torch.cat([cos, sin], dim=1).T,
    }
    got = student.timestep_embedding(torch.tensor(times), 10)
    want = torch.cat([cos, sin], dim=1)
    assert_close(got, want, rtol=1e-4, atol=5e-5, name="the embedding", mistakes=mistakes)


@pytest.mark.weight(1.5)
@pytest.mark.hint("max_period is an argument: it sets how slowly the slowest wave turns.")
def test_embedding_uses_max_period(student):
    """Another max_period gives other frequencies."""
    times = [2, 9, 33]
    ignored = "max_period is ignored."
    got = student.timestep_embedding(torch.tensor(times), 6, max_period=50)
    mistakes = {ignored: _joined(times, 6)}
    want = _joined(times, 6, max_period=50.0)
    assert_close(got, want, rtol=1e-4, atol=5e-5, name="the embedding", mistakes=mistakes)


@pytest.mark.weight(1.5)
@pytest.mark.hint("Late steps must not look like early ones: t is used as it is, neither rounded nor rescaled.")
def test_embedding_of_late_steps(student):
    """Steps up to 999 are right as well, one step alone and two dimensions included."""
    got = student.timestep_embedding(torch.tensor([999, 500]), 16)
    assert_close(got, _joined([999, 500], 16), rtol=1e-3, atol=5e-4, name="the embedding of late steps")
    got = student.timestep_embedding(torch.tensor([7]), 2)
    assert_close(got, _joined([7], 2), rtol=1e-4, atol=5e-5, name="an embedding of length 2")


@pytest.mark.weight(1)
@pytest.mark.hint("The steps are integers, but their embedding is of torch's default floating-point dtype.")
def test_embedding_dtype(student):
    """Integer steps give a float32 embedding, which tells all 1000 steps apart."""
    embedding = assert_tensor(student.timestep_embedding(torch.arange(1000), 32), name="the embedding")
    require(embedding.dtype == torch.float32, f"the embedding is {embedding.dtype}")
    assert_shape(embedding, (1000, 32), name="the embedding")
    apart = (embedding[1:] - embedding[:-1]).norm(dim=1).min()
    require(
        bool(apart > 0.1), f"two neighbouring steps are only {apart:.3g} apart", "Two steps have the same embedding."
    )
