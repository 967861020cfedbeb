"""Known mistakes in the time embedding and the U-Net: rows for `mistakes.py`."""

JOINED = "torch.cat([angle.cos(), angle.sin()], dim=1)"
SHARE = "device=t.device) / half"

TIMESTEP_EMBEDDING = (
    (
        "halves_swapped",
        "test_embedding_values",
        "changed places",
        (JOINED, "torch.cat([angle.sin(), angle.cos()], dim=1)"),
    ),
    (
        "interleaved",
        "test_embedding_values",
        "alternate",
        (JOINED, "torch.stack([angle.cos(), angle.sin()], dim=2).flatten(1)"),
    ),
    (
        "lowest_frequency_included",
        "test_embedding_values",
        "not by dim / 2 - 1",
        (SHARE, "device=t.device) / (half - 1)"),
    ),
    ("exponent_over_dim", "test_embedding_values", "too slowly or too fast", (SHARE, "device=t.device) / dim")),
    ("exponent_doubled", "test_embedding_values", "too slowly or too fast", (SHARE, "device=t.device) * 2 / half")),
    ("frequencies_grow", "test_embedding_values", "times a frequency", ("**-exponent", "**exponent")),
    ("two_pi", "test_embedding_values", "radians", ("max_period**-exponent", "max_period**-exponent * 2 * math.pi")),
    ("max_period_ignored", "test_embedding_uses_max_period", "max_period is ignored", ("max_period**-", "10000**-")),
    ("rescaled", "test_embedding_values", "t times a frequency", ("t.unsqueeze(1) *", "t.unsqueeze(1) / 1000 *")),
    ("float64", "test_embedding_dtype", "default floating-point dtype", (JOINED, f"{JOINED}.double()")),
    ("steps_wrapped", "test_embedding_of_late_steps", "Late steps", ("t.unsqueeze(1)", "(t % 100).unsqueeze(1)")),
)

SUM = "return h + self.shortcut(x)"
TIME = "h = h + self.time(F.silu(temb))[:, :, None, None]"

RESIDUAL_BLOCK = (
    ("no_shortcut", "test_residual_block_is_residual", "PLUS a shortcut", (SUM, "return h")),
    (
        "relu_after_the_sum",
        "test_residual_block_is_residual",
        "last operation",
        (SUM, "return F.relu(h + self.shortcut(x))"),
    ),
    (
        "silu_after_the_sum",
        "test_residual_block_is_residual",
        "last operation",
        (SUM, "return F.silu(h + self.shortcut(x))"),
    ),
    (
        "sum_over_root_two",
        "test_residual_block_is_residual",
        "last operation",
        (SUM, "return (h + self.shortcut(x)) / 2**0.5"),
    ),
    (
        "shortcut_only_between_equals",
        "test_residual_block_shortcut_changes_channels",
        "no shortcut of x",
        (SUM, "return h + self.shortcut(x) if h.shape == x.shape else h"),
    ),
    ("time_ignored", "test_residual_block_uses_the_time", "does not change the output", (TIME, "self.time(temb)")),
    (
        "time_normalised_away",
        "test_residual_block_uses_the_time",
        "take it away again",
        ("self.norm2 = nn.GroupNorm(8, out_channels)", "self.norm2 = nn.GroupNorm(out_channels, out_channels)"),
    ),
    (
        "time_of_the_first_example",
        "test_residual_block_uses_the_time",
        "",
        ("F.silu(temb)", "F.silu(temb[:1])"),
    ),
    (
        "time_averaged_over_the_batch",
        "test_residual_block_uses_the_time",
        "of another",
        ("F.silu(temb)", "F.silu(temb.mean(dim=0, keepdim=True).expand_as(temb) + temb)"),
    ),
    (
        "batch_normalisation",
        "test_residual_block_keeps_examples_apart",
        "batch normalisation",
        ("nn.GroupNorm(8, ", "nn.BatchNorm2d("),
    ),
    (
        "dropout",
        "test_residual_block_keeps_examples_apart",
        "no dropout",
        (SUM, "return F.dropout(h, 0.2, self.training) + self.shortcut(x)"),
    ),
    (
        "kernels_of_one",
        "test_residual_block_sees_its_neighbours",
        "two pixels far",
        ("kernel_size=3, padding=1", "kernel_size=1"),
    ),
    (
        "second_convolution_unused",
        "test_residual_block_gradients",
        "must be used",
        ("h = self.conv2(F.silu(self.norm2(h)))", "h = F.silu(self.norm2(h))"),
    ),
    (
        "shortcut_detached",
        "test_residual_block_gradients_are_slopes",
        "A path of gradients is cut",
        ("self.shortcut(x)", "self.shortcut(x.detach())"),
    ),
    (
        "output_cast_to_float32",
        "test_residual_block_gradients_are_slopes",
        "in float64 gives float64",
        (SUM, "return (h + self.shortcut(x)).float()"),
    ),
    (
        "numbers_compared_as_objects",
        "test_residual_block_is_residual",
        "asks another question",
        ("in_channels == out_channels", "in_channels is out_channels"),
    ),
    (
        "identity_where_channels_shrink",
        "test_residual_block_shortcut_changes_channels",
        "1 x 1 convolution",
        ("in_channels == out_channels", "in_channels >= out_channels"),
    ),
    ("no_padding", "test_residual_block_shapes", "", ("kernel_size=3, padding=1", "kernel_size=3")),
    ("time_detached", "test_residual_block_gradients", "time embedding", ("F.silu(temb)", "F.silu(temb.detach())")),
)

DOWN = "skip = self.block2(self.block1(x, temb), temb)"
POOLED = "F.avg_pool2d(skip, kernel_size=2)"

DOWN_BLOCK = (
    ("max_pooling", "test_down_block_pools_the_skip", "max pooling", ("avg_pool2d", "max_pool2d")),
    ("every_other_pixel", "test_down_block_pools_the_skip", "every other pixel", (POOLED, "skip[:, :, ::2, ::2]")),
    ("results_swapped", "test_down_block_pools_the_skip", "Return (h, skip)", (f"{POOLED}, skip", f"skip, {POOLED}")),
    (
        "skip_after_pooling",
        "test_down_block_pools_the_skip",
        "Return (h, skip)",
        (f"{POOLED}, skip", f"{POOLED}, {POOLED}"),
    ),
    (
        "skip_before_the_second_block",
        "test_down_block_pools_the_skip",
        "average of 2 x 2",
        (DOWN, "skip = self.block1(x, temb)\n        h = self.block2(skip, temb)"),
        (POOLED, "F.avg_pool2d(h, kernel_size=2)"),
    ),
    (
        "one_block",
        "test_down_block_has_two_residual_blocks",
        "two ResidualBlocks",
        (DOWN, "skip = self.block1(x, temb)"),
    ),
    (
        "second_block_without_time",
        "test_down_block_has_two_residual_blocks",
        "Both residual blocks",
        ("x, temb), temb)", "x, temb), 0 * temb)"),
    ),
    ("activation_in_between", "test_down_block_zeroed", "no other", (DOWN, f"{DOWN}.relu()")),
    (
        "detached",
        "test_down_block_gradients",
        "detached",
        (DOWN, "skip = self.block2(self.block1(x, temb).detach(), temb)"),
    ),
    (
        "skip_detached",
        "test_down_block_gradients_are_slopes",
        "goes out, is detached",
        (f"{POOLED}, skip", f"{POOLED}, skip.detach()"),
    ),
    (
        "time_detached_for_one_block",
        "test_down_block_gradients_are_slopes",
        "goes out, is detached",
        (DOWN, "skip = self.block2(self.block1(x, temb.detach()), temb)"),
    ),
    (
        "skip_missing",
        "test_down_block_pools_the_skip",
        "Return (h, skip)",
        (f"return {POOLED}, skip", f"return ({POOLED},)"),
    ),
)

BILINEAR = 'mode="bilinear", align_corners=False'

UP_BLOCK = (
    ("nearest", "test_up_block_upsamples_and_concatenates", "nearest-neighbour", (f", {BILINEAR}", "")),
    (
        "corners_aligned",
        "test_up_block_upsamples_and_concatenates",
        "align_corners=True",
        ("align_corners=False)  #", "align_corners=True)  #"),
    ),
    ("bicubic", "test_up_block_upsamples_and_concatenates", "bicubic", ("bilinear", "bicubic")),
    (
        "skip_replaced_by_x",
        "test_up_block_upsamples_and_concatenates",
        "does not arrive",
        ("torch.cat([x, skip], dim=1)", "torch.cat([x, x], dim=1)"),
    ),
    ("skip_dropped", "test_up_block_uses_both_inputs", "Both x and the skip", ("[x, skip]", "[x, 0 * skip]")),
    (
        "skip_added",
        "test_up_block_shapes",
        "",
        ("torch.cat([x, skip], dim=1)", "x + skip"),
        ("in_channels + skip_channels", "in_channels"),
    ),
    ("concatenated_along_the_height", "test_up_block_shapes", "", ("[x, skip], dim=1", "[x, skip], dim=2")),
    (
        "one_block",
        "test_up_block_has_two_residual_blocks",
        "two ResidualBlocks",
        ("self.block2(self.block1(h, temb), temb)", "self.block1(h, temb)"),
    ),
    (
        "second_block_without_time",
        "test_up_block_has_two_residual_blocks",
        "Both residual blocks",
        ("h, temb), temb)", "h, temb), torch.zeros_like(temb))"),
    ),
    ("skip_detached", "test_up_block_gradients", "detached", ("[x, skip]", "[x, skip.detach()]")),
    (
        "time_detached_for_one_block",
        "test_up_block_gradients_are_slopes",
        "goes out, is detached",
        ("self.block1(h, temb), temb)", "self.block1(h, temb), temb.detach())"),
    ),
    (
        "activation_at_the_end",
        "test_up_block_has_two_residual_blocks",
        "nothing comes after",
        ("temb), temb)", "temb), temb).relu()"),
    ),
)

EMBEDDED = "temb = self.time(timestep_embedding(t, self.time_dim).to(x.dtype))"
LISTED = "self.downs = nn.ModuleList("

UNET = (
    ("skips_in_the_wrong_order", "test_unet_skips", "", ("skips.pop()", "skips.pop(0)")),
    ("last_skip_for_all", "test_unet_skips", "", ("skips.pop()", "skips[-1]")),
    ("skips_zeroed", "test_unet_skips", "the skip of the DownBlock", ("skips.pop()", "0 * skips.pop()")),
    (
        "skip_detached",
        "test_unet_gradients_reach_every_parameter",
        "",
        ("return self.head(h)", "return self.head(h.detach())"),
    ),
    ("time_computed_and_never_used", "test_unet_uses_the_time", "changes nothing", (EMBEDDED, f"{EMBEDDED} * 0")),
    (
        "first_t_for_all",
        "test_unet_uses_the_time",
        "",
        ("timestep_embedding(t, ", "timestep_embedding(t[:1].expand(len(t)), "),
    ),
    (
        "tanh_at_the_end",
        "test_unet_output_is_not_squashed",
        "any real number",
        ("return self.head(h)", "return self.head(h).tanh()"),
    ),
    (
        "relu_at_the_end",
        "test_unet_output_is_not_squashed",
        "any real number",
        ("return self.head(h)", "return self.head(h).relu()"),
    ),
    (
        "multipliers_of_the_last_level",
        "test_unet_skips",
        "base_channels * channel_mults",
        ("base_channels * mult for mult in channel_mults", "base_channels * mult for mult in sorted(channel_mults)"),
    ),
    (
        "plain_list_of_levels",
        "test_unet_gradients_reach_every_parameter",
        "nn.ModuleList",
        ("nn.ModuleList(", "list("),
        ("self.stem(x)", "self.stem(x)\n        [level.to(x.dtype) for level in (*self.downs, *self.ups)]"),
    ),
    (
        "one_channel_out",
        "test_unet_shapes",
        "shape of the input",
        ("widths[0], in_channels, kernel", "widths[0], 1, kernel"),
    ),
    (
        "batch_normalisation",
        "test_unet_keeps_examples_apart",
        "alone",
        ("nn.GroupNorm(8, widths[0])", "nn.BatchNorm2d(widths[0])"),
    ),
    ("x_detached", "test_unet_gradient_is_slope", "detached somewhere", ("self.stem(x)", "self.stem(x.detach())")),
    (
        "two_levels_only",
        "test_unet_other_sizes",
        "Any number of levels",
        ("in channel_mults]", "in channel_mults[:2]]"),
        (
            "h, skip = down(h, temb)",
            "h, skip = down(h, temb)\n            h = h[:, :, :2, :2] if h.shape[2] == 2 else h",
        ),
    ),
)

MISTAKES = {
    "timestep_embedding": TIMESTEP_EMBEDDING,
    "ResidualBlock": RESIDUAL_BLOCK,
    "DownBlock": DOWN_BLOCK,
    "UpBlock": UP_BLOCK,
    "UNet": UNET,
}
