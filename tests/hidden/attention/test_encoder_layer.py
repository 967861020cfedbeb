"""EncoderLayer, whose layers may have any name. Oracle: torch's own nn.TransformerEncoderLayer.

The probes find the layers by their kind and give all of a kind the same numbers, so that it does not matter which is
called what: both normalisations are alike. That each is used is told by its gradient.
"""

from functools import partial

import pytest
import torch
import torch.nn.functional as F

from autograder.suite import assert_close, assert_shape, require

pytestmark = pytest.mark.question("EncoderLayer")

EMBED, HEADS, WIDTH = 8, 2, 12
NAMES = ("q_proj", "k_proj", "v_proj", "out_proj")
PARTS = (
    "An encoder layer has one MultiHeadAttention (yours), two nn.LayerNorm, and two nn.Linear, to ff_dim and back; all "
    "registered as attributes, and nothing else that is learnt."
)
POST_NORM = "This is post-norm: the sum is normalised. Pre-norm normalises what goes INTO attention and feed-forward."
NO_SHORTCUT = "A shortcut is missing: what attention and feed-forward give is ADDED to what they were made from."
NORMED_SHORTCUT = "The shortcut carries the normalised x; in pre-norm it carries x as it came in."
NOT_NORMED = "Something is not normalised: attention and feed-forward each see a normalised x."
QUERY_ALONE = "Only the query is normalised: query, key and value are all the normalised x."
RELU = "The activation between the two linear layers is a ReLU; a GELU is asked for."
TANH_GELU = "This is GELU's approximation by a tanh; the exact one is asked for."
NO_ACTIVATION = "There is no activation between the two linear layers."
NO_ATTENTION = "The attention has no effect on the output."
NO_FEED_FORWARD = "The feed-forward network has no effect on the output."
PARALLEL = "The feed-forward network sees x from before the attention; it comes after it."
NORM_AT_THE_END = "There is one normalisation too many, at the end."
IGNORED = "The mask has no effect: hand it on to the attention."
CUT = "The gradient of x is wrong: it comes through the shortcuts as well as through attention and feed-forward."
POLARITY = "The mask is turned round: True means MAY attend."


def _probe_forward(module, sizes, attention, norm, feed_forward, x, masks, train, by=None):
    """The output for each mask, and the number of parts of each kind; all of a kind have the same parameters.

    With `by`, the gradient of x instead, for the sum of the first output weighed by it.
    """
    import torch

    layer = module.EncoderLayer(*sizes).to(x.dtype).train(train)
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
        return torch.autograd.grad((layer(x.requires_grad_(), *masks) * by).sum(), x)[0]
    with torch.no_grad():
        outputs = [layer(x) if mask is None else layer(x, mask) for mask in masks]
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
    layer = torch.nn.TransformerEncoderLayer(EMBED, HEADS, WIDTH, 0.0, batch_first=True, **settings).double()
    values = {
        "self_attn.in_proj_weight": torch.cat([attention[n][0] for n in NAMES[:3]]),
        "self_attn.in_proj_bias": torch.cat([attention[n][1] for n in NAMES[:3]]),
        "self_attn.out_proj.weight": attention["out_proj"][0],
        "self_attn.out_proj.bias": attention["out_proj"][1],
    }
    for name, pair in (("linear1", feed_forward[0]), ("linear2", feed_forward[1]), ("norm1", norm), ("norm2", norm)):
        values |= {f"{name}.weight": pair[0], f"{name}.bias": pair[1]}
    layer.load_state_dict(values)
    return layer.requires_grad_(False)


def _masked(layer, x, mask):
    """torch's layer with one of our masks: True forbids there, and heads and examples share a dimension."""
    forbidden = ~mask.expand(len(x), HEADS, x.shape[1], x.shape[1]).flatten(0, 1)
    return layer(x, src_mask=forbidden)


def _named_mistakes(parameters, x):
    """hint -> what that mistake gives."""
    layer = _torch_layer(parameters)
    norm = layer.norm1

    def attend(h, others=None):
        others = h if others is None else others
        return layer.self_attn(h, others, others, need_weights=False)[0]

    def feed(h, activation=F.gelu):
        return layer.linear2(activation(layer.linear1(h)))

    after, unnormed = x + attend(norm(x)), x + attend(x)
    on_normed, query_alone = norm(x) + attend(norm(x)), x + attend(norm(x), x)
    return {
        POST_NORM: _torch_layer(parameters, norm_first=False)(x),
        RELU: _torch_layer(parameters, activation=F.relu)(x),
        TANH_GELU: after + feed(norm(after), lambda h: F.gelu(h, approximate="tanh")),
        NO_ACTIVATION: after + feed(norm(after), lambda h: h),
        NO_SHORTCUT: feed(norm(after)),
        NO_SHORTCUT + " ": attend(norm(x)) + feed(norm(attend(norm(x)))),
        NO_SHORTCUT + "  ": feed(norm(attend(norm(x)))),
        NORMED_SHORTCUT: on_normed + feed(norm(on_normed)),
        NORMED_SHORTCUT + " ": norm(on_normed) + feed(norm(on_normed)),
        NORMED_SHORTCUT + "  ": norm(after) + feed(norm(after)),
        NOT_NORMED: after + feed(after),
        NOT_NORMED + " ": unnormed + feed(norm(unnormed)),
        NOT_NORMED + "  ": unnormed + feed(unnormed),
        QUERY_ALONE: query_alone + feed(norm(query_alone)),
        NO_ATTENTION: x + feed(norm(x)),
        NO_FEED_FORWARD: after,
        PARALLEL: after + feed(norm(x)),
        NORM_AT_THE_END: norm(after + feed(norm(after))),
    }


def _x(size=2, length=5):
    return 2 * torch.randn(size, length, EMBED, dtype=torch.float64) + 0.5


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("The output has the shape of the input; the mask is optional.")
def test_encoder_layer_shapes(student):
    """Two sequences of three positions stay two sequences of three positions."""
    layer = student.EncoderLayer(8, 2, 16)
    x = torch.linspace(-1, 1, 48).reshape(2, 3, 8)
    assert layer(x).shape == (2, 3, 8)
    assert layer(x, torch.ones(2, 1, 1, 3).bool()).shape == (2, 3, 8)


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint(IGNORED)
def test_encoder_layer_padding_is_not_seen(student):
    """Another number in a padded position changes nothing in the real ones."""
    layer = student.EncoderLayer(4, 2, 6)
    x = torch.linspace(-1, 1, 12).reshape(1, 3, 4) ** 2
    other = torch.cat([x[:, :2], torch.tensor([[[3.0, -1.0, 0.0, 5.0]]])], dim=1)
    mask = torch.tensor([True, True, False]).reshape(1, 1, 1, 3)
    assert torch.allclose(layer(x, mask)[:, :2], layer(other, mask)[:, :2], atol=1e-5)


@pytest.mark.weight(1)
@pytest.mark.hint(PARTS)
def test_encoder_layer_parts(student):
    """The layer has one attention, two normalisations and two linear layers, and no parameters besides."""
    parameters = _parameters()
    _, found = student.run(_probe_forward, (EMBED, HEADS, WIDTH), *parameters, _x(), [None], False)
    attentions, norms, linears, count = found
    require(attentions == 1, f"{attentions} MultiHeadAttention")
    require(norms == 2, f"{norms} LayerNorm")
    require(sorted(linears) == [[EMBED, WIDTH], [WIDTH, EMBED]], f"the linear layers have shapes {linears}")
    want = 4 * (EMBED + 1) * EMBED + 4 * EMBED + (EMBED + 1) * WIDTH + (WIDTH + 1) * EMBED
    require(count == want, f"{count} parameters, expected {want}")


@pytest.mark.weight(5)
@pytest.mark.hint("Normalise, attend, add; then normalise, feed forward, add. Nothing before, between or after.")
def test_encoder_layer_values(student):
    """The output is that of a pre-norm layer, in training and in evaluation mode."""
    parameters, x = _parameters(), _x()
    want = _torch_layer(parameters)(x)
    for train in (False, True):
        (got,), _ = student.run(_probe_forward, (EMBED, HEADS, WIDTH), *parameters, x, [None], train)
        assert_close(got, want, rtol=1e-6, name="the output", mistakes=partial(_named_mistakes, parameters, x))


def _mask_mistakes(layer, x, mask):
    return {IGNORED: layer(x), POLARITY: _masked(layer, x, ~mask)}


@pytest.mark.weight(2)
@pytest.mark.hint("The mask goes to the attention as it is.")
def test_encoder_layer_mask_values(student):
    """Masks of ranks 2, 3 and 4 are obeyed."""
    parameters, x = _parameters(), _x(size=3, length=4)
    masks = [torch.rand(shape) < 0.6 for shape in ((4, 4), (2, 4, 4), (3, 1, 1, 4), (3, 2, 4, 4))]
    for mask in masks:
        mask[..., 1], mask[..., 0] = True, False  # turned round, too, every row has a key: torch's layer needs one
    outputs, _ = student.run(_probe_forward, (EMBED, HEADS, WIDTH), *parameters, x, masks, False)
    layer = _torch_layer(parameters)
    for mask, got in zip(masks, outputs, strict=True):
        mistakes = partial(_mask_mistakes, layer, x, mask)
        name = f"the output with a mask of shape {list(mask.shape)}"
        assert_close(got, _masked(layer, x, mask), rtol=1e-6, name=name, mistakes=mistakes)


@pytest.mark.weight(1.5)
@pytest.mark.hint(
    "With nothing to be added, x must come through unchanged: a shortcut around each part, and no normalisation on it."
)
def test_encoder_layer_zeroed(student):
    """With all parameters at zero the layer is the identity."""
    attention, norm, feed_forward = _parameters()
    zeros = [{n: tuple(0 * t for t in pair) for n, pair in attention.items()}, tuple(0 * t for t in norm)]
    zeros.append([tuple(0 * t for t in pair) for pair in feed_forward])
    x = _x(size=1, length=3)
    (got,), _ = student.run(_probe_forward, (EMBED, HEADS, WIDTH), *zeros, x, [None], True)
    assert_close(got, x, rtol=1e-9, name="the output")


def _probe_gradients(module, sizes, x, mask):
    """Total absolute gradient of each parameter and of x; None where there is none.

    Without the bias of the keys: what is added to all scores of a query does not matter.
    """
    import torch

    torch.manual_seed(0)
    layer = module.EncoderLayer(*sizes).double()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.normal_(0, 0.4)
    x = x.requires_grad_()
    (layer(x, mask) ** 2).sum().backward()
    totals = {name: p.grad for name, p in layer.named_parameters() if not name.endswith("k_proj.bias")}
    return {name: None if grad is None else grad.abs().sum().item() for name, grad in {**totals, "x": x.grad}.items()}


@pytest.mark.weight(1.5)
@pytest.mark.hint("Every layer that you make must be used, each for one thing, and nothing may be detached.")
def test_encoder_layer_gradients(student):
    """Every parameter gets a finite gradient, an empty sequence among others, and that of the input is right."""
    mask = torch.tensor([[True, True, False, False], [True] * 4, [False] * 4])[:, None, None]
    found = student.run(_probe_gradients, (EMBED, HEADS, WIDTH), _x(3, 4), mask)
    without = [name for name, total in found.items() if total is None or not 0 < total < float("inf")]
    require(not without, f"no or no finite gradient in {without}")
    parameters, x, by = _parameters(), _x(), torch.randn(2, 5, EMBED, dtype=torch.float64)
    got = student.run(_probe_forward, (EMBED, HEADS, WIDTH), *parameters, x, [None], False, by)
    leaf = x.clone().requires_grad_()
    (want,) = torch.autograd.grad((_torch_layer(parameters)(leaf) * by).sum(), leaf)
    assert_close(got, want, rtol=1e-5, name="the gradient of x", hint=CUT)


@pytest.mark.weight(0.5)
@pytest.mark.hint(
    "Any sizes must work, one example and one position too, and all of it has the dtype of x and the parameters."
)
def test_encoder_layer_other_sizes(student):
    """One position, one example, as many heads as features; the dtype stays what it is."""
    parameters, x = _parameters(), _x(size=3, length=1)
    (got,), _ = student.run(_probe_forward, (EMBED, HEADS, WIDTH), *parameters, x, [None], False)
    # A single key has all the weight, so that the precision is that of float64, however the scores are computed.
    assert_close(got, _torch_layer(parameters)(x), rtol=1e-9, atol=1e-10, name="the output for one position")
    require(got.dtype == torch.float64, f"the output is {got.dtype}")
    for sizes, shape in (((4, 4, 3), (1, 1, 4)), ((6, 1, 2), (2, 3, 6))):
        x = torch.randn(shape)
        output = assert_shape(student.EncoderLayer(*sizes)(x), shape, name="the output")
        require(output.dtype == x.dtype, f"the output is {output.dtype} for {x.dtype}")


def _probe_train(module, x, target, steps):
    """Losses of gradient descent on a small layer that shall tell each position about the others."""
    import torch

    torch.manual_seed(0)
    layer = module.EncoderLayer(x.shape[2], 2, 16).double()
    parameters, losses = list(layer.parameters()), []
    for _ in range(steps):
        loss = ((layer(x) - target) ** 2).mean()
        losses.append(loss.item())
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients):  # noqa: B905
                parameter -= gradient
    return losses


@pytest.mark.weight(2)
@pytest.mark.hint("The layer does not learn what needs a look at other positions: do gradients flow everywhere?")
def test_encoder_layer_can_be_trained(student):
    """Gradient descent teaches one layer to add the mean of the sequence to each position."""
    x = torch.randn(16, 5, EMBED, dtype=torch.float64)
    target = x + 2 * x.mean(dim=1, keepdim=True)
    losses = student.run(_probe_train, x, target, 16)
    # Leaving x as it is costs 0.8, and the best that a position can do alone 0.64.
    require(losses[-1] < 0.45 and losses[-1] < losses[0], f"the loss went from {losses[0]:.3g} to {losses[-1]:.3g}")
