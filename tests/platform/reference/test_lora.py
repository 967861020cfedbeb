"""The reference's adapters and its NF4: closed forms, round trips, and fine-tuning on scikit-learn's 8 x 8 digits.

What is expected here comes from the papers, from quantiles of the normal distribution, from dense linear algebra, or
from the digits themselves.
"""

import copy

import pytest
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.distributions import Normal
from torch.nn import functional as F

from reference import lora

Task = tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]  # (pixels, class) to train with, and held out


def _with_random_factors(layer: nn.Module) -> nn.Module:
    """The layer, its factors drawn from a normal distribution, so that neither is zero."""
    with torch.no_grad():
        for name in ("lora_A", "lora_B"):
            layer.get_parameter(name).normal_()
    return layer


def _adapted(in_features: int, out_features: int, rank: int, alpha: float, bias: bool = True) -> lora.LoRALinear:
    layer = lora.LoRALinear(nn.Linear(in_features, out_features, bias=bias, dtype=torch.float64), rank, alpha)
    _with_random_factors(layer)
    return layer


def test_adapter_costs_the_published_number() -> None:
    """rank (in + out): 12 288 numbers for rank 8 on 768 x 768, and nothing else is trainable."""
    layer = lora.LoRALinear(nn.Linear(768, 768), rank=8, alpha=16)
    assert lora.count_trainable_parameters(layer) == 12_288
    assert lora.count_trainable_parameters(lora.LoRALinear(nn.Linear(30, 50), 4, 1.0)) == 4 * (30 + 50)


def test_new_adapter_changes_nothing() -> None:
    """y = base(x) at the start, to the last bit."""
    torch.manual_seed(0)
    base, x = nn.Linear(7, 5), torch.randn(2, 3, 7)
    assert torch.equal(lora.LoRALinear(base, 3, 8.0)(x), base(x))


@pytest.mark.parametrize("bias", [True, False])
def test_forward_is_a_dense_layer_with_the_updated_weight(bias: bool) -> None:
    """For any factors the layer agrees with a linear layer of weight W + (alpha / rank) B A."""
    torch.manual_seed(0)
    layer, x = _adapted(7, 5, rank=3, alpha=2.0, bias=bias), torch.randn(4, 7, dtype=torch.float64)
    dense = layer.base.weight + 2.0 / 3 * torch.einsum("or,ri->oi", layer.lora_B, layer.lora_A)
    torch.testing.assert_close(layer(x), F.linear(x, dense, layer.base.bias))


def test_update_has_the_rank_asked_for() -> None:
    """delta_weight has exactly `rank` singular values that are not zero."""
    torch.manual_seed(0)
    for rank in (1, 3, 5):
        assert torch.linalg.matrix_rank(_adapted(9, 6, rank, alpha=4.0).delta_weight()) == rank


def test_first_step_of_training_moves_b_alone() -> None:
    """Where B = 0, the gradient of A is zero and that of B is not: training leaves the start all the same."""
    torch.manual_seed(0)
    layer = lora.LoRALinear(nn.Linear(6, 4), 2, 3.0)
    layer(torch.randn(5, 6)).square().sum().backward()
    assert layer.lora_A.grad is not None
    assert not layer.lora_A.grad.any()
    assert layer.lora_B.grad is not None
    assert layer.lora_B.grad.abs().min() > 0
    assert layer.base.weight.grad is None


def test_merge_and_unmerge_are_inverse_and_idempotent() -> None:
    """The output never changes; the weight has the update in it while merged, however often either is called."""
    torch.manual_seed(0)
    layer, x = _adapted(7, 5, rank=2, alpha=5.0), torch.randn(4, 7, dtype=torch.float64)
    weight, y = layer.base.weight.clone(), layer(x)
    for operation, merged in ((layer.unmerge, False), (layer.merge, True), (layer.merge, True), (layer.unmerge, False)):
        operation()
        assert layer.merged is merged
        torch.testing.assert_close(layer.base.weight, weight + merged * layer.delta_weight())
        torch.testing.assert_close(layer(x), y)
        assert layer.base.weight.is_leaf
        assert not layer.base.weight.requires_grad


class _Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.q_proj, self.my_q_proj, self.v_proj = nn.Linear(6, 6), nn.Linear(6, 6), nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.v_proj(self.my_q_proj(self.q_proj(x)))


def _model() -> nn.Module:
    return nn.ModuleDict({"blocks": nn.ModuleList(_Attention() for _ in range(2)), "q_proj": nn.Linear(4, 3)})


def test_apply_lora_goes_by_whole_parts_of_names() -> None:
    """Names that merely end with the same letters are left alone; a second call adapts what is still missing."""
    model = _model()
    assert lora.apply_lora(model, ["q_proj"], 2, 4.0) == 3
    assert isinstance(model.get_submodule("blocks.1.q_proj"), lora.LoRALinear)
    assert isinstance(model.get_submodule("blocks.1.my_q_proj"), nn.Linear)
    assert lora.apply_lora(model, ["q_proj", "1.v_proj", "base"], 2, 4.0) == 1
    with pytest.raises(ValueError, match="no linear layer"):
        lora.apply_lora(model, ["q_proj"], 2, 4.0)


def test_adapters_alone_are_trained_and_stored() -> None:
    """Three adapters: their factors, and no other parameter, are trainable and are what is stored."""
    model = _model()
    lora.apply_lora(model, ["q_proj"], 2, 4.0)
    assert model.get_parameter("blocks.0.v_proj.bias").requires_grad
    lora.mark_only_lora_trainable(model)
    assert lora.count_trainable_parameters(model) == 2 * (2 * 12 + 7)
    state = lora.lora_state_dict(model)
    assert len(state) == 6
    assert sum(tensor.numel() for tensor in state.values()) == lora.count_trainable_parameters(model)


def test_stored_adapter_makes_a_copy_of_the_base_the_same_model() -> None:
    """The base and the stored adapter together are the whole fine-tuned model."""
    torch.manual_seed(0)
    base = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3))
    tuned, other = copy.deepcopy(base), copy.deepcopy(base)
    for model in (tuned, other):
        lora.apply_lora(model, ["0", "2"], 2, 4.0)
    for index in (0, 2):
        _with_random_factors(tuned[index])
    x = torch.randn(4, 6)
    assert not torch.allclose(other(x), tuned(x))
    other.load_state_dict(lora.lora_state_dict(tuned), strict=False)
    assert torch.equal(other(x), tuned(x))


# --- NF4 ---


def test_levels_are_the_normal_quantiles_of_the_paper() -> None:
    """Eight quantiles above 0 and seven below, up to probability 1 - (1/32 + 1/30) / 2, scaled to 1."""
    normal, last = Normal(torch.tensor(0.0, dtype=torch.float64), 1.0), 1 - (1 / 32 + 1 / 30) / 2
    above = normal.icdf(torch.linspace(last, 0.5, 9, dtype=torch.float64))[:-1].flip(0)
    below = -normal.icdf(torch.linspace(last, 0.5, 8, dtype=torch.float64))[:-1]
    expected = torch.cat([below, torch.zeros(1, dtype=torch.float64), above]) / above.max()
    torch.testing.assert_close(lora.NF4_LEVELS.double(), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("block_size", [1, 7, 64, 1000])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_round_trip_errs_by_half_a_gap_at_most(block_size: int, dtype: torch.dtype) -> None:
    """In every block, no number is off by more than absmax times half of the widest gap between levels."""
    torch.manual_seed(0)
    weight = torch.randn(9, 31, dtype=dtype)
    codes, absmax = lora.quantize_nf4(weight, block_size)
    restored = lora.dequantize_nf4(codes, absmax, weight.shape, block_size)
    assert codes.dtype == torch.uint8
    assert restored.dtype == absmax.dtype == dtype
    bound = absmax.repeat_interleave(block_size)[: weight.numel()] * lora.NF4_LEVELS.diff().max() / 2
    assert ((restored - weight).abs().flatten() <= bound * (1 + 1e-5)).all()


def test_what_lies_on_the_levels_comes_back_exactly() -> None:
    """Quantising again what has been quantised changes nothing, with short and with zero blocks."""
    torch.manual_seed(0)
    weight = torch.randn(5, 13, dtype=torch.float64)
    weight.flatten()[16:32] = 0
    codes, absmax = lora.quantize_nf4(weight, 16)
    restored = lora.dequantize_nf4(codes, absmax, (5, 13), 16)
    assert (codes[16:32] == 7).all()
    assert absmax[1] == 0
    again, absmax_again = lora.quantize_nf4(restored, 16)
    assert torch.equal(again, codes)
    assert torch.equal(absmax_again, absmax)


def test_levels_serve_normal_weights_better_than_equal_steps() -> None:
    """For normal numbers in blocks of 64, the mean squared error is below that of sixteen equally spaced levels."""
    torch.manual_seed(0)
    weight = torch.randn(2**16, dtype=torch.float64)
    codes, absmax = lora.quantize_nf4(weight)
    error = (lora.dequantize_nf4(codes, absmax, weight.shape) - weight).square().mean()
    scales = absmax.repeat_interleave(64)
    equal_steps = ((weight / scales + 1) * 7.5).round() / 7.5 * scales - scales
    assert error < 0.9 * (equal_steps - weight).square().mean()


def test_qlora_is_lora_on_the_restored_weight() -> None:
    """The layer agrees with LoRALinear whose base holds what the codes stand for, gradients included."""
    torch.manual_seed(0)
    base = nn.Linear(12, 7, dtype=torch.float64)
    quantised = lora.QLoRALinear(base, 3, 5.0, block_size=16)
    _with_random_factors(quantised)
    codes, absmax = lora.quantize_nf4(base.weight, 16)
    base.weight.data = lora.dequantize_nf4(codes, absmax, base.weight.shape, 16)
    plain = lora.LoRALinear(base, 3, 5.0)
    plain.load_state_dict(lora.lora_state_dict(quantised), strict=False)
    gradients = []
    for layer in (quantised, plain):
        x = torch.linspace(-1, 1, 24, dtype=torch.float64).reshape(2, 12).requires_grad_()
        y = layer(x)
        gradients.append([y, *torch.autograd.grad(y.sin().sum(), (x, layer.lora_A, layer.lora_B))])
    torch.testing.assert_close(gradients[0], gradients[1])


def test_qlora_keeps_codes_and_follows_its_state_dict() -> None:
    """Codes of a byte are all that is as large as the weight; another layer takes them over."""
    torch.manual_seed(0)
    first, second = (lora.QLoRALinear(nn.Linear(64, 32), 2, 4.0) for _ in range(2))
    large = [t for t in (*first.parameters(), *first.buffers()) if t.numel() >= 64 * 32]
    assert [t.dtype for t in large] == [torch.uint8]
    second.load_state_dict(first.state_dict())
    x = torch.randn(3, 64)
    assert torch.equal(second(x), first(x))


# --- fine-tuning ---


def _train(model: nn.Module, data: tuple[Tensor, Tensor], steps: int) -> None:
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=5e-3)
    for _ in range(steps):
        pick = torch.randint(len(data[0]), (64,))
        loss = F.cross_entropy(model(data[0][pick]), data[1][pick])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@torch.no_grad()
def _accuracy(model: nn.Module, data: tuple[Tensor, Tensor]) -> float:
    return (model(data[0]).argmax(dim=1) == data[1]).double().mean().item()


@pytest.fixture(scope="module")
def tasks() -> list[Task]:
    """(training, held-out) pairs of (pixels, class) for the digits 0 to 4, and for 5 to 9 counted from 0."""
    digits = load_digits()
    x, y = torch.tensor(digits.data, dtype=torch.float32) / 16, torch.tensor(digits.target)
    halves = [(x[y // 5 == half], y[y // 5 == half] - 5 * half) for half in (0, 1)]
    return [((x[:600], y[:600]), (x[600:], y[600:])) for x, y in halves]


@pytest.fixture(scope="module")
def pretrained(tasks: list[Task]) -> nn.Module:
    """A network that knows the digits 0 to 4 and not the others."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 5))
    _train(model, tasks[0][0], steps=200)
    assert _accuracy(model, tasks[0][1]) > 0.9
    assert _accuracy(model, tasks[1][1]) < 0.5
    return model


@pytest.mark.slow
def test_lora_learns_a_new_task_and_leaves_the_base_alone(pretrained: nn.Module, tasks: list[Task]) -> None:
    """Adapters teach a frozen network other digits; with the adapters at zero it is the old network, bit by bit."""
    torch.manual_seed(0)
    model = copy.deepcopy(pretrained)
    lora.apply_lora(model, ["0", "2"], rank=4, alpha=8.0)
    lora.mark_only_lora_trainable(model)
    _train(model, tasks[1][0], steps=250)
    assert _accuracy(model, tasks[1][1]) > 0.85
    for name, before in pretrained.named_parameters():
        index, _, parameter = name.partition(".")
        assert torch.equal(model.get_parameter(f"{index}.base.{parameter}"), before)
    zeros = {name: torch.zeros_like(factor) for name, factor in lora.lora_state_dict(model).items()}
    model.load_state_dict(zeros, strict=False)
    assert torch.equal(model(tasks[0][1][0]), pretrained(tasks[0][1][0]))


@pytest.mark.slow
def test_qlora_learns_a_new_task(pretrained: nn.Module, tasks: list[Task]) -> None:
    """In four bits the network still knows its task, and adapters teach it the other one."""
    torch.manual_seed(0)
    quantised = copy.deepcopy(pretrained)
    for index in (0, 2):
        quantised[index] = lora.QLoRALinear(pretrained[index], rank=4, alpha=8.0)
    assert _accuracy(quantised, tasks[0][1]) > _accuracy(pretrained, tasks[0][1]) - 0.03
    lora.mark_only_lora_trainable(quantised)
    _train(quantised, tasks[1][0], steps=250)
    assert _accuracy(quantised, tasks[1][1]) > 0.85
