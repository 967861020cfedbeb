"""The reference's attention: published numbers, torch's own layers, and a small Transformer that learns to reverse.

What is expected here comes from the papers, from arithmetic, or from torch.nn, whose implementations are independent.
"""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reference import attention


def _randn(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def _mask(*shape: int) -> Tensor:
    """A random mask in which every row has a True, as torch's functions need it."""
    mask = torch.rand(shape) < 0.5
    mask[..., 0] = True
    return mask


def test_additive_attention_is_arithmetic() -> None:
    """Two keys whose scores are tanh(1 + 2) * 2 and tanh(1 - 1) * 2, worked out by hand."""
    layer = attention.AdditiveAttention(1, 1, 1).double()
    with torch.no_grad():
        for parameter, value in zip(layer.parameters(), (1.0, 1.0, 2.0), strict=True):
            parameter.fill_(value)
    context, weights = layer(torch.tensor([[1.0]]).double(), torch.tensor([[[2.0], [-1.0]]]).double())
    first = 1 / (1 + math.exp(-2 * math.tanh(3)))
    torch.testing.assert_close(weights, torch.tensor([[first, 1 - first]]).double())
    torch.testing.assert_close(context, torch.tensor([[2 * first - (1 - first)]]).double())


def test_additive_attention_of_padded_examples_is_that_of_each_alone() -> None:
    """A batch with padding gives what its examples give; one without any key gives zeros."""
    layer, query, keys = attention.AdditiveAttention(3, 4, 5).double(), _randn(3, 3), _randn(3, 6, 4)
    context, weights = layer(query, keys, torch.arange(6) < torch.tensor([[2], [6], [0]]))
    for b, length in enumerate((2, 6)):
        alone, alone_weights = layer(query[b : b + 1], keys[b : b + 1, :length])
        torch.testing.assert_close(context[b], alone[0])
        torch.testing.assert_close(weights[b, :length], alone_weights[0])
    assert not context[2].any()
    assert not weights[:, 2:][torch.tensor([0, 2])].any()


@pytest.mark.parametrize("shape", [(5, 7), (3, 5, 7), (2, 1, 1, 7), (2, 3, 5, 7)])
def test_scaled_dot_product_attention_is_torchs(shape: tuple[int, ...]) -> None:
    """F.scaled_dot_product_attention gives the same, for a mask of any rank."""
    q, k, v, mask = _randn(2, 3, 5, 4), _randn(2, 3, 7, 4), _randn(2, 3, 7, 6), _mask(*shape)
    output, weights = attention.scaled_dot_product_attention(q, k, v, mask)
    torch.testing.assert_close(output, F.scaled_dot_product_attention(q, k, v, attn_mask=mask))
    torch.testing.assert_close(weights @ v, output)
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(2, 3, 5).double())
    free, _ = attention.scaled_dot_product_attention(q, k, v)
    torch.testing.assert_close(free, F.scaled_dot_product_attention(q, k, v))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_queries_without_keys_give_zeros_and_finite_gradients(dtype: torch.dtype) -> None:
    """Neither the result nor a gradient becomes NaN, in any dtype, not even for a moment."""
    q, k, v = (torch.randn(2, 3, 4, dtype=dtype, requires_grad=True) for _ in range(3))
    mask = torch.tensor([[True, False, True], [False] * 3, [False, True, False]])
    with torch.autograd.set_detect_anomaly(True):
        output, weights = attention.scaled_dot_product_attention(q, k, v, mask)
        (output.sum() + (weights**2).sum()).backward()
    assert output.dtype == weights.dtype == dtype
    assert not output[:, 1].any()
    assert not weights[:, 1].any()
    assert all(torch.isfinite(tensor.grad).all() for tensor in (q, k, v) if tensor.grad is not None)
    assert q.grad is not None
    assert not q.grad[:, 1].any()


def test_dot_products_of_random_vectors_have_the_variance_that_the_scale_undoes() -> None:
    """The reason for 1 / sqrt(D): scores of N(0, 1) vectors have variance 1 whatever D is."""
    torch.manual_seed(0)
    for dim in (4, 64):
        q, k = _randn(300, dim), _randn(300, dim)
        weights = attention.scaled_dot_product_attention(q, k, _randn(300, 1))[1].log()
        scores = weights - weights.mean(dim=1, keepdim=True)  # up to a constant for each query
        assert abs(scores.var().item() - 1) < 0.1


def test_masks_are_integers_compared() -> None:
    """Rows of the causal mask have 1, 2, 3, ... Trues; rows of the padding mask as many as their lengths."""
    assert attention.causal_mask(4).sum(dim=1).tolist() == [1, 2, 3, 4]
    assert not attention.causal_mask(4).triu(1).any()
    mask = attention.padding_mask(torch.tensor([3, 0, 5]), 5)
    assert mask.shape == (3, 1, 1, 5)
    assert mask.sum(dim=-1).flatten().tolist() == [3, 0, 5]
    assert mask[0, 0, 0].tolist() == [True, True, True, False, False]


def _copy_attention(ours: attention.MultiHeadAttention, theirs: nn.MultiheadAttention) -> None:
    """Give torch's layer the weights of ours."""
    projections = (ours.q_proj, ours.k_proj, ours.v_proj)
    theirs.load_state_dict(
        {
            "in_proj_weight": torch.cat([p.weight for p in projections]),
            "in_proj_bias": torch.cat([p.bias for p in projections]),
            "out_proj.weight": ours.out_proj.weight,
            "out_proj.bias": ours.out_proj.bias,
        }
    )


def test_multi_head_attention_is_torchs() -> None:
    """nn.MultiheadAttention with the same weights gives the same, with and without a mask."""
    ours, theirs = attention.MultiHeadAttention(12, 3), nn.MultiheadAttention(12, 3, batch_first=True)
    for parameter in ours.parameters():
        nn.init.normal_(parameter, std=0.4)
    _copy_attention(ours, theirs)
    q, k, v, mask = torch.randn(2, 4, 12), torch.randn(2, 6, 12), torch.randn(2, 6, 12), _mask(2, 3, 4, 6)
    torch.testing.assert_close(ours(q, k, v), theirs(q, k, v)[0])
    torch.testing.assert_close(ours(q, k, v, mask), theirs(q, k, v, attn_mask=~mask.flatten(0, 1))[0])


def test_heads_must_share_the_features_evenly() -> None:
    with pytest.raises(ValueError, match="not divisible"):
        attention.MultiHeadAttention(10, 3)


def test_positional_encoding_has_the_published_numbers() -> None:
    """Position 1 in four dimensions; with an odd dimension the formula stays as it is."""
    encoding = attention.sinusoidal_positional_encoding(3, 4)
    torch.testing.assert_close(encoding[1], torch.tensor([0.84147098, 0.54030231, 0.00999983, 0.99995]))
    odd = attention.sinusoidal_positional_encoding(3, 5)[2]
    expected = [math.sin(2), math.cos(2), math.sin(2 / 10000**0.4), math.cos(2 / 10000**0.4), math.sin(2 / 10000**0.8)]
    torch.testing.assert_close(odd, torch.tensor(expected))


def test_positional_encoding_turns_by_a_rotation() -> None:
    """Each pair of a later position is that of the earlier one, turned by an angle that the distance alone decides."""
    encoding = attention.sinusoidal_positional_encoding(30, 6).double().unflatten(1, (3, 2))
    for pair, distance in ((0, 1), (1, 7), (2, 20)):
        angle = distance / 10000 ** (2 * pair / 6)
        turn = torch.tensor([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]).double()
        moved = encoding[:-distance, pair] @ turn.T
        torch.testing.assert_close(moved, encoding[distance:, pair], rtol=0, atol=1e-5)


def _copy_layer(ours: nn.Module, theirs: nn.Module) -> None:
    """Give torch's layer random weights, and ours the same."""
    for parameter in ours.parameters():
        nn.init.normal_(parameter, std=0.4)
    state = theirs.state_dict()
    state.update({name: value for name, value in ours.state_dict().items() if name in state})
    theirs.load_state_dict(state)


def test_encoder_layer_is_torchs_with_norm_first() -> None:
    """nn.TransformerEncoderLayer with norm_first and GELU gives the same."""
    ours = attention.EncoderLayer(8, 2, 12).double()
    theirs = nn.TransformerEncoderLayer(8, 2, 12, 0.0, F.gelu, batch_first=True, norm_first=True).double()
    _copy_layer(ours, theirs)
    _copy_attention(ours.self_attn, theirs.self_attn)
    x, mask = _randn(3, 5, 8), attention.padding_mask(torch.tensor([5, 2, 3]), 5)
    torch.testing.assert_close(ours(x), theirs(x))
    torch.testing.assert_close(ours(x, mask), theirs(x, src_key_padding_mask=~mask[:, 0, 0]))


def test_decoder_layer_is_torchs_with_norm_first() -> None:
    """nn.TransformerDecoderLayer with norm_first, GELU and a causal mask gives the same."""
    ours = attention.DecoderLayer(8, 2, 12).double()
    theirs = nn.TransformerDecoderLayer(8, 2, 12, 0.0, F.gelu, batch_first=True, norm_first=True).double()
    _copy_layer(ours, theirs)
    _copy_attention(ours.self_attn, theirs.self_attn)
    _copy_attention(ours.cross_attn, theirs.multihead_attn)
    x, memory, mask = _randn(2, 4, 8), _randn(2, 6, 8), attention.padding_mask(torch.tensor([6, 3]), 6)
    forbidden = ~attention.causal_mask(4)
    torch.testing.assert_close(ours(x, memory), theirs(x, memory, tgt_mask=forbidden))
    expected = theirs(x, memory, tgt_mask=forbidden, memory_key_padding_mask=~mask[:, 0, 0])
    torch.testing.assert_close(ours(x, memory, mask), expected)


def test_decoder_layer_never_looks_ahead() -> None:
    """The output at a position has no gradient from later inputs, and one from every other."""
    layer, x = attention.DecoderLayer(8, 2, 12).double(), _randn(1, 5, 8).requires_grad_()
    layer(x, _randn(1, 3, 8))[0, 2].sum().backward()
    assert x.grad is not None
    assert x.grad[0].abs().sum(dim=1).gt(0).tolist() == [True, True, True, False, False]


# --- training ---

TOKENS, LONGEST = 8, 5  # token 0 begins the answer, tokens 1 to 7 are letters


class Reverser(nn.Module):
    """One encoder and one decoder layer that read a word and write it backwards."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.embedding = nn.Embedding(TOKENS, width)
        self.encoder = attention.EncoderLayer(width, 4, 2 * width)
        self.decoder = attention.DecoderLayer(width, 4, 2 * width)
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, TOKENS))
        self.register_buffer("positions", attention.sinusoidal_positional_encoding(LONGEST, width))

    def forward(self, source: Tensor, lengths: Tensor, answer: Tensor) -> Tensor:
        """Logits [B, T, V] of the next token, from source [B, T] and the answer so far [B, T]."""
        mask = attention.padding_mask(lengths, source.size(1))
        memory = self.encoder(self.embedding(source) + self.positions, mask)
        return self.head(self.decoder(self.embedding(answer) + self.positions[: answer.size(1)], memory, mask))


def _words(count: int) -> tuple[Tensor, Tensor, Tensor]:
    """(source [B, T], lengths [B], reversed [B, T]); what stands behind the end of a word is noise."""
    source, lengths = torch.randint(1, TOKENS, (count, LONGEST)), torch.randint(2, LONGEST + 1, (count,))
    back = (lengths.unsqueeze(1) - 1 - torch.arange(LONGEST)).clamp(min=0)
    return source, lengths, source.gather(1, back)


def _loss(model: Reverser, count: int) -> Tensor:
    source, lengths, target = _words(count)
    answer = F.pad(target[:, :-1], (1, 0))
    real = torch.arange(LONGEST) < lengths.unsqueeze(1)
    return F.cross_entropy(model(source, lengths, answer)[real], target[real])


@pytest.fixture(scope="module")
def reverser() -> Reverser:
    torch.manual_seed(0)
    model = Reverser()
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    for step in range(250):
        optimizer.param_groups[0]["lr"] = 6e-3 * min(1.0, step / 20) * (1 - step / 250)
        optimizer.zero_grad()
        _loss(model, 64).backward()
        optimizer.step()
    return model.eval()


@pytest.mark.slow
def test_transformer_learns_to_reverse(reverser: Reverser) -> None:
    """Written letter by letter, new words come out backwards: more than 95 % of their letters are right."""
    torch.manual_seed(1)
    source, lengths, target = _words(300)
    answer = torch.zeros(300, 1, dtype=torch.long)
    with torch.no_grad():
        for _ in range(LONGEST):
            following = reverser(source, lengths, answer)[:, -1].argmax(dim=1, keepdim=True)
            answer = torch.cat([answer, following], dim=1)
    real = torch.arange(LONGEST) < lengths.unsqueeze(1)
    right = (answer[:, 1:] == target)[real].double().mean()
    assert right > 0.95  # guessing: 1 in 7


@pytest.mark.slow
def test_padding_has_no_say_in_the_answer(reverser: Reverser) -> None:
    """Other letters behind the end of a word change no logit."""
    source, lengths, target = _words(20)
    noise = torch.where(torch.arange(LONGEST) < lengths.unsqueeze(1), source, torch.randint(1, TOKENS, source.shape))
    assert not torch.equal(noise, source)
    with torch.no_grad():
        torch.testing.assert_close(reverser(noise, lengths, target), reverser(source, lengths, target))
