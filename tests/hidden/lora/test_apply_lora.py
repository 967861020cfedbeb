"""apply_lora: which layers are meant, what becomes of them, and what stays as it is.

A probe builds a small model whose names are close to each other, and reports what is where afterwards.
"""

import pytest
import torch

from autograder.suite import assert_close, raises_in_student, require

pytestmark = pytest.mark.question("apply_lora")

SUBSTRING = "Only whole parts of the dotted name count: my_q_proj is another layer than q_proj."
INSIDE = "The name must END with the target: what lies further inside a module of that name is not meant."
DOTTED = "A target may have several parts, as in attn.q_proj; the end of the dotted name must agree with all of them."
COUNT = "Return how many layers were replaced: each layer once, whichever of the targets it matches."
NOT_LINEAR = "Modules that are no nn.Linear are left alone, whatever their name is."
IN_PLACE = "The model that was passed in must hold the new layers: set them on the parent that holds the old ones."
PARENT = "A name with dots is no attribute of the model: the last part of it is one of the module that holds the layer."
OWN_BASE = "Each new layer wraps the very layer that stood in its place, weights included."
OTHERS = "Parameters outside of the new layers are neither changed nor frozen: another function does that."

LINEAR = [
    "layers.0.attn.q_proj", "layers.0.attn.v_proj", "layers.0.attn.my_q_proj", "layers.0.mlp.q_proj",
    "layers.1.attn.q_proj", "layers.1.attn.v_proj", "layers.1.attn.my_q_proj", "layers.1.mlp.q_proj",
    "gate.q_proj.0", "gate.q_proj.1", "q_proj", "head",
]  # fmt: skip


def _probe_apply(module, calls):
    """Apply LoRA once for each (targets, rank, alpha); what there is at the end."""
    import torch
    from torch import nn

    def linear(*names):
        return nn.ModuleDict({name: nn.Linear(6, 4) for name in names})

    torch.manual_seed(0)
    layers = [
        nn.ModuleDict(
            {
                "attn": linear("q_proj", "v_proj", "my_q_proj"),
                "mlp": linear("q_proj"),
                "norm": nn.ModuleDict({"v_proj": nn.LayerNorm(4)}),
            }
        )
        for _ in range(2)
    ]
    gate = nn.ModuleDict({"q_proj": nn.Sequential(nn.Linear(6, 4), nn.Linear(4, 3))})
    parts = {"layers": nn.ModuleList(layers), "gate": gate, "q_proj": nn.Linear(6, 4), "head": nn.Linear(4, 3)}
    model = nn.ModuleDict(parts)
    before = dict(model.named_modules())
    counts = [module.apply_lora(model, targets, rank, alpha) for targets, rank, alpha in calls]
    after = {name: model.get_submodule(name) for name, _ in model.named_modules()}
    new = {name: m for name, m in after.items() if isinstance(m, module.LoRALinear)}
    outside = [name for name in before if name not in new and isinstance(before[name], (nn.Linear, nn.LayerNorm))]
    return {
        "counts": counts,
        "stray": [name for name, _ in model.named_children() if name not in parts],
        "new": {name: list(layer.lora_A.shape) for name, layer in new.items()},
        "own_base": [layer.base is before.get(name) for name, layer in new.items()],
        "kept": [after.get(name) is before[name] for name in outside],
        "trainable": [all(p.requires_grad for p in before[name].parameters()) for name in outside],
    }


def _assert_replaced(seen, wanted, hints):
    """The replaced layers are those wanted. `hints`: hint -> a layer that the mistake replaces or misses."""
    require(not seen["stray"], f"the model itself has got {seen['stray']}", PARENT)
    found = set(seen["new"])
    for hint, name in hints.items():
        require((name in found) == (name in wanted), f"{name} is {'' if name in found else 'not '}replaced", hint)
    require(found == set(wanted), f"replaced {sorted(found)}, expected {sorted(wanted)}")


@pytest.mark.public
@pytest.mark.weight(1)
@pytest.mark.hint("Put a LoRALinear where each layer that is meant stood, in the model itself, and count them.")
def test_apply_lora_on_two_layers(student):
    """The last of two linear layers gets LoRA; the output is what it was."""
    nn = student.torch.nn  # the model is made where your code runs
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    x = torch.linspace(-1, 1, 12).reshape(3, 4)
    before = model(x)
    assert student.apply_lora(model, ["2"], 2, 4.0) == 1
    factors = [name for name in model.state_dict() if "lora" in name]
    assert sorted(factors) == ["2.lora_A", "2.lora_B"]
    assert torch.allclose(model(x), before)


@pytest.mark.weight(3)
@pytest.mark.hint("A layer is meant where its whole dotted name, or the end of it after a dot, is one of the targets.")
def test_apply_lora_names(student):
    """Targets mean whole parts at the end of the dotted name, at every depth."""
    q_proj = [name for name in LINEAR if name.endswith("q_proj") and "my_" not in name]
    v_proj = [name for name in LINEAR if name.endswith("v_proj")]
    (one, several, dotted, whole) = (
        student.run(_probe_apply, [[targets, 2, 4.0]])
        for targets in (["q_proj"], ["head", "v_proj"], ["attn.q_proj"], ["layers.1.mlp.q_proj", "1.attn.v_proj"])
    )
    deeper = "Layers at every depth are meant, those at the top of the model as well."
    hints = {SUBSTRING: "layers.0.attn.my_q_proj", INSIDE: "gate.q_proj.0", deeper: "q_proj"}
    _assert_replaced(one, q_proj, hints | {deeper + " ": "layers.1.mlp.q_proj"})
    any_target = "A layer is meant where any one of the targets fits."
    _assert_replaced(several, ["head", *v_proj], {any_target: "head", any_target + " ": v_proj[0]})
    hints = {DOTTED: "layers.0.attn.q_proj", DOTTED + " ": "layers.0.mlp.q_proj"}
    _assert_replaced(dotted, ["layers.0.attn.q_proj", "layers.1.attn.q_proj"], hints)
    hints = {DOTTED: "layers.1.mlp.q_proj", DOTTED + " ": "layers.1.attn.v_proj"}
    _assert_replaced(whole, ["layers.1.mlp.q_proj", "layers.1.attn.v_proj"], hints)


@pytest.mark.weight(1.5)
@pytest.mark.hint(COUNT)
def test_apply_lora_count(student):
    """The number of replaced layers is returned, each counted once."""
    for targets, wanted in ((["q_proj"], 5), (["q_proj", "attn.q_proj", "head"], 6), (["v_proj", "nothing"], 2)):
        (count,) = student.run(_probe_apply, [[targets, 2, 4.0]])["counts"]
        require(isinstance(count, int) and count == wanted, f"{count!r} for {targets}, expected {wanted}", COUNT)


@pytest.mark.weight(1.5)
@pytest.mark.hint(OWN_BASE)
def test_apply_lora_wraps_what_was_there(student):
    """Each new layer stands in the model, where the old one was, and wraps that layer; all others stay."""
    seen = student.run(_probe_apply, [[["q_proj", "v_proj"], 3, 4.0]])
    require(len(seen["new"]) == 7, f"{len(seen['new'])} layers of the model are LoRALinear", IN_PLACE)
    require(all(seen["own_base"]), f"own base: {seen['own_base']}", OWN_BASE)
    require(all(seen["kept"]), f"{seen['kept'].count(False)} other modules were replaced", NOT_LINEAR)
    require(all(seen["trainable"]), "parameters outside of the new layers are frozen", OTHERS)


@pytest.mark.weight(1)
@pytest.mark.hint("A layer that has LoRA already keeps it as it is, and its base is not wrapped once more.")
def test_apply_lora_again(student):
    """A second call adapts other layers and leaves those alone that have LoRA."""
    seen = student.run(_probe_apply, [[["attn.q_proj"], 3, 4.0], [["q_proj", "base", "head"], 2, 4.0]])
    adapted = {name: [2, 4 if name == "head" else 6] for name in LINEAR if name.endswith((".q_proj", "head"))}
    adapted = {n: s for n, s in adapted.items() if "my_" not in n} | {"q_proj": [2, 6]}
    adapted |= {f"layers.{i}.attn.q_proj": [3, 6] for i in range(2)}
    require(seen["new"] == adapted, f"after two calls the layers with LoRA are {seen['new']}")
    require(seen["counts"] == [2, 4], f"the two calls return {seen['counts']}")


def _probe_no_match(module, targets):
    """Call apply_lora and keep the model's names, whatever it raises."""
    from torch import nn

    model = nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8))
    names = list(model.state_dict())
    try:
        module.apply_lora(model, targets, 2, 4.0)
    finally:
        assert list(model.state_dict()) == names, "the model has changed"


@pytest.mark.weight(1.5)
@pytest.mark.hint("A misspelt target must not go unnoticed: raise a ValueError where no layer at all is meant.")
def test_apply_lora_without_a_match(student):
    """Where no linear layer is meant, ValueError is raised, also where a module of another type has the name."""
    for targets in (["q_proj"], ["1"], []):
        with raises_in_student("ValueError"):
            student.run(_probe_no_match, targets)


def _probe_outputs(module, x, rank, alpha):
    """Outputs of a small model before LoRA, with it, and with it and known factors; and what they are made of."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    model = nn.Sequential(nn.Sequential(nn.Linear(5, 6), nn.Tanh()), nn.Linear(6, 3)).double()
    weights = [p.detach().clone() for p in model.parameters()]
    outputs = [model(x).detach()]
    module.apply_lora(model, ("0.0", "1"), rank, alpha)
    outputs.append(model(x).detach())
    factors = []
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith(("lora_A", "lora_B")):
                parameter.normal_()
                factors.append(parameter.detach().clone())
        outputs.append(model(x))
    return [outputs, weights, factors]


@pytest.mark.weight(2.5)
@pytest.mark.hint("Each new layer gets the rank and the alpha that were passed to apply_lora.")
def test_apply_lora_outputs(student):
    """The model computes what it did at first, and with other factors what LoRA of this rank and alpha gives."""
    x = torch.randn(7, 5, dtype=torch.float64)
    for rank, alpha in ((3, 7.5), (2, 1.0)):
        outputs, weights, factors = student.run(_probe_outputs, x, rank, alpha)
        assert_close(outputs[1], outputs[0], rtol=1e-8, name="the output at the start", hint=OWN_BASE)
        require(len(factors) == 4, f"{len(factors)} factors in the model, expected 4", IN_PLACE)
        require(factors[0].shape == (rank, 5), f"lora_A has shape {list(factors[0].shape)}")
        hidden, scale = x, alpha / rank
        for layer in range(2):
            (weight, bias), (lora_A, lora_B) = weights[2 * layer :][:2], factors[2 * layer :][:2]
            hidden = hidden @ (weight + scale * lora_B @ lora_A).T + bias
            hidden = hidden.tanh() if layer == 0 else hidden
        assert_close(outputs[2], hidden, rtol=1e-8, name="the output with known factors")
