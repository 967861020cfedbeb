"""QLoRALinear: what it computes, what it keeps, and what can be trained.

The weights lie well away from the midpoints between two levels, so that rounding errors decide no code.
"""

import pytest
import torch

from autograder.suite import assert_close, assert_shape, require

pytestmark = pytest.mark.question("QLoRALinear")

LEVELS = torch.tensor(
    [
        -1.0, -0.69619280, -0.52507305, -0.39491749, -0.28444138, -0.18477343, -0.09105004, 0.0,
        0.07958030, 0.16093020, 0.24611230, 0.33791524, 0.44070983, 0.56261700, 0.72295684, 1.0,
    ]
).double()  # fmt: skip

NOT_QUANTISED = "The layer computes with the base's weight as it was: it should compute with what its codes stand for."
KEEPS_FLOATS = "A floating-point tensor as large as the weight is kept. Codes and absmax are all that should be left."
NOT_IN_STATE = "The state dict of one layer does not make another one equal to it: something is no buffer or parameter."
B_NOT_ZERO = "lora_B does not start at zero, so that training does not start from the quantised model."
A_ZERO = "lora_A starts at zero as well: where both factors are zero, neither gets a gradient."
BASE_CUT_OFF = "The gradient of x lacks the base's share: frozen means no gradient for its weight, not none through it."
BLOCKS = "block_size must reach both directions, quantising and going back."
FOLLOWS = "After .double() the layer must work in float64: what is kept in floating point must be registered."


def _quantized(weight, block_size):
    """The weight that codes and absmax stand for."""
    count = weight.numel()
    blocks = torch.nn.functional.pad(weight.flatten(), (0, -count % block_size)).reshape(-1, block_size)
    absmax = blocks.abs().amax(dim=1, keepdim=True)
    codes = ((blocks / absmax).unsqueeze(2) - LEVELS).abs().argmin(dim=2)
    return (LEVELS[codes] * absmax).flatten()[:count].reshape(weight.shape)


def _case(in_features, out_features, rank, alpha, block_size, *lead, bias=True):
    """A layer with random weights and factors, and x [*lead, in_features]; all float64."""
    double = {"dtype": torch.float64}
    weight = torch.randn(out_features, in_features, **double)
    near = _quantized(weight, block_size)
    return {
        "weight": near + 0.6 * (weight - near),  # the nearest level is the same, and by far
        "bias": torch.randn(out_features, **double) if bias else None,
        "lora_A": torch.randn(rank, in_features, **double),
        "lora_B": torch.randn(out_features, rank, **double),
        "alpha": alpha,
        "block_size": block_size,
        "x": torch.randn(*lead, in_features, **double),
    }


def _probe_layer(module, cases, upstreams):
    """Of each case: the output, and the gradients under this upstream gradient, None where there is none."""
    import torch

    results = []
    for case, upstream in zip(cases, upstreams):  # noqa: B905
        out_features, in_features = case["weight"].shape
        bias = case["bias"] is not None
        base = torch.nn.Linear(in_features, out_features, bias=bias, dtype=torch.float64)
        base.load_state_dict({"weight": case["weight"], **({"bias": case["bias"]} if bias else {})})
        size = {} if case["block_size"] == 64 else {"block_size": case["block_size"]}
        layer = module.QLoRALinear(base, case["lora_A"].shape[0], case["alpha"], **size)
        with torch.no_grad():
            layer.lora_A.copy_(case["lora_A"])
            layer.lora_B.copy_(case["lora_B"])
        x = case["x"].requires_grad_()
        y = layer(x)
        if y.requires_grad:
            y.backward(upstream)
        results.append([y.detach(), x.grad, layer.lora_A.grad, layer.lora_B.grad])
    return results


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("At the start the output is that of the quantised base, bias included.")
def test_qlora_linear_exact_weights(student):
    """Weights that are levels themselves lose nothing: at the start the output is the base's own."""
    base = student.torch.nn.Linear(4, 2)  # made where your code runs
    base.load_state_dict(
        {"weight": torch.tensor([[1.0, 0.0, -1.0, 0.0], [0.0, 2.0, -2.0, 2.0]]), "bias": torch.tensor([0.5, -0.5])}
    )
    layer = student.QLoRALinear(base, rank=2, alpha=8.0, block_size=4)
    x = torch.linspace(-1, 1, 12).reshape(3, 4)
    assert torch.allclose(layer(x), base(x))
    assert layer.state_dict()["lora_A"].shape == (2, 4)
    assert layer.state_dict()["lora_B"].shape == (2, 2)


@pytest.mark.weight(4)
@pytest.mark.hint("The output is that of the dequantised weight, bias included, plus the scaled update.")
def test_qlora_linear_values(student):
    """The output for known weights and factors: blocks of several sizes, with and without a bias, x of any rank."""
    cases = [
        _case(6, 4, 2, 7.0, 8, 5),
        _case(7, 5, 3, 1.0, 12, 2, 3, bias=False),
        _case(12, 11, 4, 9.0, 64),
    ]
    results = student.run(_probe_layer, cases, [torch.ones(*c["x"].shape[:-1], len(c["weight"])) for c in cases])
    for case, (y, *_) in zip(cases, results, strict=True):
        x, rank, alpha, weight = case["x"], case["lora_A"].shape[0], case["alpha"], case["weight"]
        low = x @ (case["lora_B"] @ case["lora_A"]).T
        base = x @ _quantized(weight, case["block_size"]).T
        bias = torch.zeros_like(base) + (0 if case["bias"] is None else case["bias"])
        scale = alpha / rank
        mistakes = {
            NOT_QUANTISED: x @ weight.T + bias + scale * low,
            "The base's bias is missing.": base + scale * low,
            "The update is scaled by alpha alone; the rank belongs in the scale, too.": base + bias + alpha * low,
            "The update is not scaled: alpha and rank have no effect.": base + bias + low,
            "The scale is upside down: a larger alpha must make the update larger.": base + bias + low / scale,
            "The scale belongs to the update alone; the base's output stays as it is.": scale * (base + bias + low),
            "The output is the base's alone: the update is missing.": base + bias,
            BLOCKS: x @ _quantized(weight, 64).T + bias + scale * low,
        }
        assert_close(y, base + bias + scale * low, rtol=1e-6, name="the output", mistakes=mistakes)


@pytest.mark.weight(2)
@pytest.mark.hint("Gradients must reach x, by both paths, and lora_A and lora_B; is something detached?")
def test_qlora_linear_gradients(student):
    """The gradients of x, lora_A and lora_B are those of the formula, with the quantised weight."""
    cases = [_case(6, 4, 2, 7.0, 8, 5), _case(7, 5, 3, 1.0, 12, 2, 3, bias=False)]
    upstreams = [torch.randn(*c["x"].shape[:-1], len(c["weight"]), dtype=torch.float64) for c in cases]
    results = student.run(_probe_layer, cases, upstreams)
    for case, upstream, (_, x_grad, A_grad, B_grad) in zip(cases, upstreams, results, strict=True):
        scale = case["alpha"] / case["lora_A"].shape[0]
        through_base = upstream @ _quantized(case["weight"], case["block_size"])
        through_update = scale * upstream @ case["lora_B"] @ case["lora_A"]
        require(A_grad is not None and B_grad is not None, "no gradient reaches lora_A or lora_B")
        require(x_grad is not None, "no gradient reaches x")
        named = {
            BASE_CUT_OFF: through_update,
            "The gradient of x lacks the update's share: is x detached on the way to lora_A?": through_base,
        }
        assert_close(x_grad, through_base + through_update, rtol=1e-6, name="the gradient of x", mistakes=named)
        x, g = case["x"].flatten(end_dim=-2), upstream.flatten(end_dim=-2)
        assert_close(A_grad, scale * (g @ case["lora_B"]).T @ x, name="the gradient of lora_A")
        assert_close(B_grad, scale * g.T @ (x @ case["lora_A"].T), name="the gradient of lora_B")


def _probe_kept(module, in_features, out_features, rank):
    """All tensors that a layer holds, registered or not, after a forward pass: [where, dtype, numbers, bytes]."""
    import torch

    layer = module.QLoRALinear(torch.nn.Linear(in_features, out_features), rank, 3.0)
    layer(torch.ones(2, in_features))
    kept, pending, seen = [], [("layer", layer)], set()
    while pending:
        where, value = pending.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, torch.Tensor):
            kept.append([where, str(value.dtype), value.numel(), value.numel() * value.element_size()])
        elif isinstance(value, dict):
            pending += [(f"{where}.{key}", item) for key, item in value.items()]
        elif isinstance(value, (list, tuple, set)):
            pending += [(where, item) for item in value]
        elif isinstance(value, torch.nn.Module):
            pending.append((where, vars(value)))
    return kept


@pytest.mark.weight(3)
@pytest.mark.hint(KEEPS_FLOATS)
def test_qlora_linear_keeps_codes_alone(student):
    """No floating-point tensor as large as the weight is left, and the layer is smaller than its base was."""
    kept = student.run(_probe_kept, 64, 48, 2)
    floats = [entry for entry in kept if "float" in entry[1] and entry[2] >= 64 * 48]
    require(not floats, f"kept: {floats}", KEEPS_FLOATS)
    total = sum(entry[3] for entry in kept)
    larger = "The layer takes more memory than its base: codes need a byte each, and nothing else is that large."
    require(64 * 48 // 2 <= total < 64 * 48 * 4, f"the layer holds {total} bytes", larger)


def _probe_made(module, in_features, out_features, rank, dtype):
    """What there is of two new layers of different bases."""
    import torch

    bases = [torch.nn.Linear(in_features, out_features, dtype=dtype) for _ in range(2)]
    layers = [module.QLoRALinear(base, rank, 2.5 * rank) for base in bases]
    return {
        "A": [layer.lora_A.detach() for layer in layers],
        "B": layers[0].lora_B.detach(),
        "trainable": sorted(name for name, t in layers[0].state_dict(keep_vars=True).items() if t.requires_grad),
        "output": layers[0](torch.ones(2, in_features, dtype=dtype)).detach(),
    }


@pytest.mark.weight(1.5)
@pytest.mark.hint("lora_A and lora_B are parameters and start as in LoRALinear; nothing else can be trained.")
def test_qlora_linear_factors(student):
    """lora_A starts at random and lora_B at zero, and they are all that can be trained."""
    made = student.run(_probe_made, 1024, 16, 8, torch.float32)
    first, second = (
        assert_shape(A, (8, 1024), name="lora_A", hint="lora_A is [rank, in_features].") for A in made["A"]
    )
    lora_B = assert_shape(made["B"], (16, 8), name="lora_B", hint="lora_B is [out_features, rank].")
    require(not bool((first == 0).all()), "lora_A is zero", A_ZERO)
    require(bool((lora_B == 0).all()), "lora_B is not zero", B_NOT_ZERO)
    repeated = "Two layers start with the same lora_A: draw it at random, and set no seed."
    require(not torch.equal(first, second), "two layers have the same lora_A", repeated)
    one_row = "The rows of lora_A depend on each other, so that the update has less than the rank asked for."
    require(int(torch.linalg.matrix_rank(first.double())) == 8, "lora_A is not of full rank", one_row)
    spread, mean = first.std().item(), first.mean().item()
    moderate = "The entries of lora_A have mean 0 and a moderate spread: see LoRALinear."
    require(1 / 20 <= spread * 1024**0.5 <= 20, f"the standard deviation of lora_A is {spread:.3g}", moderate)
    require(abs(mean) < 5 * spread / 8192**0.5, f"the mean of lora_A is {mean:.3g}", moderate)
    require(made["trainable"] == ["lora_A", "lora_B"], f"trainable: {made['trainable']}")


@pytest.mark.weight(0.5)
@pytest.mark.hint("The factors and the output have the dtype of the base's weight.")
def test_qlora_linear_dtype(student):
    """A base in float64 gives factors and outputs in float64."""
    for dtype in (torch.float64, torch.bfloat16):
        made = student.run(_probe_made, 8, 6, 3, dtype)
        found = {made["A"][0].dtype, made["B"].dtype, made["output"].dtype}
        require(found == {dtype}, f"factors and output of a layer in {dtype} have {found}")


def _probe_state(module, x):
    """Outputs of a layer, of another one that took over its state dict, and of the first in float64."""
    import torch

    torch.manual_seed(0)
    first, second = (module.QLoRALinear(torch.nn.Linear(6, 5), 2, 3.0, block_size=8) for _ in range(2))
    with torch.no_grad():
        first.lora_B.normal_()
    output = first(x).detach()
    second.load_state_dict(first.state_dict())
    return [output, second(x).detach(), first.double()(x.double()).detach()]


@pytest.mark.weight(1.5)
@pytest.mark.hint(NOT_IN_STATE)
def test_qlora_linear_state_dict(student):
    """The state dict makes another layer equal to this one, and the layer follows .double()."""
    first, second, double = student.run(_probe_state, torch.randn(4, 6))
    assert_close(second, first, rtol=1e-6, name="the output of the layer that took over the state dict")
    require(double.dtype == torch.float64, f"after .double() the output has {double.dtype}", FOLLOWS)
    assert_close(double, first, rtol=1e-4, atol=1e-5, name="the output after .double()", hint=FOLLOWS)


def _probe_train(module, weight, x, target, steps):
    """The losses of some steps of Adam, by hand, on all that asks for gradients; names of entries that changed."""
    import torch

    torch.manual_seed(0)
    base = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=False, dtype=weight.dtype)
    base.load_state_dict({"weight": weight})
    layer = module.QLoRALinear(base, 2, 6.0, block_size=8)
    before = {name: value.clone() for name, value in layer.state_dict().items()}
    parameters = [p for p in layer.parameters() if p.requires_grad]
    first, second = ([torch.zeros_like(p) for p in parameters] for _ in range(2))
    losses = []
    for step in range(1, steps + 1):
        loss = ((layer(x) - target) ** 2).mean()
        losses.append(loss.item())
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
        with torch.no_grad():
            for p, g, m, v in zip(parameters, gradients, first, second):  # noqa: B905
                if g is not None:
                    m.mul_(0.9).add_(g, alpha=0.1)
                    v.mul_(0.99).add_(g * g, alpha=0.01)
                    p -= 0.1 * (m / (1 - 0.9**step)) / ((v / (1 - 0.99**step)).sqrt() + 1e-8)
    return [losses, sorted(n for n, v in layer.state_dict().items() if not torch.equal(v, before[n]))]


@pytest.mark.weight(2.5)
@pytest.mark.hint("Training the factors hardly lowers the loss: do both get gradients, and does the output use them?")
def test_qlora_linear_can_be_trained(student):
    """Fifty steps teach the layer another task of low rank; of its state only the two factors change."""
    x = torch.randn(40, 6, dtype=torch.float64)
    weight = torch.randn(4, 6, dtype=torch.float64)
    u, v = torch.tensor([1.0, -1.0, 2.0, 0.5]), torch.tensor([1.0, 0.0, -1.0, 1.0, 0.5, -0.5])
    target = x @ (_quantized(weight, 8) + torch.outer(u, v).double()).T
    losses, changed = student.run(_probe_train, weight, x, target, 50)
    require(losses[-1] < 0.1 * losses[0], f"the loss went from {losses[0]:.3g} to {losses[-1]:.3g}")
    require(changed == ["lora_A", "lora_B"], f"changed: {changed}", "Codes and absmax stay as they are in training.")
