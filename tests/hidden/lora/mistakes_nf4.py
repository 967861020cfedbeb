"""Known mistakes in NF4, there and back: rows for `mistakes.py`."""

BLOCKS = "blocks = F.pad(flat, (0, padding)).reshape(-1, block_size)"
ABSMAX = "absmax = blocks.abs().amax(dim=1)"
SCALED = "scaled = (blocks / absmax[:, None]).nan_to_num()"
CODES = "codes = torch.bucketize(scaled, midpoints)"
RESULT = "return codes.flatten()[: flat.numel()].to(torch.uint8), absmax"
VALUES, SHORT, ZERO = "test_quantize_nf4_codes", "test_quantize_nf4_short_last_block", "test_quantize_nf4_zero_block"
DTYPE = "test_quantize_nf4_dtype_and_gradient"

QUANTIZE = (
    ("one_absmax_scales_all", VALUES, "every block has", (SCALED, "scaled = blocks / absmax.max()")),
    (
        "one_absmax",
        "test_quantize_nf4_absmax",
        "every block has",
        (ABSMAX, "absmax = blocks.abs().max().expand(len(blocks))"),
    ),
    (
        "one_absmax_for_an_outlier",
        "test_quantize_nf4_outlier",
        "every block has",
        (ABSMAX, "absmax = blocks.abs().max().expand(len(blocks))"),
    ),
    ("signed_absmax", "test_quantize_nf4_absmax", "ABSOLUTE", (ABSMAX, "absmax = blocks.amax(dim=1)")),
    (
        "sign_of_the_largest",
        "test_quantize_nf4_absmax",
        "ABSOLUTE",
        (ABSMAX, "absmax = blocks.gather(1, blocks.abs().argmax(dim=1, keepdim=True)).squeeze(1)"),
    ),
    (
        "mean_instead_of_maximum",
        "test_quantize_nf4_absmax",
        "not a mean",
        (ABSMAX, "absmax = blocks.abs().mean(dim=1)"),
    ),
    ("norm_instead_of_maximum", "test_quantize_nf4_absmax", "not a norm", (ABSMAX, "absmax = blocks.norm(dim=1)")),
    ("uniform_levels", VALUES, "equally spaced", (CODES, "codes = ((scaled + 1) * 7.5).round()")),
    ("int4", VALUES, "equally spaced", (CODES, "codes = (scaled * 7).round() + 8")),
    (
        "next_level_below",
        VALUES,
        "level below",
        (CODES, "codes = torch.bucketize(scaled, NF4_LEVELS.to(scaled), right=True) - 1"),
    ),
    ("next_level_above", VALUES, "level above", (CODES, "codes = torch.bucketize(scaled, NF4_LEVELS.to(scaled))")),
    ("not_scaled", VALUES, "divided by their block", (SCALED, "scaled = blocks")),
    ("from_the_top", VALUES, "wrong end", (CODES, "codes = 15 - torch.bucketize(scaled, midpoints)")),
    ("from_one", VALUES, "nearest", (CODES, f"{CODES} + 1")),
    (
        "by_columns",
        VALUES,
        "wrong order",
        ("weight.detach().flatten()", "weight.detach().permute(*reversed(range(weight.dim()))).flatten()"),
    ),
    (
        "strided_blocks",
        VALUES,
        "far apart",
        (BLOCKS, "blocks = F.pad(flat, (0, padding)).reshape(block_size, -1).T"),
        ("codes.flatten()", "codes.T.flatten()"),
    ),
    ("rows_as_blocks", VALUES, "", (BLOCKS, "blocks = weight.detach().reshape(len(weight), -1)")),
    (
        "levels_of_the_positive_half",
        "test_quantize_nf4_finds_every_level",
        "sixteen",
        (CODES, "codes = torch.bucketize(scaled.abs(), midpoints)"),
    ),
    (
        "last_level_missing",
        "test_quantize_nf4_finds_every_level",
        "sixteen",
        (CODES, "codes = torch.bucketize(scaled, midpoints[:-1])"),
    ),
    (
        "short_block_dropped",
        SHORT,
        "are lost",
        (BLOCKS, "blocks = flat[: flat.numel() // block_size * block_size].reshape(-1, block_size)"),
    ),
    ("short_block_not_allowed", SHORT, "", (BLOCKS, "blocks = flat.reshape(-1, block_size)")),
    ("padding_kept", SHORT, "may be shorter", ("[: flat.numel()]", "")),
    ("padded_with_ones", SHORT, "", ("F.pad(flat, (0, padding))", "F.pad(flat, (0, padding), value=1.0)")),
    ("padded_at_the_front", SHORT, "", ("(0, padding)", "(padding, 0)")),
    ("zero_divided_by_zero", ZERO, "divides by zero", (SCALED, "scaled = blocks / absmax.unsqueeze(1)")),
    (
        "zero_block_with_absmax_one",
        ZERO,
        "absmax is 0",
        (ABSMAX, f"{ABSMAX}; absmax = torch.where(absmax > 0, absmax, 1)"),
    ),
    (
        "epsilon_added",
        "test_quantize_nf4_small_numbers",
        "nothing is added",
        (SCALED, "scaled = blocks / (absmax + 1e-6).unsqueeze(1)"),
    ),
    ("clamped", "test_quantize_nf4_small_numbers", "nothing is added", (ABSMAX, f"{ABSMAX}.clamp(min=1e-5)")),
    ("ties_go_up", "test_quantize_nf4_ties", "which one", ("(scaled, midpoints)", "(scaled, midpoints, right=True)")),
    ("block_size_ignored", SHORT, "", ("# [n]\n", "# [n]\n    block_size = 64\n")),
    (
        "other_default",
        "test_quantize_nf4_default_block_size",
        "of the signature",
        ("block_size: int = 64", "block_size: int = 128"),
    ),
    ("absmax_in_float32", DTYPE, "dtype of the weight", (RESULT, RESULT + ".float()")),
    ("gradient_recorded", DTYPE, "No gradient", ("weight.detach()", "weight")),
    ("codes_in_int64", VALUES, "uint8", (".to(torch.uint8)", "")),
    (
        "codes_in_the_weights_shape",
        VALUES,
        "one row",
        (RESULT, "return codes.flatten()[: flat.numel()].to(torch.uint8).reshape(weight.shape), absmax"),
    ),
    ("absmax_in_a_column", "test_quantize_nf4_absmax", "one row", (RESULT, RESULT + ".unsqueeze(1)")),
    (
        "results_swapped",
        "test_quantize_nf4_by_hand",
        "largest absolute",
        (RESULT, "return absmax, codes.flatten()[: flat.numel()].to(torch.uint8)"),
    ),
)

LOOKUP = "levels = NF4_LEVELS.to(absmax)[codes.long()]"
SCALES = "scales = absmax.repeat_interleave(block_size)[: codes.numel()]"
BACK = "return (levels * scales).reshape(tuple(shape))"
NUMBERS = "test_dequantize_nf4_values"

DEQUANTIZE = (
    ("not_scaled", NUMBERS, "must be multiplied", (BACK, "return levels.reshape(tuple(shape))")),
    ("divided_by_hand", "test_dequantize_nf4_by_hand", "multiply by", ("levels * scales", "levels / scales")),
    ("divided", NUMBERS, "multiplies", ("levels * scales", "levels / scales")),
    ("first_absmax_alone", NUMBERS, "each block has its own", (SCALES, "scales = absmax[0]")),
    ("largest_absmax", NUMBERS, "each block has its own", (SCALES, "scales = absmax.max()")),
    (
        "absmax_repeated_as_a_row",
        NUMBERS,
        "neighbouring codes",
        ("repeat_interleave(block_size)", "repeat(block_size)"),
    ),
    ("uniform_levels", NUMBERS, "equally spaced", (LOOKUP, "levels = codes.to(absmax) / 7.5 - 1")),
    ("shifted_by_one", NUMBERS, "directly", ("[codes.long()]", "[codes.long() - 1]")),
    (
        "transposed",
        NUMBERS,
        "wrong order",
        (BACK, "return (levels * scales).reshape(tuple(shape)[::-1]).permute(*reversed(range(len(shape))))"),
    ),
    ("shape_ignored", NUMBERS, "", (".reshape(tuple(shape))", "")),
    ("codes_as_a_mask", "test_dequantize_nf4_default_block_size", "", ("[codes.long()]", "[codes]")),
    (
        "whole_blocks_alone",
        "test_dequantize_nf4_short_last_block",
        "",
        (SCALES, "scales = absmax.repeat_interleave(codes.numel() // len(absmax))"),
    ),
    ("short_block_not_cut", "test_dequantize_nf4_short_last_block", "", ("[: codes.numel()]", "")),
    (
        "last_absmax_lost",
        "test_dequantize_nf4_short_last_block",
        "",
        (SCALES, "scales = absmax[:-1].repeat_interleave(block_size)[: codes.numel()]"),
    ),
    ("block_size_ignored", NUMBERS, "", ("repeat_interleave(block_size)", "repeat_interleave(64)")),
    (
        "other_default",
        "test_dequantize_nf4_default_block_size",
        "of the signature",
        ("block_size: int = 64", "block_size: int = 32"),
    ),
    (
        "float32",
        "test_dequantize_nf4_dtype",
        "dtype of absmax",
        (BACK, "return (levels * scales).reshape(tuple(shape)).float()"),
    ),
    (
        "scaled_twice",
        "test_dequantize_nf4_restores_a_weight",
        "factors",
        ("levels * scales", "levels * scales * scales"),
    ),
)

MISTAKES = {"quantize_nf4": QUANTIZE, "dequantize_nf4": DEQUANTIZE}
