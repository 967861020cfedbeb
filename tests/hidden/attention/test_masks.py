"""causal_mask and padding_mask. Oracle: the comparison of two integers, one pair of positions at a time."""

import pytest
import torch

from autograder.suite import assert_close, assert_shape, assert_tensor, require

causal = pytest.mark.question("causal_mask")
padding = pytest.mark.question("padding_mask")

POLARITY = "The mask is turned round: True means MAY attend."
TRANSPOSED = "Rows are queries and columns are keys; here a query sees what comes after it, not what came before."
ITSELF = "A position may see itself as well as those before it. (The first one would see nothing at all.)"
ONE_MORE = "A position sees one step into the future."
ADDITIVE = "This is a mask to be added to the scores (0 and -infinity); a boolean one is asked for."
BOOLEAN = "The mask must be boolean: numbers cannot be inverted with ~, and masked_fill refuses them."
ONE_TOO_MANY = "One key too many: positions are counted from 0, so the last real one is not the length itself."
ONE_TOO_FEW = "One key too few: as many positions are real as the length says."
AT_THE_START = "The padding is at the end of each sequence, not at its start."
KEYS = (
    "The shape is that of [B, H, Tq, Tk] with 1 where it does not matter: not for the head and not for the query. Only "
    "KEYS are masked."
)
DEVICE = "Whatever is made inside must be on the device of the lengths."


def _boolean(mask, shape, name="the mask", hint=""):
    """`mask`, if it is a boolean tensor of this shape."""
    mask = assert_tensor(mask, name=name)
    if mask.is_floating_point() and bool((mask == -torch.inf).any()):
        require(False, "the mask holds -inf", ADDITIVE)
    require(mask.dtype == torch.bool, f"the mask is {mask.dtype}", BOOLEAN)
    return assert_shape(mask, shape, name=name, hint=hint)


def _future_hidden(length):
    return torch.tensor([[key <= query for key in range(length)] for query in range(length)])


@causal
@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("Write down, for each of the three queries, which keys it may see.")
def test_causal_mask_of_three(student):
    """Of three positions, the first sees itself, and the last sees all."""
    mask = student.causal_mask(3)
    assert mask.shape == (3, 3)
    assert mask[0].tolist() == [True, False, False]
    assert mask[2].tolist() == [True, True, True]


@causal
@pytest.mark.weight(4)
@pytest.mark.hint("Query i may attend to the keys up to and including i.")
def test_causal_mask_values(student):
    """Each position sees itself and all before it, whatever the length."""
    for length in (5, 2, 1):
        mask = assert_tensor(student.causal_mask(length), name="the mask")
        if mask.is_floating_point() and bool((mask == -torch.inf).any()):
            require(False, "the mask holds -inf", ADDITIVE)
        ones = torch.ones(length, length)
        mistakes = {
            TRANSPOSED: ones.triu(),
            ITSELF: ones.tril(-1),
            ONE_MORE: ones.tril(1),
            POLARITY: ones.triu(1),
            "Every position may see every other: nothing is masked.": ones,
            "A position sees itself alone: those before it belong to it as well.": torch.eye(length),
        }
        assert_close(mask, _future_hidden(length), name=f"the mask of length {length}", mistakes=mistakes)


@causal
@pytest.mark.weight(1)
@pytest.mark.hint(BOOLEAN)
def test_causal_mask_is_boolean(student):
    """The mask is a boolean tensor of rank 2."""
    _boolean(student.causal_mask(4), (4, 4))


def _later_tokens_changed(mask):
    """Outputs of plain attention over six tokens, before and after the last two were changed."""
    x = torch.randn(6, 3, dtype=torch.float64)
    other = torch.cat([x[:4], torch.randn(2, 3, dtype=torch.float64)])
    scores = [(t @ t.T).masked_fill(~mask, -torch.inf) for t in (x, other)]
    return [score.softmax(dim=-1) @ t for score, t in zip(scores, (x, other), strict=True)]


@causal
@pytest.mark.weight(2)
@pytest.mark.hint("Used in attention, the mask must keep a position from everything later, and from nothing else.")
def test_causal_mask_in_attention(student):
    """With the mask, changing later tokens changes no earlier output."""
    before, after = _later_tokens_changed(_boolean(student.causal_mask(6), (6, 6)))
    assert_close(after[:4], before[:4], rtol=1e-6, name="the earlier outputs", hint="An earlier output has changed.")
    require(bool((after[4:] - before[4:]).abs().amax(dim=1).min() > 1e-3), "a later output has not changed")


def _real(lengths, max_length):
    return torch.tensor([[position < length for position in range(max_length)] for length in lengths])


@padding
@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("True stands for a real position: as many in each row as the sequence is long.")
def test_padding_mask_of_two(student):
    """Sequences of lengths 1 and 3, padded to 4, have one and three real positions."""
    mask = student.padding_mask(torch.tensor([1, 3]), 4)
    assert mask.shape == (2, 1, 1, 4)
    assert mask[0, 0, 0].tolist() == [True, False, False, False]
    assert mask[1, 0, 0].tolist() == [True, True, True, False]


@padding
@pytest.mark.weight(4)
@pytest.mark.hint("Position p of a sequence is real where p, counted from 0, is smaller than the sequence's length.")
def test_padding_mask_values(student):
    """The first positions of each sequence are real, as many as its length says."""
    for lengths, max_length in (([2, 5, 1], 6), ([4, 1, 2, 3], 4), ([3], 5)):
        real = _real(lengths, max_length)
        mistakes = {
            POLARITY: ~real,
            ONE_TOO_MANY: _real([n + 1 for n in lengths], max_length),
            ONE_TOO_FEW: _real([n - 1 for n in lengths], max_length),
            AT_THE_START: real.flip(1),
        }
        mask = assert_shape(
            student.padding_mask(torch.tensor(lengths), max_length), (len(lengths), 1, 1, max_length), hint=KEYS
        )
        named = {hint: wrong[:, None, None] for hint, wrong in mistakes.items()}
        assert_close(mask, real[:, None, None], name=f"the mask for lengths {lengths}", mistakes=named)


@padding
@pytest.mark.weight(1)
@pytest.mark.hint("Nothing and everything are lengths, too; and the mask is max_length wide, whatever the lengths are.")
def test_padding_mask_empty_and_full(student):
    """An empty sequence has no real position, and a full one no padding; all may be shorter than max_length."""
    for lengths, max_length in (([0, 4, 2], 4), ([0, 1], 3), ([1], 1)):
        mask = _boolean(student.padding_mask(torch.tensor(lengths), max_length), (len(lengths), 1, 1, max_length))
        require(torch.equal(mask[:, 0, 0], _real(lengths, max_length)), f"wrong for lengths {lengths}")


@padding
@pytest.mark.weight(1)
@pytest.mark.hint(BOOLEAN)
def test_padding_mask_is_boolean(student):
    """The mask is a boolean tensor of shape [B, 1, 1, T]."""
    _boolean(student.padding_mask(torch.tensor([3, 1]), 4), (2, 1, 1, 4), hint=KEYS)


@padding
@pytest.mark.weight(2)
@pytest.mark.hint("Laid over scores [B, H, Tq, Tk], the mask must forbid the padded keys to every head and query.")
def test_padding_mask_in_attention(student):
    """With the mask, attention over padded keys is attention over the real ones."""
    lengths = torch.tensor([2, 4, 3])
    scores, value = torch.randn(3, 2, 4, 4, dtype=torch.float64), torch.randn(3, 2, 4, 5, dtype=torch.float64)
    mask = assert_tensor(student.padding_mask(lengths, 4), name="the mask")
    require(mask.dtype == torch.bool, f"the mask is {mask.dtype}", BOOLEAN)
    fits = mask.dim() <= 4 and all(m in (1, n) for m, n in zip(mask.shape[::-1], (4, 4, 2, 3), strict=False))
    require(fits, f"a mask of shape {list(mask.shape)} does not broadcast to [3, 2, 4, 4]", KEYS)
    padded = scores.masked_fill(~mask, -torch.inf).softmax(dim=-1) @ value
    for b, n in enumerate(lengths.tolist()):
        alone = scores[b, :, :, :n].softmax(dim=-1) @ value[b, :, :n]
        assert_close(padded[b].nan_to_num(nan=1e3), alone, rtol=1e-6, name=f"attention in sequence {b}")


def _probe_meta_device(module):
    """The device of the mask and the error, if any, for lengths on torch's data-free device."""
    import torch

    lengths = torch.tensor([2, 1])
    module.padding_mask(lengths, 3)
    try:
        return [str(module.padding_mask(lengths.to("meta"), 3).device), ""]
    except Exception as error:
        return ["", str(error)]


@padding
@pytest.mark.weight(0.5)
@pytest.mark.hint(DEVICE)
def test_padding_mask_follows_device(student):
    """The mask is where the lengths are."""
    device, error = student.run(_probe_meta_device)
    # Only a clear clash of devices counts: correct code may look at the lengths, which that device does not have.
    require("expected device" not in error and "same device" not in error, f"devices clash: {error}")
    require(error or device == "meta", f"the mask is on {device} for lengths on another device")
