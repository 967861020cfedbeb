"""MultiHeadAttention. Oracle: a loop over examples and heads, each with its own rows of the projections."""

from functools import partial

import pytest
import torch

from autograder.suite import assert_close, assert_shape, assert_tensor, raises_in_student, require

pytestmark = pytest.mark.question("MultiHeadAttention")

EMBED, HEADS = 12, 3
NAMES = ("q_proj", "k_proj", "v_proj", "out_proj")
LAYERS = "There are four layers, q_proj, k_proj, v_proj and out_proj: each nn.Linear(embed_dim, embed_dim) with bias."
BY_VIEW = (
    "The heads are mixed up with the positions: .view alone to [B, H, T, d] keeps the order of the numbers in memory, "
    "so a head gets some positions instead of some features. First take the features apart, then move the dimension."
)
BACK_BY_VIEW = (
    "The heads are right, but are put together in the wrong order: the dimension of the heads must be moved back "
    "beside the features before the two become one."
)
INTERLEAVED = "A head owns neighbouring features; here it has every H-th."
NO_OUT = "out_proj is not applied."
NO_IN = "The inputs are not projected: q_proj, k_proj and v_proj come first."
NO_SCALE = "The scores are not scaled."
SCALED_BY_E = "The scale is that of the whole width; a dot product within a head has only the head's features."
ONE_HEAD = "All features form a single head."
SWAPPED = "Key and value have changed places."
HEADS_FOR_WIDTH = "The number of heads and the width of a head have changed places."
NO_VALUE = "The values are made from the argument key: the argument value is not used."
SELF = "Keys and values are made from the query: cross-attention needs all three arguments."
POLARITY = "The mask is turned round: True means MAY attend."
IGNORED = "The mask has no effect."
NO_KEYS = "A query that may attend to nothing gets zeros from every head, so that only the bias of out_proj is left."


def _probe_forward(module, sizes, parameters, inputs, masks, train):
    """The output for each mask, with these weights and biases of the four layers."""
    import torch

    attention = module.MultiHeadAttention(*sizes).to(inputs[0].dtype).train(train)
    with torch.no_grad():
        for name, (weight, bias) in parameters.items():
            getattr(attention, name).weight.copy_(weight)
            getattr(attention, name).bias.copy_(bias)
        return [attention(*inputs) if mask is None else attention(*inputs, mask) for mask in masks]


def _probe_gradients(module, sizes, parameters, inputs, mask, by):
    """Gradients of the three inputs and of the weights and biases, for a weighted sum of the output."""
    import torch

    attention = module.MultiHeadAttention(*sizes).double()
    leaves = [tensor.requires_grad_() for tensor in inputs]
    with torch.no_grad():
        for name, (weight, bias) in parameters.items():
            layer = getattr(attention, name)
            layer.weight.copy_(weight)
            layer.bias.copy_(bias)
            leaves += [layer.weight, layer.bias]
    return list(torch.autograd.grad((attention(*inputs, mask) * by).sum(), leaves, allow_unused=True))


def _parameters(dim=EMBED):
    # Larger than torch's own, so that weights differ between keys and between heads.
    return {n: (0.5 * torch.randn(dim, dim).double(), torch.randn(dim, dtype=torch.float64)) for n in NAMES}


def _inputs(size=2, tq=4, tk=5, dim=EMBED):
    """Query, key and value: key and value are different tensors."""
    return [torch.randn(size, length, dim, dtype=torch.float64) for length in (tq, tk, tk)]


def _mask(*shape):
    """A random mask in which every row has a True."""
    mask = torch.rand(shape) < 0.6
    mask[..., 1] |= ~mask.any(dim=-1)
    return mask


def _one_head(q, k, v, allowed, scale):
    """[Tq, d] for one example and one head, from exponentials of the allowed keys."""
    raised = (q @ k.T * scale).exp() * (1.0 if allowed is None else allowed.double())
    return raised / raised.sum(dim=1, keepdim=True).clamp_min(1e-300) @ v


def _attention(parameters, inputs, mask=None, heads=HEADS, owned=None, scale=None, project=True, out=True):
    """The output, head by head. `owned` says which features a head has, `project` and `out` which layers are used."""
    q, k, v = inputs
    if project:
        q, k, v = (x @ parameters[n][0].T + parameters[n][1] for n, x in zip(NAMES, (q, k, v), strict=False))
    size, width = q.shape[2], q.shape[2] // heads
    owned = owned or (lambda h: slice(h * width, (h + 1) * width))
    scale = scale or width**-0.5
    allowed = None if mask is None else mask.expand(len(q), heads, q.shape[1], k.shape[1])
    joined = torch.empty(len(q), q.shape[1], size, dtype=q.dtype)
    for b in range(len(q)):
        for h in range(heads):
            seen = None if allowed is None else allowed[b, h]
            joined[b, :, owned(h)] = _one_head(q[b][:, owned(h)], k[b][:, owned(h)], v[b][:, owned(h)], seen, scale)
    return joined @ parameters["out_proj"][0].T + parameters["out_proj"][1] if out else joined


def _with_views(parameters, inputs, split, joined):
    """What comes out where heads are split or joined by .view instead of by moving a dimension."""
    q, k, v = (x @ parameters[n][0].T + parameters[n][1] for n, x in zip(NAMES, inputs, strict=False))
    shape = (len(q), HEADS, -1, EMBED // HEADS)
    q, k, v = (t.view(shape) if split else t.unflatten(2, (HEADS, -1)).transpose(1, 2) for t in (q, k, v))
    heads = (q @ k.transpose(2, 3) / (EMBED // HEADS) ** 0.5).softmax(dim=-1) @ v
    flat = heads.reshape(len(q), -1, EMBED) if joined else heads.transpose(1, 2).flatten(2)
    return flat @ parameters["out_proj"][0].T + parameters["out_proj"][1]


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("The output has one row of embed_dim numbers for each query, however many keys there are.")
def test_multi_head_shapes(student):
    """Two examples with three queries and five keys give three results each."""
    attention = student.MultiHeadAttention(8, 2)
    query, memory = torch.linspace(-1, 1, 48).reshape(2, 3, 8), torch.linspace(0, 1, 80).reshape(2, 5, 8)
    assert attention(query, memory, memory).shape == (2, 3, 8)
    assert attention(query, query, query, torch.ones(3, 3).bool()).shape == (2, 3, 8)


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("Where there is one key, it has all the weight: its value goes through v_proj and out_proj.")
def test_multi_head_single_key(student):
    """With a single key the output is its projected value, put through out_proj, whatever the query is."""
    attention = student.MultiHeadAttention(6, 3)
    query, memory = torch.linspace(-1, 1, 24).reshape(2, 2, 6), torch.linspace(1, 2, 12).reshape(2, 1, 6)
    wanted = attention.out_proj(attention.v_proj(memory))
    assert torch.allclose(attention(query, memory, memory), wanted.expand(2, 2, 6), atol=1e-5)


@pytest.mark.weight(1)
@pytest.mark.hint(LAYERS)
def test_multi_head_layers(student):
    """The four layers have the names and shapes of the docstring, and nothing else is learnt."""
    shapes = student.MultiHeadAttention(6, 2).parameter_shapes()
    want = {f"{n}.{p}": s for n in NAMES for p, s in (("weight", (6, 6)), ("bias", (6,)))}
    require(shapes == want, f"the parameters are {shapes}")


@pytest.mark.weight(1)
@pytest.mark.hint("Heads of different widths cannot be: say so with a ValueError when the module is made.")
def test_multi_head_indivisible(student):
    """An embed_dim that is not divisible by num_heads raises a ValueError, and one that is does not."""
    for dim, heads in ((10, 4), (6, 12), (7, 2)):
        with raises_in_student("ValueError"):
            student.MultiHeadAttention(dim, heads)
    for dim, heads in ((12, 4), (6, 6), (5, 1)):
        student.MultiHeadAttention(dim, heads)


def _named_mistakes(parameters, inputs):
    """What the known mistakes give, by the hint that explains each."""
    width = EMBED // HEADS
    exchanged = {**parameters, "k_proj": parameters["v_proj"], "v_proj": parameters["k_proj"]}
    return {
        NO_OUT: _attention(parameters, inputs, out=False),
        NO_IN: _attention(parameters, inputs, project=False),
        NO_SCALE: _attention(parameters, inputs, scale=1.0),
        SCALED_BY_E: _attention(parameters, inputs, scale=EMBED**-0.5),
        SCALED_BY_E + " ": _attention(parameters, inputs, scale=HEADS**-0.5),
        ONE_HEAD: _attention(parameters, inputs, heads=1),
        INTERLEAVED: _attention(parameters, inputs, owned=lambda h: slice(h, None, HEADS)),
        HEADS_FOR_WIDTH: _attention(parameters, inputs, heads=width),
        SWAPPED: _attention(parameters, [inputs[0], inputs[2], inputs[1]]),
        SWAPPED + " ": _attention(exchanged, [inputs[0], inputs[2], inputs[1]]),
        SWAPPED + "  ": _attention(exchanged, inputs),
        SELF: _attention(parameters, [inputs[0]] * 3),
        NO_VALUE: _attention(parameters, [inputs[0], inputs[1], inputs[1]]),
        BY_VIEW: _with_views(parameters, inputs, split=True, joined=True),
        BY_VIEW + " ": _with_views(parameters, inputs, split=True, joined=False),
        BACK_BY_VIEW: _with_views(parameters, inputs, split=False, joined=True),
    }


@pytest.mark.weight(5)
@pytest.mark.hint("Project, split the features into heads, attend in each head, put the heads side by side, project.")
def test_multi_head_values(student):
    """The output is right for other keys than values, more keys than queries, in training and evaluation mode."""
    parameters, inputs = _parameters(), _inputs(tq=4, tk=6)
    want = _attention(parameters, inputs)
    for train in (False, True):
        (got,) = student.run(_probe_forward, (EMBED, HEADS), parameters, inputs, [None], train)
        named = partial(_named_mistakes, parameters, inputs)
        assert_close(got, want, rtol=1e-6, name="the output", mistakes=named)


def _mask_mistakes(parameters, inputs, mask):
    return {IGNORED: _attention(parameters, inputs), POLARITY: _attention(parameters, inputs, ~mask)}


@pytest.mark.weight(3)
@pytest.mark.hint("The mask goes to the attention of all heads as it is, and broadcasts against [B, H, Tq, Tk].")
def test_multi_head_mask_values(student):
    """Masks of ranks 2, 3 and 4 are obeyed, with a mask for each head or each example as well."""
    parameters, inputs = _parameters(), _inputs(size=4, tq=4, tk=5)
    masks = [_mask(*shape) for shape in ((4, 5), (3, 4, 5), (4, 1, 1, 5), (4, 3, 4, 5), (3, 1, 5))]
    outputs = student.run(_probe_forward, (EMBED, HEADS), parameters, inputs, masks, False)
    for mask, got in zip(masks, outputs, strict=True):
        mistakes = partial(_mask_mistakes, parameters, inputs, mask)
        name = f"the output with a mask of shape {list(mask.shape)}"
        assert_close(got, _attention(parameters, inputs, mask), rtol=1e-6, name=name, mistakes=mistakes)


@pytest.mark.weight(1)
@pytest.mark.hint(NO_KEYS)
def test_multi_head_without_any_key(student):
    """A query that may attend to nothing gets the bias of out_proj, and others beside it are as ever."""
    parameters, inputs = _parameters(), _inputs()
    mask = _mask(2, 1, 4, 5)
    mask[0, 0, 2], mask[1, 0, 0] = False, False
    (got,) = student.run(_probe_forward, (EMBED, HEADS), parameters, inputs, [mask], False)
    got = assert_tensor(got, name="the output")
    assert_close(got.nan_to_num(nan=1e3), _attention(parameters, inputs, mask), rtol=1e-6, name="the output")


@pytest.mark.weight(2)
@pytest.mark.hint("The output must be differentiable in query, key, value and all four layers; nothing is detached.")
def test_multi_head_gradients(student):
    """The gradients of the inputs and of all four layers are right, for a query without any key, too."""
    parameters, inputs = _parameters(), _inputs()
    mask = _mask(2, 1, 4, 5)
    mask[1, 0, 3] = False
    by = torch.randn(2, 4, EMBED, dtype=torch.float64)
    got = student.run(_probe_gradients, (EMBED, HEADS), parameters, inputs, mask, by)
    leaves = [tensor.clone().requires_grad_() for tensor in inputs]
    own = {n: tuple(t.clone().requires_grad_() for t in pair) for n, pair in parameters.items()}
    everything = [*leaves, *(t for pair in own.values() for t in pair)]
    want = torch.autograd.grad((_attention(own, leaves, mask) * by).sum(), everything)
    names = ["query", "key", "value", *(f"{n}.{p}" for n in NAMES for p in ("weight", "bias"))]
    for name, g, w in zip(names, got, want, strict=True):
        require(g is not None, f"no gradient reaches {name}")
        finite = "The gradient is NaN or infinite: a query without keys must be harmless on the way back as well."
        require(bool(torch.isfinite(g).all()), f"the gradient of {name} is not finite", finite)
        assert_close(g, w, rtol=1e-5, atol=1e-9, name=f"the gradient of {name}")


@pytest.mark.weight(1)
@pytest.mark.hint(
    "Any number of heads, examples, queries and keys is fine, and the output has the dtype of the inputs: nothing on "
    "the way is turned into another."
)
def test_multi_head_other_sizes(student):
    """One head, as many heads as features, one example, one query, one key; the dtype stays what it is."""
    single, double = (torch.float32, 1e-4), (torch.float64, 1e-10)
    # With one key its weight is 1, so that only the projections count and the precision is theirs.
    cases = ((4, 1, 3, 2, 5, single), (4, 4, 1, 3, 2, single), (6, 2, 2, 1, 1, double))
    for dim, heads, size, tq, tk, (dtype, precision) in cases:
        parameters, inputs = _parameters(dim), _inputs(size, tq, tk, dim)
        cast = {n: tuple(t.to(dtype) for t in pair) for n, pair in parameters.items()}
        (got,) = student.run(_probe_forward, (dim, heads), cast, [t.to(dtype) for t in inputs], [None], False)
        got = assert_shape(got, (size, tq, dim), name="the output")
        require(got.dtype == dtype, f"the output is {got.dtype} for {dtype}")
        want = _attention(parameters, inputs, heads=heads)
        assert_close(got, want, rtol=10 * precision, atol=precision, name="the output")


def _probe_train(module, query, memory, target, steps):
    """Losses of gradient descent on a small attention that shall move what stands elsewhere."""
    import torch

    torch.manual_seed(0)
    attention = module.MultiHeadAttention(8, 2).double()
    parameters, losses = list(attention.parameters()), []
    for _ in range(steps):
        loss = ((attention(query, memory, memory) - target) ** 2).mean()
        losses.append(loss.item())
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients):  # noqa: B905
                parameter -= 2.0 * gradient
    return losses


@pytest.mark.weight(3)
@pytest.mark.hint("The attention does not learn to look where the query says: do gradients reach all projections?")
def test_multi_head_can_be_trained(student):
    """Gradient descent teaches two heads to fetch what stands at the position that the query names."""
    place = torch.eye(4, dtype=torch.float64)
    content = torch.randn(16, 4, 4, dtype=torch.float64)
    memory = torch.cat([content, 2 * place.expand(16, 4, 4)], dim=2)  # content and position, [16, 4, 8]
    wanted = torch.tensor([2, 0, 3, 1])
    query = torch.cat([torch.zeros(4, 4, dtype=torch.float64), 2 * place[wanted]], dim=1).expand(16, 4, 8)
    target = torch.cat([content[:, wanted], torch.zeros_like(content)], dim=2)
    losses = student.run(_probe_train, query, memory, target, 30)
    # Looking everywhere alike leaves three quarters of the content's variance: 0.37.
    require(losses[-1] < 0.25 and losses[-1] < losses[0], f"the loss went from {losses[0]:.3g} to {losses[-1]:.3g}")
