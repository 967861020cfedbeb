"""AdditiveAttention. Oracle: tanh and exponentials, written with einsum, of weights that the test puts in."""

import pytest
import torch

from autograder.suite import assert_close, assert_shape, require

pytestmark = pytest.mark.question("AdditiveAttention")

SIZES = (3, 4, 5)  # Q, K and the hidden width, all different
NAMES = ("query_proj", "key_proj", "score_proj")
LAYERS = (
    "There are three layers, named query_proj, key_proj and score_proj: nn.Linear without bias, to hidden_dim, to "
    "hidden_dim and to a single score."
)
NO_TANH = (
    "There is no non-linearity: without it the query only adds the same number to all scores, which a softmax ignores."
)
OTHER_ACTIVATION = "The non-linearity between the layers is another than Bahdanau et al.'s."
KEYS_IGNORED = "All keys get the same weight: the scores must depend on the keys."
QUERY_IGNORED = "The scores do not depend on the query."
OVER_THE_BATCH = "The softmax runs over the batch: it is one example's weights that sum to 1."
SCALED = "The scores are scaled; that belongs to dot products, and a learnt score needs none."
POLARITY = "The mask is turned round: True means that a key MAY be attended to."
NOT_RENORMALISED = "The masked weights are gone, but the others no longer sum to 1: mask the scores, not the weights."
ZERO_SCORE = "A masked key has lost its score, but a score of 0 still earns weight: which score has the exponential 0?"
MASK_IGNORED = "The mask has no effect: padded keys still get weight."
NO_KEYS = "Where all keys are masked, weights and context are 0: a softmax over nothing needs a look of its own."
PAIR = "Return two tensors: the context [B, K] and the weights [B, T]."


def _probe_forward(module, sizes, parameters, query, keys, masks, train):
    """Context and weights for each mask, with these weights of the three layers."""
    import torch

    attention = module.AdditiveAttention(*sizes).to(query.dtype).train(train)
    results = []
    with torch.no_grad():
        for name, value in parameters.items():
            getattr(attention, name).weight.copy_(value)
        for mask in masks:
            result = attention(query, keys) if mask is None else attention(query, keys, mask)
            results.append(list(result) if isinstance(result, (tuple, list)) else [result])
    return results


def _probe_gradients(module, sizes, parameters, query, keys, mask, by):
    """Gradients of query, keys and the three weights for a weighted sum of context and weights."""
    import torch

    attention = module.AdditiveAttention(*sizes).double()
    with torch.no_grad():
        for name, value in parameters.items():
            getattr(attention, name).weight.copy_(value)
    query, keys = query.requires_grad_(), keys.requires_grad_()
    context, weights = attention(query, keys, mask)
    inputs = [query, keys, *(getattr(attention, name).weight for name in parameters)]
    total = (context * by[0]).sum() + (weights * by[1]).sum()
    return list(torch.autograd.grad(total, inputs, allow_unused=True))


def _parameters():
    q, k, h = SIZES
    shapes = {"query_proj": (h, q), "key_proj": (h, k), "score_proj": (1, h)}
    return {name: torch.randn(shape, dtype=torch.float64) for name, shape in shapes.items()}


def _batch(size=3, length=6):
    return torch.randn(size, 3, dtype=torch.float64), torch.randn(size, length, 4, dtype=torch.float64)


def _scores(parameters, query, keys, activation=torch.tanh, seen=(1.0, 1.0)):
    w, u, v = (parameters[name] for name in NAMES)
    hidden = seen[0] * torch.einsum("hq,bq->bh", w, query)[:, None] + seen[1] * torch.einsum("hk,btk->bth", u, keys)
    return torch.einsum("h,bth->bt", v[0], activation(hidden))


def _attend(scores, keys, mask=None):
    """(context, weights) from exponentials, where masked keys do not exist."""
    raised = scores.exp() * (1.0 if mask is None else mask.double())
    weights = raised / raised.sum(dim=1, keepdim=True).clamp_min(1e-300)
    return torch.einsum("bt,btk->bk", weights, keys), weights


def _pair(result):
    require(len(result) == 2, f"{len(result)} results instead of 2", PAIR)
    return result


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("forward returns the context [B, K], a mean of the keys, and the weights [B, T], which sum to 1.")
def test_additive_shapes(student):
    """Two examples with five keys each get a context as long as a key, and five weights that sum to 1."""
    attention = student.AdditiveAttention(3, 4, 6)
    context, weights = attention(torch.ones(2, 3), torch.linspace(-1, 1, 40).reshape(2, 5, 4))
    assert context.shape == (2, 4)
    assert weights.shape == (2, 5)
    assert torch.allclose(weights.sum(dim=1), torch.ones(2))


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint(MASK_IGNORED)
def test_additive_mask_by_hand(student):
    """Where the mask leaves a single key, that key is the context."""
    attention = student.AdditiveAttention(2, 3, 4)
    keys = torch.linspace(-1, 1, 12).reshape(1, 4, 3)
    context, weights = attention(torch.ones(1, 2), keys, torch.tensor([[False, False, True, False]]))
    assert torch.allclose(weights, torch.tensor([[0.0, 0.0, 1.0, 0.0]]))
    assert torch.allclose(context, keys[:, 2])


@pytest.mark.weight(1)
@pytest.mark.hint(LAYERS)
def test_additive_layers(student):
    """The three layers have the names and shapes of the docstring, and no bias."""
    shapes = student.AdditiveAttention(3, 4, 5).parameter_shapes()
    want = {"query_proj.weight": (5, 3), "key_proj.weight": (5, 4), "score_proj.weight": (1, 5)}
    require(shapes == want, f"the parameters are {shapes}")


@pytest.mark.weight(5)
@pytest.mark.hint(
    "Query and key meet in a hidden layer, which scores the key; a softmax over the keys makes weights of the scores; "
    "and the context is the mean of the KEYS with these weights."
)
def test_additive_values(student):
    """Scores, weights and context are those of Bahdanau et al., in training and in evaluation mode."""
    parameters, (query, keys) = _parameters(), _batch()
    scores = _scores(parameters, query, keys)
    want_context, want_weights = _attend(scores, keys)
    wrong_scores = {
        NO_TANH: _scores(parameters, query, keys, activation=lambda h: h),
        OTHER_ACTIVATION: _scores(parameters, query, keys, activation=torch.relu),
        OTHER_ACTIVATION + " ": _scores(parameters, query, keys, activation=torch.sigmoid),
        KEYS_IGNORED: _scores(parameters, query, keys, seen=(1.0, 0.0)),
        QUERY_IGNORED: _scores(parameters, query, keys, seen=(0.0, 1.0)),
        SCALED: scores / 5**0.5,
        SCALED + " ": scores / 4**0.5,
    }
    mistakes = {hint: wrong.softmax(dim=1) for hint, wrong in wrong_scores.items()}
    mistakes |= {OVER_THE_BATCH: scores.softmax(dim=0), "The scores are returned as they are, without softmax.": scores}
    mistakes |= {"The results have changed places: the context comes first.": want_context}
    for train in (False, True):
        ((context, weights),) = map(_pair, student.run(_probe_forward, SIZES, parameters, query, keys, [None], train))
        assert_close(weights, want_weights, rtol=1e-6, name="the weights", mistakes=mistakes)
        summed = {"The context is the plain sum of the keys: weigh them.": keys.sum(dim=1)}
        summed |= {"The context is the plain mean of the keys: weigh them.": keys.mean(dim=1)}
        assert_close(context, want_context, rtol=1e-6, name="the context", mistakes=summed)


@pytest.mark.weight(3)
@pytest.mark.hint("A masked key gets weight 0 exactly, and the softmax shares the weight among the others.")
def test_additive_mask_values(student):
    """Padded examples give what the unpadded ones give, and padding has weight 0."""
    parameters, (query, keys) = _parameters(), _batch()
    lengths = torch.tensor([4, 6, 1])
    mask = torch.arange(6) < lengths[:, None]
    scattered = torch.tensor([[True, False, True, False, True, True], [False] * 5 + [True], [True] * 6])
    results = student.run(_probe_forward, SIZES, parameters, query, keys, [mask, scattered], False)
    scores = _scores(parameters, query, keys)
    for given, result in zip((mask, scattered), results, strict=True):
        context, weights = _pair(result)
        mistakes = {
            MASK_IGNORED: scores.softmax(dim=1),
            POLARITY: scores.masked_fill(given, -1e9).softmax(dim=1),
            POLARITY + " ": _attend(scores, keys, ~given)[1],
            NOT_RENORMALISED: scores.softmax(dim=1) * given,
            ZERO_SCORE: (scores * given).softmax(dim=1),
        }
        want_context, want_weights = _attend(scores, keys, given)
        assert_close(weights, want_weights, rtol=1e-6, atol=1e-9, name="the weights", mistakes=mistakes)
        require(not weights[~given].any(), "a masked key has a small weight")
        assert_close(context, want_context, rtol=1e-6, name="the context")


@pytest.mark.weight(1.5)
@pytest.mark.hint(NO_KEYS)
def test_additive_without_any_key(student):
    """An example whose keys are all masked has weights and context 0, and finite gradients."""
    parameters, (query, keys) = _parameters(), _batch()
    mask = torch.tensor([[True] * 6, [False] * 6, [True] * 2 + [False] * 4])
    ((context, weights),) = map(_pair, student.run(_probe_forward, SIZES, parameters, query, keys, [mask], False))
    want_context, want_weights = _attend(_scores(parameters, query, keys), keys, mask)
    assert_close(weights.nan_to_num(nan=-1.0), want_weights, rtol=1e-6, atol=1e-9, name="the weights")
    assert_close(context.nan_to_num(nan=-9.0), want_context, rtol=1e-6, atol=1e-9, name="the context")


@pytest.mark.weight(2)
@pytest.mark.hint("Context and weights must be differentiable in the query, the keys and all three layers.")
def test_additive_gradients(student):
    """The gradients of query, keys and all three layers are right, for an example without any key, too."""
    parameters, (query, keys) = _parameters(), _batch()
    by = [torch.randn(3, 4, dtype=torch.float64), torch.randn(3, 6, dtype=torch.float64)]
    for mask in (None, torch.tensor([[True] * 4 + [False] * 2, [False] * 6, [True] * 6])):
        got = student.run(_probe_gradients, SIZES, parameters, query, keys, mask, by)
        leaves = [tensor.clone().requires_grad_() for tensor in (query, keys, *parameters.values())]
        scores = _scores(dict(zip(NAMES, leaves[2:], strict=True)), *leaves[:2])
        context, weights = _attend(scores, leaves[1], mask)
        want = torch.autograd.grad((context * by[0]).sum() + (weights * by[1]).sum(), leaves)
        for name, g, w in zip(("query", "keys", *NAMES), got, want, strict=True):
            require(g is not None, f"no gradient reaches {name}")
            finite = "The gradient is NaN or infinite: a row without keys must be harmless on the way back as well."
            require(bool(torch.isfinite(g).all()), f"the gradient of {name} is not finite", finite)
            assert_close(g, w, rtol=1e-6, atol=1e-9, name=f"the gradient of {name}")


@pytest.mark.weight(1)
@pytest.mark.hint(
    "Any number of examples and keys is fine, and the results have the dtype of the inputs: nothing on the way is "
    "turned into another."
)
def test_additive_one_and_dtype(student):
    """One example, one key; float32 stays float32, and float64 stays float64 throughout."""
    cases = ((1, 4, False, torch.float32), (3, 1, True, torch.float32), (1, 1, True, torch.float64))
    for size, length, given, dtype in (*cases, (3, 5, True, torch.float64)):
        parameters = {name: value.to(dtype) for name, value in _parameters().items()}
        query, keys = (tensor.to(dtype) for tensor in _batch(size, length))
        precision = 1e-5 if dtype == torch.float32 else 1e-10
        masks = [torch.ones(size, length, dtype=torch.bool) if given else None]
        ((context, weights),) = map(_pair, student.run(_probe_forward, SIZES, parameters, query, keys, masks, False))
        assert_shape(weights, (size, length), name="the weights")
        require(context.dtype == weights.dtype == dtype, f"{context.dtype} and {weights.dtype} for {dtype}")
        want_context, want_weights = _attend(_scores(parameters, query, keys), keys)
        assert_close(weights, want_weights, rtol=precision, atol=precision, name="the weights")
        assert_close(context, want_context, rtol=precision, atol=precision, name="the context")


def _probe_train(module, query, keys, target, steps):
    """Losses of gradient descent on a small attention that shall find the key that looks like the query."""
    import torch

    torch.manual_seed(0)
    attention = module.AdditiveAttention(query.shape[1], keys.shape[2], 12).double()
    parameters, losses = list(attention.parameters()), []
    with torch.no_grad():
        for parameter in parameters:
            parameter.normal_(0, 0.7)
    for _ in range(steps):
        context, _ = attention(query, keys)
        loss = ((context - target) ** 2).mean()
        losses.append(loss.item())
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients):  # noqa: B905
                parameter -= gradient
    return losses


@pytest.mark.weight(2.5)
@pytest.mark.hint("The layers do not learn which key belongs to a query: do query and keys meet before the tanh?")
def test_additive_can_be_trained(student):
    """A few steps of gradient descent teach the network to find the key of the kind that the query names."""
    kind = torch.arange(12) % 3
    query = torch.eye(3, dtype=torch.float64)[kind]
    order = torch.stack([torch.randperm(3) for _ in range(12)])
    keys = 2 * torch.eye(3, dtype=torch.float64)[order]  # one key of each kind, anywhere
    losses = student.run(_probe_train, query, keys, 2 * query, 25)
    # The plain mean of the keys costs 8 / 9.
    require(losses[-1] < 0.3 and losses[-1] < losses[0], f"the loss went from {losses[0]:.3g} to {losses[-1]:.3g}")
