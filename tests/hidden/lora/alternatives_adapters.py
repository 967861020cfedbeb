"""LoRALinear and what is done with a whole model: correct answers in other styles, as question -> name -> source."""

LORA_LINEAR = {
    "functional": """
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha):
        super().__init__()
        self.base = base
        for p in base.parameters():
            p.requires_grad = False
        self.rank, self.alpha = rank, alpha
        weight = base.weight
        self.lora_A = nn.Parameter(torch.randn(rank, base.in_features, dtype=weight.dtype, device=weight.device) * 0.02)
        self.lora_B = nn.Parameter(torch.zeros(base.out_features, rank, dtype=weight.dtype, device=weight.device))
        self.merged = False

    def delta_weight(self):
        return torch.matmul(self.lora_B, self.lora_A) * (self.alpha / self.rank)

    def merge(self):
        if self.merged:
            return
        self.base.weight.data += self.delta_weight().detach()
        self.merged = True

    def unmerge(self):
        if not self.merged:
            return
        self.base.weight.data -= self.delta_weight().detach()
        self.merged = False

    def forward(self, x):
        result = F.linear(x, self.base.weight, self.base.bias)
        if not self.merged:
            result = result + F.linear(F.linear(x, self.lora_A), self.lora_B) * (self.alpha / self.rank)
        return result
""",
    "by_the_whole_weight": """
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha):
        super().__init__()
        self.base = base
        self.base.weight.requires_grad = False
        if self.base.bias is not None:
            self.base.bias.requires_grad = False
        self.scale = alpha / rank
        lora_A = torch.empty((rank, base.in_features)).to(base.weight)
        torch.nn.init.kaiming_uniform_(lora_A, a=5**0.5)
        self.lora_A = nn.Parameter(lora_A)
        self.lora_B = nn.Parameter(torch.zeros((base.out_features, rank)).to(base.weight))
        self.merged = False

    def delta_weight(self):
        return torch.einsum("or,ri->oi", self.lora_B, self.lora_A).mul(self.scale)

    @torch.no_grad()
    def merge(self):
        if not self.merged:
            self.base.weight.add_(self.delta_weight())
        self.merged = True

    @torch.no_grad()
    def unmerge(self):
        if self.merged:
            self.base.weight.sub_(self.delta_weight())
        self.merged = False

    def forward(self, x):
        weight = self.base.weight if self.merged else self.base.weight + self.delta_weight()
        return F.linear(x, weight, self.base.bias)
""",
    "weight_put_aside": """
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha):
        super().__init__()
        base.eval().requires_grad_(False)
        self.base, self.rank, self.alpha = base, rank, alpha
        self.lora_A = nn.Parameter(torch.randn(rank, base.in_features).to(base.weight) / rank**0.5)
        self.lora_B = nn.Parameter(base.weight.new_zeros((base.out_features, rank)))
        self._original = None

    @property
    def merged(self):
        return self._original is not None

    def delta_weight(self):
        return (self.alpha * (self.lora_B @ self.lora_A)) / self.rank

    def merge(self):
        if not self.merged:
            self._original = self.base.weight.clone()
            self.base.weight.copy_(self._original + self.delta_weight().detach())

    def unmerge(self):
        if self.merged:
            self.base.weight.copy_(self._original)
            self._original = None

    def forward(self, x):
        if self.merged:
            return self.base(x)
        return self.base(x) + torch.einsum("...i,ri,or->...o", x, self.lora_A, self.lora_B) * self.alpha / self.rank
""",
    "scaled_on_the_way_in": """
class LoRALinear(nn.Module):
    def __init__(self, base: nn.Linear, rank: int, alpha: float):
        super().__init__()
        self.lora_A = nn.Parameter(torch.empty_like(base.weight[:1].expand(rank, -1)).uniform_(-0.1, 0.1))
        self.lora_B = nn.Parameter(torch.zeros_like(base.weight[:, :1].repeat(1, rank)))
        self.base = base
        self.base.requires_grad_(False)
        self.s = alpha / rank
        self.merged = False

    def delta_weight(self):
        return (self.lora_A.t() @ self.lora_B.t()).t() * self.s

    def _shift(self, sign):
        with torch.inference_mode(False), torch.no_grad():
            self.base.weight.add_(self.delta_weight(), alpha=sign)

    def merge(self):
        if not self.merged:
            self._shift(1)
            self.merged = True

    def unmerge(self):
        if self.merged:
            self._shift(-1)
            self.merged = False

    def forward(self, x):
        update = 0 if self.merged else torch.matmul(torch.matmul(x * self.s, self.lora_A.T), self.lora_B.T)
        return update + self.base(x)
""",
    "linear_layers_for_the_start": """
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha):
        super().__init__()
        self.base = base
        for parameter in self.base.parameters():
            parameter.requires_grad_(False)
        options = {"bias": False, "dtype": base.weight.dtype, "device": base.weight.device}
        self.lora_A = nn.Linear(base.in_features, rank, **options).weight
        self.lora_B = nn.Linear(rank, base.out_features, **options).weight
        nn.init.zeros_(self.lora_B)
        self.scaling = alpha / rank
        self.merged = False

    def delta_weight(self):
        return sum(self.scaling * torch.outer(b, a) for b, a in zip(self.lora_B.T, self.lora_A))

    def merge(self):
        if self.merged is False:
            self.base.weight.data = self.base.weight.data + self.delta_weight().data
            self.merged = True

    def unmerge(self):
        if self.merged is True:
            self.base.weight.data = self.base.weight.data - self.delta_weight().data
            self.merged = False

    def forward(self, x):
        out = self.base(x)
        return out if self.merged else out + x @ self.delta_weight().T
""",
}

APPLY_LORA = {
    "parts_compared": """
def apply_lora(model, target_names, rank, alpha):
    def is_meant(name):
        parts = name.split(".")
        for target in target_names:
            wanted = target.split(".")
            if parts[-len(wanted) :] == wanted:
                return True
        return False

    taken = {id(m.base) for m in model.modules() if isinstance(m, LoRALinear)}
    count = 0
    for parent_name, parent in list(model.named_modules()):
        for child_name, child in list(parent.named_children()):
            name = f"{parent_name}.{child_name}" if parent_name else child_name
            if isinstance(child, nn.Linear) and id(child) not in taken and is_meant(name):
                setattr(parent, child_name, LoRALinear(child, rank, alpha))
                count += 1
    if count == 0:
        raise ValueError("nothing to adapt")
    return count
""",
    "recursion": """
def apply_lora(model, target_names, rank, alpha):
    def visit(parent, prefix):
        replaced = 0
        for name, child in list(parent.named_children()):
            full = prefix + name
            if isinstance(child, LoRALinear):
                continue
            if isinstance(child, nn.Linear):
                if any(full == t or full.endswith("." + t) for t in target_names):
                    parent._modules[name] = LoRALinear(child, rank, alpha)
                    replaced += 1
            else:
                replaced += visit(child, full + ".")
        return replaced

    total = visit(model, "")
    if not total:
        raise ValueError(f"none of {target_names} found")
    return total
""",
    "regular_expression": """
def apply_lora(model, target_names, rank, alpha):
    import re

    ends = re.compile(r"(?:^|\\.)(?:" + "|".join(map(re.escape, target_names)) + r")$") if target_names else None
    bases = {module.base for module in model.modules() if isinstance(module, LoRALinear)}
    layers = [(n, m) for n, m in model.named_modules() if isinstance(m, nn.Linear) and m not in bases]
    layers = [(n, m) for n, m in layers if ends and ends.search(n)]
    if len(layers) == 0:
        raise ValueError("no match")
    for n, m in layers:
        model.set_submodule(n, LoRALinear(m, rank, alpha))
    return len(layers)
""",
    "own_error": """
def apply_lora(model, target_names, rank, alpha):
    class NothingFound(ValueError):
        pass

    modules = dict(model.named_modules())
    before = [name for name, module in modules.items() if isinstance(module, LoRALinear)]
    names = [
        name
        for name, module in modules.items()
        if isinstance(module, nn.Linear)
        and name.removesuffix(".base") not in before
        and ("." + name).endswith(tuple("." + target for target in target_names))
    ]
    if not names:
        raise NothingFound
    for name in names:
        *path, last = name.split(".")
        parent = model
        for part in path:
            parent = getattr(parent, part)
        setattr(parent, last, LoRALinear(base=modules[name], rank=rank, alpha=alpha))
    return len(names)
""",
}

MARK = {
    "freeze_then_switch_on": """
def mark_only_lora_trainable(model):
    model.requires_grad_(False)
    for name, p in model.named_parameters():
        if name.split(".")[-1] in {"lora_A", "lora_B"}:
            p.requires_grad = True
""",
    "module_by_module": """
def mark_only_lora_trainable(model):
    for module in model.modules():
        for name, p in module.named_parameters(recurse=False):
            p.requires_grad = name == "lora_A" or name == "lora_B"
""",
    "with_a_dot_in_front": """
def mark_only_lora_trainable(model):
    for name, p in model.named_parameters():
        p.requires_grad_(("." + name).endswith((".lora_A", ".lora_B")))
    return model
""",
    "regular_expression": r"""
def mark_only_lora_trainable(model):
    import re

    for name, p in model.named_parameters():
        p.requires_grad = re.search(r"(^|\.)lora_[AB]$", name) is not None
""",
}

COUNT = {
    "loop": """
def count_trainable_parameters(model):
    total = 0
    for _, p in model.named_parameters():
        if p.requires_grad:
            total += p.nelement()
    return total
""",
    "shapes": """
def count_trainable_parameters(model):
    import math

    return sum(math.prod(p.shape) for p in filter(lambda p: p.requires_grad, model.parameters()))
""",
    "true_times_size": """
def count_trainable_parameters(model):
    return sum(p.numel() * p.requires_grad for p in model.parameters())
""",
    "by_identity": """
def count_trainable_parameters(model):
    unique = {id(p): p for module in model.modules() for p in module._parameters.values() if p is not None}
    return int(torch.tensor([p.numel() for p in unique.values() if p.requires_grad] + [0]).sum())
""",
}

LORA_STATE = {
    "loop": """
def lora_state_dict(model):
    result = {}
    for key, value in model.state_dict().items():
        if key.split(".")[-1] in ["lora_A", "lora_B"]:
            result[key] = value
    return result
""",
    "copies": """
def lora_state_dict(model):
    full = model.state_dict()
    wanted = [k for k in full if ("." + k).endswith((".lora_A", ".lora_B"))]
    return {k: full[k].cpu().clone() for k in wanted}
""",
    "parameters_detached": """
def lora_state_dict(model):
    return {n: p.detach() for n, p in model.named_parameters() if n.rsplit(".", 1)[-1] in ("lora_A", "lora_B")}
""",
    "others_deleted": """
def lora_state_dict(model):
    state = model.state_dict()
    for key in list(state):
        if key.rpartition(".")[-1] not in {"lora_A", "lora_B"}:
            del state[key]
    return state
""",
}

ALTERNATIVES = {
    "LoRALinear": LORA_LINEAR,
    "apply_lora": APPLY_LORA,
    "mark_only_lora_trainable": MARK,
    "count_trainable_parameters": COUNT,
    "lora_state_dict": LORA_STATE,
}
