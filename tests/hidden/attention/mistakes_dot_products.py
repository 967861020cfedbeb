"""Known mistakes in scaled dot-product attention and in masks: rows for `mistakes.py`."""

SCALED = "math.sqrt(query.size(-1))"
SCORES = "scores = query @ key.transpose(-2, -1) / math.sqrt(query.size(-1))"
FILL = "masked_fill(~mask, torch.finfo(scores.dtype).min)"
EMPTY = ".softmax(dim=-1).masked_fill(~mask, 0.0)"
RESULT = "return weights @ value, weights"

SCALED_DOT_PRODUCT = (
    ("no_scale", "test_attention_values", "not scaled", (f" / {SCALED}", "")),
    ("scaled_by_d", "test_attention_values", "something else", (SCALED, "query.size(-1)")),
    ("multiplied", "test_attention_values", "something else", (f"/ {SCALED}", f"* {SCALED}")),
    ("scaled_by_the_keys", "test_attention_values", "something else", ("query.size(-1)", "key.size(-2)")),
    ("scaled_by_the_queries", "test_attention_values", "something else", ("query.size(-1)", "query.size(-2)")),
    ("scaled_by_the_values", "test_attention_values", "something else", ("query.size(-1)", "value.size(-1)")),
    ("softmax_over_queries", "test_attention_values", "runs over the queries", ("softmax(dim=-1)", "softmax(dim=-2)")),
    ("no_softmax", "test_attention_values", "", ("scores.softmax(dim=-1)", "scores")),
    (
        "sigmoid",
        "test_attention_values",
        "softmax, over the keys",
        ("weights = scores.softmax(dim=-1)", "weights = scores.sigmoid()"),
    ),
    ("results_swapped", "test_attention_values", "", (RESULT, "return weights, weights @ value")),
    ("output_alone", "test_attention_values", "two tensors", (RESULT, "return weights @ value")),
    (
        "last_two_of_a_fixed_rank",
        "test_attention_any_rank_and_dtype",
        "",
        ("key.transpose(-2, -1)", "key.transpose(2, 3)"),
    ),
    (
        "as_many_keys_as_queries",
        "test_attention_values",
        "",
        ("key.transpose(-2, -1)", "key.reshape(*query.shape).transpose(-2, -1)"),
    ),
    ("mask_ignored", "test_attention_mask_values", "no effect", ("if mask is None:", "if True:")),
    ("mask_turned_round", "test_attention_mask_values", "turned round", ("~mask", "mask")),
    (
        "masked_after_the_softmax",
        "test_attention_mask_values",
        "no longer sum to 1",
        (f"scores.{FILL}", "scores"),
    ),
    (
        "masked_scores_zero",
        "test_attention_mask_values",
        "still earns weight",
        (f"scores.{FILL}{EMPTY}", "(scores * mask).softmax(dim=-1)"),
    ),
    (
        "small_penalty",
        "test_attention_mask_values",
        "weight 0 exactly",
        (f"{FILL}{EMPTY}", "masked_fill(~mask, -10.0).softmax(dim=-1)"),
    ),
    (
        "lowest_score_for_the_forbidden",
        "test_attention_mask_values",
        "weight 0 exactly",
        (f"{FILL}{EMPTY}", "masked_fill(~mask, scores.min().item()).softmax(dim=-1)"),
    ),
    (
        "nan_without_keys",
        "test_attention_without_any_key",
        "a look of its own",
        (f"{FILL}{EMPTY}", 'masked_fill(~mask, float("-inf")).softmax(dim=-1)'),
    ),
    (
        "uniform_without_keys",
        "test_attention_without_any_key",
        "a look of its own",
        (f"{FILL}{EMPTY}", "masked_fill(~mask, -1e9).softmax(dim=-1)"),
    ),
    (
        "whole_example_zeroed",
        "test_attention_without_any_key",
        "a look of its own",
        (EMPTY, ".softmax(dim=-1).masked_fill(~mask.any(dim=-1).all(dim=-1)[..., None, None], 0.0)"),
    ),
    (
        "nan_gradient_without_keys",
        "test_attention_gradients",
        "on the way back",
        (f"scores.{FILL}", "(scores + mask.to(scores.dtype).log())"),
    ),
    ("weights_detached", "test_attention_gradients", "", (RESULT, "return weights.detach() @ value, weights")),
    (
        "no_grad",
        "test_attention_gradients",
        "differentiable",
        (SCORES, "scores = (query @ key.transpose(-2, -1)).detach() / math.sqrt(query.size(-1))"),
    ),
    (
        "overflowing_softmax",
        "test_attention_of_large_scores",
        "overflow",
        ("scores.softmax(dim=-1)", "scores.exp() / scores.exp().sum(dim=-1, keepdim=True)"),
    ),
    (
        "query_scaled_in_place",
        "test_attention_leaves_its_arguments_alone",
        "in place",
        (SCORES, f"query.data /= {SCALED}\n    scores = query @ key.transpose(-2, -1)"),
    ),
    (
        "float32_inside",
        "test_attention_values",
        "",
        (SCORES, SCORES.replace("query @ key", "query.float() @ key.float()")),
    ),
    (
        "float64_weights",
        "test_attention_any_rank_and_dtype",
        "dtype",
        (RESULT, "return weights @ value, weights.double()"),
    ),
    (
        "later_keys_preferred",
        "test_attention_has_no_order",
        "in which order",
        (SCORES, f"{SCORES} + torch.arange(key.size(-2)).to(query)"),
    ),
    ("scores_detached", "test_attention_can_be_learnt", "", (SCORES, SCORES.replace("query @", "query.detach() @"))),
    ("no_scale_in_public", "test_attention_by_hand", "scaled dot products", (f" / {SCALED}", "")),
    ("mask_turned_round_in_public", "test_attention_mask_by_hand", "turned round", ("~mask", "mask")),
    ("keys_reversed", "test_attention_values", "", ("weights @ value", "weights @ value.flip(-2)")),
)

TRIANGLE = "torch.ones(length, length, dtype=torch.bool).tril()"

CAUSAL_MASK = (
    ("strictly_before", "test_causal_mask_values", "see itself", ("tril()", "tril(-1)")),
    ("one_step_ahead", "test_causal_mask_values", "one step into the future", ("tril()", "tril(1)")),
    ("transposed", "test_causal_mask_values", "what comes after", ("tril()", "triu()")),
    ("turned_round", "test_causal_mask_values", "turned round", ("tril()", "triu(1)")),
    ("everything", "test_causal_mask_values", "nothing is masked", (".tril()", "")),
    ("itself_alone", "test_causal_mask_values", "itself alone", (TRIANGLE, "torch.eye(length, dtype=torch.bool)")),
    ("one_step_ahead_in_use", "test_causal_mask_in_attention", "earlier output", ("tril()", "tril(1)")),
    ("transposed_in_public", "test_causal_mask_of_three", "which keys", ("tril()", "triu()")),
    ("numbers", "test_causal_mask_is_boolean", "boolean", (TRIANGLE, "torch.ones(length, length).tril()")),
    ("integers", "test_causal_mask_is_boolean", "boolean", ("torch.bool", "torch.long")),
    (
        "to_be_added",
        "test_causal_mask_values",
        "added to the scores",
        (TRIANGLE, 'torch.full((length, length), float("-inf")).triu(1)'),
    ),
    ("rank_four", "test_causal_mask_is_boolean", "", (TRIANGLE, f"{TRIANGLE}[None, None]")),
    ("window_of_three", "test_causal_mask_values", "up to and including", (TRIANGLE, f"{TRIANGLE}.triu(-2)")),
)

COMPARED = "(positions < lengths[:, None])"
SHAPED = "(positions < lengths[:, None])[:, None, None]"

PADDING_MASK = (
    ("turned_round", "test_padding_mask_values", "turned round", ("positions <", "positions >=")),
    ("one_too_many_in_public", "test_padding_mask_of_two", "as many", ("positions <", "positions <=")),
    ("one_too_many", "test_padding_mask_values", "too many", ("positions <", "positions <=")),
    ("one_too_few", "test_padding_mask_values", "too few", ("positions <", "positions + 1 <")),
    (
        "padding_at_the_start",
        "test_padding_mask_values",
        "not at its start",
        ("positions < lengths", "max_length - 1 - positions < lengths"),
    ),
    (
        "queries_masked",
        "test_padding_mask_in_attention",
        "KEYS",
        (SHAPED, f"{COMPARED}[:, None, :, None]"),
    ),
    (
        "queries_masked_as_well",
        "test_padding_mask_values",
        "KEYS",
        (SHAPED, f"{COMPARED}[:, None, :, None] & {COMPARED}[:, None, None, :]"),
    ),
    ("rank_two", "test_padding_mask_values", "KEYS", (SHAPED, COMPARED)),
    ("rank_three", "test_padding_mask_values", "KEYS", (SHAPED, f"{COMPARED}.unsqueeze(1)")),
    (
        "expanded_over_queries",
        "test_padding_mask_values",
        "KEYS",
        (SHAPED, f"{SHAPED}.expand(-1, -1, max_length, -1)"),
    ),
    (
        "as_wide_as_the_longest",
        "test_padding_mask_values",
        "",
        ("torch.arange(max_length", "torch.arange(int(lengths.max())"),
    ),
    ("numbers", "test_padding_mask_is_boolean", "boolean", (SHAPED, f"{SHAPED}.float()")),
    (
        "on_the_cpu",
        "test_padding_mask_follows_device",
        "device of the lengths",
        ("torch.arange(max_length, device=lengths.device)", "torch.arange(max_length)"),
    ),
    (
        "at_least_one",
        "test_padding_mask_empty_and_full",
        "Nothing and everything",
        ("lengths[", "lengths.clamp(min=1)["),
    ),
)

MISTAKES = {
    "scaled_dot_product_attention": SCALED_DOT_PRODUCT,
    "causal_mask": CAUSAL_MASK,
    "padding_mask": PADDING_MASK,
}
