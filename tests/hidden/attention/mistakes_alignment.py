"""Known mistakes in additive attention: rows for `mistakes.py`."""

HIDDEN = "torch.tanh(self.query_proj(query).unsqueeze(1) + self.key_proj(keys))"
MASKED = "scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)"
SOFTMAX = "weights = scores.softmax(dim=-1)"
EMPTY = "weights = weights.masked_fill(~mask, 0.0)"
CONTEXT = "context = (weights.unsqueeze(1) @ keys).squeeze(1)"

ADDITIVE_ATTENTION = (
    (
        "keys_ignored",
        "test_additive_values",
        "depend on the keys",
        (HIDDEN, "torch.tanh(self.query_proj(query).unsqueeze(1) + 0 * self.key_proj(keys))"),
    ),
    ("query_ignored", "test_additive_values", "depend on the query", (HIDDEN, "torch.tanh(self.key_proj(keys))")),
    ("no_tanh", "test_additive_values", "no non-linearity", (HIDDEN, HIDDEN.removeprefix("torch.tanh"))),
    ("relu", "test_additive_values", "another than", ("torch.tanh", "torch.relu")),
    ("sigmoid", "test_additive_values", "another than", ("torch.tanh", "torch.sigmoid")),
    (
        "tanh_of_each",
        "test_additive_values",
        "depend on the query",
        (HIDDEN, "torch.tanh(self.query_proj(query)).unsqueeze(1) + torch.tanh(self.key_proj(keys))"),
    ),
    (
        "product_in_place_of_sum",
        "test_additive_values",
        "meet in a hidden layer",
        ("unsqueeze(1) + self", "unsqueeze(1) * self"),
    ),
    (
        "scaled_like_a_dot_product",
        "test_additive_values",
        "belongs to dot products",
        (SOFTMAX, "weights = (scores / math.sqrt(self.query_proj.out_features)).softmax(dim=-1)"),
    ),
    ("softmax_over_the_batch", "test_additive_values", "over the batch", ("softmax(dim=-1)", "softmax(dim=0)")),
    ("no_softmax", "test_additive_values", "without softmax", (SOFTMAX, "weights = scores")),
    ("plain_mean", "test_additive_values", "plain mean", (CONTEXT, "context = keys.mean(dim=1)")),
    ("plain_sum", "test_additive_values", "plain sum", (CONTEXT, "context = keys.sum(dim=1)")),
    (
        "context_of_projected_keys",
        "test_additive_shapes",
        "a mean of the keys",
        (CONTEXT, "context = (weights.unsqueeze(1) @ self.key_proj(keys)).squeeze(1)"),
    ),
    (
        "results_swapped",
        "test_additive_shapes",
        "context [B, K]",
        ("return context, weights", "return weights, context"),
    ),
    ("context_alone", "test_additive_values", "two tensors", ("return context, weights", "return (context,)")),
    ("biased", "test_additive_layers", "without bias", (", bias=False", "")),
    (
        "weights_of_rank_three",
        "test_additive_values",
        "meet in a hidden layer",
        ("return context, weights", "return context, weights.unsqueeze(1)"),
    ),
    ("mask_ignored", "test_additive_mask_values", "no effect", (MASKED, "pass"), (EMPTY, "pass")),
    ("mask_turned_round", "test_additive_mask_values", "turned round", ("~mask", "mask")),
    (
        "masked_after_the_softmax",
        "test_additive_mask_values",
        "no longer sum to 1",
        (MASKED, "pass"),
    ),
    (
        "masked_scores_zero",
        "test_additive_mask_values",
        "still earns weight",
        (MASKED, "scores = scores * mask"),
        (EMPTY, "pass"),
    ),
    (
        "small_penalty",
        "test_additive_mask_values",
        "",
        (MASKED, "scores = scores.masked_fill(~mask, -10.0)"),
        (EMPTY, "pass"),
    ),
    (
        "nan_without_keys",
        "test_additive_without_any_key",
        "a look of its own",
        ("torch.finfo(scores.dtype).min", "-math.inf"),
        (EMPTY, "pass"),
    ),
    ("uniform_without_keys", "test_additive_without_any_key", "a look of its own", (EMPTY, "pass")),
    (
        "nan_gradient_without_keys",
        "test_additive_gradients",
        "on the way back",
        (MASKED, "scores = scores + mask.to(scores.dtype).log()"),
    ),
    (
        "keys_detached",
        "test_additive_gradients",
        "",
        ("self.key_proj(keys)", "self.key_proj(keys.detach())"),
    ),
    ("weights_detached", "test_additive_gradients", "", ("(weights.unsqueeze(1)", "(weights.detach().unsqueeze(1)")),
    (
        "float32_inside",
        "test_additive_one_and_dtype",
        "nothing on the way",
        ("self.key_proj(keys))", "self.key_proj(keys).float())"),
    ),
    ("mask_turned_round_in_public", "test_additive_mask_by_hand", "still get weight", ("~mask", "mask")),
    ("hidden_detached", "test_additive_can_be_trained", "", (HIDDEN, f"{HIDDEN}.detach()")),
    (
        "dropout",
        "test_additive_values",
        "",
        (SOFTMAX, "weights = F.dropout(scores.softmax(dim=-1), 0.1, self.training)"),
    ),
)

MISTAKES = {"AdditiveAttention": ADDITIVE_ATTENTION}
