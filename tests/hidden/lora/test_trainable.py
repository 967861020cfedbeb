"""mark_only_lora_trainable, count_trainable_parameters and lora_state_dict: all by name.

The probe's model has its factors from plain nn.Parameters, so these questions depend on no other. Some names are
close to those of the factors.
"""

import pytest
import torch

from autograder.suite import assert_close, require

FACTORS = {"layers.0.lora_A": [2, 5], "layers.0.lora_B": [3, 2], "layers.1.lora_A": [4, 3], "layers.1.lora_B": [2, 4]}
OTHERS = {
    "lora_norm": [3], "old_lora_A": [2, 2], "scale": [7],
    "layers.0.base.weight": [3, 5], "layers.0.base.bias": [3],
    "layers.1.base.weight": [2, 3], "layers.1.base.bias": [2],
    "lora_A.weight": [2, 6], "lora_A.bias": [2],
}  # fmt: skip
BUFFER = "Entries of the state dict that are no LoRA factors, buffers for instance, do not belong here."
BIAS = "Biases are trained: only lora_A and lora_B should be."
EVERY_NAME = "The LAST part of the dotted name must be lora_A or lora_B; these letters somewhere in it are not enough."
DETACHED = "What is stored is numbers alone: the tensors must not require grad."
FACTORS_FROZEN = "Some lora_A or lora_B are frozen afterwards: switch them on wherever they were off."


def _probe_model(module, name, frozen):
    """Call the function on a model of which these parameters are frozen; what it returns, and what is trainable."""
    import torch
    from torch import nn

    class Adapted(nn.Module):
        def __init__(self, in_features, out_features, rank):
            super().__init__()
            self.base = nn.Linear(in_features, out_features)
            self.lora_A = nn.Parameter(torch.randn(rank, in_features))
            self.lora_B = nn.Parameter(torch.randn(out_features, rank))

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList([Adapted(5, 3, 2), Adapted(3, 2, 4)])
            self.lora_norm = nn.Parameter(torch.ones(3))
            self.old_lora_A = nn.Parameter(torch.ones(2, 2))
            self.scale = nn.Parameter(torch.ones(7))
            self.lora_A = nn.Linear(6, 2)
            self.register_buffer("steps", torch.zeros(11))
            self.tied = self.layers[0].base  # the same layer under a second name

    model = Model()
    for parameter_name, parameter in model.named_parameters():
        parameter.requires_grad_(parameter_name not in frozen)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    returned = getattr(module, name)(model)
    after = model.state_dict()
    seen = {
        "returned": returned,
        "trainable": sorted(n for n, p in model.named_parameters() if p.requires_grad),
        "changed": [n for n, v in before.items() if not torch.equal(v, after[n])],
    }
    if isinstance(returned, dict):
        seen["require_grad"] = [n for n, v in returned.items() if v.requires_grad]
        seen["stored"] = {n: v.detach().clone() for n, v in returned.items()}
        seen["factors"] = {n: v for n, v in before.items() if n.endswith((".lora_A", ".lora_B"))}
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(1.0)
        seen["left"] = [list(part) for part in model.load_state_dict(seen["stored"], strict=False)]
        seen["restored"] = sorted(n for n, v in model.state_dict().items() if torch.equal(v, before[n]))
    return seen


@pytest.mark.public
@pytest.mark.question("mark_only_lora_trainable")
@pytest.mark.weight(1)
@pytest.mark.hint("After the call the two factors of the layer require grad, and nothing else does.")
def test_mark_one_layer(student):
    """Of a model with one LoRA layer and one without, the two factors can be trained."""
    nn = student.torch.nn
    model = nn.Sequential(nn.Linear(5, 4), student.LoRALinear(nn.Linear(4, 3), 2, 6.0))
    student.mark_only_lora_trainable(model)
    trainable = [name for name, value in model.state_dict(keep_vars=True).items() if value.requires_grad]
    assert sorted(trainable) == ["1.lora_A", "1.lora_B"]


@pytest.mark.question("mark_only_lora_trainable")
@pytest.mark.weight(4)
@pytest.mark.hint("Go through all named parameters: those whose last name is lora_A or lora_B on, all others off.")
def test_mark_by_name(student):
    """Exactly the parameters called lora_A or lora_B require grad, whatever was trainable before."""
    everything = [*FACTORS, *OTHERS]
    for frozen in ([], everything, [*FACTORS]):
        trainable = student.run(_probe_model, "mark_only_lora_trainable", frozen)["trainable"]
        require(not [name for name in trainable if name.endswith(".base.bias")], f"trainable: {trainable}", BIAS)
        require(not {"old_lora_A", "lora_norm"} & set(trainable), f"trainable: {trainable}", EVERY_NAME)
        require("lora_A.weight" not in trainable, f"trainable: {trainable}", EVERY_NAME)
        missing = set(FACTORS) - set(trainable)
        require(not missing, f"frozen: {sorted(missing)}", FACTORS_FROZEN)
        require(trainable == sorted(FACTORS), f"trainable: {trainable}")


@pytest.mark.question("mark_only_lora_trainable")
@pytest.mark.weight(1)
@pytest.mark.hint("Marking says what may be trained; it changes no number.")
def test_mark_changes_no_values(student):
    """The parameters' values stay as they are."""
    seen = student.run(_probe_model, "mark_only_lora_trainable", [])
    require(sorted(FACTORS) == seen["trainable"], f"trainable: {seen['trainable']}", FACTORS_FROZEN)
    require(not seen["changed"], f"changed: {seen['changed']}")


@pytest.mark.public
@pytest.mark.question("count_trainable_parameters")
@pytest.mark.weight(1)
@pytest.mark.hint("Count numbers, not tensors: a weight of 3 x 4 holds twelve.")
def test_count_of_a_linear_layer(student):
    """A linear layer from 4 to 3 has 12 weights and 3 biases; frozen, it has none to train."""
    layer = student.torch.nn.Linear(4, 3)
    assert student.count_trainable_parameters(layer) == 15
    layer.requires_grad_(False)
    assert student.count_trainable_parameters(layer) == 0


@pytest.mark.question("count_trainable_parameters")
@pytest.mark.weight(3)
@pytest.mark.hint("Add up the sizes of all parameters that require grad, whatever they are called, each once.")
def test_count_what_requires_grad(student):
    """All parameters that require grad count, LoRA or not; frozen ones and buffers do not."""
    sizes = {name: torch.Size(shape).numel() for name, shape in (FACTORS | OTHERS).items()}
    tied = sizes["layers.0.base.weight"] + sizes["layers.0.base.bias"]
    for frozen in ([], [*OTHERS], ["scale", "layers.1.lora_A", "layers.0.base.bias"], [*sizes]):
        count = student.run(_probe_model, "count_trainable_parameters", frozen)["returned"]
        wanted = sum(size for name, size in sizes.items() if name not in frozen)
        require(isinstance(count, int) and not isinstance(count, bool), f"returned {count!r}", "Return a Python int.")
        kept = [name for name in sizes if name not in frozen]
        mistakes = {
            "Frozen parameters are counted as well.": sum(sizes.values()),
            "That is how many tensors there are; count the numbers in them.": len(kept),
            "Only the LoRA factors are counted; whatever requires grad is asked for.": sum(
                sizes[name] for name in kept if name in FACTORS
            ),
            "A layer that occurs in the model under two names is counted twice.": wanted + tied,
            "Buffers are counted as well.": wanted + 11,
            "The frozen parameters are counted, not the trainable ones.": sum(sizes[name] for name in frozen),
        }
        hints = [hint for hint, value in mistakes.items() if value == count and value != wanted]
        require(count == wanted, f"{count}, expected {wanted}", hints[0] if hints else "")


@pytest.mark.public
@pytest.mark.question("lora_state_dict")
@pytest.mark.weight(1)
@pytest.mark.hint("A dict from full names to tensors, with the two factors of each layer in it and nothing else.")
def test_lora_state_of_one_layer(student):
    """Of a model with one LoRA layer, the two factors are stored under their full names."""
    nn = student.torch.nn
    model = nn.Sequential(nn.Linear(5, 4), student.LoRALinear(nn.Linear(4, 3), 2, 6.0))
    state = student.lora_state_dict(model)
    assert sorted(state) == ["1.lora_A", "1.lora_B"]
    assert torch.equal(state["1.lora_A"], model.state_dict()["1.lora_A"])


@pytest.mark.question("lora_state_dict")
@pytest.mark.weight(3)
@pytest.mark.hint("Full dotted names, as model.state_dict() has them, of the factors alone, with their values.")
def test_lora_state_dict_entries(student):
    """Exactly the factors are stored, with the names and values that the model's state dict has, frozen or not."""
    for frozen in ([], ["layers.1.lora_A", "layers.0.lora_B"], [*OTHERS]):
        seen = student.run(_probe_model, "lora_state_dict", frozen)
        state = seen["returned"]
        require(isinstance(state, dict), f"returned a {type(state).__name__}", "Return a dict: name -> tensor.")
        require("steps" not in state, "the buffer is in the dict", BUFFER)
        require(not [name for name in state if name in OTHERS], f"the dict has {sorted(state)}", EVERY_NAME)
        incomplete = "Factors are missing: those of all layers belong here under their full names, frozen or not."
        require(set(FACTORS) <= set(state), f"the dict has {sorted(state)}", incomplete)
        require(sorted(state) == sorted(FACTORS), f"the dict has {sorted(state)}")
        require(not seen["require_grad"], f"{seen['require_grad']} require grad", DETACHED)
        for name, factor in seen["factors"].items():
            assert_close(seen["stored"][name], factor, rtol=0, atol=0, name=f"the entry {name}")


@pytest.mark.question("lora_state_dict")
@pytest.mark.weight(2)
@pytest.mark.hint("load_state_dict with strict=False must find a place for every entry; what it misses is the base.")
def test_lora_state_dict_goes_back(student):
    """The model takes the entries back, all of them, and misses the rest alone."""
    seen = student.run(_probe_model, "lora_state_dict", [])
    require(isinstance(seen["returned"], dict), f"returned a {type(seen['returned']).__name__}")
    missing, unexpected = seen["left"]
    require(not unexpected, f"the model does not know {unexpected}")
    require(not set(FACTORS) & set(missing), f"not restored: {sorted(set(FACTORS) & set(missing))}")
    require(set(FACTORS) <= set(seen["restored"]), f"restored: {seen['restored']}")
    tied = {"tied.weight", "tied.bias"}
    require(set(missing) == set(OTHERS) | {"steps"} | tied, f"what was not stored is {sorted(missing)}")
