"""Parameter-efficient fine-tuning: low-rank adapters (LoRA), and adapters on a base of four bits (QLoRA).

    Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models", arXiv:2106.09685    (LoRA)
    Dettmers et al. 2023, "QLoRA: Efficient Finetuning of Quantized LLMs", arXiv:2305.14314   (NF4, QLoRA)

LoRA.  Fine-tuning changes a pretrained weight W [out, in] to W + dW. Hu et al. suppose that dW needs only a small rank,
write it as a product, and train the two factors alone (section 4.1):

    y = x W^T + b + (alpha / rank) x A^T B^T        A [rank, in],  B [out, rank],  dW = (alpha / rank) B A

A starts at random and B at zero, so that training starts from the pretrained model and yet can leave it. That is
rank * (in + out) numbers to train in place of in * out. Afterwards dW can be added to W (*merged*): the tuned model is
then as fast as the one that it came from.

NF4.  QLoRA keeps W itself in 4 bits. Trained weights are roughly normal, so the 16 levels of the "4-bit NormalFloat"
are quantiles of a normal distribution, scaled to [-1, 1] (section 3). W is cut into blocks; each block is divided by
its largest absolute value (*absmax*), and each number is replaced by the index of the nearest level (its *code*).

    code_i = argmin_c |level_c - w_i / absmax|        w_i is about level[code_i] * absmax

Conventions.  Linear layers are PyTorch's: weight [out, in], y = x W^T + b. x is [..., in]. New tensors take the dtype
and the device of the layer or tensor that they belong to. No seed is set.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn


class LoRALinear(nn.Module):
    """A frozen linear layer plus a trainable update of low rank (Hu et al. 2021, equation 3).

        y = base(x) + (alpha / rank) x A^T B^T

    Attributes, under these names; what else there is, is up to you:
        base: the very layer that was passed in, not a copy. Its weight and its bias do not require grad any more.
        lora_A: nn.Parameter [rank, in_features]. Starts at random: independent entries with mean 0 and a standard
            deviation of the order of 1 / sqrt(in_features) (a factor of 20 either way is fine).
        lora_B: nn.Parameter [out_features, rank]. Starts at zero, so that at first y = base(x).
        merged: bool, whether the update has been added to base.weight. Starts as False.

    Args:
        base: nn.Linear, with or without a bias; lora_A and lora_B have the dtype and the device of its weight.
        rank: at least 1.
        alpha: any number. The update is scaled by alpha / rank, so that another rank needs no other learning rate.
    """

    def __init__(self, base: nn.Linear, rank: int, alpha: float) -> None:
        """Freeze the base and make the two factors."""
        super().__init__()
        self.base = base.requires_grad_(False)
        self.scaling = alpha / rank
        self.lora_A = nn.Parameter(base.weight.new_empty(rank, base.in_features))
        self.lora_B = nn.Parameter(base.weight.new_zeros(base.out_features, rank))
        nn.init.normal_(self.lora_A, std=base.in_features**-0.5)
        self.merged = False

    def delta_weight(self) -> torch.Tensor:
        """dW = (alpha / rank) B A  [out_features, in_features], merged or not; differentiable in lora_A and lora_B."""
        return self.scaling * self.lora_B @ self.lora_A

    def merge(self) -> None:
        """Add dW to base.weight, in place, so that from now on forward is base(x) alone, with the same result.

        Does nothing where it is merged already. lora_A and lora_B stay as they are, no gradient is recorded, and
        base.weight is still a frozen parameter afterwards.
        """
        if not self.merged:
            with torch.no_grad():
                self.base.weight += self.delta_weight()
            self.merged = True

    def unmerge(self) -> None:
        """Undo `merge`: base.weight is what it was before, up to rounding. Does nothing where it is not merged.

        lora_A and lora_B do not change while they are merged: to train on, unmerge first.
        """
        if self.merged:
            with torch.no_grad():
                self.base.weight -= self.delta_weight()
            self.merged = False

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x [..., in_features]  ->  y [..., out_features].

        Differentiable in x always, and in lora_A and lora_B while not merged.
        """
        y = self.base(x)
        if self.merged:
            return y
        return y + self.scaling * (x @ self.lora_A.T @ self.lora_B.T)  # [..., in] -> [..., rank] -> [..., out]


def apply_lora(model: nn.Module, target_names: Sequence[str], rank: int, alpha: float) -> int:
    """Give LoRA to the named linear layers of a model, in place (Hu et al. 2021, section 4.2).

    A layer is meant where its dotted name, as `model.named_modules()` has it, is a target or ends with "." + a target:
    "q_proj" means "q_proj" and "layers.0.q_proj", but neither "my_q_proj" nor "q_proj.0"; "attn.out" means
    "layers.0.attn.out", but not "layers.0.out".

    Args:
        model: any module that holds layers; it is not itself an nn.Linear. No layer occurs in it twice.
        target_names: what to look for; a layer that matches any of them is replaced once.
        rank, alpha: as in `LoRALinear`.

    Returns:
        The number of layers replaced: each nn.Linear that is meant becomes `LoRALinear(that layer, rank, alpha)`, where
        it stood. Modules of other types are left alone, and so is the base in a LoRALinear that was there before.
        Parameters outside of the new LoRALinears stay as they are, trainable ones included.

    Raises:
        ValueError: no layer is meant. The model is unchanged.
    """
    adapted = [module.base for module in model.modules() if isinstance(module, LoRALinear)]
    found = {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and not any(module is base for base in adapted)
        if any(f".{name}".endswith(f".{target}") for target in target_names)
    }
    if not found:
        raise ValueError(f"no linear layer of the model has a name that ends with one of {list(target_names)}")
    for name, layer in found.items():
        parent, _, attribute = name.rpartition(".")
        setattr(model.get_submodule(parent), attribute, LoRALinear(layer, rank, alpha))
    return len(found)


def mark_only_lora_trainable(model: nn.Module) -> None:
    """Freeze everything but the LoRA factors, biases and normalisation layers included.

    Args:
        model: any module. Afterwards a parameter requires grad exactly where the last part of its dotted name is
            "lora_A" or "lora_B": "layers.0.lora_A" does, "lora_A.weight" and "old_lora_A" do not.
    """
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.rpartition(".")[2] in ("lora_A", "lora_B"))


def count_trainable_parameters(model: nn.Module) -> int:
    """How many numbers training would change.

    Args:
        model: any module.

    Returns:
        The number of elements of all parameters that require grad, LoRA or not. One that occurs in the model twice
        counts once. Buffers do not count.
    """
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def lora_state_dict(model: nn.Module) -> dict[str, torch.Tensor]:
    """What must be stored of a fine-tuned model where the pretrained one is known already.

    Args:
        model: any module.

    Returns:
        Those entries of `model.state_dict()`, under their full names, of which the last part of the dotted name is
        "lora_A" or "lora_B"; trainable or not. `model.load_state_dict(..., strict=False)` takes them back.
    """
    return {
        name: tensor for name, tensor in model.state_dict().items() if name.rpartition(".")[2] in ("lora_A", "lora_B")
    }


# The 16 levels of NF4, in order (Dettmers et al. 2023, appendix E): quantiles of N(0, 1), eight above 0 and seven
# below it, scaled so that the outermost are -1 and 1; 0 is a level of its own, number 7.
NF4_LEVELS = torch.tensor(
    [
        -1.0,
        -0.6961928009986877,
        -0.5250730514526367,
        -0.39491748809814453,
        -0.28444138169288635,
        -0.18477343022823334,
        -0.09105003625154495,
        0.0,
        0.07958029955625534,
        0.16093020141124725,
        0.24611230194568634,
        0.33791524171829224,
        0.44070982933044434,
        0.5626170039176941,
        0.7229568362236023,
        1.0,
    ]
)


def quantize_nf4(weight: torch.Tensor, block_size: int = 64) -> tuple[torch.Tensor, torch.Tensor]:
    """Round a tensor to 4-bit NormalFloat, block by block (Dettmers et al. 2023, sections 2 and 3).

    Args:
        weight: any shape, n numbers. It is flattened row by row (the last index runs fastest) and cut into blocks of
            block_size neighbours. Where n is no multiple of block_size the last block is shorter.
        block_size: at least 1.

    Returns:
        codes [n], uint8, in 0..15, in the order of the flattened weight: the index in `NF4_LEVELS` of the level nearest
            to the number divided by its block's absmax. Where two are equally near, it is the lower one.
        absmax [ceil(n / block_size)], of weight's dtype and on its device: the largest absolute value in each block.
            A block of zeros alone has absmax 0, and its codes are those of the level 0.

        No gradient is recorded. Each code takes a byte of its own here; real storage packs two into one.
    """
    flat = weight.detach().flatten()  # [n]
    padding = -flat.numel() % block_size  # zeros, which do not change the last block's absmax
    blocks = F.pad(flat, (0, padding)).reshape(-1, block_size)  # [n_blocks, block_size]
    absmax = blocks.abs().amax(dim=1)  # [n_blocks]
    scaled = (blocks / absmax[:, None]).nan_to_num()  # in [-1, 1]; 0 / 0 in a block of zeros becomes 0
    midpoints = (NF4_LEVELS[1:] + NF4_LEVELS[:-1]).to(scaled) / 2  # [15]: between them the nearest level is the same
    codes = torch.bucketize(scaled, midpoints)  # how many midpoints lie below the number
    return codes.flatten()[: flat.numel()].to(torch.uint8), absmax


def dequantize_nf4(
    codes: torch.Tensor, absmax: torch.Tensor, shape: Sequence[int], block_size: int = 64
) -> torch.Tensor:
    """The numbers that codes stand for: each level times its block's absmax.

    Args:
        codes: [n], uint8, in 0..15.
        absmax: [ceil(n / block_size)]; block i scales the codes i * block_size to (i + 1) * block_size - 1.
        shape: of the result, with n elements in all; filled row by row.
        block_size: as given to `quantize_nf4`.

    Returns:
        Tensor of `shape`, of absmax's dtype and on its device.
    """
    levels = NF4_LEVELS.to(absmax)[codes.long()]  # [n]; an index of uint8 would be taken for a mask
    scales = absmax.repeat_interleave(block_size)[: codes.numel()]  # [n]
    return (levels * scales).reshape(tuple(shape))


class QLoRALinear(nn.Module):
    """A linear layer whose frozen weight is kept in NF4, plus a trainable update (Dettmers et al. 2023, equation 5).

        y = x W^T + b + (alpha / rank) x A^T B^T,        W = dequantize_nf4(quantize_nf4(base.weight))

    W is computed from the codes in every forward pass and thrown away again. Neither base nor W nor any other
    floating-point tensor as large as the weight may be kept between two passes, registered or not: the layer is to take
    less memory than its base.

    lora_A and lora_B are as in `LoRALinear`: nn.Parameters under these names, A random and B zero at first. They are
    the only parameters that require grad. The bias (where there is one) stays in floating point and is frozen. Codes,
    absmax and bias belong to the state dict and follow `.to(...)`; their names are up to you. There is no merge.

    Args:
        base: nn.Linear, with or without a bias; absmax, lora_A and lora_B have the dtype and the device of its weight.
        rank, alpha: as in `LoRALinear`.
        block_size: as in `quantize_nf4`.
    """

    def __init__(self, base: nn.Linear, rank: int, alpha: float, block_size: int = 64) -> None:
        """Quantise the base and make the two factors."""
        super().__init__()
        codes, absmax = quantize_nf4(base.weight, block_size)
        self.codes = nn.Buffer(codes)  # [out * in], uint8
        self.absmax = nn.Buffer(absmax)  # [ceil(out * in / block_size)]
        self.bias = None if base.bias is None else nn.Buffer(base.bias.detach())
        self.shape, self.block_size, self.scaling = base.weight.shape, block_size, alpha / rank
        self.lora_A = nn.Parameter(base.weight.new_empty(rank, base.in_features))
        self.lora_B = nn.Parameter(base.weight.new_zeros(base.out_features, rank))
        nn.init.normal_(self.lora_A, std=base.in_features**-0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x [..., in_features]  ->  y [..., out_features]; differentiable in x, lora_A and lora_B."""
        weight = dequantize_nf4(self.codes, self.absmax, self.shape, self.block_size)
        return F.linear(x, weight, self.bias) + self.scaling * (x @ self.lora_A.T @ self.lora_B.T)
