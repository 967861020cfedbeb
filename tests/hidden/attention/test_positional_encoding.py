"""The sinusoidal positional encoding. Oracle: math.sin and math.cos, one number at a time."""

import math

import pytest
import torch

from autograder.suite import assert_close, assert_shape, assert_tensor, require

pytestmark = pytest.mark.question("sinusoidal_positional_encoding")

SWAPPED = "Sines and cosines have changed places: each pair begins with its sine."
HALVES = "Sines and cosines alternate; here all sines come first, and then all cosines."
TOO_FAST = (
    "The frequencies fall twice as fast as they should: is the index in your exponent that of the pair, or that of the "
    "feature, which is already twice as large?"
)
PAIRS_APART = "The sine and the cosine of a pair have the same frequency; here each feature has one of its own."
ONE_BASED = "Positions are counted from 0."
LAST = "The exponent never reaches 1 in the paper's formula: it is divided by dim, whatever the last index is."
ALL_ALIKE = (
    "Every pair has the same frequency, or almost: look at the precedence of / and // in the exponent, and whether the "
    "division leaves a fraction."
)
TURNS = "The angles are in radians: there is no factor of 2 pi."
TRANSPOSED = "One row a feature and one column a position: the encoding is transposed."


def _encoding(length, dim, exponent=None, start=0, scale=1.0, functions=(math.sin, math.cos)):
    """[length, dim] in float64. `exponent` gives the power of 10000 that divides the position, for feature j."""
    power = exponent or (lambda j: 2 * (j // 2) / dim)
    rows = [[functions[j % 2](scale * p / 10000 ** power(j)) for j in range(dim)] for p in range(start, start + length)]
    return torch.tensor(rows, dtype=torch.float64).reshape(length, dim)


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("At position 0 every sine is 0 and every cosine is 1; they alternate, and a sine comes first.")
def test_encoding_of_the_first_position(student):
    """Position 0 has sines of 0 and cosines of 1 in turn."""
    encoding = student.sinusoidal_positional_encoding(5, 6)
    assert encoding.shape == (5, 6)
    assert torch.allclose(encoding[0], torch.tensor([0.0, 1.0, 0.0, 1.0, 0.0, 1.0]))


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("The first pair turns by 1 radian a position, and of four features the second by a hundredth of it.")
def test_encoding_of_the_second_position(student):
    """Position 1 in four dimensions is (0.8415, 0.5403, 0.0100, 0.99995)."""
    encoding = student.sinusoidal_positional_encoding(2, 4)
    wanted = torch.tensor([0.84147098, 0.54030231, 0.00999983, 0.99995])
    assert torch.allclose(encoding[1], wanted, atol=1e-6)


@pytest.mark.weight(4)
@pytest.mark.hint("Each feature is the sine or the cosine of the position, divided by a power of 10000.")
def test_encoding_values(student):
    """Every pair has its own frequency, its sine and its cosine, at every position."""
    for length, dim in ((7, 10), (9, 6)):
        want = _encoding(length, dim)
        mistakes = {
            SWAPPED: _encoding(length, dim, functions=(math.cos, math.sin)),
            HALVES: torch.cat([want[:, 0::2], want[:, 1::2]], dim=1),
            TOO_FAST: _encoding(length, dim, exponent=lambda j, d=dim: 4 * (j // 2) / d),
            PAIRS_APART: _encoding(length, dim, exponent=lambda j, d=dim: j / d),
            PAIRS_APART + " ": _encoding(length, dim, exponent=lambda j, d=dim: 2 * j / d),
            ONE_BASED: _encoding(length, dim, start=1),
            LAST: _encoding(length, dim, exponent=lambda j, d=dim: (j // 2) / (d / 2 - 1)),
            ALL_ALIKE: _encoding(length, dim, exponent=lambda j: 0),
            ALL_ALIKE + " ": _encoding(length, dim, exponent=lambda j, d=dim: j // d // 2),
            ALL_ALIKE + "  ": _encoding(length, dim, exponent=lambda j, d=dim: 2 * (j // 2) // d),
            "The frequencies fall half as fast as they should.": _encoding(
                length, dim, exponent=lambda j, d=dim: (j // 2) / d
            ),
            TURNS: _encoding(length, dim, scale=2 * math.pi),
            TRANSPOSED: want.T,
        }
        got = student.sinusoidal_positional_encoding(length, dim)
        assert_close(got, want, rtol=1e-5, atol=1e-5, name="the encoding", mistakes=mistakes)


@pytest.mark.weight(2)
@pytest.mark.hint(
    "Where dim is odd, the last feature is a sine alone: there is one sine more than there are cosines, and the "
    "exponent is still divided by dim itself."
)
def test_encoding_of_odd_length(student):
    """An odd number of features works as well, down to a single one."""
    rounded = {
        "The frequencies are those of an even number of features: dim itself is in the exponent.": lambda j: j // 2 / 3,
        "The frequencies are those of an even number of features: dim itself is in the exponent. ": lambda j: (
            j // 2 / 4
        ),
    }
    mistakes = {hint: _encoding(6, 7, exponent=power) for hint, power in rounded.items()}
    got = student.sinusoidal_positional_encoding(6, 7)
    assert_close(got, _encoding(6, 7), rtol=1e-5, atol=1e-5, name="an encoding of length 7", mistakes=mistakes)
    for length, dim in ((4, 3), (5, 1), (1, 5)):
        got = student.sinusoidal_positional_encoding(length, dim)
        assert_close(got, _encoding(length, dim), rtol=1e-5, atol=1e-5, name=f"an encoding of length {dim}")


@pytest.mark.weight(1)
@pytest.mark.hint("Late positions must not look like early ones: p is used as it is, neither rounded nor rescaled.")
def test_encoding_of_late_positions(student):
    """Thousands of positions have encodings of their own, the right ones."""
    got = assert_shape(student.sinusoidal_positional_encoding(2001, 8), (2001, 8), name="the encoding")
    want = _encoding(3, 8, start=1998)
    assert_close(got[1998:], want, rtol=1e-3, atol=1e-3, name="the encoding of late positions")
    apart = torch.pdist(got[::10].double()).min()
    require(bool(apart > 1e-2), f"two positions are only {apart:.3g} apart", "Two positions have the same encoding.")


@pytest.mark.weight(2)
@pytest.mark.hint(
    "How alike two positions are must depend on their distance alone: does each frequency have both its sine and its "
    "cosine, of the same angle?"
)
def test_encoding_is_about_distance(student):
    """The dot product of two positions depends on how far apart they are, and on nothing else."""
    encoding = assert_shape(student.sinusoidal_positional_encoding(12, 8), (12, 8), name="the encoding").double()
    products = encoding @ encoding.T
    for distance in range(12):
        along = products.diagonal(distance)
        want = sum(math.cos(distance / 10000 ** (i / 4)) for i in range(4))
        assert_close(along, torch.full((12 - distance,), want), rtol=1e-4, atol=1e-4, name=f"distance {distance}")


def _probe_default_dtype(module):
    """The dtypes of encodings where the default is float32, and where it is float64."""
    import torch

    before, dtypes = torch.get_default_dtype(), []
    try:
        for default in (torch.float32, torch.float64):
            torch.set_default_dtype(default)
            dtypes.append(str(module.sinusoidal_positional_encoding(3, 4).dtype))
    finally:
        torch.set_default_dtype(before)
    return dtypes


@pytest.mark.weight(0.5)
@pytest.mark.hint("The encoding has torch's default floating-point dtype: which dtype did you ask for inside?")
def test_encoding_dtype(student):
    """The encoding is float32, and float64 where that is the default; no gradient is recorded."""
    dtypes = student.run(_probe_default_dtype)
    require(dtypes == ["torch.float32", "torch.float64"], f"the dtypes are {dtypes}")
    encoding = assert_tensor(student.sinusoidal_positional_encoding(3, 4), name="the encoding")
    require(not encoding.requires_grad, "the encoding requires grad", "There is nothing to be learnt in the encoding.")


def _turned(encoding, steps):
    """The encoding with each pair of features turned as far as that many positions turn it."""
    sine, cosine = encoding[:, 0::2], encoding[:, 1::2]
    angle = torch.tensor([steps / 10000 ** (2 * i / encoding.shape[1]) for i in range(sine.shape[1])]).double()
    pairs = sine * angle.cos() + cosine * angle.sin(), cosine * angle.cos() - sine * angle.sin()
    return torch.stack(pairs, dim=2).flatten(1)


@pytest.mark.weight(1.5)
@pytest.mark.hint("Neighbours cannot be found by turning the pairs: are sine and cosine of one angle side by side?")
def test_encoding_finds_the_neighbour(student):
    """Attention whose queries are turned by one step looks at the position before, from everywhere."""
    encoding = assert_shape(student.sinusoidal_positional_encoding(20, 16), (20, 16), name="the encoding").double()
    weights = (10 * _turned(encoding, -1) @ encoding.T).softmax(dim=1)
    found = weights[1:].argmax(dim=1).tolist()
    require(found == list(range(19)), f"from 1, 2, ... the position before was found at {found}")
    require(bool(weights[1:].amax(dim=1).min() > 0.5), f"the weights are at most {weights[1:].amax(dim=1).min():.3g}")
