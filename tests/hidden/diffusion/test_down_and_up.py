"""DownBlock and UpBlock, built from the student's ResidualBlock.

With every parameter at zero a residual block that keeps its channels is the identity, and what is left of a level is
its pooling, its upsampling and its concatenation: these have closed forms.
"""

import pytest
import torch
import torch.nn.functional as F

from autograder.suite import assert_close, assert_shape, require

down = pytest.mark.question("DownBlock")
up = pytest.mark.question("UpBlock")

TWO_BLOCKS = "A level has two ResidualBlocks, one after the other, the first of which changes the number of channels."
BOTH_TIMES = "Both residual blocks get the time embedding, as it came in."
PAIR = "Return (h, skip): first what goes on downwards, at half the size, then what the way up will need, at full size."
CUT = "Nothing may be detached: gradients must reach every parameter of both residual blocks."
SLOPES = "A path of gradients is cut, so that they are not the output's slope: what comes in, or goes out, is detached."
DTYPE = "A level in float64 gives float64: make no tensor of a fixed dtype in it, and cast nothing."


def _probe_calls(module, name, channels, inputs):
    """What the level gave, and (input, temb, output) of each of its residual blocks, all parameters being random."""
    import torch

    torch.manual_seed(0)
    level = getattr(module, name)(*channels, 8).double().eval()
    calls = []
    original = module.ResidualBlock.forward

    def recording(self, x, temb):
        output = original(self, x, temb)
        calls.append([x, temb, output])
        return output

    module.ResidualBlock.forward = recording
    try:
        with torch.no_grad():
            for parameter in level.parameters():
                parameter.normal_(0, 0.2)
            output = level(*inputs)
    finally:
        module.ResidualBlock.forward = original
    return [output if isinstance(output, (tuple, list)) else [output], calls]


def _probe_zero(module, name, channels, inputs):
    """What a level gives with all parameters at zero."""
    import torch

    level = getattr(module, name)(*channels, 8).double()
    with torch.no_grad():
        for parameter in level.parameters():
            parameter.zero_()
        output = level(*inputs)
    return output if isinstance(output, (tuple, list)) else [output]


def _probe_gradients(module, name, channels, inputs):
    """Total absolute gradient of each parameter and of each input; None where there is none."""
    import torch

    torch.manual_seed(0)
    level = getattr(module, name)(*channels, 8).double()
    inputs = [tensor.requires_grad_() for tensor in inputs]
    with torch.no_grad():
        for parameter in level.parameters():
            parameter.normal_(0, 0.2)
    output = level(*inputs)
    (output[0] if isinstance(output, (tuple, list)) else output).pow(2).sum().backward()
    totals = {name: parameter.grad for name, parameter in level.named_parameters()}
    totals.update({f"input {i}": tensor.grad for i, tensor in enumerate(inputs)})
    return {name: None if grad is None else grad.abs().sum().item() for name, grad in totals.items()}


def _probe_slopes(module, name, channels, inputs, directions, upstreams, step):
    """Outputs, gradients of sum(upstream * output), and for each input its change from a step back to a step ahead."""
    import torch

    torch.manual_seed(0)
    level = getattr(module, name)(*channels, 8).double()
    with torch.no_grad():
        for parameter in level.parameters():
            parameter.normal_(0, 0.2)

    def outputs_of(tensors):
        output = level(*tensors)
        return list(output) if isinstance(output, (tuple, list)) else [output]

    def total(outputs):
        return sum((output * upstream).sum() for output, upstream in zip(outputs, upstreams))  # noqa: B905

    outputs = outputs_of([tensor.requires_grad_() for tensor in inputs])
    gradients = torch.autograd.grad(total(outputs), inputs, allow_unused=True)
    changes = []
    with torch.no_grad():
        for i in range(len(inputs)):
            there, back = (
                total(outputs_of([x + sign * step * directions[i] if j == i else x for j, x in enumerate(inputs)]))
                for sign in (1, -1)
            )
            changes.append(there - back)
    return [[output.detach() for output in outputs], list(gradients), changes]


def _require_slopes(student, name, channels, inputs, shapes):
    """The gradients of every input are the slopes of all outputs, which have these shapes and are float64."""
    directions = [torch.randn_like(tensor) for tensor in inputs]
    upstreams = [torch.randn(shape, dtype=torch.float64) for shape in shapes]
    step = 1e-6
    args = channels, inputs, directions, upstreams, step
    outputs, gradients, changes = student.run(_probe_slopes, name, *args)
    for output in outputs:
        require(output.dtype == torch.float64, f"an output is {output.dtype}", DTYPE)
    for i, (gradient, direction, change) in enumerate(zip(gradients, directions, changes, strict=True)):
        which = "temb" if i == len(inputs) - 1 else ("x", "the skip")[i]
        require(gradient is not None, f"no gradient in {which}", SLOPES)
        size = (gradient.norm() * direction.norm()).item() / gradient.numel() ** 0.5
        slope = (gradient * direction).sum()
        assert_close(slope, change / (2 * step), rtol=0, atol=1e-3 * size, name=f"the slope by the gradient of {which}")


def _down_inputs():
    return [torch.randn(2, 16, 4, 6, dtype=torch.float64), torch.randn(2, 8, dtype=torch.float64)]


def _up_inputs():
    x, skip = torch.randn(2, 16, 3, 2, dtype=torch.float64), torch.randn(2, 16, 6, 4, dtype=torch.float64)
    return [x, skip, torch.randn(2, 8, dtype=torch.float64)]


def _two(output):
    require(len(output) == 2, f"{len(output)} results instead of 2", PAIR)
    return output


def _require_two_blocks(calls, temb):
    require(len(calls) == 2, f"{len(calls)} calls of ResidualBlocks", TWO_BLOCKS)
    assert_close(calls[1][0], calls[0][2], name="the input of the second block", hint=TWO_BLOCKS)
    for _, seen, _ in calls:
        assert_close(seen, temb, name="the time embedding of a residual block", hint=BOTH_TIMES)


def _require_gradients(totals):
    without = [name for name, total in totals.items() if total is None or not total > 0]
    require(not without, f"no gradient in {without}", CUT)


@down
@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint(PAIR)
def test_down_block_shapes(student):
    """A level halves height and width, and keeps the full size for the skip."""
    x, temb = torch.linspace(-1, 1, 2 * 16 * 4 * 6).reshape(2, 16, 4, 6), torch.ones(2, 12)
    h, skip = student.DownBlock(16, 32, 12)(x, temb)
    assert h.shape == (2, 32, 2, 3)
    assert skip.shape == (2, 32, 4, 6)


@down
@pytest.mark.weight(3)
@pytest.mark.hint("h is the average of 2 x 2 pixels of the skip.")
def test_down_block_pools_the_skip(student):
    """What goes on downwards is the average-pooled skip."""
    (h, skip), calls = _checked_down(student)
    assert_shape(skip, (2, 32, 4, 6), name="skip", hint=PAIR)
    mistakes = {
        "This is max pooling; each value should be the AVERAGE of four pixels.": F.max_pool2d(skip, 2),
        "This keeps every other pixel; each value should be the average of four.": skip[:, :, ::2, ::2],
        "The sum of four pixels is four times their average.": 4 * F.avg_pool2d(skip, 2),
    }
    assert_close(h, F.avg_pool2d(skip, 2), rtol=1e-6, name="h", mistakes=mistakes)
    first = "The skip is the output of the SECOND residual block, just before the pooling."
    require(len(calls) > 0, "no ResidualBlock was called", TWO_BLOCKS)
    assert_close(skip, calls[-1][2], rtol=1e-6, name="skip", hint=first)


def _checked_down(student):
    output, calls = student.run(_probe_calls, "DownBlock", [16, 32], _down_inputs())
    return _two(output), calls


@down
@pytest.mark.weight(2)
@pytest.mark.hint(TWO_BLOCKS)
def test_down_block_has_two_residual_blocks(student):
    """Two residual blocks follow each other, and both are told the time."""
    x, temb = _down_inputs()
    _, calls = student.run(_probe_calls, "DownBlock", [16, 32], [x, temb])
    _require_two_blocks(calls, temb)
    assert_close(calls[0][0], x, name="the input of the first block", hint=TWO_BLOCKS)


@down
@pytest.mark.weight(1.5)
@pytest.mark.hint("Besides its residual blocks a level has only the pooling: no other convolution or activation.")
def test_down_block_zeroed(student):
    """With all parameters at zero and as many channels as before, only the pooling is left."""
    x, temb = _down_inputs()
    h, skip = _two(student.run(_probe_zero, "DownBlock", [16, 16], [x, temb]))
    assert_close(skip, x, rtol=1e-6, name="skip")
    assert_close(h, F.avg_pool2d(x, 2), rtol=1e-6, name="h", mistakes={PAIR: x})


@down
@pytest.mark.weight(1)
@pytest.mark.hint(CUT)
def test_down_block_gradients(student):
    """Gradients of h reach every parameter, x and the time embedding."""
    _require_gradients(student.run(_probe_gradients, "DownBlock", [16, 32], _down_inputs()))


@down
@pytest.mark.weight(1)
@pytest.mark.hint(SLOPES)
def test_down_block_gradients_are_slopes(student):
    """The gradients of x and temb are the slopes of h and skip together, and all is float64."""
    _require_slopes(student, "DownBlock", [16, 16], _down_inputs(), [(2, 16, 2, 3), (2, 16, 4, 6)])


@up
@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("Upsample x first; then it has the size of the skip and can be concatenated with it.")
def test_up_block_shapes(student):
    """A level doubles height and width; x and the skip may have different numbers of channels."""
    x, skip = torch.linspace(-1, 1, 2 * 32 * 2 * 3).reshape(2, 32, 2, 3), torch.ones(2, 16, 4, 6)
    assert student.UpBlock(32, 16, 48, 12)(x, skip, torch.ones(2, 12)).shape == (2, 48, 4, 6)


@up
@pytest.mark.weight(3)
@pytest.mark.hint("Double x bilinearly (align_corners=False), then concatenate it with the skip along the channels.")
def test_up_block_upsamples_and_concatenates(student):
    """With all parameters at zero what is left is the upsampled x beside the skip, in either order."""
    x, skip, temb = _up_inputs()
    (got,) = student.run(_probe_zero, "UpBlock", [16, 16, 32], [x, skip, temb])
    assert_shape(got, (2, 32, 6, 4), name="the output")
    parts = got.split(16, dim=1)
    skip_first = torch.equal(parts[0].double(), skip)
    enlarged, carried = parts if not skip_first else parts[::-1]
    corners = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
    mistakes = {
        "This is nearest-neighbour upsampling: bilinear is asked for.": F.interpolate(x, scale_factor=2),
        "This is bilinear with align_corners=True, which stretches the image; the default is asked for.": corners,
        "This is bicubic upsampling: bilinear is asked for.": F.interpolate(x, scale_factor=2, mode="bicubic"),
    }
    want = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    lost = "The skip does not arrive in the level's output: is it concatenated, unchanged?"
    assert_close(carried, skip, rtol=1e-6, name="the skip's channels", hint=lost)
    assert_close(enlarged, want, rtol=1e-6, name="the upsampled x", mistakes=mistakes)


@up
@pytest.mark.weight(2)
@pytest.mark.hint(TWO_BLOCKS)
def test_up_block_has_two_residual_blocks(student):
    """Two residual blocks follow each other, and both are told the time."""
    x, skip, temb = _up_inputs()
    output, calls = student.run(_probe_calls, "UpBlock", [16, 16, 48], [x, skip, temb])
    _require_two_blocks(calls, temb)
    assert_shape(calls[0][0], (2, 32, 6, 4), name="the input of the first block")
    last = "The level ends with its second residual block: nothing comes after."
    assert_close(output[0], calls[1][2], rtol=1e-6, name="the output", hint=last)


@up
@pytest.mark.weight(1.5)
@pytest.mark.hint("Both x and the skip must have an influence on the output, everywhere and for each example alone.")
def test_up_block_uses_both_inputs(student):
    """Another x and another skip each give another output."""
    x, skip, temb = _up_inputs()
    for changed, others in ((0, "skip"), (1, "x")):
        inputs = [x.clone(), skip.clone(), temb]
        inputs[changed][1] += torch.randn_like(inputs[changed][1])
        outputs = [student.run(_probe_calls, "UpBlock", [16, 16, 48], i)[0][0] for i in ([x, skip, temb], inputs)]
        change = (outputs[1] - outputs[0]).abs().flatten(1).amax(dim=1)
        require(bool(change[1] > 1e-4), f"only {others} has an influence")
        require(bool(change[0] < 1e-9), "one example changes another", "Examples must not see each other.")


@up
@pytest.mark.weight(1)
@pytest.mark.hint(CUT)
def test_up_block_gradients(student):
    """Gradients reach every parameter, x, the skip and the time embedding."""
    _require_gradients(student.run(_probe_gradients, "UpBlock", [16, 16, 48], _up_inputs()))


@up
@pytest.mark.weight(1)
@pytest.mark.hint(SLOPES)
def test_up_block_gradients_are_slopes(student):
    """The gradients of x, the skip and temb are the slopes of the output, and all is float64."""
    _require_slopes(student, "UpBlock", [16, 16, 16], _up_inputs(), [(2, 16, 6, 4)])
