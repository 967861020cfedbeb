"""Right answers in other styles: multi-head attention."""

from autograder.suite import Alternative

LAYERS = """
                def __init__(self, embed_dim, num_heads):
                    super().__init__()
                    if embed_dim % num_heads:
                        raise ValueError("embed_dim must be divisible by num_heads")
                    self.embed_dim, self.num_heads, self.head_dim = embed_dim, num_heads, embed_dim // num_heads
                    self.q_proj, self.k_proj = nn.Linear(embed_dim, embed_dim), nn.Linear(embed_dim, embed_dim)
                    self.v_proj, self.out_proj = nn.Linear(embed_dim, embed_dim), nn.Linear(embed_dim, embed_dim)
"""

ALTERNATIVES = (
    Alternative(
        question="MultiHeadAttention",
        name="view_transpose_contiguous",
        source=f"""
            class MultiHeadAttention(nn.Module):{LAYERS}
                def _split(self, x):
                    return x.view(x.size(0), x.size(1), self.num_heads, self.head_dim).transpose(1, 2)

                def forward(self, query, key, value, mask=None):
                    q, k = self._split(self.q_proj(query)), self._split(self.k_proj(key))
                    v = self._split(self.v_proj(value))
                    output, weights = scaled_dot_product_attention(q, k, v, mask)
                    output = output.transpose(1, 2).contiguous().view(query.size(0), -1, self.embed_dim)
                    return self.out_proj(output)
        """,
    ),
    Alternative(
        question="MultiHeadAttention",
        name="einsum_without_the_function",
        source=f"""
            class MultiHeadAttention(nn.Module):{LAYERS}
                def forward(self, query, key, value, mask=None):
                    q = self.q_proj(query).reshape(*query.shape[:2], self.num_heads, self.head_dim)
                    k = self.k_proj(key).reshape(*key.shape[:2], self.num_heads, self.head_dim)
                    v = self.v_proj(value).reshape(*value.shape[:2], self.num_heads, self.head_dim)
                    scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / math.sqrt(self.head_dim)
                    if mask is not None:
                        scores = scores.masked_fill(~mask, -1e9)
                    weights = scores.softmax(dim=-1)
                    if mask is not None:
                        weights = weights.masked_fill(~mask, 0.0)
                    return self.out_proj(torch.einsum("bhqk,bkhd->bqhd", weights, v).flatten(-2))
        """,
    ),
    Alternative(
        question="MultiHeadAttention",
        name="torch_scaled_dot_product_attention",
        source=f"""
            class MultiHeadAttention(nn.Module):{LAYERS}
                def forward(self, query, key, value, mask=None):
                    def split(x):
                        return x.unflatten(2, (self.num_heads, self.head_dim)).movedim(2, 1)

                    q, k, v = split(self.q_proj(query)), split(self.k_proj(key)), split(self.v_proj(value))
                    if mask is None:
                        heads = F.scaled_dot_product_attention(q, k, v)
                    else:
                        some = mask.any(dim=-1, keepdim=True)
                        allowed = (mask | ~some).expand(query.size(0), self.num_heads, q.size(2), k.size(2))
                        heads = F.scaled_dot_product_attention(q, k, v, attn_mask=allowed) * some
                    return self.out_proj(heads.movedim(1, 2).reshape(query.shape))
        """,
    ),
    Alternative(
        question="MultiHeadAttention",
        name="torch_multi_head_attention_forward",
        source=f"""
            class MultiHeadAttention(nn.Module):{LAYERS}
                def forward(self, query, key, value, mask=None):
                    forbidden, some = None, None
                    if mask is not None:
                        shape = (query.size(0), self.num_heads, query.size(1), key.size(1))
                        mask = mask.expand(shape)
                        some = mask.any(dim=-1).transpose(1, 2).repeat_interleave(self.head_dim, dim=2)
                        forbidden = (~mask & mask.any(dim=-1, keepdim=True)).flatten(0, 1)
                    eye, zero = torch.eye(self.embed_dim).to(query), torch.zeros(self.embed_dim).to(query)
                    heads, _ = F.multi_head_attention_forward(
                        query.transpose(0, 1), key.transpose(0, 1), value.transpose(0, 1), self.embed_dim,
                        self.num_heads, None, torch.cat([self.q_proj.bias, self.k_proj.bias, self.v_proj.bias]), None,
                        None, False, 0.0, eye, zero, attn_mask=forbidden, use_separate_proj_weight=True,
                        need_weights=False, q_proj_weight=self.q_proj.weight,
                        k_proj_weight=self.k_proj.weight, v_proj_weight=self.v_proj.weight,
                    )
                    heads = heads.transpose(0, 1)
                    return self.out_proj(heads if some is None else heads * some)
        """,
    ),
    Alternative(
        question="MultiHeadAttention",
        name="head_by_head",
        source=f"""
            class MultiHeadAttention(nn.Module):{LAYERS}
                def forward(self, query, key, value, mask=None):
                    q, k, v = self.q_proj(query), self.k_proj(key), self.v_proj(value)
                    heads = []
                    parts = zip(*(t.chunk(self.num_heads, dim=-1) for t in (q, k, v)))
                    for h, (q_h, k_h, v_h) in enumerate(parts):
                        seen = mask
                        if mask is not None and mask.dim() > 2:
                            seen = mask[..., h if mask.size(-3) > 1 else 0, :, :]
                        heads.append(scaled_dot_product_attention(q_h, k_h, v_h, seen)[0])
                    return self.out_proj(torch.cat(heads, dim=-1))
        """,
    ),
    Alternative(
        question="MultiHeadAttention",
        name="heads_folded_into_the_batch",
        source="""
            class MultiHeadAttention(nn.Module):
                def __init__(self, embed_dim, num_heads):
                    super(MultiHeadAttention, self).__init__()
                    self.h, self.d = num_heads, embed_dim // num_heads
                    if self.h * self.d != embed_dim:
                        raise ValueError(f"{embed_dim} features cannot be shared by {num_heads} heads")
                    for name in ("out_proj", "v_proj", "k_proj", "q_proj"):
                        setattr(self, name, nn.Linear(embed_dim, embed_dim))

                def forward(self, query, key, value, mask=None):
                    b = query.shape[0]

                    def fold(x):
                        return x.reshape(b, -1, self.h, self.d).permute(0, 2, 1, 3).reshape(b * self.h, -1, self.d)

                    q, k, v = fold(self.q_proj(query)), fold(self.k_proj(key)), fold(self.v_proj(value))
                    if mask is not None:
                        mask = mask.expand(b, self.h, q.shape[1], k.shape[1]).reshape(b * self.h, q.shape[1], -1)
                    out, _ = scaled_dot_product_attention(q, k, v, mask=mask)
                    out = out.reshape(b, self.h, -1, self.d).permute(0, 2, 1, 3).reshape(b, -1, self.h * self.d)
                    return self.out_proj(out)
        """,
    ),
)
