"""Right answers in other styles: scaled dot-product attention and the masks."""

from autograder.suite import Alternative

SCALED_DOT_PRODUCT = (
    Alternative(
        question="scaled_dot_product_attention",
        name="minus_infinity_and_nan_to_num",
        source="""
            def scaled_dot_product_attention(query, key, value, mask=None):
                d_k = query.shape[-1]
                scores = torch.matmul(query, key.transpose(-1, -2)) / d_k ** 0.5
                if mask is not None:
                    scores = scores.masked_fill(mask.logical_not(), float("-inf"))
                attention = torch.nan_to_num(F.softmax(scores, dim=-1), nan=0.0)
                return torch.matmul(attention, value), attention
        """,
    ),
    Alternative(
        question="scaled_dot_product_attention",
        name="einsum_and_where",
        source="""
            def scaled_dot_product_attention(query, key, value, mask=None):
                scores = torch.einsum("...qd,...kd->...qk", query * query.shape[-1] ** -0.5, key)
                if mask is None:
                    weights = torch.softmax(scores, -1)
                else:
                    lonely = ~mask.any(dim=-1, keepdim=True)
                    weights = torch.softmax(torch.where(mask | lonely, scores, -torch.inf), -1)
                    weights = torch.where(lonely, torch.zeros_like(weights), weights)
                return torch.einsum("...qk,...kv->...qv", weights, value), weights
        """,
    ),
    Alternative(
        question="scaled_dot_product_attention",
        name="torch_with_the_identity_as_values",
        source="""
            def scaled_dot_product_attention(query, key, value, mask=None):
                eye = torch.eye(key.shape[-2], dtype=value.dtype, device=value.device)
                eye = eye.expand(*key.shape[:-2], -1, -1)
                if mask is None:
                    weights = F.scaled_dot_product_attention(query, key, eye)
                else:
                    some = mask.any(dim=-1, keepdim=True)
                    weights = F.scaled_dot_product_attention(query, key, eye, attn_mask=mask | ~some) * some
                return weights @ value, weights
        """,
    ),
    Alternative(
        question="scaled_dot_product_attention",
        name="torch_twice_over",
        source="""
            def scaled_dot_product_attention(query, key, value, mask=None):
                wide = torch.cat([value, torch.eye(key.size(-2)).to(value).expand(*value.shape[:-2], -1, -1)], dim=-1)
                bias = None
                if mask is not None:
                    bias = torch.zeros(mask.shape).to(query).masked_fill(~mask, torch.finfo(query.dtype).min)
                both = F.scaled_dot_product_attention(query, key, wide, attn_mask=bias)
                if mask is not None:
                    both = both.masked_fill(~mask.any(dim=-1, keepdim=True), 0.0)
                output, weights = both.split([value.size(-1), key.size(-2)], dim=-1)
                return output, weights
        """,
    ),
    Alternative(
        question="scaled_dot_product_attention",
        name="exponentials_by_hand",
        source="""
            def scaled_dot_product_attention(query, key, value, mask=None):
                scores = (query / math.sqrt(query.size(-1))) @ key.mT
                if mask is None:
                    mask = torch.ones((), dtype=torch.bool)
                highest = scores.masked_fill(~mask, -torch.inf).amax(dim=-1, keepdim=True).detach()
                highest = torch.where(highest.isfinite(), highest, 0.0)
                raised = torch.exp(torch.where(mask, scores - highest, -torch.inf))
                total = raised.sum(dim=-1, keepdim=True)
                weights = raised / torch.where(total == 0, 1.0, total)
                return weights @ value, weights
        """,
    ),
    Alternative(
        question="scaled_dot_product_attention",
        name="minus_a_thousand_million",
        source="""
            def scaled_dot_product_attention(query, key, value, mask=None):
                logits = query @ key.transpose(-2, -1) * (1.0 / query.shape[-1] ** 0.5)
                if mask is not None:
                    logits = logits.masked_fill(mask == 0, -1e9)
                p_attn = logits.softmax(dim=-1)
                if mask is not None:
                    p_attn = p_attn * mask
                return p_attn @ value, p_attn
        """,
    ),
    Alternative(
        question="scaled_dot_product_attention",
        name="both_scaled_by_the_fourth_root",
        source="""
            def scaled_dot_product_attention(query, key, value, mask=None):
                root = query.shape[-1] ** 0.25
                weights = nn.Softmax(dim=-1)
                scores = torch.matmul(query / root, torch.swapaxes(key / root, -1, -2))
                if mask is None:
                    attention = weights(scores)
                else:
                    allowed = torch.broadcast_to(mask, scores.shape)
                    hidden = torch.zeros_like(scores)
                    hidden[~allowed] = torch.finfo(scores.dtype).min / 2
                    attention = weights(scores + hidden) * allowed.any(-1, keepdim=True)
                return [torch.matmul(attention, value), attention]
        """,
    ),
)

CAUSAL_MASK = (
    Alternative(
        question="causal_mask",
        name="comparison",
        source="""
            def causal_mask(length):
                position = torch.arange(length)
                return position[None, :] <= position[:, None]
        """,
    ),
    Alternative(
        question="causal_mask",
        name="not_the_upper_triangle",
        source="""
            def causal_mask(length):
                return ~torch.triu(torch.ones(length, length), diagonal=1).bool()
        """,
    ),
    Alternative(
        question="causal_mask",
        name="equal_to_one",
        source="""
            def causal_mask(length):
                return torch.tril(torch.ones((length, length))) == 1
        """,
    ),
    Alternative(
        question="causal_mask",
        name="list_of_lists",
        source="""
            def causal_mask(length):
                return torch.tensor([[j <= i for j in range(length)] for i in range(length)])
        """,
    ),
    Alternative(
        question="causal_mask",
        name="running_sum",
        source="""
            def causal_mask(length):
                return torch.eye(length).cumsum(dim=0) > 0
        """,
    ),
    Alternative(
        question="causal_mask",
        name="torch_transformer",
        source="""
            def causal_mask(length):
                return nn.Transformer.generate_square_subsequent_mask(length) == 0
        """,
    ),
    Alternative(
        question="causal_mask",
        name="filled_in",
        source="""
            def causal_mask(length):
                mask = torch.zeros(length, length, dtype=torch.bool)
                rows, columns = torch.tril_indices(length, length)
                mask[rows, columns] = True
                return mask
        """,
    ),
)

PADDING_MASK = (
    Alternative(
        question="padding_mask",
        name="view",
        source="""
            def padding_mask(lengths, max_length):
                steps = torch.arange(max_length, device=lengths.device).expand(len(lengths), max_length)
                return (steps < lengths.view(-1, 1)).view(len(lengths), 1, 1, max_length)
        """,
    ),
    Alternative(
        question="padding_mask",
        name="none_indexing",
        source="""
            def padding_mask(lengths, max_length):
                return torch.arange(max_length).to(lengths.device)[None, None, None, :] < lengths[:, None, None, None]
        """,
    ),
    Alternative(
        question="padding_mask",
        name="loop_over_the_batch",
        source="""
            def padding_mask(lengths, max_length):
                mask = torch.zeros(lengths.shape[0], 1, 1, max_length, dtype=torch.bool, device=lengths.device)
                for b, n in enumerate(lengths.tolist()):
                    mask[b, ..., :n] = True
                return mask
        """,
    ),
    Alternative(
        question="padding_mask",
        name="running_count",
        source="""
            def padding_mask(lengths, max_length):
                ones = torch.ones(lengths.numel(), max_length, dtype=lengths.dtype, device=lengths.device)
                return torch.le(ones.cumsum(dim=1), lengths.unsqueeze(-1)).reshape(-1, 1, 1, max_length)
        """,
    ),
    Alternative(
        question="padding_mask",
        name="padded_sequences",
        source="""
            def padding_mask(lengths, max_length):
                rows = [F.pad(torch.ones(int(n)), (0, max_length - int(n))) for n in lengths]
                return torch.stack(rows).bool().to(lengths.device)[:, None, None]
        """,
    ),
)

ALTERNATIVES = (*SCALED_DOT_PRODUCT, *CAUSAL_MASK, *PADDING_MASK)
