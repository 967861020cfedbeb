"""LoRALinear: where it starts, what it computes, what can be trained. Merging has a file of its own.

lora_A, lora_B and base have fixed names, so that probes can put known numbers into them.
"""

import pytest
import torch

from autograder.suite import assert_close, assert_shape, require

pytestmark = pytest.mark.question("LoRALinear")

B_NOT_ZERO = "lora_B does not start at zero, so that the layer is not the pretrained one at the start of training."
A_ZERO = "lora_A starts at zero as well: where both factors are zero, neither gets a gradient, and nothing is learnt."
BASE_TRAINABLE = "The base still asks for gradients: freeze its weight and its bias."
BASE_CUT_OFF = "The gradient of x lacks the base's share: frozen means no gradient for its weight, not none through it."
NOT_TRAINABLE = "lora_A and lora_B must be parameters of the layer, so that an optimizer finds them."
BASE_REPLACED = "The layer holds a copy of the base: keep the very layer that was passed in, under the name `base`."


def _case(in_features, out_features, rank, alpha, *lead, bias=True):
    """A layer with random weights and factors, and x [*lead, in_features]; all float64."""
    double = {"dtype": torch.float64}
    return {
        "weight": torch.randn(out_features, in_features, **double),
        "bias": torch.randn(out_features, **double) if bias else None,
        "lora_A": torch.randn(rank, in_features, **double),
        "lora_B": torch.randn(out_features, rank, **double),
        "alpha": alpha,
        "x": torch.randn(*lead, in_features, **double),
    }


def _parts(case):
    """(x W^T, b or 0, x A^T B^T)"""
    x, bias = case["x"], case["bias"]
    low = x @ (case["lora_B"] @ case["lora_A"]).T
    return x @ case["weight"].T, torch.zeros_like(low) + (0 if bias is None else bias), low


def _probe_layer(module, cases, upstreams):
    """Of each case: the output, and the gradients under this upstream gradient, None where there is none."""
    import torch

    results = []
    for case, upstream in zip(cases, upstreams):  # noqa: B905
        out_features, in_features = case["weight"].shape
        bias = case["bias"] is not None
        base = torch.nn.Linear(in_features, out_features, bias=bias, dtype=torch.float64)
        base.load_state_dict({"weight": case["weight"], **({"bias": case["bias"]} if bias else {})})
        layer = module.LoRALinear(base, case["lora_A"].shape[0], case["alpha"])
        with torch.no_grad():
            layer.lora_A.copy_(case["lora_A"])
            layer.lora_B.copy_(case["lora_B"])
        x = case["x"].requires_grad_()
        y = layer(x)
        if y.requires_grad:
            y.backward(upstream)
        frozen = [base.weight.grad, base.bias.grad] if bias else [base.weight.grad]
        results.append([y.detach(), x.grad, layer.lora_A.grad, layer.lora_B.grad, frozen])
    return results


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint(B_NOT_ZERO)
def test_lora_linear_starts_as_base(student):
    """A new layer gives what the base gives, and has two factors of the shapes asked for."""
    base = student.torch.nn.Linear(6, 4)  # made where your code runs
    layer = student.LoRALinear(base, rank=2, alpha=8.0)
    x = torch.linspace(-1, 1, 18).reshape(3, 6)
    assert layer(x).shape == (3, 4)
    assert torch.allclose(layer(x), base(x))
    assert layer.state_dict()["lora_A"].shape == (2, 6)
    assert layer.state_dict()["lora_B"].shape == (4, 2)


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("Multiply the two factors in the order that gives [out_features, in_features], then scale.")
def test_lora_linear_delta_by_hand(student):
    """B A = [[1, 2, 0], [1, 3, 1]], times alpha / rank = 3."""
    layer = student.LoRALinear(student.torch.nn.Linear(3, 2), rank=2, alpha=6.0)
    factors = {
        "lora_A": torch.tensor([[1.0, 2.0, 0.0], [0.0, 1.0, 1.0]]),
        "lora_B": torch.tensor([[1.0, 0.0], [1.0, 1.0]]),
    }
    layer.load_state_dict(factors, strict=False)
    assert torch.allclose(layer.delta_weight(), torch.tensor([[3.0, 6.0, 0.0], [3.0, 9.0, 3.0]]))


@pytest.mark.weight(4)
@pytest.mark.hint("The output is base(x), bias included, plus the scaled path through lora_A and then lora_B.")
def test_lora_linear_values(student):
    """The output for known weights and factors, with and without a bias, for x of any rank."""
    cases = [_case(5, 3, 2, 7.0, 4), _case(3, 6, 4, 1.0, 2, 5, bias=False), _case(4, 2, 3, 9.0)]
    results = student.run(_probe_layer, cases, [torch.ones_like(_parts(case)[0]) for case in cases])
    for case, (y, *_) in zip(cases, results, strict=True):
        base, bias, low = _parts(case)
        rank, alpha = case["lora_A"].shape[0], case["alpha"]
        scale = alpha / rank
        mistakes = {
            "The update is scaled by alpha alone; the rank belongs in the scale, too.": base + bias + alpha * low,
            "The update is not scaled: alpha and rank have no effect.": base + bias + low,
            "The scale is upside down: a larger alpha must make the update larger.": base + bias + low / scale,
            "The rank divides alpha; it does not multiply it.": base + bias + alpha * rank * low,
            "The scale divides by the root of the rank, which is another method (rsLoRA).": (
                base + bias + alpha * rank**-0.5 * low
            ),
            "The scale belongs to the update alone; the base's output stays as it is.": scale * (base + bias + low),
            "The output is the update alone: add it to what the base gives.": scale * low,
            "The base's bias is missing.": base + scale * low,
            "The base's bias is added twice.": base + 2 * bias + scale * low,
            "The update is subtracted where it should be added.": base + bias - scale * low,
            "The output is the base's alone: the update is missing.": base + bias,
        }
        assert_close(y, base + bias + scale * low, rtol=1e-8, name="the output", mistakes=mistakes)


@pytest.mark.weight(2)
@pytest.mark.hint("Gradients must reach x, by both paths, and lora_A and lora_B; is something detached?")
def test_lora_linear_gradients(student):
    """The gradients of x, lora_A and lora_B are those of the formula."""
    cases = [_case(5, 3, 2, 7.0, 4), _case(3, 4, 2, 3.0, 2, 5, bias=False)]
    upstreams = [torch.randn_like(_parts(case)[0]) for case in cases]
    results = student.run(_probe_layer, cases, upstreams)
    for case, upstream, (_, x_grad, A_grad, B_grad, _) in zip(cases, upstreams, results, strict=True):
        scale = case["alpha"] / case["lora_A"].shape[0]
        through_base, through_update = upstream @ case["weight"], scale * upstream @ case["lora_B"] @ case["lora_A"]
        require(A_grad is not None and B_grad is not None, "no gradient reaches lora_A or lora_B")
        require(x_grad is not None, "no gradient reaches x")
        named = {
            BASE_CUT_OFF: through_update,
            "The gradient of x lacks the update's share: is x detached on the way to lora_A?": through_base,
        }
        assert_close(x_grad, through_base + through_update, name="the gradient of x", mistakes=named)
        x, g = case["x"].flatten(end_dim=-2), upstream.flatten(end_dim=-2)
        assert_close(A_grad, scale * (g @ case["lora_B"]).T @ x, name="the gradient of lora_A")
        assert_close(B_grad, scale * g.T @ (x @ case["lora_A"].T), name="the gradient of lora_B")


@pytest.mark.weight(1)
@pytest.mark.hint(BASE_TRAINABLE)
def test_lora_linear_base_gets_no_gradient(student):
    """A backward pass leaves no gradient in the base's weight and bias."""
    cases = [_case(5, 3, 2, 7.0, 4), _case(3, 4, 2, 3.0, 2, bias=False)]
    results = student.run(_probe_layer, cases, [torch.ones_like(_parts(case)[0]) for case in cases])
    for *_, A_grad, B_grad, frozen in results:
        require(A_grad is not None and B_grad is not None, "nothing at all got a gradient", NOT_TRAINABLE)
        require(all(g is None for g in frozen), f"{sum(g is not None for g in frozen)} parameters of the base have one")


def _probe_made(module, in_features, out_features, rank, dtype):
    """What there is of two new layers: factors, trainable names, and whether the base is the one passed in."""
    import torch

    bases = [torch.nn.Linear(in_features, out_features, dtype=dtype) for _ in range(2)]
    before = bases[0].weight.detach().clone()
    layers = [module.LoRALinear(base, rank, 2.5 * rank) for base in bases]
    named = dict(layers[0].named_parameters())
    return {
        "A": [layer.lora_A.detach() for layer in layers],
        "B": layers[0].lora_B.detach(),
        "trainable": sorted(name for name, p in named.items() if p.requires_grad),
        "frozen": [not p.requires_grad for p in bases[0].parameters()],
        "same_base": layers[0].base is bases[0],
        "unchanged": torch.equal(layers[0].base.weight.detach(), before),
        "merged": layers[0].merged,
        "computed": [layers[0](torch.ones(2, in_features, dtype=dtype)).detach(), layers[0].delta_weight().detach()],
    }


@pytest.mark.weight(2)
@pytest.mark.hint("lora_B starts at zero; lora_A is random, with independent entries of mean 0 and a moderate spread.")
def test_lora_linear_initialisation(student):
    """B is zero and A is not; A is random, of full rank, with a moderate spread around 0."""
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
    spread = first.std().item()
    require(1 / 20 <= spread * 1024**0.5 <= 20, f"the standard deviation of lora_A is {spread:.3g}")
    mean = first.mean().item()
    require(abs(mean) < 5 * spread / 8192**0.5, f"the mean of lora_A is {mean:.3g}")


@pytest.mark.weight(1.5)
@pytest.mark.hint("lora_A and lora_B are trainable, the weight and the bias of the base that was passed in are not.")
def test_lora_linear_what_is_trainable(student):
    """The two factors can be trained and nothing else, and the base is the layer that was passed in."""
    made = student.run(_probe_made, 6, 4, 3, torch.float32)
    require(made["same_base"] is True, "layer.base is another layer", BASE_REPLACED)
    require(made["unchanged"] is True, "the base's weight has changed", "The base keeps the weight that it came with.")
    require(made["frozen"] == [True, True], f"frozen: {made['frozen']}", BASE_TRAINABLE)
    missing = {"lora_A", "lora_B"} - set(made["trainable"])
    require(not missing, f"not trainable: {sorted(missing)}", NOT_TRAINABLE)
    require(made["trainable"] == ["lora_A", "lora_B"], f"trainable: {made['trainable']}")
    not_yet = "A new layer is not merged: its attribute `merged` says so."
    require(made["merged"] is False, f"merged is {made['merged']!r}", not_yet)


@pytest.mark.weight(1)
@pytest.mark.hint("The factors take the dtype of the base's weight, and what is computed with them has it, too.")
def test_lora_linear_dtype(student):
    """The factors have the dtype of the base, and so have the output and delta_weight."""
    for dtype in (torch.float64, torch.bfloat16):
        made = student.run(_probe_made, 6, 4, 3, dtype)
        found = [tensor.dtype for tensor in (made["A"][0], made["B"], *made["computed"])]
        require(set(found) == {dtype}, f"factors, output and delta_weight of a layer in {dtype} have {found}")


def _probe_train(module, weight, x, target, steps):
    """The losses of some steps of Adam, by hand, on all that asks for gradients; the base's change; the two factors."""
    import torch

    torch.manual_seed(0)
    base = torch.nn.Linear(weight.shape[1], weight.shape[0], dtype=weight.dtype)
    with torch.no_grad():
        base.weight.copy_(weight)
    before = [p.detach().clone() for p in base.parameters()]
    layer = module.LoRALinear(base, 2, 6.0)
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
    change = max((p - q).abs().max().item() for p, q in zip(base.parameters(), before))  # noqa: B905
    return [losses, change]


@pytest.mark.weight(2.5)
@pytest.mark.hint("Training the factors hardly lowers the loss: do both get gradients, and does the output use them?")
def test_lora_linear_can_be_trained(student):
    """Fifty steps teach the layer another task of low rank, without a change to the base."""
    x = torch.randn(40, 6, dtype=torch.float64)
    weight = torch.randn(4, 6, dtype=torch.float64)
    u, v = torch.tensor([1.0, -1.0, 2.0, 0.5]), torch.tensor([1.0, 0.0, -1.0, 1.0, 0.5, -0.5])
    target = x @ (weight + torch.outer(u, v).double()).T
    losses, change = student.run(_probe_train, weight, x, target, 50)
    require(change == 0, f"the base has changed by {change:.3g}", BASE_TRAINABLE)
    require(losses[-1] < 0.1 * losses[0], f"the loss went from {losses[0]:.3g} to {losses[-1]:.3g}")
