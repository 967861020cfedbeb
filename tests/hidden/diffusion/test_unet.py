"""The U-Net as a whole: shapes, time, skips and gradients. Its blocks have tests of their own.

What flows between the levels is recorded at `DownBlock.forward` and `UpBlock.forward`, of which the docstring says
that the network is made.
"""

import pytest
import torch

from autograder.suite import assert_close, assert_shape, require

pytestmark = pytest.mark.question("UNet")

TIME_IGNORED = "Another t changes nothing: the time embedding must reach the residual blocks."
OWN_TIME = "Every example has its own t and must not be changed by that of another."
SKIPS = (
    "Each UpBlock takes the skip of the DownBlock that worked at its resolution: the last skip that was made is the "
    "first to be used."
)
CUT = "The gradient of x is not the output's slope: is x, or what is made of it, detached somewhere?"
DTYPE = "A network and images in float64 give float64: cast the time embedding to it, and nothing else."
WIDTHS = "Level i works with base_channels * channel_mults[i] channels, the finest level first."


def _probe_outputs(module, settings, xs, ts, train):
    """Outputs of one network with random parameters for pairs of x and t."""
    import torch

    torch.manual_seed(0)
    unet = module.UNet(**settings).double().train(train)
    with torch.no_grad():
        for parameter in unet.parameters():
            parameter.normal_(0, 0.2)
        return [unet(x, t) for x, t in zip(xs, ts)]  # noqa: B905


SMALL = {"in_channels": 2, "base_channels": 16, "channel_mults": (1, 2), "time_dim": 16}


def _batch(size=3):
    return torch.randn(size, 2, 4, 8, dtype=torch.float64), torch.tensor([5, 400, 31, 77])[:size]


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("The network predicts one number for each entry of x: the output has the shape of the input.")
def test_unet_shapes(student):
    """The prediction has the shape of the input, for grey and for coloured images."""
    t = torch.tensor([3, 70])
    assert student.UNet()(torch.linspace(-1, 1, 128).reshape(2, 1, 8, 8), t).shape == (2, 1, 8, 8)
    unet = student.UNet(in_channels=3, base_channels=16, channel_mults=(1, 2), time_dim=32)
    assert unet(torch.linspace(-1, 1, 384).reshape(2, 3, 8, 8), t).shape == (2, 3, 8, 8)


@pytest.mark.weight(1)
@pytest.mark.hint("Any number of levels, any multipliers and any size that is a multiple of 2 ** levels must work.")
def test_unet_other_sizes(student):
    """One level or three, wider or narrower levels, square images or not."""
    for mults, height, width in (((1,), 2, 6), ((2, 1, 3), 8, 16), ((1, 1), 4, 4)):
        unet = student.UNet(in_channels=1, base_channels=16, channel_mults=mults, time_dim=24)
        output = unet(torch.randn(2, 1, height, width), torch.tensor([0, 9]))
        assert_shape(output, (2, 1, height, width), name=f"the output for channel_mults = {mults}")


@pytest.mark.weight(2)
@pytest.mark.hint(TIME_IGNORED)
def test_unet_uses_the_time(student):
    """The same image at another time gives another output, for each example separately."""
    x, t = _batch()
    other = torch.tensor([5, 401, 31])
    before, after = student.run(_probe_outputs, SMALL, [x, x], [t, other], False)
    assert_shape(before, (3, 2, 4, 8), name="the output")
    change = (after - before).abs().flatten(1).amax(dim=1)
    require(bool(change[1] > 1e-4), f"the output changed by {change[1]:.3g}", TIME_IGNORED)
    require(bool(change[[0, 2]].max() < 1e-9), "other examples changed, too", OWN_TIME)


@pytest.mark.weight(1.5)
@pytest.mark.hint("An example's output depends on its own image and its own t alone, in training mode as well.")
def test_unet_keeps_examples_apart(student):
    """An example alone gives what it gives in a batch."""
    x, t = _batch()
    for train in (False, True):
        together, alone = student.run(_probe_outputs, SMALL, [x, x[1:2]], [t, t[1:2]], train)
        mistakes = {OWN_TIME: student.run(_probe_outputs, SMALL, [x], [t[:1].repeat(3)], train)[0][1:2]}
        assert_close(alone, together[1:2], rtol=1e-6, name="the output of an example on its own", mistakes=mistakes)


def _probe_range(module, x, t):
    """The largest and the smallest output of several networks with large random parameters."""
    import torch

    outputs = []
    for seed in range(6):
        torch.manual_seed(seed)
        unet = module.UNet(in_channels=2, base_channels=16, channel_mults=(1,), time_dim=16).double()
        with torch.no_grad():
            for parameter in unet.parameters():
                parameter.normal_(0, 1.0)
            outputs.append(unet(x, t))
    return [torch.stack(outputs).max(), torch.stack(outputs).min()]


@pytest.mark.weight(1)
@pytest.mark.hint("The noise may be any real number: the last layer is a convolution without an activation.")
def test_unet_output_is_not_squashed(student):
    """Large weights give large outputs of both signs."""
    largest, smallest = (value.item() for value in student.run(_probe_range, *_batch()))
    require(largest > 1.01 and smallest < -1.01, f"outputs lie between {smallest:.3g} and {largest:.3g}")


def _probe_flow(module, settings, x, t):
    """What each DownBlock gave as skip and each UpBlock got: [skips], [(x, skip), ...], and the two counts."""
    import torch

    torch.manual_seed(0)
    skips, received = [], []
    down, up = module.DownBlock.forward, module.UpBlock.forward

    def recording_down(self, x, temb):
        output = down(self, x, temb)
        skips.append(output[1])
        return output

    def recording_up(self, x, skip, temb):
        received.append([x, skip])
        return up(self, x, skip, temb)

    unet = module.UNet(**settings).double()
    module.DownBlock.forward, module.UpBlock.forward = recording_down, recording_up
    try:
        with torch.no_grad():
            unet(x, t)
    finally:
        module.DownBlock.forward, module.UpBlock.forward = down, up
    return [skips, received]


@pytest.mark.weight(2.5)
@pytest.mark.hint(SKIPS)
def test_unet_skips(student):
    """Every level of the way up gets the skip of its own resolution, and the widths are those asked for."""
    settings = {"in_channels": 1, "base_channels": 16, "channel_mults": (1, 3, 2), "time_dim": 16}
    x, t = torch.randn(2, 1, 8, 8, dtype=torch.float64), torch.tensor([3, 50])
    skips, received = student.run(_probe_flow, settings, x, t)
    counts = f"{len(skips)} DownBlocks and {len(received)} UpBlocks were called for three levels"
    one_each = "There is one DownBlock and one UpBlock for each entry of channel_mults."
    require(len(skips) == 3 and len(received) == 3, counts, one_each)
    for skip, channels, side in zip(skips, (16, 48, 32), (8, 4, 2), strict=True):
        assert_shape(skip, (2, channels, side, side), name="the skip of a level", hint=WIDTHS)
    for (h, skip), made in zip(received, reversed(skips), strict=True):
        assert_close(skip, made, rtol=1e-6, name="the skip that an UpBlock got", hint=SKIPS)
        half = [side // 2 for side in made.shape[2:]]
        require(list(h.shape[2:]) == half, f"x of size {list(h.shape[2:])} beside a skip of {list(made.shape[2:])}")


def _probe_gradients(module, settings, x, t):
    """Name -> [shape, total absolute gradient or None] of each parameter."""
    import torch

    torch.manual_seed(0)
    unet = module.UNet(**settings).double()
    with torch.no_grad():
        for parameter in unet.parameters():
            parameter.normal_(0, 0.2)
    (unet(x, t) ** 2).sum().backward()
    return {
        n: [list(p.shape), None if p.grad is None else p.grad.abs().sum().item()] for n, p in unet.named_parameters()
    }


@pytest.mark.weight(1.5)
@pytest.mark.hint("Every layer must be registered (nn.ModuleList for lists of them) and used, and nothing detached.")
def test_unet_gradients_reach_every_parameter(student):
    """Every parameter gets a gradient, those of the time embedding included."""
    found = student.run(_probe_gradients, SMALL, *_batch())
    kernels = [name for name, (shape, _) in found.items() if shape[-2:] == [3, 3]]
    # Two levels each way and the middle are nine residual blocks of two 3 x 3 convolutions.
    require(len(kernels) >= 18, f"only {len(kernels)} 3 x 3 convolutions are registered")
    without = [name for name, (_, total) in found.items() if total is None or not total > 0]
    require(not without, f"no gradient in {without}")


def _probe_slope(module, settings, x, t, direction, upstream, step):
    """Output, gradient of sum(upstream * output) in x, and its change from a step back to a step ahead."""
    import torch

    torch.manual_seed(0)
    unet = module.UNet(**settings).double()
    with torch.no_grad():
        for parameter in unet.parameters():
            parameter.normal_(0, 0.2)
    output = unet(x.requires_grad_(), t)
    (gradient,) = torch.autograd.grad((output * upstream).sum(), [x], allow_unused=True)
    with torch.no_grad():
        there, back = unet(x + step * direction, t), unet(x - step * direction, t)
    return [output.detach(), gradient, ((there - back) * upstream).sum()]


@pytest.mark.weight(1)
@pytest.mark.hint(CUT)
def test_unet_gradient_is_slope(student):
    """The gradient of x is the slope of the output, and all is float64."""
    x, t = _batch()
    direction, upstream, step = torch.randn_like(x), torch.randn_like(x), 1e-6
    output, gradient, change = student.run(_probe_slope, SMALL, x, t, direction, upstream, step)
    require(output.dtype == torch.float64, f"the output is {output.dtype}", DTYPE)
    require(gradient is not None, "no gradient in x", CUT)
    size = (gradient.norm() * direction.norm()).item() / gradient.numel() ** 0.5
    slope = (gradient * direction).sum()
    assert_close(slope, change / (2 * step), rtol=0, atol=1e-3 * size, name="the slope by the gradient of x")


def _probe_train(module, settings, x, t, target, steps):
    """The losses of some steps of Adam on one batch."""
    import torch

    torch.manual_seed(0)
    unet = module.UNet(**settings)
    optimizer = torch.optim.Adam(unet.parameters(), lr=0.005, betas=(0.9, 0.99), fused=True)
    losses = []
    for _ in range(steps):
        loss = ((unet(x, t) - target) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.weight(2)
@pytest.mark.hint(
    "The network does not learn to find the noise in images that it can know: do gradients flow everywhere?"
)
def test_unet_can_be_trained(student):
    """Fifteen steps teach a small network to find most of the noise in two known images."""
    settings = {"in_channels": 1, "base_channels": 16, "channel_mults": (1,), "time_dim": 16}
    pattern = (torch.arange(16) % 2 * 2.0 - 1).reshape(4, 4)
    x0 = torch.stack([pattern, pattern.T]).repeat(6, 1, 1).unsqueeze(1)
    noise = torch.randn(12, 1, 4, 4)
    x_t = 0.8 * x0 + 0.6 * noise
    losses = student.run(_probe_train, settings, x_t, torch.arange(12) * 7, noise, 15)
    # Answering with zeros costs about 1, and with the right multiple of x_t about 0.64.
    require(losses[-1] < 0.45 and losses[-1] < losses[0], f"the loss went from {losses[0]:.3g} to {losses[-1]:.3g}")
