"""DecoderLayer: what depends on what, odd sizes, another device, and training. Layers have random parameters."""

import pytest
import torch

from autograder.suite import assert_close, assert_shape, assert_tensor, require

pytestmark = pytest.mark.question("DecoderLayer")

SIZES = EMBED, HEADS, WIDTH = 8, 2, 12
NOT_CAUSAL = "There is no causal mask: a position sees those after it."
MEMORY_CAUSAL = "Memory is masked causally: every position may see all of it, early or late."
DEVICE = "The causal mask must be on the device of x."


def _case(size=2, length=4, source=6):
    """x and memory, of different lengths."""
    x = 2 * torch.randn(size, length, EMBED, dtype=torch.float64) + 0.5
    return x, torch.randn(size, source, EMBED, dtype=torch.float64) - 0.5


def _probe_outputs(module, sizes, calls):
    """The output of one layer for each call."""
    import torch

    torch.manual_seed(0)
    layer = module.DecoderLayer(*sizes).double()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.normal_(0, 0.4)
        return [layer(*call) for call in calls]


@pytest.mark.weight(1)
@pytest.mark.hint(
    "Where nothing of memory may be seen, memory must not matter and nothing may become NaN; is your attention sound "
    "for queries without any key?"
)
def test_decoder_layer_empty_memory(student):
    """An example whose memory is masked throughout gives the same whatever stands there."""
    x, memory = _case()
    mask = torch.ones(2, 1, 1, 6, dtype=torch.bool)
    mask[1] = False
    calls = [[x, memory, mask], [x, torch.cat([memory[:1], -3 * memory[1:]]), mask]]
    first, second = student.run(_probe_outputs, SIZES, calls)
    first = assert_shape(first, (2, 4, EMBED), name="the output")
    require(bool(torch.isfinite(first).all()), "the output is not finite")
    assert_close(second, first, rtol=1e-9, name="the output")


def _probe_gradients(module, sizes, x, memory, mask):
    """Total absolute gradient of each parameter, of x and of memory, and what the first output has of both.

    Without the biases of the keys: what is added to all scores of a query does not matter.
    """
    import torch

    torch.manual_seed(0)
    layer = module.DecoderLayer(*sizes).double()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.normal_(0, 0.4)
    x, memory = x.requires_grad_(), memory.requires_grad_()
    first = torch.autograd.grad((layer(x, memory)[:, 0] ** 2).sum(), (x, memory), allow_unused=True)
    (layer(x, memory, mask) ** 2).sum().backward()
    totals = {name: p.grad for name, p in layer.named_parameters() if not name.endswith("k_proj.bias")}
    totals.update({"x": x.grad, "memory": memory.grad})
    return [{n: None if g is None else g.abs().sum().item() for n, g in totals.items()}, *first]


@pytest.mark.weight(1.5)
@pytest.mark.hint("Every layer that you make must be used, each for one thing, and nothing may be detached.")
def test_decoder_layer_gradients(student):
    """Every parameter, x and memory get a gradient; the first output sees all of memory, but only the first of x."""
    mask = torch.tensor([[True] * 6, [True] * 2 + [False] * 4, [False] * 6])[:, None, None]
    found, of_x, of_memory = student.run(_probe_gradients, SIZES, *_case(size=3), mask)
    without = [name for name, total in found.items() if total is None or not 0 < total < float("inf")]
    require(not without, f"no or no finite gradient in {without}")
    reach = assert_tensor(of_memory, name="the gradient of memory").abs().sum(dim=2)
    require(bool((reach > 1e-12).all()), "the first output has not seen all of memory", MEMORY_CAUSAL)
    reach = assert_tensor(of_x, name="the gradient of x").abs().sum(dim=2)
    require(bool((reach[:, 0] > 1e-12).all()), "the first output does not depend on the first position")
    require(not reach[:, 1:].any(), "the first output has seen later positions", NOT_CAUSAL)


def _probe_meta_device(module, sizes):
    """The device of the output and the error, if any, for a layer on torch's data-free device."""
    import torch

    layer = module.DecoderLayer(*sizes)
    x, memory = torch.zeros(1, 3, sizes[0]), torch.zeros(1, 2, sizes[0])
    layer(x, memory)
    try:
        return [str(layer.to("meta")(x.to("meta"), memory.to("meta")).device), ""]
    except Exception as error:
        return ["", str(error)]


@pytest.mark.weight(0.5)
@pytest.mark.hint("Any sizes must work, on any device, in the dtype of x and the parameters.")
def test_decoder_layer_sizes_and_device(student):
    """One position, one position of memory, and another device."""
    for sizes, shape, source in (((4, 4, 3), (1, 1, 4), 2), ((6, 1, 2), (2, 3, 6), 1)):
        x, memory = torch.randn(shape), torch.randn(shape[0], source, shape[2])
        output = assert_shape(student.DecoderLayer(*sizes)(x, memory), shape, name="the output")
        require(output.dtype == x.dtype, f"the output is {output.dtype} for {x.dtype}")
    device, error = student.run(_probe_meta_device, (4, 2, 6))
    # Only a clear clash of devices counts: correct code may look at values, which that device does not have.
    require("expected device" not in error and "same device" not in error, f"devices clash: {error}", DEVICE)
    require(error or device == "meta", f"the output is on {device} for a layer on another device", DEVICE)


def _probe_train(module, x, memory, target, steps):
    """Losses of gradient descent on a small layer that shall fetch things from memory."""
    import torch

    torch.manual_seed(0)
    layer = module.DecoderLayer(x.shape[2], 2, 16).double()
    parameters, losses = list(layer.parameters()), []
    for _ in range(steps):
        loss = ((layer(x, memory) - target) ** 2).mean()
        losses.append(loss.item())
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients):  # noqa: B905
                parameter -= gradient
    return losses


@pytest.mark.weight(2)
@pytest.mark.hint("The layer does not learn what needs a look at memory: do gradients flow everywhere?")
def test_decoder_layer_can_be_trained(student):
    """Gradient descent teaches one layer to add the mean of memory to each position."""
    x, memory = torch.randn(16, 3, EMBED, dtype=torch.float64), torch.randn(16, 4, EMBED, dtype=torch.float64)
    target = x + 2 * memory.mean(dim=1, keepdim=True)
    losses = student.run(_probe_train, x, memory, target, 24)
    # Leaving x as it is costs 1, the variance of twice a mean of four.
    require(losses[-1] < 0.4 and losses[-1] < losses[0], f"the loss went from {losses[0]:.3g} to {losses[-1]:.3g}")
