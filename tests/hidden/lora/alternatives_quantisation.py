"""NF4 and QLoRALinear: correct answers in other styles, as question -> name -> source."""

QUANTIZE = {
    "nearest_by_distance": """
def quantize_nf4(weight, block_size=64):
    values = weight.detach().reshape(-1)
    n = values.numel()
    pad = (block_size - n % block_size) % block_size
    blocks = torch.cat([values, values.new_zeros(pad)]).view(-1, block_size)
    absmax = blocks.abs().max(dim=1).values
    scaled = torch.nan_to_num(blocks / absmax[:, None])
    distance = (scaled.unsqueeze(-1) - NF4_LEVELS.to(scaled)).abs()
    return distance.argmin(dim=-1).reshape(-1)[:n].byte(), absmax
""",
    "split_in_a_loop": """
def quantize_nf4(weight, block_size=64):
    codes, absmax = [], []
    levels = NF4_LEVELS.to(weight.device, weight.dtype)
    with torch.no_grad():
        for block in weight.flatten().split(block_size):
            largest = block.abs().max()
            scaled = block / largest if largest > 0 else block
            codes.append(torch.argmin(torch.abs(scaled[:, None] - levels[None, :]), dim=1))
            absmax.append(largest)
    return torch.cat(codes).to(torch.uint8), torch.stack(absmax)
""",
    "searchsorted": """
@torch.no_grad()
def quantize_nf4(weight, block_size=64):
    flat = weight.contiguous().view(-1)
    count = -(-len(flat) // block_size)
    padded = flat.new_zeros(count * block_size)
    padded[: len(flat)] = flat
    absmax = padded.view(count, -1).norm(p=float("inf"), dim=1)
    scaled = padded / absmax.clamp(min=torch.finfo(flat.dtype).tiny).repeat_interleave(block_size)
    edges = torch.tensor([(a + b) / 2 for a, b in zip(NF4_LEVELS.tolist(), NF4_LEVELS.tolist()[1:])]).to(scaled)
    return torch.searchsorted(edges, scaled)[: len(flat)].type(torch.uint8), absmax
""",
    "midpoints_counted": """
def quantize_nf4(weight, block_size=64):
    w = weight.detach().clone().flatten()
    index = torch.arange(w.numel(), device=w.device) // block_size
    absmax = w.new_zeros(int(index[-1]) + 1).scatter_reduce(0, index, w.abs(), reduce="amax")
    divisor = absmax.clone()
    divisor[divisor == 0] = 1.0
    scaled = w / divisor[index]
    codes = torch.zeros(w.shape, dtype=torch.uint8, device=w.device)
    for low, high in zip(NF4_LEVELS.to(w)[:-1], NF4_LEVELS.to(w)[1:]):
        codes += (scaled > (low + high) / 2).to(torch.uint8)
    return codes, absmax
""",
    "python_lists": """
def quantize_nf4(weight, block_size=64):
    numbers = weight.detach().flatten().tolist()
    levels = NF4_LEVELS.tolist()
    codes, scales = [], []
    for start in range(0, len(numbers), block_size):
        block = numbers[start : start + block_size]
        scale = max(abs(w) for w in block)
        scales.append(scale)
        for w in block:
            x = w / scale if scale else 0.0
            codes.append(min(range(16), key=lambda c: abs(levels[c] - x)))
    return torch.tensor(codes, dtype=torch.uint8), torch.tensor(scales, dtype=weight.dtype)
""",
}

DEQUANTIZE = {
    "padded_blocks": """
def dequantize_nf4(codes, absmax, shape, block_size=64):
    n = codes.numel()
    values = NF4_LEVELS[codes.int()].to(absmax.dtype)
    values = F.pad(values, (0, len(absmax) * block_size - n)).view(len(absmax), block_size)
    return (values * absmax[:, None]).view(-1)[:n].view(*shape)
""",
    "indexed_scales": """
def dequantize_nf4(codes, absmax, shape, block_size=64):
    block = torch.arange(codes.numel(), device=codes.device) // block_size
    return (torch.take(NF4_LEVELS.to(absmax), codes.to(torch.int64)) * absmax[block]).reshape(shape)
""",
    "block_by_block": """
def dequantize_nf4(codes, absmax, shape, block_size=64):
    levels = NF4_LEVELS.to(dtype=absmax.dtype, device=absmax.device)
    out = [levels[c.long()] * s for c, s in zip(torch.split(codes, block_size), absmax)]
    return torch.cat(out).reshape(*shape)
""",
    "filled_in": """
def dequantize_nf4(codes, absmax, shape, block_size=64):
    out = torch.empty(codes.shape, dtype=absmax.dtype, device=absmax.device)
    for code, level in enumerate(NF4_LEVELS.tolist()):
        out[codes == code] = level
    for i in range(absmax.numel()):
        out[i * block_size : (i + 1) * block_size] *= absmax[i]
    return out.unflatten(0, tuple(shape))
""",
    "one_hot": """
def dequantize_nf4(codes, absmax, shape, block_size=64):
    picked = F.one_hot(codes.long(), 16).to(absmax) @ NF4_LEVELS.to(absmax)
    return torch.reshape(picked * absmax.unsqueeze(1).expand(-1, block_size).flatten()[: len(codes)], list(shape))
""",
}

QLORA_LINEAR = {
    "registered_buffers": """
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, block_size=64):
        super().__init__()
        self.in_features, self.out_features = base.in_features, base.out_features
        self.block_size, self.scale = block_size, alpha / rank
        codes, absmax = quantize_nf4(base.weight.data, block_size)
        self.register_buffer("weight_codes", codes)
        self.register_buffer("weight_absmax", absmax)
        self.bias = None
        if base.bias is not None:
            self.bias = nn.Parameter(base.bias.data.clone(), requires_grad=False)
        self.lora_A = nn.Parameter(torch.randn(rank, base.in_features).to(base.weight) * 0.05)
        self.lora_B = nn.Parameter(torch.zeros(base.out_features, rank).to(base.weight))

    def forward(self, x):
        shape = (self.out_features, self.in_features)
        with torch.no_grad():
            weight = dequantize_nf4(self.weight_codes, self.weight_absmax, shape, self.block_size)
        y = F.linear(x, weight, self.bias)
        return y + F.linear(F.linear(x, self.lora_A), self.lora_B) * self.scale
""",
    "one_weight": """
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, block_size=64):
        super().__init__()
        self.shape = tuple(base.weight.shape)
        self.rank, self.alpha, self.block_size = rank, alpha, block_size
        self.bias = base.bias
        if self.bias is not None:
            self.bias.requires_grad_(False)
        for name, value in zip(("codes", "absmax"), quantize_nf4(base.weight, block_size)):
            self.register_buffer(name, value)
        lora_A = torch.empty(rank, self.shape[1], dtype=base.weight.dtype)
        self.lora_A = nn.Parameter(nn.init.kaiming_uniform_(lora_A, a=5**0.5))
        self.lora_B = nn.Parameter(torch.zeros(self.shape[0], rank, dtype=base.weight.dtype))

    def forward(self, x):
        frozen = dequantize_nf4(self.codes, self.absmax, self.shape, self.block_size)
        return F.linear(x, frozen + self.alpha / self.rank * self.lora_B @ self.lora_A, self.bias)
""",
    "quantised_module_inside": """
class QLoRALinear(nn.Module):
    class Frozen(nn.Module):
        def __init__(self, base, block_size):
            super().__init__()
            codes, absmax = quantize_nf4(base.weight, block_size=block_size)
            self.register_buffer("codes", codes)
            self.register_buffer("absmax", absmax)
            self.register_buffer("bias", base.bias.detach() if base.bias is not None else None)
            self.shape, self.block_size = list(base.weight.shape), block_size

        def forward(self, x):
            y = x @ dequantize_nf4(self.codes, self.absmax, self.shape, block_size=self.block_size).T
            return y if self.bias is None else y + self.bias

    def __init__(self, base, rank, alpha, block_size=64):
        super().__init__()
        self.frozen = self.Frozen(base, block_size)
        self.scaling = alpha / rank
        options = {"dtype": base.weight.dtype, "device": base.weight.device}
        self.lora_A = nn.Parameter(torch.randn(rank, base.in_features, **options) / base.in_features**0.5)
        self.lora_B = nn.Parameter(torch.zeros(base.out_features, rank, **options))

    def forward(self, x):
        return self.frozen(x) + torch.einsum("...i,ri,or->...o", x, self.lora_A, self.lora_B) * self.scaling
""",
    "codes_as_a_frozen_parameter": """
class QLoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, block_size=64):
        super().__init__()
        codes, absmax = quantize_nf4(base.weight, block_size)
        self.codes = nn.Parameter(codes, requires_grad=False)
        self.absmax = nn.Parameter(absmax, requires_grad=False)
        self.has_bias = base.bias is not None
        if self.has_bias:
            self.bias = nn.Parameter(base.bias.detach().clone(), requires_grad=False)
        self.dims, self.block_size, self.scaling = (base.out_features, base.in_features), block_size, alpha / rank
        self.lora_A = nn.Parameter(base.weight.new_zeros(rank, base.in_features).normal_(std=0.02))
        self.lora_B = nn.Parameter(base.weight.new_zeros(base.out_features, rank))

    def forward(self, x):
        y = x @ dequantize_nf4(self.codes, self.absmax, self.dims, self.block_size).t()
        if self.has_bias:
            y = y + self.bias
        return y + (x @ self.lora_A.t()) @ self.lora_B.t() * self.scaling
""",
}

ALTERNATIVES = {"quantize_nf4": QUANTIZE, "dequantize_nf4": DEQUANTIZE, "QLoRALinear": QLORA_LINEAR}
