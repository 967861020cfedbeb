"""From codes back to numbers: levels, scales, shape and dtype."""

import pytest
import torch

from autograder.suite import assert_close, assert_tensor, require

pytestmark = pytest.mark.question("dequantize_nf4")

LEVELS = torch.tensor(
    [
        -1.0, -0.69619280, -0.52507305, -0.39491749, -0.28444138, -0.18477343, -0.09105004, 0.0,
        0.07958030, 0.16093020, 0.24611230, 0.33791524, 0.44070983, 0.56261700, 0.72295684, 1.0,
    ]
).double()  # fmt: skip

NOT_SCALED = "The levels must be multiplied by the absmax of their block."
DIVIDED = "Quantising divides by absmax; going back multiplies."
FIRST_ABSMAX = "One absmax scales everything: each block has its own."
ALTERNATING = "absmax i belongs to a whole block of neighbouring codes: repeat each value, not the whole row of them."
UNIFORM = "The codes are taken for equally spaced levels; NF4 has a table of its own."
TRANSPOSED = "The shape is filled in the wrong order: row by row, the last index runs fastest."
SHIFTED = "The codes index the table of levels directly: code 0 is its first entry."


def _case(*shape, block_size):
    """Codes, in which every level occurs where there is room, and an absmax for each block."""
    count = torch.Size(shape).numel()
    codes = torch.arange(count) * 7 % 16
    absmax = 0.5 + torch.rand(-(-count // block_size), dtype=torch.float64) * 4
    return codes.to(torch.uint8), absmax


def _wanted(codes, absmax, block_size):
    return LEVELS[codes.long()] * absmax.repeat_interleave(block_size)[: codes.numel()]


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("Look each code up among the levels, and multiply by the absmax of its block.")
def test_dequantize_nf4_by_hand(student):
    """Two blocks of two codes, with absmax 2 and 3."""
    codes = torch.tensor([15, 0, 7, 14], dtype=torch.uint8)
    weight = student.dequantize_nf4(codes, torch.tensor([2.0, 3.0]), (2, 2), block_size=2)
    assert weight.shape == (2, 2)
    assert torch.allclose(weight, torch.tensor([[2.0, -2.0], [0.0, 3 * 0.72295684]]))


@pytest.mark.weight(4)
@pytest.mark.hint("Each number is the level of its code times the absmax of its block, in the order of the codes.")
def test_dequantize_nf4_values(student):
    """All sixteen codes, in blocks of several sizes and tensors of several shapes."""
    for shape, block_size in (((6, 8), 16), ((4, 2, 6), 12), ((40,), 5)):
        codes, absmax = _case(*shape, block_size=block_size)
        want = _wanted(codes, absmax, block_size).reshape(shape)
        levels, each = LEVELS[codes.long()], absmax.repeat_interleave(block_size)
        mistakes = {
            NOT_SCALED: levels.reshape(shape),
            DIVIDED: (levels / each).reshape(shape),
            FIRST_ABSMAX: (levels * absmax[0]).reshape(shape),
            FIRST_ABSMAX + " ": (levels * absmax.max()).reshape(shape),
            ALTERNATING: (levels * absmax.repeat(block_size)).reshape(shape),
            UNIFORM: ((codes.double() / 7.5 - 1) * each).reshape(shape),
            SHIFTED: (LEVELS.roll(1)[codes.long()] * each).reshape(shape),
        }
        if len(shape) == 2:
            mistakes[TRANSPOSED] = want.reshape(shape[::-1]).T
        actual = student.dequantize_nf4(codes, absmax, shape, block_size)
        assert_close(actual, want, rtol=1e-6, name=f"the tensor of shape {shape}", mistakes=mistakes)


@pytest.mark.weight(2)
@pytest.mark.hint("The last block may be shorter than the others: there are only as many numbers as codes.")
def test_dequantize_nf4_short_last_block(student):
    """The last absmax scales those codes that are left, also where there are fewer than one block in all."""
    for shape, block_size in (((5, 7), 8), ((3, 3), 20), ((11,), 10)):
        codes, absmax = _case(*shape, block_size=block_size)
        want = _wanted(codes, absmax, block_size).reshape(shape)
        actual = student.dequantize_nf4(codes, absmax, shape, block_size)
        assert_close(actual, want, rtol=1e-6, name=f"the tensor of shape {shape} in blocks of {block_size}")


@pytest.mark.weight(1)
@pytest.mark.hint("Where block_size is not given it is the one of the signature.")
def test_dequantize_nf4_default_block_size(student):
    """Without an argument, blocks have the size that the signature says; 16 codes are no mask."""
    codes, absmax = _case(10, 15, block_size=64)
    want = _wanted(codes, absmax, 64).reshape(10, 15)
    assert_close(student.dequantize_nf4(codes, absmax, (10, 15)), want, rtol=1e-6, name="a tensor of 150 numbers")
    codes, absmax = _case(4, 4, block_size=64)
    want = _wanted(codes, absmax, 64).reshape(4, 4)
    assert_close(student.dequantize_nf4(codes, absmax, (4, 4)), want, rtol=1e-6, name="a tensor of 16 numbers")


@pytest.mark.weight(1)
@pytest.mark.hint("The result has the dtype of absmax.")
def test_dequantize_nf4_dtype(student):
    """The result takes the dtype of absmax, and a block with absmax 0 is zeros."""
    codes, absmax = _case(3, 4, block_size=6)
    absmax[1] = 0
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        tensor = assert_tensor(student.dequantize_nf4(codes, absmax.to(dtype), (3, 4), 6))
        require(tensor.dtype == dtype, f"an absmax in {dtype} gives {tensor.dtype}")
        require(bool((tensor.flatten()[6:] == 0).all()), "a block with absmax 0 is not zero", NOT_SCALED)


@pytest.mark.weight(1.5)
@pytest.mark.hint("Both the levels and the scales enter as factors: twice the absmax gives twice the numbers.")
def test_dequantize_nf4_restores_a_weight(student):
    """Codes of a known weight give it back, up to half of the gap between two levels."""
    weight = torch.randn(6, 20, dtype=torch.float64)
    blocks = weight.reshape(-1, 24)
    absmax = blocks.abs().amax(dim=1)
    codes = ((blocks / absmax.unsqueeze(1)).unsqueeze(2) - LEVELS).abs().argmin(dim=2).flatten()
    restored = student.dequantize_nf4(codes.to(torch.uint8), absmax, (6, 20), 24)
    assert_close(restored, _wanted(codes, absmax, 24).reshape(6, 20), rtol=1e-6, name="the restored weight")
    twice = student.dequantize_nf4(codes.to(torch.uint8), 2 * absmax, (6, 20), 24)
    assert_close(twice, 2 * restored, rtol=1e-6, name="the weight for twice the absmax")
    error = (restored - weight).reshape(-1, 24).abs().amax(dim=1)
    bound = absmax * LEVELS.diff().max() / 2
    require(bool((error <= bound * (1 + 1e-6)).all()), "an error is larger than half of the widest gap")
