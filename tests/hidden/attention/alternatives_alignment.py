"""Right answers in other styles: additive attention."""

from autograder.suite import Alternative

LAYERS = """
                def __init__(self, query_dim, key_dim, hidden_dim):
                    super().__init__()
                    self.query_proj = nn.Linear(query_dim, hidden_dim, bias=False)
                    self.key_proj = nn.Linear(key_dim, hidden_dim, bias=False)
                    self.score_proj = nn.Linear(hidden_dim, 1, bias=False)
"""

ALTERNATIVES = (
    Alternative(
        question="AdditiveAttention",
        name="minus_infinity_and_nan_to_num",
        source=f"""
            class AdditiveAttention(nn.Module):{LAYERS}
                def forward(self, query, keys, mask=None):
                    energy = self.score_proj(torch.tanh(self.query_proj(query)[:, None] + self.key_proj(keys)))[..., 0]
                    if mask is not None:
                        energy = torch.where(mask, energy, float("-inf"))
                    weights = torch.nan_to_num(torch.softmax(energy, dim=1), nan=0.0)
                    return torch.bmm(weights[:, None, :], keys)[:, 0], weights
        """,
    ),
    Alternative(
        question="AdditiveAttention",
        name="einsum_of_the_weights",
        source=f"""
            class AdditiveAttention(nn.Module):{LAYERS}
                def forward(self, query, keys, mask=None):
                    w, u, v = self.query_proj.weight, self.key_proj.weight, self.score_proj.weight
                    hidden = torch.einsum("bq,hq->bh", query, w).unsqueeze(1) + torch.einsum("btk,hk->bth", keys, u)
                    scores = torch.einsum("bth,oh->bt", hidden.tanh(), v)
                    if mask is None:
                        mask = torch.ones_like(scores, dtype=torch.bool)
                    raised = torch.exp(scores - scores.amax(dim=1, keepdim=True)) * mask
                    weights = raised / raised.sum(dim=1, keepdim=True).clamp_min(1e-30)
                    return torch.einsum("bt,btk->bk", weights, keys), weights
        """,
    ),
    Alternative(
        question="AdditiveAttention",
        name="example_by_example",
        source=f"""
            class AdditiveAttention(nn.Module):{LAYERS}
                def forward(self, query, keys, mask=None):
                    contexts, weights = [], []
                    for b in range(keys.shape[0]):
                        real = torch.ones(keys.shape[1], dtype=torch.bool) if mask is None else mask[b]
                        row = torch.zeros(keys.shape[1], dtype=keys.dtype)
                        if real.any():
                            kept = keys[b][real]
                            scores = self.score_proj(torch.tanh(self.query_proj(query[b]) + self.key_proj(kept)))
                            row = row.masked_scatter(real, F.softmax(scores.flatten(), dim=0))
                        weights.append(row)
                        contexts.append(row @ keys[b])
                    return torch.stack(contexts), torch.stack(weights)
        """,
    ),
    Alternative(
        question="AdditiveAttention",
        name="concatenated_network",
        source=f"""
            class AdditiveAttention(nn.Module):{LAYERS}
                def forward(self, query, keys, mask=None):
                    weight = torch.cat((self.query_proj.weight, self.key_proj.weight), dim=1)
                    pairs = torch.cat((query.unsqueeze(1).expand(-1, keys.size(1), -1), keys), dim=2)
                    scores = self.score_proj(F.linear(pairs, weight).tanh()).squeeze(2)
                    if mask is not None:
                        scores = scores.masked_fill(mask == False, -1e9)
                    weights = F.softmax(scores, dim=-1)
                    if mask is not None:
                        weights = weights * mask.any(dim=1, keepdim=True)
                    context = (weights.unsqueeze(2) * keys).sum(dim=1)
                    return context, weights
        """,
    ),
    Alternative(
        question="AdditiveAttention",
        name="layers_in_another_order_and_hooks_of_torch",
        source="""
            class AdditiveAttention(nn.Module):
                def __init__(self, query_dim, key_dim, hidden_dim):
                    super(AdditiveAttention, self).__init__()
                    self.score_proj = nn.Linear(in_features=hidden_dim, out_features=1, bias=False)
                    self.key_proj = nn.Linear(in_features=key_dim, out_features=hidden_dim, bias=False)
                    self.query_proj = nn.Linear(in_features=query_dim, out_features=hidden_dim, bias=False)
                    self.activation = nn.Tanh()
                    self.normalise = nn.Softmax(dim=-1)

                def forward(self, query, keys, mask=None):
                    batch, length, _ = keys.shape
                    repeated = query.reshape(batch, 1, -1).repeat(1, length, 1)
                    hidden = self.activation(self.query_proj(repeated) + self.key_proj(keys))
                    scores = self.score_proj(hidden).reshape(batch, length)
                    if mask is None:
                        weights = self.normalise(scores)
                    else:
                        empty = ~mask.any(dim=-1, keepdim=True)
                        weights = self.normalise(scores.masked_fill(~(mask | empty), float("-inf")))
                        weights = weights.masked_fill(empty, 0)
                    return [torch.matmul(weights.unsqueeze(-2), keys).squeeze(-2), weights]
        """,
    ),
)
