"""LoRALinear again: delta_weight, merge and unmerge, seen through the outputs and the base's weight."""

import pytest
import torch

from autograder.suite import assert_close, require

pytestmark = pytest.mark.question("LoRALinear")

ON_A_COPY = "After merge the base's own weight is what it was before: the change went into a copy."
TWICE = "Merging a second time adds the update a second time: remember that it is merged already."
STILL_ADDED = "After merge the update counts twice: it is in the weight, and forward still adds it."
NOT_ADDED = "After merge the update is lost: forward leaves it out, and so must find it in the base's weight."
TAKEN_TWICE = "unmerge takes the update away although it is not in the weight: look at `merged` first."
NOT_UNDONE = "After unmerge the base's weight still has the update in it."
MERGED = "`merged` says whether the update is in the base's weight at this moment: a bool that merge and unmerge set."
UNFROZEN = "After merge the base's weight asks for gradients, or hangs in a graph: it stays a frozen parameter."

# All is in float64 here: an answer that goes by way of float32 is off by a hundred times this.
TIGHT = {"rtol": 1e-8, "atol": 1e-9}


def _case(rank=2, alpha=5.0, bias=True):
    """Weights [3, 5] and factors, and x [4, 5], in float64."""
    case = {
        "weight": torch.randn(3, 5, dtype=torch.float64),
        "lora_A": torch.randn(rank, 5, dtype=torch.float64),
        "lora_B": torch.randn(3, rank, dtype=torch.float64),
        "alpha": alpha,
        "x": torch.randn(4, 5, dtype=torch.float64),
        "bias": torch.randn(3, dtype=torch.float64) if bias else None,
    }
    case["delta"] = alpha / rank * case["lora_B"] @ case["lora_A"]
    return case


def _output(case, weight):
    return case["x"] @ weight.T + (0 if case["bias"] is None else case["bias"])


def _probe_operations(module, case, operations):
    """The state of a layer at the start and after each operation ("merge" or "unmerge")."""
    import torch

    bias = case["bias"] is not None
    base = torch.nn.Linear(5, 3, bias=bias, dtype=torch.float64)
    base.load_state_dict({"weight": case["weight"], **({"bias": case["bias"]} if bias else {})})
    layer = module.LoRALinear(base, case["lora_A"].shape[0], case["alpha"])
    with torch.no_grad():
        layer.lora_A.copy_(case["lora_A"])
        layer.lora_B.copy_(case["lora_B"])
    states = []
    for operation in [None, *operations]:
        if operation:
            getattr(layer, operation)()
        weight = layer.base.weight
        states.append(
            {
                "y": layer(case["x"]).detach().clone(),
                "weight": weight.detach().clone(),
                "merged": layer.merged,
                "delta": layer.delta_weight().detach().clone(),
                "factors": [layer.lora_A.detach().clone(), layer.lora_B.detach().clone()],
                "trainable": sorted(name for name, p in layer.named_parameters() if p.requires_grad),
                "leaf": weight.is_leaf and not weight.requires_grad and weight is base.weight,
            }
        )
    return states


def _probe_merged_gradient(module, case, upstream):
    """The gradient of x through a merged layer, None where there is none."""
    import torch

    base = torch.nn.Linear(5, 3, dtype=torch.float64)
    base.load_state_dict({"weight": case["weight"], "bias": case["bias"]})
    layer = module.LoRALinear(base, case["lora_A"].shape[0], case["alpha"])
    with torch.no_grad():
        layer.lora_A.copy_(case["lora_A"])
        layer.lora_B.copy_(case["lora_B"])
    layer.merge()
    x = case["x"].requires_grad_()
    y = layer(x)
    if y.requires_grad:
        y.backward(upstream)
    return x.grad


def _probe_delta(module, lora_A, lora_B, alpha, upstream):
    """delta_weight of a layer with these factors, and the factors' gradients."""
    import torch

    base = torch.nn.Linear(lora_A.shape[1], lora_B.shape[0], dtype=lora_A.dtype)
    layer = module.LoRALinear(base, lora_A.shape[0], alpha)
    with torch.no_grad():
        layer.lora_A.copy_(lora_A)
        layer.lora_B.copy_(lora_B)
    delta = layer.delta_weight()
    if delta.requires_grad and delta.shape == upstream.shape:
        delta.backward(upstream)
    return [delta.detach(), layer.lora_A.grad, layer.lora_B.grad]


@pytest.mark.weight(2)
@pytest.mark.hint("delta_weight is what must be added to base.weight: of its shape [out, in], scale included.")
def test_delta_weight_values(student):
    """delta_weight is the scaled product of the factors, differentiable in both."""
    for in_features, out_features, rank, alpha in ((5, 3, 2, 7.0), (2, 4, 3, 1.0)):
        lora_A = torch.randn(rank, in_features, dtype=torch.float64)
        lora_B = torch.randn(out_features, rank, dtype=torch.float64)
        upstream = torch.randn(out_features, in_features, dtype=torch.float64)
        delta, A_grad, B_grad = student.run(_probe_delta, lora_A, lora_B, alpha, upstream)
        scale, product = alpha / rank, lora_B @ lora_A
        mistakes = {
            "The scale is missing from delta_weight.": product,
            "The scale of delta_weight leaves out the rank.": alpha * product,
            "The scale of delta_weight is upside down.": product / scale,
            "delta_weight is transposed: a weight is [out_features, in_features].": scale * product.T,
        }
        assert_close(delta, scale * product, rtol=1e-8, name="delta_weight", mistakes=mistakes)
        detached = "delta_weight must be differentiable in lora_A and lora_B: is something detached?"
        require(A_grad is not None and B_grad is not None, "no gradient reaches lora_A or lora_B", detached)
        assert_close(A_grad, scale * lora_B.T @ upstream, name="the gradient of lora_A", hint=detached)
        assert_close(B_grad, scale * upstream @ lora_A.T, name="the gradient of lora_B", hint=detached)


@pytest.mark.weight(3)
@pytest.mark.hint("Merging adds delta_weight to base.weight once, and the output stays the same.")
def test_merge(student):
    """After merging, once or twice, the output is the same and the base's weight holds the update once."""
    for bias in (True, False):
        case = _case(bias=bias)
        weight, delta = case["weight"], case["delta"]
        start, once, twice = student.run(_probe_operations, case, ["merge", "merge"])
        require(start["merged"] is False, f"merged is {start['merged']!r} at the start", MERGED)
        assert_close(start["y"], _output(case, weight + delta), **TIGHT, name="the output before merge")
        for state, name in ((once, "merging"), (twice, "merging twice")):
            named = {ON_A_COPY: weight, TWICE: weight + 2 * delta}
            named["Merging adds delta_weight; yours takes it away."] = weight - delta
            assert_close(
                state["weight"], weight + delta, **TIGHT, name=f"the base's weight after {name}", mistakes=named
            )
            named = {STILL_ADDED: _output(case, weight + 2 * delta), NOT_ADDED: _output(case, weight)}
            assert_close(
                state["y"], _output(case, weight + delta), **TIGHT, name=f"the output after {name}", mistakes=named
            )
            require(state["merged"] is True, f"merged is {state['merged']!r} after {name}", MERGED)


@pytest.mark.weight(2)
@pytest.mark.hint("unmerge restores the base's weight where it is merged, and does nothing where it is not.")
def test_unmerge(student):
    """unmerge undoes merge, however often either is called and whichever comes first."""
    case = _case()
    weight, delta = case["weight"], case["delta"]
    operations = ["unmerge", "merge", "unmerge", "unmerge", "merge", "unmerge"]
    states = student.run(_probe_operations, case, operations)
    for operation, state in zip(operations, states[1:], strict=True):
        inside = operation == "merge"
        named = {TAKEN_TWICE: weight - delta, NOT_UNDONE: weight + delta}
        wanted = weight + delta if inside else weight
        assert_close(state["weight"], wanted, **TIGHT, name=f"the base's weight after {operation}", mistakes=named)
        require(state["merged"] is inside, f"merged is {state['merged']!r} after {operation}", MERGED)
        assert_close(state["y"], _output(case, weight + delta), **TIGHT, name=f"the output after {operation}")


@pytest.mark.weight(1.5)
@pytest.mark.hint("merge and unmerge change the numbers in base.weight and `merged`, and nothing else.")
def test_merge_leaves_the_rest(student):
    """The factors, and which parameters are frozen, are the same before and after."""
    case = _case(rank=4, alpha=1.0)
    for state in student.run(_probe_operations, case, ["merge", "unmerge"]):
        replaced = "lora_A and lora_B are still needed after merge: leave them as they are."
        for factor, name in zip(state["factors"], ("lora_A", "lora_B"), strict=True):
            assert_close(factor, case[name], rtol=0, atol=0, name=name, hint=replaced)
        assert_close(state["delta"], case["delta"], rtol=1e-8, name="delta_weight", hint=replaced)
        require(state["leaf"] is True, "base.weight is not the same frozen parameter any more", UNFROZEN)
        frozen = "merge and unmerge leave lora_A and lora_B trainable, and the base frozen."
        require(state["trainable"] == ["lora_A", "lora_B"], f"trainable: {state['trainable']}", frozen)


@pytest.mark.weight(1)
@pytest.mark.hint("A merged layer hands gradients on to x as any linear layer does: forward detaches nothing.")
def test_merged_layer_hands_gradients_on(student):
    """The gradient of x through a merged layer is that of the weight with the update in it."""
    case = _case()
    upstream = torch.randn(4, 3, dtype=torch.float64)
    gradient = student.run(_probe_merged_gradient, case, upstream)
    require(gradient is not None, "no gradient in x")
    mistakes = {NOT_ADDED: upstream @ case["weight"]}
    assert_close(
        gradient, upstream @ (case["weight"] + case["delta"]), rtol=1e-8, name="the gradient of x", mistakes=mistakes
    )
