"""The residual block. Layers may have any name and normalisation, so tests see behaviour alone.

With every parameter at zero only the shortcut is left; with everything but 1 x 1 convolutions at zero, too, and
then the block is linear in x.
"""

import pytest
import torch

from autograder.suite import assert_close, assert_shape, require

pytestmark = pytest.mark.question("ResidualBlock")

NO_SHORTCUT = "With all weights at zero nothing is left of x: the output is h PLUS a shortcut of x."
NOT_LAST = (
    "The sum with the shortcut is the last operation: nothing is applied to it, neither an activation nor a factor."
)
TIME_IGNORED = (
    "The time embedding does not change the output. Is it added, and does a normalisation over single channels take it "
    "away again?"
)
WIDE = "The shortcut is the identity wherever in_channels == out_channels, however many: `is` asks another question."
CUT = "A path of gradients is cut, so that they are not the output's slope: is something detached?"
DTYPE = "A block in float64 gives float64: make no tensor of a fixed dtype in it, and cast nothing."
NOT_ALONE = "An example's output depends on the other examples: batch normalisation has no place here."


def _probe_zero(module, x, temb, channels, train):
    """The output of a block with all parameters at zero."""
    import torch

    block = module.ResidualBlock(channels[0], channels[1], 8).double().train(train)
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.zero_()
        return block(x, temb)


def _probe_shortcut(module, xs, temb, before, after):
    """The outputs of a block between these numbers of channels whose 1 x 1 convolutions alone are not zero."""
    import torch

    torch.manual_seed(0)
    block = module.ResidualBlock(before, after, 8).double()
    with torch.no_grad():
        for parameter in block.parameters():
            if tuple(parameter.shape) == (after, before, 1, 1):
                parameter.normal_()
            else:
                parameter.zero_()
        return [block(x, temb) for x in xs]


def _probe_random(module, xs, tembs, channels, train):
    """Outputs for pairs of x and temb of one block with random parameters."""
    import torch

    torch.manual_seed(0)
    block = module.ResidualBlock(channels[0], channels[1], 8).double().train(train)
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.normal_(0, 0.2)
        return [block(x, temb) for x, temb in zip(xs, tembs)]  # noqa: B905


def _batch(channels=16, size=3):
    return (
        torch.randn(size, channels, 4, 6, dtype=torch.float64),
        torch.randn(size, 8, dtype=torch.float64),
    )


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("Convolutions with a kernel of 3 need padding to keep height and width.")
def test_residual_block_shapes(student):
    """The block keeps height and width and changes the number of channels, or does not."""
    x, temb = torch.linspace(-1, 1, 2 * 16 * 4 * 6).reshape(2, 16, 4, 6), torch.ones(2, 12)
    assert student.ResidualBlock(16, 32, 12)(x, temb).shape == (2, 32, 4, 6)
    assert student.ResidualBlock(16, 16, 12)(x, temb).shape == (2, 16, 4, 6)


@pytest.mark.weight(2.5)
@pytest.mark.hint(NO_SHORTCUT)
def test_residual_block_is_residual(student):
    """With all its parameters at zero the block is the identity."""
    x, temb = _batch()
    mistakes = {
        NO_SHORTCUT: torch.zeros_like(x),
        NOT_LAST: torch.relu(x),
        NOT_LAST + " ": torch.nn.functional.silu(x),
        NOT_LAST + "  ": x / 2**0.5,
        "The shortcut is counted twice.": 2 * x,
    }
    for train in (False, True):
        got = student.run(_probe_zero, x, temb, (16, 16), train)
        assert_close(got, x, rtol=1e-6, name="the output of the zeroed block", mistakes=mistakes)
    x, temb = torch.randn(1, 272, 2, 2, dtype=torch.float64), torch.randn(1, 8, dtype=torch.float64)
    got = student.run(_probe_zero, x, temb, (272, 272), False)
    assert_close(got, x, rtol=1e-6, name="the output of a zeroed block with 272 channels", hint=WIDE)


@pytest.mark.weight(1.5)
@pytest.mark.hint("Where the number of channels changes, x goes through a 1 x 1 convolution on the shortcut.")
def test_residual_block_shortcut_changes_channels(student):
    """With another number of channels the shortcut is a 1 x 1 convolution of x itself."""
    missing = "Where the number of channels changes there is no shortcut of x: a 1 x 1 convolution must carry it."
    for before, after in ((16, 32), (48, 16)):
        x, temb = _batch(before)
        one, two = student.run(_probe_shortcut, [x, 2 * x], temb, before, after)
        assert_shape(one, (3, after, 4, 6), name="the output")
        require(bool(one.abs().max() > 1e-9), "nothing arrives through 1 x 1 convolutions", missing)
        assert_close(two, 2 * one, rtol=1e-6, atol=1e-9, name="the output for twice the input")


@pytest.mark.weight(3)
@pytest.mark.hint(TIME_IGNORED)
def test_residual_block_uses_the_time(student):
    """Each example's output depends on its own time embedding, and on no other's."""
    x, temb = _batch()
    other = temb.clone()
    other[1] += 1.0
    for channels in ((16, 16), (16, 32)):
        before, after = student.run(_probe_random, [x, x], [temb, other], channels, False)
        change = (after - before).abs().flatten(1).amax(dim=1)
        assert_shape(change, (3,), name="the outputs' change")
        require(bool(change[1] > 1e-4), f"the output changed by {change[1]:.3g}", TIME_IGNORED)
        others = max(change[0].item(), change[2].item())
        mixed = "The time embedding of one example changes the output of another."
        require(others < 1e-9, f"other examples changed by {others:.3g}", mixed)


@pytest.mark.weight(1.5)
@pytest.mark.hint(NOT_ALONE)
def test_residual_block_keeps_examples_apart(student):
    """An example alone gives what it gives in a batch, also in training mode, and twice the same."""
    x, temb = _batch()
    args = [x, x[1:2], x], [temb, temb[1:2], temb], (16, 32)
    for train in (False, True):
        together, alone, again = student.run(_probe_random, *args, train)
        assert_close(
            again, together, rtol=1e-6, name="the second output", hint="The output is random: no dropout here."
        )
        assert_close(alone, together[1:2], rtol=1e-6, name="the output of an example on its own")


def _probe_reach(module, x, temb):
    """Which pixels have an influence on pixel (4, 4), by gradients: [9, 9]."""
    import torch

    torch.manual_seed(0)
    for layer in (torch.nn.GroupNorm, torch.nn.LayerNorm, torch.nn.InstanceNorm2d):
        layer.kept_forward, layer.forward = layer.forward, lambda self, x: x
    try:
        block = module.ResidualBlock(16, 16, 8).double()
        with torch.no_grad():
            for parameter in block.parameters():
                parameter.normal_(0, 0.2)
        x.requires_grad_()
        block(x, temb)[0, :, 4, 4].sum().backward()
        return x.grad[0].abs().sum(dim=0)
    finally:
        for layer in (torch.nn.GroupNorm, torch.nn.LayerNorm, torch.nn.InstanceNorm2d):
            layer.forward = layer.kept_forward
            del layer.kept_forward


@pytest.mark.weight(1)
@pytest.mark.hint("Two convolutions with kernels of 3 x 3, one after the other, let a pixel see two pixels far.")
def test_residual_block_sees_its_neighbours(student):
    """Two 3 x 3 convolutions let each pixel see the 5 x 5 pixels around it."""
    x, temb = torch.randn(1, 16, 9, 9, dtype=torch.float64), torch.randn(1, 8, dtype=torch.float64)
    reach = assert_shape(student.run(_probe_reach, x, temb), (9, 9), name="the reach")
    # Further pixels are not checked: a normalisation of one's own lets every pixel see all others.
    require(bool((reach[2:7, 2:7] > 0).all()), "pixels at a distance of two have no influence")


def _probe_gradients(module, x, temb):
    """The total absolute gradient of each parameter, None where there is none, and that of temb."""
    import torch

    torch.manual_seed(0)
    block = module.ResidualBlock(16, 32, 8)
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.normal_(0, 0.2)
    temb.requires_grad_()
    (block(x, temb) ** 2).sum().backward()
    totals = {n: None if p.grad is None else p.grad.abs().sum().item() for n, p in block.named_parameters()}
    return [totals, None if temb.grad is None else temb.grad.abs().sum().item()]


@pytest.mark.weight(1.5)
@pytest.mark.hint("Every layer that is made must be used and be registered, and no tensor may be detached on the way.")
def test_residual_block_gradients(student):
    """Every parameter and the time embedding get a gradient."""
    totals, temb = student.run(_probe_gradients, torch.randn(3, 16, 4, 6), torch.randn(3, 8))
    require(len(totals) > 0, "no parameters", "Layers must be registered: assign them to self in __init__.")
    without = [name for name, total in totals.items() if total is None or not total > 0]
    require(not without, f"no gradient in {without}")
    require(temb is not None and temb > 0, "no gradient in temb", TIME_IGNORED)


def _probe_slopes(module, inputs, directions, upstream, step):
    """Output, gradients of sum(upstream * output), and for each input its change from a step back to a step ahead."""
    import torch

    torch.manual_seed(0)
    block = module.ResidualBlock(16, 16, 8).double()
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.normal_(0, 0.2)
    output = block(*[tensor.requires_grad_() for tensor in inputs])
    gradients = torch.autograd.grad((output * upstream).sum(), inputs, allow_unused=True)
    changes = []
    with torch.no_grad():
        for i in range(len(inputs)):
            there, back = (
                block(*[tensor + sign * step * directions[i] if j == i else tensor for j, tensor in enumerate(inputs)])
                for sign in (1, -1)
            )
            changes.append(((there - back) * upstream).sum())
    return [output.detach(), list(gradients), changes]


@pytest.mark.weight(1)
@pytest.mark.hint(CUT)
def test_residual_block_gradients_are_slopes(student):
    """The gradients of x and temb are the slopes of the output, shortcut included, and all is float64."""
    inputs = list(_batch())
    directions, upstream = [torch.randn_like(tensor) for tensor in inputs], torch.randn_like(inputs[0])
    step = 1e-6
    output, gradients, changes = student.run(_probe_slopes, inputs, directions, upstream, step)
    require(output.dtype == torch.float64, f"the output is {output.dtype}", DTYPE)
    for name, gradient, direction, change in zip(("x", "temb"), gradients, directions, changes, strict=True):
        require(gradient is not None, f"no gradient in {name}", CUT)
        size = (gradient.norm() * direction.norm()).item() / gradient.numel() ** 0.5
        slope = (gradient * direction).sum()
        assert_close(slope, change / (2 * step), rtol=0, atol=1e-3 * size, name=f"the slope by the gradient of {name}")


def _probe_train(module, x, temb, target, steps):
    """The losses of some steps of Adam on one batch."""
    import torch

    torch.manual_seed(0)
    block = module.ResidualBlock(16, 16, 8)
    optimizer = torch.optim.Adam(block.parameters(), lr=0.05, betas=(0.9, 0.99), fused=True)
    losses = []
    for _ in range(steps):
        loss = ((block(x, temb) - target) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.weight(2)
@pytest.mark.hint(
    "The block hardly learns to brighten an image where the time says so: do gradients flow, and is the time used?"
)
def test_residual_block_can_be_trained(student):
    """Forty steps of training lower the loss of brightening those images of which the time says so."""
    x = torch.randn(6, 16, 4, 4)
    sign = torch.tensor([1.0, -1.0]).repeat(3)
    temb = sign[:, None] * torch.ones(6, 8)
    target = x + 1 + sign[:, None, None, None]  # nowhere darker: the block may end in an activation before the sum
    losses = student.run(_probe_train, x, temb, target, 40)
    require(losses[-1] < 0.6 * losses[0], f"the loss went from {losses[0]:.3g} to {losses[-1]:.3g}")
