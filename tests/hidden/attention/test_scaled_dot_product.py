"""scaled_dot_product_attention. Oracle: exponentials of the scores, of the allowed keys alone, divided by their sum."""

import math

import pytest
import torch

from autograder.suite import assert_close, assert_shape, assert_tensor, require

pytestmark = pytest.mark.question("scaled_dot_product_attention")

NO_SCALE = "The scores are not scaled: without it the dot products of long vectors are large and the softmax is hard."
OTHER_SCALE = (
    "The scores are scaled by something else than they should be: it is the spread of a dot product that is to be "
    "undone, and that depends on how many features a query and a key have."
)
OVER_QUERIES = "The softmax runs over the queries: it is the weights of one query, over all keys, that sum to 1."
POLARITY = "The mask is turned round: True means that a query MAY attend to a key."
NOT_RENORMALISED = (
    "The forbidden weights are gone, but the others no longer sum to 1: a key has to be out before the softmax, not "
    "after it."
)
ZERO_SCORE = (
    "A forbidden key has lost its score, but a score of 0 still earns weight: which score has the exponential 0?"
)
NO_KEYS = (
    "A query that may attend to no key at all must get zeros. A softmax over nothing is 0 / 0 (or, with very negative "
    "numbers for -infinity, uniform): this row needs a look of its own."
)
IGNORED = "The mask has no effect."
PAIR = "Return two tensors: the output and the weights."


def _allowed_alone(query, key, value, allowed=None, scale=None, dim=-1):
    """(output, weights) from exponentials, where forbidden keys do not exist."""
    scores = torch.einsum("...qd,...kd->...qk", query, key) * (scale or query.shape[-1] ** -0.5)
    raised = scores.exp() * (1.0 if allowed is None else allowed.to(scores.dtype))
    total = raised.sum(dim=dim, keepdim=True)
    weights = torch.where(total > 0, raised / total.clamp_min(1e-300), torch.zeros(()).double())
    return torch.einsum("...qk,...kd->...qd", weights, value), weights


def _case(*batch, tq=4, tk=5, d=3, dv=2):
    """Random query, key and value in float64, all of different lengths."""
    shapes = ((tq, d), (tk, d), (tk, dv))
    return [1.5 * torch.randn(*batch, *shape, dtype=torch.float64) for shape in shapes]


def _pair(result):
    require(isinstance(result, (tuple, list)) and len(result) == 2, "the result is no pair", PAIR)
    return assert_tensor(result[0], name="the output"), assert_tensor(result[1], name="the weights")


def _mask(*shape):
    """A random mask in which every row has a True."""
    mask = torch.rand(shape) < 0.6
    mask[..., 1] |= ~mask.any(dim=-1)
    return mask


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("Scores are scaled dot products, weights their softmax, the output the weighted mean of the values.")
def test_attention_by_hand(student):
    """Scaled scores of log 3 and 0 give weights of 3/4 and 1/4."""
    query = torch.tensor([[2 * math.log(3), 0.0, 0.0, 0.0]])
    key = torch.tensor([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]])
    output, weights = student.scaled_dot_product_attention(query, key, torch.tensor([[8.0, 0.0], [0.0, 4.0]]))
    assert torch.allclose(weights, torch.tensor([[0.75, 0.25]]), atol=1e-5)
    assert torch.allclose(output, torch.tensor([[6.0, 1.0]]), atol=1e-5)


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint(POLARITY)
def test_attention_mask_by_hand(student):
    """Where three keys are alike and one is forbidden, the two others get half of the weight each."""
    mask = torch.tensor([[True, False, True]])
    _, weights = student.scaled_dot_product_attention(torch.ones(1, 2), torch.ones(3, 2), torch.ones(3, 1), mask)
    assert torch.allclose(weights, torch.tensor([[0.5, 0.0, 0.5]]))


@pytest.mark.weight(4)
@pytest.mark.hint("Each query's weights are the softmax, over the keys, of its scaled dot products with them.")
def test_attention_values(student):
    """Weights and output are right for a batch with several heads, more keys than queries, and short values."""
    q, k, v = _case(2, 3)
    mistakes = {
        NO_SCALE: {"scale": 1.0},
        OTHER_SCALE: {"scale": 1 / 3},
        OTHER_SCALE + " ": {"scale": 3**0.5},
        OTHER_SCALE + "  ": {"scale": 5**-0.5},
        OTHER_SCALE + "   ": {"scale": 4**-0.5},
        OTHER_SCALE + "    ": {"scale": 2**-0.5},
        OVER_QUERIES: {"dim": -2},
    }
    wrong = {hint: _allowed_alone(q, k, v, **settings) for hint, settings in mistakes.items()}
    output, weights = _pair(student.scaled_dot_product_attention(q, k, v))
    want_output, want_weights = _allowed_alone(q, k, v)
    swapped = {"The results have changed places: first the output, then the weights.": want_output}
    swapped |= {hint: w for hint, (_, w) in wrong.items()}
    assert_close(weights, want_weights, rtol=1e-6, name="the weights", mistakes=swapped)
    mistakes = {hint: o for hint, (o, _) in wrong.items()}
    assert_close(output, want_output, rtol=1e-6, name="the output", mistakes=mistakes)


@pytest.mark.weight(4)
@pytest.mark.hint("A forbidden key gets weight 0 exactly, and the softmax shares the weight among the others.")
def test_attention_mask_values(student):
    """Masks of ranks 2, 3 and 4 forbid keys, and the weights of the others sum to 1."""
    q, k, v = _case(2, 3)
    _, free = _allowed_alone(q, k, v)
    for shape in ((4, 5), (3, 4, 5), (2, 1, 1, 5), (2, 3, 4, 5), (3, 1, 5)):
        mask = _mask(*shape)
        want_output, want_weights = _allowed_alone(q, k, v, mask)
        scores = torch.einsum("...qd,...kd->...qk", q, k) / 3**0.5
        mistakes = {
            POLARITY: _allowed_alone(q, k, v, ~mask)[1],
            NOT_RENORMALISED: free * mask,
            ZERO_SCORE: (scores * mask).softmax(dim=-1),
            IGNORED: free,
        }
        output, weights = _pair(student.scaled_dot_product_attention(q, k, v, mask))
        name = f"the weights with a mask of shape {list(shape)}"
        assert_close(weights, want_weights, rtol=1e-6, atol=1e-9, name=name, mistakes=mistakes)
        require(not weights[~mask.expand_as(weights)].any(), "a forbidden key has a small weight")
        assert_close(output, want_output, rtol=1e-6, atol=1e-9, name="the output")


@pytest.mark.weight(2)
@pytest.mark.hint(NO_KEYS)
def test_attention_without_any_key(student):
    """Queries that may attend to nothing get weights and output of 0, and others beside them are as ever."""
    q, k, v = _case(2, 3)
    mask = _mask(2, 1, 4, 5)
    mask[0, 0, 1], mask[1, 0, 3] = False, False
    output, weights = _pair(student.scaled_dot_product_attention(q, k, v, mask))
    want_output, want_weights = _allowed_alone(q, k, v, mask)
    assert_close(weights.nan_to_num(nan=-1.0), want_weights, rtol=1e-6, atol=1e-9, name="the weights")
    assert_close(output.nan_to_num(nan=-1.0), want_output, rtol=1e-6, atol=1e-9, name="the output")


@pytest.mark.weight(2)
@pytest.mark.hint("Output and weights must be differentiable in query, key and value, with or without a mask.")
def test_attention_gradients(student):
    """The gradients of query, key and value are right, for a query that may attend to nothing, too."""
    mask = _mask(2, 1, 4, 5)
    mask[1, 0, 2] = False
    for given in (None, mask):
        q, k, v = (tensor.requires_grad_() for tensor in _case(2, 3))
        by = torch.randn(2, 3, 4, 2, dtype=torch.float64), torch.randn(2, 3, 4, 5, dtype=torch.float64)
        output, weights = _pair(student.scaled_dot_product_attention(q, k, v, given))
        require(output.requires_grad and weights.requires_grad, "the results do not require grad")
        require(output.dtype == weights.dtype == torch.float64, f"{output.dtype} and {weights.dtype} for float64")
        got = torch.autograd.grad((output * by[0]).sum() + (weights * by[1]).sum(), (q, k, v), allow_unused=True)
        want_output, want_weights = _allowed_alone(q, k, v, given)
        want = torch.autograd.grad((want_output * by[0]).sum() + (want_weights * by[1]).sum(), (q, k, v))
        for name, g, w in zip(("query", "key", "value"), got, want, strict=True):
            require(g is not None, f"no gradient reaches {name}")
            finite = "The gradient is NaN or infinite: a row without keys must be harmless on the way back as well."
            require(bool(torch.isfinite(g).all()), f"the gradient of {name} is not finite", finite)
            assert_close(g, w, rtol=1e-6, atol=1e-9, name=f"the gradient of {name}")


@pytest.mark.weight(1.5)
@pytest.mark.hint("Attention does not know in which order the keys come: key and value j belong together, that is all.")
def test_attention_has_no_order(student):
    """Shuffling keys and values together changes no output; what is forbidden is not seen."""
    q, k, v = _case(2)
    order = torch.tensor([3, 0, 4, 1, 2])
    output, weights = _pair(student.scaled_dot_product_attention(q, k, v))
    shuffled, moved = _pair(student.scaled_dot_product_attention(q, k[:, order], v[:, order]))
    assert_shape(output, (2, 4, 2), name="the output")
    assert_close(shuffled, output, rtol=1e-6, name="the output for shuffled keys")
    assert_close(moved, weights[..., order], rtol=1e-6, name="the weights of shuffled keys")
    mask = torch.tensor([True, True, False, True, False])
    other_k, other_v = torch.where(mask[:, None], k, -9.0), torch.where(mask[:, None], v, 50.0)
    first, second = (
        _pair(student.scaled_dot_product_attention(q, *pair, mask))[0] for pair in ((k, v), (other_k, other_v))
    )
    assert_close(second, first, rtol=1e-6, name="the output", hint="A forbidden key or value has an influence.")


@pytest.mark.weight(1)
@pytest.mark.hint(
    "A softmax of large scores must not overflow: its maximum has to be taken out, as torch's softmax does."
)
def test_attention_of_large_scores(student):
    """Scores in the thousands give a hard choice and no NaN, with a mask and without."""
    q = torch.tensor([[100.0, 0.0], [0.0, 100.0]], dtype=torch.float64)
    k = torch.tensor([[100.0, 90.0], [0.0, 100.0], [-100.0, 0.0]], dtype=torch.float64)
    v = torch.tensor([[1.0], [2.0], [3.0]], dtype=torch.float64)
    _, weights = _pair(student.scaled_dot_product_attention(q, k, v))
    assert_close(weights, torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), name="the weights")
    mask = torch.tensor([False, False, True])
    output, weights = _pair(student.scaled_dot_product_attention(q, k, v, mask))
    assert_close(weights, torch.tensor([[0.0, 0.0, 1.0]]).repeat(2, 1), name="the weights of a bad but only key")
    assert_close(output, torch.full((2, 1), 3.0), name="the output")


@pytest.mark.weight(1)
@pytest.mark.hint("Any number of leading dimensions is fine, and the results have the dtype of the inputs.")
def test_attention_any_rank_and_dtype(student):
    """Single sequences, one query, one key; float32 stays float32 and float64 stays float64."""
    for batch, sizes, dtype in (((), (3, 2), torch.float32), ((2,), (1, 4), torch.float64), ((2, 1, 3), (2, 1), None)):
        q, k, v = _case(*batch, tq=sizes[0], tk=sizes[1])
        dtype = dtype or torch.float64
        mask = torch.ones(sizes, dtype=torch.bool)
        for given in (None, mask):
            output, weights = _pair(student.scaled_dot_product_attention(*(t.to(dtype) for t in (q, k, v)), given))
            require(output.dtype == weights.dtype == dtype, f"{output.dtype} and {weights.dtype} for inputs of {dtype}")
            want_output, want_weights = _allowed_alone(q, k, v)
            assert_close(weights, want_weights, atol=1e-5, name=f"the weights for batch {list(batch)}")
            assert_close(output, want_output, atol=1e-5, name=f"the output for batch {list(batch)}")


def _probe_arguments(module, query, key, value, mask):
    """The arguments after the call."""
    module.scaled_dot_product_attention(query, key, value, mask)
    return [query, key, value, mask]


@pytest.mark.weight(0.5)
@pytest.mark.hint("The arguments belong to the caller: no operation in place (+=, /=, masked_fill_) on them.")
def test_attention_leaves_its_arguments_alone(student):
    """Query, key, value and mask are afterwards what they were."""
    arguments = [*_case(2), _mask(4, 5)]
    after = student.run(_probe_arguments, *arguments)
    for name, was, now in zip(("query", "key", "value", "mask"), arguments, after, strict=True):
        require(torch.equal(was, now), f"{name} was changed by the call")


def _probe_train(module, query, key, value, target, steps):
    """Distances between output and target during gradient descent on query and key."""
    import torch

    query, key, losses = query.requires_grad_(), key.requires_grad_(), []
    for _ in range(steps):
        loss = ((module.scaled_dot_product_attention(query, key, value)[0] - target) ** 2).mean()
        losses.append(loss.item())
        gradients = torch.autograd.grad(loss, (query, key))
        with torch.no_grad():
            query -= 4.0 * gradients[0]
            key -= 4.0 * gradients[1]
    return losses


@pytest.mark.weight(3)
@pytest.mark.hint("Queries and keys cannot be learnt: does a gradient reach both, through the softmax?")
def test_attention_can_be_learnt(student):
    """Gradient descent on queries and keys finds a way to look up the value that is wanted."""
    q, k, _ = _case(tq=3, tk=4, d=4)
    value = 2 * torch.eye(4, dtype=torch.float64)
    losses = student.run(_probe_train, 0.3 * q, 0.3 * k, value, value[[2, 0, 3]], 25)
    # Looking at all four keys alike costs 0.75, and hitting the right ones without any doubt nothing.
    require(losses[0] > 0.5 and losses[-1] < 0.1, f"the loss went from {losses[0]:.3g} to {losses[-1]:.3g}")
