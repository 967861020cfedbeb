"""Attention: from alignment in translation to the layers of a Transformer.

    Bahdanau, Cho & Bengio 2015, "Neural Machine Translation by Jointly Learning to Align and Translate",
        arXiv:1409.0473                                                                          (additive attention)
    Vaswani et al. 2017, "Attention Is All You Need", arXiv:1706.03762                           (the Transformer)
    Xiong et al. 2020, "On Layer Normalization in the Transformer Architecture", arXiv:2002.04745  (pre-norm)

Attention looks things up softly. A query q asks, each key k_j answers with a score, a softmax turns the scores into
weights that sum to 1, and the result is the weighted mean of the values:

    a_j = exp(score(q, k_j)) / sum_i exp(score(q, k_i))        output = sum_j a_j v_j

The papers differ in the score. Bahdanau et al. learn a small network (`AdditiveAttention`); Vaswani et al. take the dot
product q . k / sqrt(D), for all queries at once (`scaled_dot_product_attention`), and do it several times side by side
in learnt subspaces (`MultiHeadAttention`). A weighted mean knows no order, so positions are added to the input
(`sinusoidal_positional_encoding`). What is left of a Transformer is layers (`EncoderLayer`, `DecoderLayer`).

Conventions.  B examples, H heads; Tq queries, Tk keys and as many values (T where they are one sequence); E is the
model's width. Batches come first: [B, T, E]. Masks are boolean and *True means: may attend*. They broadcast, so they
are lined up with the scores from the right. A query that may attend to nothing has weights 0 and result 0, never NaN,
and finite gradients. Nothing drops out. Results have the inputs' dtype and device. No function changes its arguments.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn


class AdditiveAttention(nn.Module):
    """The alignment model (Bahdanau et al. 2015, section 3.1 and appendix A.1.2): a small network scores each key.

        score_j = v . tanh(W query + U key_j)        context = sum_j softmax(score)_j key_j

    W is `query_proj`, U is `key_proj` and v is `score_proj`: three nn.Linear *without* bias, to hidden_dim, to
    hidden_dim and to 1. The keys are the values, too.

    Args:
        query_dim, key_dim: Q and K, which may differ.
        hidden_dim: width of the network.
    """

    def __init__(self, query_dim: int, key_dim: int, hidden_dim: int) -> None:
        """Make the layers."""
        super().__init__()
        self.query_proj = nn.Linear(query_dim, hidden_dim, bias=False)
        self.key_proj = nn.Linear(key_dim, hidden_dim, bias=False)
        self.score_proj = nn.Linear(hidden_dim, 1, bias=False)

    def forward(
        self, query: torch.Tensor, keys: torch.Tensor, mask: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """query [B, Q], keys [B, T, K], mask bool [B, T] or None  ->  (context [B, K], weights [B, T]).

        Keys where the mask is False get weight 0, and the others share the whole weight of 1. An example without any
        True has weights and context 0.
        """
        hidden = torch.tanh(self.query_proj(query).unsqueeze(1) + self.key_proj(keys))  # [B, 1, h] + [B, T, h]
        scores = self.score_proj(hidden).squeeze(-1)  # [B, T, 1] -> [B, T]
        if mask is not None:
            scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = scores.softmax(dim=-1)
        if mask is not None:
            weights = weights.masked_fill(~mask, 0.0)  # changes only rows that are masked throughout
        context = (weights.unsqueeze(1) @ keys).squeeze(1)  # [B, 1, T] @ [B, T, K] -> [B, K]
        return context, weights


def scaled_dot_product_attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """All queries look at all keys (Vaswani et al. 2017, section 3.2.1, equation 1).

    weights = softmax(query key^T / sqrt(D)) over the keys;   output = weights value

    Args:
        query: [..., Tq, D].
        key: [..., Tk, D].
        value: [..., Tk, Dv].
        mask: bool, broadcastable to [..., Tq, Tk], True = may attend; None: every query may attend to every key.

    Returns:
        output [..., Tq, Dv] and weights [..., Tq, Tk]. Forbidden keys have weight 0 and the others share the whole
        weight of 1; a query that may attend to no key at all has weights and output 0. Differentiable in query, key
        and value, with finite gradients whatever the mask.
    """
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.size(-1))  # [..., Tq, D] @ [..., D, Tk] -> [..., Tq, Tk]
    if mask is None:
        weights = scores.softmax(dim=-1)
    else:
        # The lowest finite number, as -inf throughout a row would make it NaN. Such a row comes out uniform instead.
        weights = scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(dim=-1).masked_fill(~mask, 0.0)
    return weights @ value, weights


def causal_mask(length: int) -> torch.Tensor:
    """Which positions a decoder may see: itself and all before it (Vaswani et al. 2017, section 3.2.3).

    Args:
        length: T.

    Returns:
        bool [T, T], on the CPU. Rows are queries, columns keys: entry (i, j) is True where query i may attend to key j.
    """
    return torch.ones(length, length, dtype=torch.bool).tril()


def padding_mask(lengths: torch.Tensor, max_length: int) -> torch.Tensor:
    """Which keys are real, in a batch of sequences that were padded at the end.

    Args:
        lengths: LongTensor [B], how many positions of each sequence are real, from 0 to T.
        max_length: T.

    Returns:
        bool [B, 1, 1, T], True = real; on lengths' device. It broadcasts over heads and queries: what is masked are
        keys. Padded *queries* are left alone; their results are simply not used.
    """
    positions = torch.arange(max_length, device=lengths.device)  # [T]
    return (positions < lengths[:, None])[:, None, None]  # [B, T] -> [B, 1, 1, T]


class MultiHeadAttention(nn.Module):
    """Several attentions side by side, each in a subspace of its own (Vaswani et al. 2017, section 3.2.2).

        head_h = attention(query W_h^Q, key W_h^K, value W_h^V)        output = concat(head_1, ..., head_H) W^O

    The H projections of each kind are one nn.Linear(embed_dim, embed_dim) with bias: `q_proj`, `k_proj`, `v_proj`, and
    `out_proj` for W^O. Head h (from 0) owns the features h * d to (h + 1) * d - 1 of the projected query, key and
    value, where d = embed_dim / num_heads, and the heads are concatenated in this order.

    Args:
        embed_dim: E.
        num_heads: H, a divisor of embed_dim.

    Raises:
        ValueError: embed_dim is not divisible by num_heads.
    """

    def __init__(self, embed_dim: int, num_heads: int) -> None:
        """Check the sizes and make the layers."""
        super().__init__()
        if embed_dim % num_heads:
            raise ValueError(f"embed_dim {embed_dim} is not divisible by num_heads {num_heads}")
        self.num_heads = num_heads
        self.q_proj = nn.Linear(embed_dim, embed_dim)
        self.k_proj = nn.Linear(embed_dim, embed_dim)
        self.v_proj = nn.Linear(embed_dim, embed_dim)
        self.out_proj = nn.Linear(embed_dim, embed_dim)

    def forward(
        self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """query [B, Tq, E], key and value [B, Tk, E]  ->  [B, Tq, E].

        mask: bool, broadcastable to [B, H, Tq, Tk], so of rank 2 [Tq, Tk], rank 3 [H, Tq, Tk] or rank 4. A query that
        may attend to nothing gets zeros from every head, and so the bias of `out_proj`.
        """
        per_head = (self.num_heads, -1)  # E = H * d
        q = self.q_proj(query).unflatten(-1, per_head).transpose(1, 2)  # [B, Tq, E] -> [B, Tq, H, d] -> [B, H, Tq, d]
        k = self.k_proj(key).unflatten(-1, per_head).transpose(1, 2)  # [B, H, Tk, d]
        v = self.v_proj(value).unflatten(-1, per_head).transpose(1, 2)  # [B, H, Tk, d]
        heads, _ = scaled_dot_product_attention(q, k, v, mask)  # [B, H, Tq, d]
        return self.out_proj(heads.transpose(1, 2).flatten(2))  # [B, Tq, H, d] -> [B, Tq, E]


def sinusoidal_positional_encoding(length: int, dim: int) -> torch.Tensor:
    """A pattern for each position, made of waves from fast to slow (Vaswani et al. 2017, section 3.5).

        encoding[p, 2i] = sin(p / 10000^(2i / dim))        encoding[p, 2i + 1] = cos(p / 10000^(2i / dim))

    Args:
        length: number of positions; p counts from 0.
        dim: number of features. Sines and cosines alternate, a sine first. Where dim is odd, the last feature is a sine
            without its cosine, and the formula stays as it is.

    Returns:
        [length, dim], of torch's default dtype. Angles are in radians.
    """
    feature = torch.arange(dim)  # [dim]
    odd = feature % 2  # 0, 1, 0, 1, ...
    period = 10000 ** ((feature - odd) / dim)  # [dim]: sine and cosine of a pair have one frequency
    angle = torch.arange(length)[:, None] / period  # [length, 1] / [dim] -> [length, dim]
    return torch.where(odd.bool(), angle.cos(), angle.sin())


class EncoderLayer(nn.Module):
    """Self-attention, then a feed-forward network, each behind its normalisation and with a shortcut around it.

        x = x + attention(norm(x))             the same normalised x as query, key and value
        x = x + linear(GELU(linear(norm(x))))  to ff_dim and back, for each position alone

    This is *pre-norm* (Xiong et al. 2020, figure 1b): what comes in reaches the output unchanged but for what is added.
    (Vaswani et al. normalise after the sum, and use a ReLU.) The attention is your `MultiHeadAttention`; there are two
    nn.LayerNorm with their default settings and two nn.Linear with bias; GELU is the exact one, F.gelu's default.
    Names are up to you. There is no further normalisation at the end, and no dropout.

    Args:
        embed_dim: E.
        num_heads: H.
        ff_dim: width of the feed-forward network.
    """

    def __init__(self, embed_dim: int, num_heads: int, ff_dim: int) -> None:
        """Make the layers."""
        super().__init__()
        self.norm1 = nn.LayerNorm(embed_dim)
        self.self_attn = MultiHeadAttention(embed_dim, num_heads)
        self.norm2 = nn.LayerNorm(embed_dim)
        self.linear1 = nn.Linear(embed_dim, ff_dim)
        self.linear2 = nn.Linear(ff_dim, embed_dim)

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """x [B, T, E], mask bool, broadcastable to [B, H, T, T], or None  ->  [B, T, E]."""
        h = self.norm1(x)
        x = x + self.self_attn(h, h, h, mask)
        return x + self.linear2(F.gelu(self.linear1(self.norm2(x))))


class DecoderLayer(nn.Module):
    """Causal self-attention, attention to the encoder's output, then a feed-forward network; pre-norm again.

        x = x + attention(norm(x), causal)           a position sees itself and those before it
        x = x + attention(norm(x), memory, memory)   queries from here, keys and values from memory
        x = x + linear(GELU(linear(norm(x))))

    Memory is used as it comes in: it is not normalised here, and any of its positions may be seen, early or late. There
    are two of your `MultiHeadAttention`, three nn.LayerNorm with their default settings and two nn.Linear with bias;
    the rest is as in `EncoderLayer`.

    Args:
        embed_dim: E.
        num_heads: H, in both attentions.
        ff_dim: width of the feed-forward network.
    """

    def __init__(self, embed_dim: int, num_heads: int, ff_dim: int) -> None:
        """Make the layers."""
        super().__init__()
        self.norm1 = nn.LayerNorm(embed_dim)
        self.self_attn = MultiHeadAttention(embed_dim, num_heads)
        self.norm2 = nn.LayerNorm(embed_dim)
        self.cross_attn = MultiHeadAttention(embed_dim, num_heads)
        self.norm3 = nn.LayerNorm(embed_dim)
        self.linear1 = nn.Linear(embed_dim, ff_dim)
        self.linear2 = nn.Linear(ff_dim, embed_dim)

    def forward(self, x: torch.Tensor, memory: torch.Tensor, memory_mask: torch.Tensor | None = None) -> torch.Tensor:
        """x [B, T, E], memory [B, S, E]  ->  [B, T, E].

        memory_mask: bool, broadcastable to [B, H, T, S], for instance a `padding_mask` of the source; None: all of
        memory may be seen. The causal mask of x is made here.
        """
        h = self.norm1(x)
        x = x + self.self_attn(h, h, h, causal_mask(x.size(1)).to(x.device))
        x = x + self.cross_attn(self.norm2(x), memory, memory, memory_mask)
        return x + self.linear2(F.gelu(self.linear1(self.norm3(x))))
