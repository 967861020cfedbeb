"""Right answers in other styles: the layers of the Transformer."""

from autograder.suite import Alternative

BLOCK = """
class _Block(nn.Module):
    def __init__(self, embed_dim, num_heads, ff_dim):
        super().__init__()
        self.attention, self.norm = MultiHeadAttention(embed_dim, num_heads), nn.LayerNorm(embed_dim)
        self.second_norm = nn.LayerNorm(embed_dim)
        self.one, self.two = nn.Linear(embed_dim, ff_dim), nn.Linear(ff_dim, embed_dim)

    def attend(self, x, mask):
        h = self.norm(x)
        return x + self.attention(h, h, h, mask)

    def feed(self, x):
        return x + self.two(F.gelu(self.one(self.second_norm(x))))
"""

ENCODER_LAYER = (
    Alternative(
        question="EncoderLayer",
        name="sequential_feed_forward",
        source="""
            class EncoderLayer(nn.Module):
                def __init__(self, embed_dim, num_heads, ff_dim):
                    super().__init__()
                    self.attention = MultiHeadAttention(embed_dim, num_heads)
                    self.feed_forward = nn.Sequential(
                        nn.Linear(embed_dim, ff_dim), nn.GELU(), nn.Linear(ff_dim, embed_dim)
                    )
                    self.ln_1, self.ln_2 = nn.LayerNorm(embed_dim), nn.LayerNorm(embed_dim)

                def forward(self, x, mask=None):
                    normed = self.ln_1(x)
                    x = x + self.attention(query=normed, key=normed, value=normed, mask=mask)
                    return x + self.feed_forward(self.ln_2(x))
        """,
    ),
    Alternative(
        question="EncoderLayer",
        name="norm_inside_the_sequential",
        source="""
            class EncoderLayer(nn.Module):
                def __init__(self, embed_dim, num_heads, ff_dim):
                    super().__init__()
                    self.mha = MultiHeadAttention(embed_dim, num_heads)
                    self.pre = nn.LayerNorm([embed_dim])
                    self.mlp = nn.Sequential(
                        nn.LayerNorm(embed_dim), nn.Linear(embed_dim, ff_dim), nn.GELU(), nn.Linear(ff_dim, embed_dim)
                    )

                def forward(self, x, mask=None):
                    h = self.pre(x)
                    y = torch.add(x, self.mha(h, h, h, mask))
                    return torch.add(y, self.mlp(y))
        """,
    ),
    Alternative(
        question="EncoderLayer",
        name="gelu_by_the_error_function",
        edits=(
            (
                "F.gelu(self.linear1(self.norm2(x)))",
                "self._gelu(self.linear1(self.norm2(x)))",
            ),
            (
                "    def forward(self",
                "    def _gelu(self, h):\n"
                "        return h * 0.5 * (1 + torch.erf(h / math.sqrt(2)))\n\n    def forward(self",
            ),
        ),
    ),
    Alternative(
        question="EncoderLayer",
        name="lists_of_modules",
        source="""
            class EncoderLayer(nn.Module):
                def __init__(self, embed_dim, num_heads, ff_dim):
                    super().__init__()
                    self.norms = nn.ModuleList([nn.LayerNorm(embed_dim) for _ in range(2)])
                    self.parts = nn.ModuleDict({
                        "attend": MultiHeadAttention(embed_dim, num_heads),
                        "down": nn.Linear(ff_dim, embed_dim),
                        "up": nn.Linear(embed_dim, ff_dim),
                    })

                def forward(self, x, mask=None):
                    sublayers = (
                        lambda h: self.parts["attend"](h, h, h, mask),
                        lambda h: self.parts["down"](F.gelu(self.parts["up"](h), approximate="none")),
                    )
                    for norm, sublayer in zip(self.norms, sublayers):
                        x = x + sublayer(norm(x))
                    return x
        """,
    ),
    Alternative(
        question="EncoderLayer",
        name="in_place_sums",
        edits=(
            ("x = x + self.self_attn(h, h, h, mask)", "y = self.self_attn(h, h, h, mask)\n        y += x"),
            (
                "return x + self.linear2(F.gelu(self.linear1(self.norm2(x))))",
                "return y + self.linear2(nn.functional.gelu(self.linear1(self.norm2(y))))",
            ),
        ),
    ),
)

DECODER_LAYER = (
    Alternative(
        question="DecoderLayer",
        name="sequential_feed_forward",
        source="""
            class DecoderLayer(nn.Module):
                def __init__(self, embed_dim, num_heads, ff_dim):
                    super().__init__()
                    self.masked_attention = MultiHeadAttention(embed_dim, num_heads)
                    self.attention = MultiHeadAttention(embed_dim, num_heads)
                    self.mlp = nn.Sequential(nn.Linear(embed_dim, ff_dim), nn.GELU(), nn.Linear(ff_dim, embed_dim))
                    self.ln1, self.ln2, self.ln3 = (nn.LayerNorm(embed_dim) for _ in range(3))

                def forward(self, x, memory, memory_mask=None):
                    length = x.shape[1]
                    allowed = torch.ones(length, length, device=x.device).tril().bool()
                    h = self.ln1(x)
                    x = x + self.masked_attention(h, h, h, allowed)
                    x = x + self.attention(self.ln2(x), key=memory, value=memory, mask=memory_mask)
                    x = x + self.mlp(self.ln3(x))
                    return x
        """,
    ),
    Alternative(
        question="DecoderLayer",
        name="comparison_of_positions",
        source="""
            class DecoderLayer(nn.Module):
                def __init__(self, embed_dim, num_heads, ff_dim):
                    super().__init__()
                    self.cross = MultiHeadAttention(embed_dim, num_heads)
                    self.own = MultiHeadAttention(embed_dim, num_heads)
                    self.fc2, self.fc1 = nn.Linear(ff_dim, embed_dim), nn.Linear(embed_dim, ff_dim)
                    self.norms = nn.ModuleList(nn.LayerNorm(embed_dim) for _ in range(3))

                def forward(self, x, memory, memory_mask=None):
                    at = torch.arange(x.size(1), device=x.device)
                    past = (at.unsqueeze(0) <= at.unsqueeze(1))[None, None]
                    a = self.norms[0](x)
                    h1 = x + self.own(a, a, a, mask=past)
                    h2 = h1 + self.cross(self.norms[1](h1), memory, memory, mask=memory_mask)
                    return h2 + self.fc2(nn.GELU()(self.fc1(self.norms[2](h2))))
        """,
    ),
    Alternative(
        question="DecoderLayer",
        name="mask_cut_from_a_large_one",
        source="""
            class DecoderLayer(nn.Module):
                def __init__(self, embed_dim, num_heads, ff_dim):
                    super().__init__()
                    self.register_buffer("past", causal_mask(64), persistent=False)
                    self.attn1, self.attn2 = [MultiHeadAttention(embed_dim, num_heads) for _ in range(2)]
                    self.ff = nn.Sequential(
                        nn.LayerNorm(embed_dim), nn.Linear(embed_dim, ff_dim), nn.GELU(), nn.Linear(ff_dim, embed_dim)
                    )
                    self.n1, self.n2 = nn.LayerNorm(embed_dim), nn.LayerNorm(embed_dim)

                def forward(self, x, memory, memory_mask=None):
                    n = self.n1(x)
                    x = x + self.attn1(n, n, n, self.past[: x.shape[1], : x.shape[1]])
                    x = x + self.attn2(self.n2(x), memory, memory, memory_mask)
                    return x + self.ff(x)
        """,
    ),
    Alternative(
        question="DecoderLayer",
        name="built_from_an_encoder_layer",
        source="""
            class DecoderLayer(nn.Module):
                def __init__(self, embed_dim, num_heads, ff_dim):
                    super().__init__()
                    self.layer = _Block(embed_dim, num_heads, ff_dim)
                    self.cross = MultiHeadAttention(embed_dim, num_heads)
                    self.cross_norm = nn.LayerNorm(embed_dim)

                def forward(self, x, memory, memory_mask=None):
                    x = self.layer.attend(x, causal_mask(x.size(1)).to(x.device))
                    x = x + self.cross(self.cross_norm(x), memory, memory, memory_mask)
                    return self.layer.feed(x)
        """,
        helpers=BLOCK,
    ),
    Alternative(
        question="DecoderLayer",
        name="mask_for_every_example",
        edits=(
            (
                "causal_mask(x.size(1)).to(x.device)",
                "causal_mask(x.size(1)).to(x.device).expand(x.size(0), 1, -1, -1)",
            ),
        ),
    ),
)

ALTERNATIVES = (*ENCODER_LAYER, *DECODER_LAYER)
