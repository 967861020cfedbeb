"""Known mistakes in multi-head attention: rows for `mistakes.py`."""

SPLIT = "unflatten(-1, per_head).transpose(1, 2)"
JOINED = "heads.transpose(1, 2).flatten(2)"
OUT = f"self.out_proj({JOINED})"
ATTEND = "heads, _ = scaled_dot_product_attention(q, k, v, mask)"
K, V = "k = self.k_proj(key)", "v = self.v_proj(value)"
CHECK = "if embed_dim % num_heads:"

BY_VIEW = (
    "unflatten(-1, per_head).transpose(1, 2)",
    "view(query.size(0), self.num_heads, -1, query.size(2) // self.num_heads)",
)

MULTI_HEAD_ATTENTION = (
    ("split_by_view", "test_multi_head_values", "mixed up with the positions", BY_VIEW),
    (
        "split_and_joined_by_view",
        "test_multi_head_values",
        "mixed up with the positions",
        BY_VIEW,
        (JOINED, "heads.reshape(query.shape)"),
    ),
    ("joined_by_view", "test_multi_head_values", "wrong order", (JOINED, "heads.reshape(query.shape)")),
    (
        "interleaved",
        "test_multi_head_values",
        "every H-th",
        ("per_head = (self.num_heads, -1)", "per_head = (-1, self.num_heads)"),
        (SPLIT, "unflatten(-1, per_head).permute(0, 3, 1, 2)"),
        (JOINED, "heads.permute(0, 2, 3, 1).flatten(2)"),
    ),
    (
        "interleaved_only_on_the_way_in",
        "test_multi_head_values",
        "side by side",
        ("per_head = (self.num_heads, -1)", "per_head = (-1, self.num_heads)"),
        (SPLIT, "unflatten(-1, per_head).permute(0, 3, 1, 2)"),
    ),
    (
        "heads_and_width_exchanged",
        "test_multi_head_values",
        "changed places",
        ("per_head = (self.num_heads, -1)", "per_head = (-1, self.num_heads)"),
    ),
    (
        "split_before_the_projection",
        "test_multi_head_values",
        "side by side",
        (
            f"q = self.q_proj(query).{SPLIT}",
            f"q = F.linear(query.{SPLIT}, self.q_proj.weight[: query.size(2) // self.num_heads, "
            ": query.size(2) // self.num_heads], self.q_proj.bias[: query.size(2) // self.num_heads])",
        ),
        (
            f"{K}.{SPLIT}",
            f"k = F.linear(key.{SPLIT}, self.k_proj.weight[: query.size(2) // self.num_heads, "
            ": query.size(2) // self.num_heads], self.k_proj.bias[: query.size(2) // self.num_heads])",
        ),
    ),
    ("one_head", "test_multi_head_values", "single head", ("per_head = (self.num_heads, -1)", "per_head = (1, -1)")),
    ("no_output_projection", "test_multi_head_values", "out_proj is not applied", (OUT, JOINED)),
    (
        "no_input_projections",
        "test_multi_head_values",
        "not projected",
        ("self.q_proj(query)", "query"),
        ("self.k_proj(key)", "key"),
        ("self.v_proj(value)", "value"),
    ),
    (
        "not_scaled",
        "test_multi_head_values",
        "not scaled",
        (ATTEND, ATTEND.replace("(q, k", "(q * math.sqrt(q.size(-1)), k")),
    ),
    (
        "scaled_by_the_whole_width",
        "test_multi_head_values",
        "whole width",
        (ATTEND, ATTEND.replace("(q, k", "(q / math.sqrt(self.num_heads), k")),
    ),
    ("keys_from_value", "test_multi_head_values", "", (K, "k = self.k_proj(value)")),
    ("values_from_key", "test_multi_head_values", "value is not used", (V, "v = self.v_proj(key)")),
    (
        "arguments_swapped",
        "test_multi_head_values",
        "Key and value",
        (K, "k = self.k_proj(value)"),
        (V, "v = self.v_proj(key)"),
    ),
    (
        "projections_swapped",
        "test_multi_head_values",
        "Key and value",
        (K, "k = self.v_proj(key)"),
        (V, "v = self.k_proj(value)"),
    ),
    (
        "self_attention_only",
        "test_multi_head_single_key",
        "one key",
        (K, "k = self.k_proj(query)"),
        (V, "v = self.v_proj(query)"),
    ),
    (
        "as_many_keys_as_queries",
        "test_multi_head_values",
        "",
        (f"{K}.{SPLIT}", "k = self.k_proj(key).view(*query.shape[:2], self.num_heads, -1).transpose(1, 2)"),
    ),
    ("mask_ignored", "test_multi_head_mask_values", "no effect", (ATTEND, ATTEND.replace(", mask", ""))),
    (
        "mask_turned_round",
        "test_multi_head_mask_values",
        "turned round",
        (ATTEND, ATTEND.replace("mask)", "None if mask is None else ~mask)")),
    ),
    (
        "mask_of_rank_four_only",
        "test_multi_head_mask_values",
        "",
        (ATTEND, ATTEND.replace("mask)", "None if mask is None else mask.reshape(*mask.shape[:2], -1, k.size(2)))")),
    ),
    (
        "mask_of_rank_three_is_the_batch",
        "test_multi_head_mask_values",
        "",
        (ATTEND, ATTEND.replace("mask)", "mask if mask is None or mask.dim() != 3 else mask.unsqueeze(1))")),
    ),
    (
        "mask_of_the_first_head",
        "test_multi_head_mask_values",
        "of all heads",
        (ATTEND, ATTEND.replace("mask)", "mask if mask is None or mask.dim() < 3 else mask[..., :1, :, :])")),
    ),
    ("no_check", "test_multi_head_indivisible", "ValueError", (CHECK, "if False:")),
    (
        "assertion",
        "test_multi_head_indivisible",
        "ValueError",
        ("raise ValueError(", "raise AssertionError("),
    ),
    (
        "no_bias",
        "test_multi_head_layers",
        "with bias",
        ("nn.Linear(embed_dim, embed_dim)", "nn.Linear(embed_dim, embed_dim, bias=False)"),
    ),
    (
        "one_layer_for_all",
        "test_multi_head_layers",
        "four layers",
        ("self.k_proj = nn.Linear(embed_dim, embed_dim)", "self.k_proj = self.q_proj"),
    ),
    ("keys_detached", "test_multi_head_gradients", "", ("self.k_proj(key)", "self.k_proj(key).detach()")),
    (
        "nan_without_keys",
        "test_multi_head_without_any_key",
        "zeros from every head",
        (
            ATTEND,
            "scores = q @ k.transpose(2, 3) / math.sqrt(q.size(-1))\n"
            "        if mask is not None:\n"
            "            scores = scores.masked_fill(~mask, -math.inf)\n"
            "        heads = scores.softmax(dim=-1) @ v",
        ),
    ),
    ("float32_out", "test_multi_head_other_sizes", "nothing on the way", (OUT, f"{OUT}.float()")),
    ("shape_of_the_keys", "test_multi_head_shapes", "", (ATTEND, "heads = v")),
    ("queries_detached", "test_multi_head_can_be_trained", "", (f"return {OUT}", f"return {OUT}.detach()")),
    (
        "dropout",
        "test_multi_head_values",
        "",
        (OUT, f"F.dropout(self.out_proj({JOINED}), 0.1, self.training)"),
    ),
    (
        "shortcut",
        "test_multi_head_values",
        "side by side",
        (f"return {OUT}", f"return query + {OUT}"),
    ),
)

MISTAKES = {"MultiHeadAttention": MULTI_HEAD_ATTENTION}
