"""Known mistakes in the layers of the Transformer: rows for `mistakes.py`."""

ATTEND = "x = x + self.self_attn(h, h, h, mask)"
FEED = "return x + self.linear2(F.gelu(self.linear1(self.norm2(x))))"
FEED_3 = "return x + self.linear2(F.gelu(self.linear1(self.norm3(x))))"

ENCODER_LAYER = (
    (
        "post_norm",
        "test_encoder_layer_values",
        "post-norm",
        ("h = self.norm1(x)", "h = x"),
        (ATTEND, "x = self.norm1(x + self.self_attn(h, h, h, mask))"),
        (FEED, "return self.norm2(x + self.linear2(F.gelu(self.linear1(x))))"),
    ),
    ("attention_not_normed", "test_encoder_layer_values", "not normalised", ("h = self.norm1(x)", "h = x")),
    (
        "feed_forward_not_normed",
        "test_encoder_layer_values",
        "not normalised",
        ("self.linear1(self.norm2(x))", "self.linear1(x)"),
    ),
    (
        "query_alone_normed",
        "test_encoder_layer_values",
        "Only the query",
        ("self_attn(h, h, h, mask)", "self_attn(h, x, x, mask)"),
    ),
    (
        "shortcut_normed",
        "test_encoder_layer_values",
        "carries the normalised x",
        (ATTEND, ATTEND.replace("x = x +", "x = h +")),
    ),
    (
        "no_shortcut_around_attention",
        "test_encoder_layer_values",
        "shortcut is missing",
        (ATTEND, ATTEND.replace("x = x +", "x =")),
    ),
    (
        "no_shortcut_around_feed_forward",
        "test_encoder_layer_zeroed",
        "unchanged",
        (FEED, FEED.replace("return x +", "return")),
    ),
    ("relu", "test_encoder_layer_values", "ReLU", ("F.gelu", "F.relu")),
    (
        "approximate_gelu",
        "test_encoder_layer_values",
        "tanh",
        ("F.gelu(self.linear1(self.norm2(x)))", 'F.gelu(self.linear1(self.norm2(x)), approximate="tanh")'),
    ),
    ("no_activation", "test_encoder_layer_values", "no activation", ("F.gelu(", "(")),
    ("no_attention", "test_encoder_layer_values", "attention has no effect", (ATTEND, "x = x + 0 * h")),
    ("no_feed_forward", "test_encoder_layer_values", "network has no effect", (FEED, "return x")),
    (
        "parallel",
        "test_encoder_layer_values",
        "before the attention",
        (FEED, "return x + self.linear2(F.gelu(self.linear1(before)))"),
        ("h = self.norm1(x)", "h, before = self.norm1(x), self.norm2(x)"),
    ),
    (
        "normed_at_the_end",
        "test_encoder_layer_values",
        "too many",
        (FEED, f"{FEED.replace('return ', 'return self.norm2(')})"),
    ),
    ("one_norm_twice", "test_encoder_layer_gradients", "must be used", ("self.norm2(x)", "self.norm1(x)")),
    (
        "norm_shared",
        "test_encoder_layer_parts",
        "two nn.LayerNorm",
        ("self.norm2 = nn.LayerNorm(embed_dim)", "self.norm2 = self.norm1"),
    ),
    ("mask_ignored", "test_encoder_layer_padding_is_not_seen", "no effect", ("h, h, h, mask", "h, h, h")),
    (
        "mask_turned_round",
        "test_encoder_layer_mask_values",
        "turned round",
        ("h, h, h, mask", "h, h, h, None if mask is None else ~mask"),
    ),
    (
        "causal",
        "test_encoder_layer_values",
        "Normalise, attend, add",
        ("h, h, h, mask", "h, h, h, causal_mask(x.size(1)) if mask is None else mask"),
    ),
    (
        "dropout",
        "test_encoder_layer_values",
        "",
        (FEED, f"{FEED.replace('return x +', 'return x + F.dropout(')}, 0.1, self.training)"),
    ),
    (
        "batch_first_forgotten",
        "test_encoder_layer_values",
        "",
        ("h = self.norm1(x)", "h = self.norm1(x).transpose(0, 1)"),
        (ATTEND, "x = x + self.self_attn(h, h, h).transpose(0, 1)"),
    ),
    ("in_place", "test_encoder_layer_gradients", "", ("x = x + self", "x += self")),
    (
        "detached",
        "test_encoder_layer_gradients",
        "detached",
        ("h = self.norm1(x)", "h = self.norm1(x).detach()"),
    ),
    ("float32_inside", "test_encoder_layer_other_sizes", "dtype", (ATTEND, f"{ATTEND}.float()")),
    ("sequence_averaged", "test_encoder_layer_shapes", "shape of the input", (FEED, f"{FEED}.mean(dim=1)")),
    ("attention_cut", "test_encoder_layer_can_be_trained", "", (FEED, f"{FEED}.detach()")),
    ("shortcut_detached", "test_encoder_layer_gradients", "shortcuts", (ATTEND, ATTEND.replace("= x", "= x.detach()"))),
    (
        "torch_attention",
        "test_encoder_layer_parts",
        "MultiHeadAttention (yours)",
        (
            "self.self_attn = MultiHeadAttention(embed_dim, num_heads)",
            "self.self_attn = nn.MultiheadAttention(embed_dim, num_heads, batch_first=True)",
        ),
        ("self.self_attn(h, h, h, mask)", "self.self_attn(h, h, h, need_weights=False)[0]"),
    ),
    (
        "other_epsilon",
        "test_encoder_layer_values",
        "",
        ("nn.LayerNorm(embed_dim)", "nn.LayerNorm(embed_dim, eps=1e-3)"),
    ),
)

CAUSAL = "causal_mask(x.size(1)).to(x.device)"
SELF = f"x = x + self.self_attn(h, h, h, {CAUSAL})"
CROSS = "x = x + self.cross_attn(self.norm2(x), memory, memory, memory_mask)"

DECODER_LAYER = (
    ("no_causal_mask", "test_decoder_layer_values", "no causal mask", (f", {CAUSAL}", "")),
    (
        "no_causal_mask_seen_in_public",
        "test_decoder_layer_is_causal",
        "no causal mask",
        (f", {CAUSAL}", ""),
    ),
    ("causal_mask_turned_round", "test_decoder_layer_values", "", (CAUSAL, f"~{CAUSAL}")),
    ("causal_mask_transposed", "test_decoder_layer_values", "no causal mask", (CAUSAL, f"{CAUSAL}.T")),
    (
        "memory_causal",
        "test_decoder_layer_values",
        "masked causally",
        (
            "memory, memory, memory_mask)",
            "memory, memory, torch.ones(x.size(1), memory.size(1)).tril().bool() if memory_mask is None "
            "else memory_mask)",
        ),
    ),
    (
        "memory_normed",
        "test_decoder_layer_values",
        "used as it comes in",
        ("memory, memory, memory_mask)", "self.norm2(memory), self.norm2(memory), memory_mask)"),
    ),
    ("no_cross_attention", "test_decoder_layer_values", "no effect", (CROSS, "x = x + 0 * self.norm2(x)")),
    (
        "self_attention_twice",
        "test_decoder_layer_values",
        "no effect",
        ("self.norm2(x), memory, memory, memory_mask", "self.norm2(x), self.norm2(x), self.norm2(x)"),
    ),
    ("no_self_attention", "test_decoder_layer_values", "no self-attention", (SELF, "x = x + 0 * h")),
    (
        "memory_first",
        "test_decoder_layer_values",
        "should come after it",
        (f"h = self.norm1(x)\n        {SELF}\n        {CROSS}", f"{CROSS}\n        h = self.norm1(x)\n        {SELF}"),
    ),
    (
        "queries_from_memory",
        "test_decoder_layer_shapes",
        "",
        ("self.norm2(x), memory, memory, memory_mask", "memory, self.norm2(x), self.norm2(x)"),
    ),
    (
        "post_norm",
        "test_decoder_layer_values",
        "post-norm",
        ("h = self.norm1(x)", "h = x"),
        (SELF, f"x = self.norm1(x + self.self_attn(h, h, h, {CAUSAL}))"),
        (CROSS, "x = self.norm2(x + self.cross_attn(x, memory, memory, memory_mask))"),
        (FEED_3, "return self.norm3(x + self.linear2(F.gelu(self.linear1(x))))"),
    ),
    ("self_attention_not_normed", "test_decoder_layer_values", "not normalised", ("h = self.norm1(x)", "h = x")),
    ("look_at_memory_not_normed", "test_decoder_layer_values", "not normalised", ("self.norm2(x), mem", "x, mem")),
    (
        "feed_forward_not_normed",
        "test_decoder_layer_values",
        "not normalised",
        ("self.linear1(self.norm3(x))", "self.linear1(x)"),
    ),
    (
        "no_shortcut_around_self_attention",
        "test_decoder_layer_values",
        "shortcut is missing",
        (SELF, SELF.replace("x = x +", "x =")),
    ),
    (
        "no_shortcut_around_the_look_at_memory",
        "test_decoder_layer_values",
        "shortcut is missing",
        (CROSS, CROSS.replace("x = x +", "x =")),
    ),
    (
        "no_shortcut_around_feed_forward",
        "test_decoder_layer_zeroed",
        "unchanged",
        (FEED_3, FEED_3.replace("return x +", "return")),
    ),
    ("relu", "test_decoder_layer_values", "ReLU", ("F.gelu", "F.relu")),
    (
        "approximate_gelu",
        "test_decoder_layer_values",
        "tanh",
        ("F.gelu(self.linear1(self.norm3(x)))", 'F.gelu(self.linear1(self.norm3(x)), approximate="tanh")'),
    ),
    ("no_feed_forward", "test_decoder_layer_values", "network has no effect", (FEED_3, "return x")),
    (
        "normed_at_the_end",
        "test_decoder_layer_values",
        "too many",
        (FEED_3, f"{FEED_3.replace('return ', 'return self.norm3(')})"),
    ),
    (
        "one_attention_for_both",
        "test_decoder_layer_parts",
        "two MultiHeadAttention",
        ("self.cross_attn = MultiHeadAttention(embed_dim, num_heads)", "self.cross_attn = self.self_attn"),
    ),
    (
        "one_attention_twice",
        "test_decoder_layer_gradients",
        "must be used",
        ("x + self.cross_attn(", "x + self.self_attn("),
    ),
    ("one_norm_twice", "test_decoder_layer_gradients", "must be used", ("self.norm3(x)", "self.norm2(x)")),
    (
        "memory_mask_ignored",
        "test_decoder_layer_memory_mask",
        "no effect",
        ("memory, memory, memory_mask", "memory, memory"),
    ),
    (
        "memory_mask_turned_round",
        "test_decoder_layer_memory_mask",
        "turned round",
        ("memory, memory, memory_mask", "memory, memory, None if memory_mask is None else ~memory_mask"),
    ),
    (
        "memory_mask_on_self_attention",
        "test_decoder_layer_memory_mask",
        "",
        (CAUSAL, f"{CAUSAL} if memory_mask is None else memory_mask"),
    ),
    (
        "memory_detached",
        "test_decoder_layer_gradients",
        "detached",
        ("memory, memory, m", "memory.detach(), memory.detach(), m"),
    ),
    ("float32_inside", "test_decoder_layer_single_position", "dtype", (CROSS, f"{CROSS}.float()")),
    (
        "empty_memory_seen",
        "test_decoder_layer_empty_memory",
        "memory must not matter",
        ("memory, memory, memory_mask", "memory, memory"),
    ),
    ("cut", "test_decoder_layer_can_be_trained", "", (FEED_3, f"{FEED_3}.detach()")),
    ("in_place", "test_decoder_layer_gradients", "", (SELF, SELF.replace("x = x +", "x +="))),
    (
        "shortcut_detached",
        "test_decoder_layer_input_gradients",
        "shortcuts",
        (CROSS, CROSS.replace("= x", "= x.detach()")),
    ),
    (
        "values_detached",
        "test_decoder_layer_input_gradients",
        "values alike",
        ("memory, memory, m", "memory, memory.detach(), m"),
    ),
    ("mask_on_the_cpu", "test_decoder_layer_sizes_and_device", "device of x", (".to(x.device)", "")),
    (
        "one_length_only",
        "test_decoder_layer_shapes",
        "",
        (CAUSAL, "causal_mask(memory.size(1)).to(x.device)"),
    ),
)

MISTAKES = {"EncoderLayer": ENCODER_LAYER, "DecoderLayer": DECODER_LAYER}
