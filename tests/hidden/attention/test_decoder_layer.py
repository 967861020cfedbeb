"""DecoderLayer, whose layers may have any name. Oracle: torch's own nn.TransformerDecoderLayer.

As for the encoder, all layers of a kind get the same numbers, so that it does not matter which is called what: both
attentions are alike, and all three normalisations. That each is used is told by its gradient.
"""

from functools import partial

import pytest
import torch
import torch.nn.functional as F

from autograder.suite import assert_close, require

pytestmark = pytest.mark.question("DecoderLayer")

SIZES = EMBED, HEADS, WIDTH = 8, 2, 12
NAMES = ("q_proj", "k_proj", "v_proj", "out_proj")
PARTS = (
    "A decoder layer has two MultiHeadAttention (yours), three nn.LayerNorm, and two nn.Linear, to ff_dim and back; "
    "all registered as attributes, and nothing else that is learnt."
)
NOT_CAUSAL = "There is no causal mask: a position sees those after it."
MEMORY_CAUSAL = "Memory is masked causally: every position may see all of it, early or late."
POST_NORM = "This is post-norm: the sum is normalised. Pre-norm normalises what goes INTO each of the three parts."
MEMORY_NORMED = "Memory is normalised; it is used as it comes in."
NO_CROSS = "Memory has no effect on the output: the second attention takes its keys and values from there."
NO_SELF = "There is no self-attention before the look at memory."
CROSS_FIRST = "The look at memory comes before the self-attention; it should come after it."
NO_SHORTCUT = "A shortcut is missing: what each part gives is ADDED to what it was made from."
NOT_NORMED = "Something is not normalised: each of the three parts sees a normalised x."
RELU = "The activation between the two linear layers is a ReLU; a GELU is asked for."
TANH_GELU = "This is GELU's approximation by a tanh; the exact one is asked for."
NO_FEED_FORWARD = "The feed-forward network has no effect on the output."
NORM_AT_THE_END = "There is one normalisation too many, at the end."
IGNORED = "memory_mask has no effect: hand it on to the attention to memory."
POLARITY = "memory_mask is turned round: True means MAY attend."


def _probe_forward(module, sizes, attention, norm, feed_forward, calls, train, by=None):
    """The output of each call, and the number of parts of each kind; all of a kind have the same parameters.

    With `by`, the gradients of x and memory instead, for the sum of the first output weighed by it.
    """
    import torch

    layer = module.DecoderLayer(*sizes).to(calls[0][0].dtype).train(train)
    own = [m for m in layer.modules() if isinstance(m, module.MultiHeadAttention)]
    inside = {id(m) for attn in own for m in attn.modules()}
    parts = [m for m in layer.modules() if id(m) not in inside]
    norms = [m for m in parts if isinstance(m, torch.nn.LayerNorm)]
    linears = [m for m in parts if isinstance(m, torch.nn.Linear)]
    with torch.no_grad():
        for attn in own:
            for name, (weight, bias) in attention.items():
                getattr(attn, name).weight.copy_(weight)
                getattr(attn, name).bias.copy_(bias)
        for part in [*norms, *linears]:
            values = norm if part in norms else feed_forward[0 if part.weight.shape[0] == sizes[2] else 1]
            part.weight.copy_(values[0])
            part.bias.copy_(values[1])
    if by is not None:
        x, memory = (tensor.requires_grad_() for tensor in calls[0])
        return list(torch.autograd.grad((layer(x, memory) * by).sum(), (x, memory), allow_unused=True))
    with torch.no_grad():
        outputs = [layer(*call) for call in calls]
    shapes = [list(m.weight.shape) for m in linears]
    return [outputs, [len(own), len(norms), shapes, sum(p.numel() for p in layer.parameters())]]


def _pairs(*shapes):
    return [(0.5 * torch.randn(s, dtype=torch.float64), torch.randn(s[0], dtype=torch.float64)) for s in shapes]


def _parameters():
    """attention (name -> pair), normalisation (pair), feed-forward (two pairs): pairs of weight and bias."""
    attention = dict(zip(NAMES, _pairs(*[(EMBED, EMBED)] * 4), strict=True))
    norm = (1 + 0.3 * torch.randn(EMBED).double(), 0.5 * torch.randn(EMBED, dtype=torch.float64))
    return attention, norm, _pairs((WIDTH, EMBED), (EMBED, WIDTH))


def _torch_layer(parameters, **settings):
    """torch's own layer with the same parameters."""
    attention, norm, feed_forward = parameters
    settings = {"activation": F.gelu, "norm_first": True, **settings}
    layer = torch.nn.TransformerDecoderLayer(EMBED, HEADS, WIDTH, 0.0, batch_first=True, **settings).double()
    values = {}
    for name in ("self_attn", "multihead_attn"):
        values |= {
            f"{name}.in_proj_weight": torch.cat([attention[n][0] for n in NAMES[:3]]),
            f"{name}.in_proj_bias": torch.cat([attention[n][1] for n in NAMES[:3]]),
            f"{name}.out_proj.weight": attention["out_proj"][0],
            f"{name}.out_proj.bias": attention["out_proj"][1],
        }
    norms = [(f"norm{i}", norm) for i in (1, 2, 3)]
    for name, pair in (("linear1", feed_forward[0]), ("linear2", feed_forward[1]), *norms):
        values |= {f"{name}.weight": pair[0], f"{name}.bias": pair[1]}
    layer.load_state_dict(values)
    return layer.requires_grad_(False)


def _future(length):
    """True where torch's layer must not look."""
    return torch.ones(length, length, dtype=torch.bool).triu(1)


def _decoded(layer, x, memory, mask=None):
    """torch's layer with one of our masks: True forbids there, and heads and examples share a dimension."""
    if mask is not None:
        mask = ~mask.expand(len(x), HEADS, x.shape[1], memory.shape[1]).flatten(0, 1)
    return layer(x, memory, tgt_mask=_future(x.shape[1]), memory_mask=mask)


def _named_mistakes(parameters, x, memory):
    """hint -> what that mistake gives."""
    layer = _torch_layer(parameters)
    norm, future = layer.norm1, _future(x.shape[1])

    def attend(h, others=None, mask=None):
        others, mask = (h, future) if others is None else (others, mask)
        return layer.self_attn(h, others, others, attn_mask=mask, need_weights=False)[0]

    def finish(h, activation=F.gelu):
        return h + layer.linear2(activation(layer.linear1(norm(h))))

    seen = x + attend(norm(x))
    crossed, first = seen + attend(norm(seen), memory), x + attend(norm(x), memory)
    unnormed, alone, unmasked = x + attend(x), attend(norm(x)), x + attend(norm(x), norm(x), future.T)
    causal_memory = torch.ones(x.shape[1], memory.shape[1], dtype=torch.bool).triu(1)
    post = _torch_layer(parameters, norm_first=False)
    return {
        NOT_CAUSAL: layer(x, memory),
        NOT_CAUSAL + " ": finish(unmasked + attend(norm(unmasked), memory)),
        MEMORY_CAUSAL: layer(x, memory, tgt_mask=future, memory_mask=causal_memory),
        POST_NORM: _decoded(post, x, memory),
        MEMORY_NORMED: finish(seen + attend(norm(seen), norm(memory))),
        NO_CROSS: finish(seen),
        NO_CROSS + " ": finish(seen + attend(norm(seen))),
        NO_CROSS + "  ": finish(seen + attend(norm(seen), norm(seen))),
        NO_SELF: finish(first),
        CROSS_FIRST: finish(first + attend(norm(first))),
        NO_SHORTCUT: finish(alone + attend(norm(alone), memory)),
        NO_SHORTCUT + " ": finish(attend(norm(seen), memory)),
        NO_SHORTCUT + "  ": finish(crossed) - crossed,
        NOT_NORMED: finish(seen + attend(seen, memory)),
        NOT_NORMED + " ": crossed + layer.linear2(F.gelu(layer.linear1(crossed))),
        NOT_NORMED + "  ": finish(unnormed + attend(norm(unnormed), memory)),
        RELU: finish(crossed, F.relu),
        TANH_GELU: finish(crossed, lambda h: F.gelu(h, approximate="tanh")),
        NO_FEED_FORWARD: crossed,
        NORM_AT_THE_END: norm(finish(crossed)),
    }


def _case(size=2, length=4, source=6):
    """x and memory, of different lengths."""
    x = 2 * torch.randn(size, length, EMBED, dtype=torch.float64) + 0.5
    return x, torch.randn(size, source, EMBED, dtype=torch.float64) - 0.5


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("The output has the shape of x, however long memory is; memory_mask is optional.")
def test_decoder_layer_shapes(student):
    """Two sequences of three positions stay so, beside memories of five."""
    layer = student.DecoderLayer(8, 2, 16)
    x, memory = torch.linspace(-1, 1, 48).reshape(2, 3, 8), torch.linspace(0, 1, 80).reshape(2, 5, 8)
    assert layer(x, memory).shape == (2, 3, 8)
    assert layer(x, memory, torch.ones(2, 1, 1, 5).bool()).shape == (2, 3, 8)


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint(NOT_CAUSAL)
def test_decoder_layer_is_causal(student):
    """Another number in the last position changes nothing in those before it."""
    layer = student.DecoderLayer(4, 2, 6)
    x, memory = torch.linspace(-1, 1, 12).reshape(1, 3, 4) ** 2, torch.linspace(-1, 1, 20).reshape(1, 5, 4)
    other = torch.cat([x[:, :2], torch.tensor([[[3.0, -1.0, 0.0, 5.0]]])], dim=1)
    assert torch.allclose(layer(x, memory)[:, :2], layer(other, memory)[:, :2], atol=1e-5)


@pytest.mark.weight(1)
@pytest.mark.hint(PARTS)
def test_decoder_layer_parts(student):
    """The layer has two attentions, three normalisations and two linear layers, and no parameters besides."""
    _, found = student.run(_probe_forward, SIZES, *_parameters(), [_case()], False)
    attentions, norms, linears, count = found
    require(attentions == 2, f"{attentions} MultiHeadAttention")
    require(norms == 3, f"{norms} LayerNorm")
    require(sorted(linears) == [[EMBED, WIDTH], [WIDTH, EMBED]], f"the linear layers have shapes {linears}")
    want = 8 * (EMBED + 1) * EMBED + 6 * EMBED + (EMBED + 1) * WIDTH + (WIDTH + 1) * EMBED
    require(count == want, f"{count} parameters, expected {want}")


@pytest.mark.weight(5)
@pytest.mark.hint("Three times: normalise, do one thing, add. First self-attention, then memory, then feed-forward.")
def test_decoder_layer_values(student):
    """The output is that of a pre-norm layer, beside memories longer, shorter and as long, in both modes."""
    parameters = _parameters()
    calls = [_case(), _case(length=5, source=3), _case(length=4, source=4)]
    layer = _torch_layer(parameters)
    for train in (False, True):
        outputs, _ = student.run(_probe_forward, SIZES, *parameters, calls, train)
        # Where T is not S, so that none is hidden.
        mistakes = None if train else partial(_named_mistakes, parameters, *calls[0])
        for (x, memory), got in zip(calls, outputs, strict=True):
            assert_close(got, _decoded(layer, x, memory), rtol=1e-6, name="the output", mistakes=mistakes)


def _mask_mistakes(layer, x, memory, mask):
    return {IGNORED: _decoded(layer, x, memory), POLARITY: _decoded(layer, x, memory, ~mask)}


@pytest.mark.weight(2)
@pytest.mark.hint("memory_mask goes to the attention to memory as it is, and to no other.")
def test_decoder_layer_memory_mask(student):
    """Masks over memory of ranks 2, 3 and 4 are obeyed."""
    parameters = _parameters()
    x, memory = _case(size=3, length=4, source=5)
    masks = [torch.rand(shape) < 0.6 for shape in ((4, 5), (2, 4, 5), (3, 1, 1, 5), (3, 2, 4, 5))]
    for mask in masks:
        mask[..., 1], mask[..., 0] = True, False  # turned round, too, every row has a key: torch's layer needs one
    outputs, _ = student.run(_probe_forward, SIZES, *parameters, [[x, memory, mask] for mask in masks], False)
    layer = _torch_layer(parameters)
    for mask, got in zip(masks, outputs, strict=True):
        mistakes = partial(_mask_mistakes, layer, x, memory, mask)
        name = f"the output with a mask of shape {list(mask.shape)}"
        assert_close(got, _decoded(layer, x, memory, mask), rtol=1e-6, name=name, mistakes=mistakes)


@pytest.mark.weight(1)
@pytest.mark.hint(
    "The gradients of x and memory are wrong: they come through the shortcuts and through all three parts, and that of "
    "memory through keys and values alike."
)
def test_decoder_layer_input_gradients(student):
    """The gradients of x and of memory are right."""
    parameters, (x, memory), by = _parameters(), _case(), torch.randn(2, 4, EMBED, dtype=torch.float64)
    got = student.run(_probe_forward, SIZES, *parameters, [[x, memory]], False, by)
    leaves = x.clone().requires_grad_(), memory.clone().requires_grad_()
    want = torch.autograd.grad((_decoded(_torch_layer(parameters), *leaves) * by).sum(), leaves)
    for name, g, w in zip(("x", "memory"), got, want, strict=True):
        require(g is not None, f"no gradient reaches {name}")
        assert_close(g, w, rtol=1e-5, name=f"the gradient of {name}")


@pytest.mark.weight(0.5)
@pytest.mark.hint("A single position works, too, and all of it has the dtype of x and the parameters.")
def test_decoder_layer_single_position(student):
    """One position beside a memory of one position is right to the last digits of float64."""
    parameters, (x, memory) = _parameters(), _case(size=3, length=1, source=1)
    (got,), _ = student.run(_probe_forward, SIZES, *parameters, [[x, memory]], False)
    # A single key has all the weight, so that the precision is that of float64, however the scores are computed.
    assert_close(got, _decoded(_torch_layer(parameters), x, memory), rtol=1e-9, atol=1e-10, name="the output")
    require(got.dtype == torch.float64, f"the output is {got.dtype}")


@pytest.mark.weight(1)
@pytest.mark.hint(
    "With nothing to be added, x must come through unchanged: a shortcut around each part, and no normalisation on it."
)
def test_decoder_layer_zeroed(student):
    """With all parameters at zero the layer is the identity."""
    attention, norm, feed_forward = _parameters()
    zeros = [{n: tuple(0 * t for t in pair) for n, pair in attention.items()}, tuple(0 * t for t in norm)]
    zeros.append([tuple(0 * t for t in pair) for pair in feed_forward])
    x, memory = _case(size=1)
    (got,), _ = student.run(_probe_forward, SIZES, *zeros, [[x, memory]], True)
    assert_close(got, x, rtol=1e-9, name="the output")
