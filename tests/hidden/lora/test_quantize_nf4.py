"""Rounding to NF4: levels, blocks, and what the edges give.

The levels are those of the QLoRA paper. Inputs keep away from the midpoints between two levels, but for the one test
of ties, so that rounding errors decide nothing.
"""

import pytest
import torch

from autograder.suite import assert_close, assert_shape, assert_tensor, require

pytestmark = pytest.mark.question("quantize_nf4")

LEVELS = torch.tensor(
    [
        -1.0, -0.69619280, -0.52507305, -0.39491749, -0.28444138, -0.18477343, -0.09105004, 0.0,
        0.07958030, 0.16093020, 0.24611230, 0.33791524, 0.44070983, 0.56261700, 0.72295684, 1.0,
    ]
).double()  # fmt: skip
GAPS = LEVELS.diff()

ONE_ABSMAX = "One absmax serves the whole tensor: every block has an absmax of its own."
SIGNED = "absmax is the largest of the ABSOLUTE values: a block may reach further below zero than above."
COLUMNS = "The weight is flattened in the wrong order: row by row, the last index runs fastest."
STRIDED = "A block is made of neighbours in the flattened weight, not of numbers that lie far apart."
UNIFORM = "The codes are those of equally spaced levels; the levels of NF4 crowd around zero."
FLOOR = "The codes are those of the next level below; the nearest one is asked for."
CEILING = "The codes are those of the next level above; the nearest one is asked for."
NOT_SCALED = "The numbers must be divided by their block's absmax before they are compared with the levels."
SHORT_DROPPED = "The numbers that do not fill a block are lost: the last block may be shorter than the others."
ZERO_BLOCK = "A block of zeros divides by zero. Its absmax is 0, and its codes are those of the level 0."


def _weight(*shape, codes=None, block_size):
    """A weight whose blocks are (absmax x a number that rounds to the code), its codes and its absmax; float64."""
    count = torch.Size(shape).numel()
    codes = torch.randint(1, 15, (count,)) if codes is None else codes
    codes[::block_size] = torch.where(torch.arange(len(codes[::block_size])) % 3 == 1, 15, 0)  # reach -1, or 1
    low, high = torch.cat([GAPS[:1], GAPS]), torch.cat([GAPS, GAPS[-1:]])
    shift = torch.rand(count, dtype=torch.float64) * 0.9 - 0.45  # of the gap on that side, at most nearly half
    shift[(codes == 0) | (codes == 15)] = 0
    scaled = LEVELS[codes] + torch.where(shift < 0, low[codes], high[codes]) * shift
    absmax = 0.2 + 3 * torch.rand(-(-count // block_size), dtype=torch.float64)
    weight = scaled * absmax.repeat_interleave(block_size)[:count]
    return weight.reshape(shape), codes, absmax


def _nearest(scaled):
    """[n] -> the index of the nearest level."""
    return (scaled.flatten().unsqueeze(1) - LEVELS).abs().argmin(dim=1)


def _quantized(student, weight, count, block_size):
    """The student's answer, of which dtype, shape and range have been checked."""
    codes, absmax = student.quantize_nf4(weight, block_size)
    assert_tensor(codes, name="codes")
    require(codes.dtype == torch.uint8, f"codes have dtype {codes.dtype}", "Codes are small integers: uint8.")
    blocks = -(-count // block_size)
    lost = SHORT_DROPPED if codes.dim() == 1 and count % block_size else ""
    assert_shape(codes, (count,), name="codes", hint=lost or "There is one code for each number, in one row [n].")
    assert_shape(absmax, (blocks,), name="absmax", hint=lost or "There is one absmax for each block, in one row.")
    return codes.long(), absmax


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("Divide each block by its largest absolute value, then look up the nearest of the 16 levels.")
def test_quantize_nf4_by_hand(student):
    """Two blocks of four: the first divided by 4, the second by 2."""
    weight = torch.tensor([[3.0, -4.0, 0.0, 1.0], [2.0, 0.4, -1.1, -0.2]])
    codes, absmax = student.quantize_nf4(weight, block_size=4)
    assert codes.dtype == torch.uint8
    assert codes.tolist() == [14, 0, 7, 10, 15, 9, 2, 6]
    assert absmax.tolist() == [4.0, 2.0]


@pytest.mark.weight(4)
@pytest.mark.hint("A code is the index of the level that is nearest to the number divided by its block's absmax.")
def test_quantize_nf4_codes(student):
    """Every number gets the code of the nearest level, in blocks of several sizes."""
    for shape, block_size in (((8, 12), 16), ((4, 3, 8), 32), ((70,), 7)):
        weight, wanted, scales = _weight(*shape, block_size=block_size)
        codes, _ = _quantized(student, weight, wanted.numel(), block_size)
        blocks = weight.reshape(-1, block_size)
        scaled = blocks / scales.unsqueeze(1)
        columns = weight.permute(*reversed(range(weight.dim()))).reshape(-1, block_size)
        apart = weight.reshape(block_size, -1)
        signed = blocks.amax(dim=1, keepdim=True)
        mistakes = {
            ONE_ABSMAX: _nearest(weight / weight.abs().max()),
            SIGNED: _nearest(blocks / signed),
            COLUMNS: _nearest(columns / columns.abs().amax(dim=1, keepdim=True)),
            STRIDED: _nearest(apart / apart.abs().amax(dim=0)),
            UNIFORM: ((scaled + 1) * 7.5).round().flatten(),
            UNIFORM + " ": (scaled * 7).round().flatten() + 7,
            UNIFORM + "  ": (scaled * 7).round().flatten() + 8,
            FLOOR: (torch.bucketize(scaled, LEVELS, right=True) - 1).flatten(),
            CEILING: torch.bucketize(scaled, LEVELS).flatten(),
            NOT_SCALED: _nearest(weight),
            "The codes count from the wrong end: code 0 is the lowest level, -1.": 15 - wanted,
        }
        wrong = [hint.strip() for hint, value in mistakes.items() if torch.equal(codes, value.long())]
        differ = int((codes != wanted).sum())
        require(differ == 0, f"{differ} of {codes.numel()} codes differ for {shape}", wrong[0] if wrong else "")


@pytest.mark.weight(2)
@pytest.mark.hint("There is one absmax for each block: the largest absolute value in it, not squared and not scaled.")
def test_quantize_nf4_absmax(student):
    """absmax is the largest absolute value of each block, also where that number is negative."""
    for shape, block_size in (((6, 10), 12), ((5, 5), 25)):
        weight, codes, scales = _weight(*shape, block_size=block_size)
        _, absmax = _quantized(student, weight, codes.numel(), block_size)
        blocks = weight.reshape(-1, block_size)
        columns = weight.T.reshape(-1, block_size)
        mistakes = {
            ONE_ABSMAX: weight.abs().max().expand(len(scales)),
            SIGNED: blocks.amax(dim=1),
            SIGNED + " ": blocks.gather(1, blocks.abs().argmax(dim=1, keepdim=True)).squeeze(1),
            COLUMNS: columns.abs().amax(dim=1),
            "absmax is a maximum, not a mean.": blocks.abs().mean(dim=1),
            "absmax is a maximum, not a norm.": blocks.norm(dim=1),
        }
        assert_close(absmax, scales, rtol=1e-8, name="absmax", mistakes=mistakes)


@pytest.mark.weight(1.5)
@pytest.mark.hint("Try each of the sixteen levels itself, and numbers a little above and below it.")
def test_quantize_nf4_finds_every_level(student):
    """The levels themselves, and numbers near them, get the codes 0 to 15."""
    order = torch.randperm(16)
    for shift in (-0.45, 0.0, 0.45):
        inner = LEVELS.clone()
        inner[1:15] += shift * (GAPS[:-1] if shift < 0 else GAPS[1:])
        weight = 2.5 * torch.cat([inner[order], LEVELS[:1], inner, -LEVELS[15:]])
        codes, _ = _quantized(student, weight, 34, 17)
        wanted = torch.cat([order, torch.tensor([0]), torch.arange(16), torch.tensor([0])])
        wrong = sorted(set(wanted[codes != wanted].tolist()))
        require(not wrong, f"the levels {wrong} are not found, shifted by {shift} of a gap")


@pytest.mark.weight(2)
@pytest.mark.hint(SHORT_DROPPED)
def test_quantize_nf4_short_last_block(student):
    """A last block that is not full is a block like any other; so is a tensor smaller than one block."""
    for shape, block_size in (((5, 7), 8), ((3, 3), 20), ((11,), 10), ((129,), 64)):
        weight, wanted, scales = _weight(*shape, block_size=block_size)
        codes, absmax = _quantized(student, weight, wanted.numel(), block_size)
        assert_close(absmax, scales, rtol=1e-8, name=f"absmax of {shape} in blocks of {block_size}")
        require(torch.equal(codes, wanted), f"codes of {shape} in blocks of {block_size} differ")


@pytest.mark.weight(0.5)
@pytest.mark.hint("Where block_size is not given it is the one of the signature.")
def test_quantize_nf4_default_block_size(student):
    """Without an argument, blocks have the size that the signature says."""
    weight, wanted, scales = _weight(10, 16, block_size=64)
    codes, absmax = student.quantize_nf4(weight)
    assert_close(absmax, scales, rtol=1e-8, name="absmax of 160 numbers")
    require(torch.equal(codes.long(), wanted), "codes of 160 numbers differ")


@pytest.mark.weight(1)
@pytest.mark.hint(ZERO_BLOCK)
def test_quantize_nf4_zero_block(student):
    """A block of zeros gives absmax 0 and the code of the level 0; the blocks beside it are as ever."""
    weight, wanted, scales = _weight(12, block_size=4)
    weight[4:8], wanted[4:8], scales[1] = 0.0, 7, 0.0
    codes, absmax = _quantized(student, weight, 12, 4)
    assert_close(absmax, scales, rtol=1e-8, atol=0, name="absmax")
    require(torch.equal(codes, wanted), f"codes {codes.tolist()}, expected {wanted.tolist()}")
    codes, absmax = _quantized(student, torch.zeros(5), 5, 4)
    require(codes.tolist() == [7] * 5 and absmax.tolist() == [0, 0], f"zeros give {codes.tolist()}, {absmax.tolist()}")


@pytest.mark.weight(1)
@pytest.mark.hint("However small a block's numbers are, the largest of them is scaled to 1 or -1: nothing is added.")
def test_quantize_nf4_small_numbers(student):
    """Tiny and large weights get the same codes as ordinary ones."""
    weight, wanted, scales = _weight(24, block_size=8)
    for factor in (1e-6, 1e6):
        codes, absmax = _quantized(student, weight * factor, 24, 8)
        assert_close(absmax, scales * factor, rtol=1e-6, atol=0, name=f"absmax of numbers near {factor:g}")
        require(torch.equal(codes, wanted), f"codes of numbers near {factor:g} differ")


@pytest.mark.weight(0.5)
@pytest.mark.hint("Exactly between two levels the docstring says which one it is.")
def test_quantize_nf4_ties(student):
    """A number exactly between two levels gets the lower one."""
    # Halves of the levels beside 0, so that neither the midpoint nor the distances are rounded.
    weight = torch.stack([LEVELS[0], LEVELS[6] / 2, LEVELS[8] / 2])
    codes, _ = _quantized(student, weight, 3, 3)
    require(codes.tolist() == [0, 6, 7], f"codes {codes.tolist()}")


@pytest.mark.weight(1)
@pytest.mark.hint("absmax has the dtype of the weight, and is a plain number for each block, without a gradient.")
def test_quantize_nf4_dtype_and_gradient(student):
    """absmax follows the weight's dtype; a weight that requires grad is fine, and no gradient is recorded."""
    weight, wanted, _ = _weight(4, 5, block_size=10)
    for dtype in (torch.float32, torch.float64):
        codes, absmax = student.quantize_nf4(weight.to(dtype).requires_grad_(), 10)
        assert_shape(absmax, (2,), name="absmax")
        require(absmax.dtype == dtype, f"absmax of a weight in {dtype} has {absmax.dtype}")
        require(not absmax.requires_grad, "absmax requires grad", "No gradient is recorded: absmax is a constant.")
        require(torch.equal(codes.long(), wanted), f"codes of a weight in {dtype} differ")


@pytest.mark.weight(2)
@pytest.mark.hint("One large number must coarsen its own block alone; that is what blocks are for.")
def test_quantize_nf4_outlier(student):
    """An outlier costs its own block precision and no other: the error of all others stays where it was."""
    weight = torch.randn(8, 64, dtype=torch.float64)
    errors = []
    for outlier in (0.0, 100.0):
        weight[3, 17] += outlier
        codes, absmax = _quantized(student, weight, 512, 64)
        restored = LEVELS[codes.clamp(0, 15)] * absmax.repeat_interleave(64)
        errors.append((restored.reshape(8, 64) - weight).square().mean(dim=1))
    others = [row for row in range(8) if row != 3]
    require(bool((errors[1][3] > 5 * errors[0][3]).all()), "the block with the outlier is as precise as before")
    require(bool((errors[1][others] <= errors[0][others]).all()), "the outlier has changed other blocks", ONE_ABSMAX)
    # Of a normal weight in blocks of 64, rounding to the levels leaves about one part in a hundred of the variance.
    share = (errors[0].mean() / weight[others].square().mean()).item()
    require(share < 0.015, f"quantisation leaves an error of {share:.3g} of the variance")
