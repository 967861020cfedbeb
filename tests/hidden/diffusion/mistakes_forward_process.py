"""Known mistakes in q_sample, its inverse and the posterior: rows for `mistakes.py`."""

GATHER = "alpha_bars[t].reshape(-1, *[1] * (x0.dim() - 1))"
MIX = "abar.sqrt() * x0 + (1 - abar).sqrt() * noise"
SINGLE = "(alpha_bars / torch.cat([torch.ones_like(alpha_bars[:1]), alpha_bars[:-1]]))"

Q_SAMPLE = (
    ("no_square_roots", "test_q_sample_values", "square roots", (MIX, "abar * x0 + (1 - abar) * noise")),
    ("no_root_on_the_signal", "test_q_sample_values", "factor of x0", ("abar.sqrt() * x0", "abar * x0")),
    ("no_root_on_the_noise", "test_q_sample_values", "factor of the noise", ("(1 - abar).sqrt()", "(1 - abar)")),
    ("one_minus_the_root", "test_q_sample_values", "not 1 - sqrt(abar)", ("(1 - abar).sqrt()", "(1 - abar.sqrt())")),
    (
        "factors_swapped",
        "test_q_sample_values",
        "changed places",
        (MIX, "abar.sqrt() * noise + (1 - abar).sqrt() * x0"),
    ),
    ("alpha_of_one_step", "test_q_sample_values", "alpha of a single step", ("alpha_bars[t]", f"{SINGLE}[t]")),
    ("beta_for_abar", "test_q_sample_values", "beta of a single step", ("alpha_bars[t]", f"(1 - {SINGLE})[t]")),
    ("one_based_t", "test_q_sample_values", "0-based", ("alpha_bars[t]", "alpha_bars[t - 1]")),
    ("first_t_for_all", "test_q_sample_values", "t of the first one", ("alpha_bars[t]", "alpha_bars[t[:1]]")),
    ("noise_subtracted", "test_q_sample_values", "it is added", ("x0 + (1", "x0 - (1")),
    ("not_reshaped", "test_q_sample_each_image_has_its_own_time", "[B, 1, ..., 1]", (GATHER, "alpha_bars[t]")),
    (
        "one_axis_too_few",
        "test_q_sample_each_image_has_its_own_time",
        "[B, 1, ..., 1]",
        (GATHER, "alpha_bars[t].unsqueeze(1)"),
    ),
    ("images_only", "test_q_sample_any_rank", "no rank is hard-coded", (GATHER, "alpha_bars[t].view(-1, 1, 1, 1)")),
    ("noise_drawn_inside", "test_q_sample_values", "sqrt(1 - abar_t) noise", ("* noise", "* torch.randn_like(x0)")),
    (
        "detached",
        "test_q_sample_gradients",
        "differentiable in x0 and noise",
        (f"return {MIX}", f"return ({MIX}).detach()"),
    ),
)

GATHER_T = "alpha_bars[t].reshape(-1, *[1] * (x_t.dim() - 1))"
SOLVED = "(x_t - (1 - abar).sqrt() * eps) / abar.sqrt()"

PREDICT_X0 = (
    ("not_divided", "test_predict_x0_values", "division by sqrt(abar) is missing", (" / abar.sqrt()", "")),
    ("divided_by_abar", "test_predict_x0_values", "square ROOT of abar", ("/ abar.sqrt()", "/ abar")),
    ("no_root_on_the_noise", "test_predict_x0_values", "square ROOT of 1 - abar", ("(1 - abar).sqrt()", "(1 - abar)")),
    ("noise_unscaled", "test_predict_x0_values", "by its factor", ("(1 - abar).sqrt() * eps", "eps")),
    ("noise_added", "test_predict_x0_values", "must be taken off", ("x_t - (1", "x_t + (1")),
    (
        "only_x_t_divided",
        "test_predict_x0_values",
        "whole difference",
        (SOLVED, "x_t / abar.sqrt() - (1 - abar).sqrt() * eps"),
    ),
    ("alpha_of_one_step", "test_predict_x0_values", "single step", ("alpha_bars[t]", f"{SINGLE}[t]")),
    (
        "clipped",
        "test_predict_x0_is_not_clipped",
        "The result is clipped",
        (f"return {SOLVED}", f"return ({SOLVED}).clamp(-1, 1)"),
    ),
    ("not_reshaped", "test_predict_x0_any_rank", "[B, 1, ..., 1]", (GATHER_T, "alpha_bars[t]")),
    ("images_only", "test_predict_x0_any_rank", "[B, 1, ..., 1]", (GATHER_T, "alpha_bars[t].view(-1, 1, 1, 1)")),
    ("detached", "test_predict_x0_gradients", "differentiable", (f"return {SOLVED}", f"return ({SOLVED}).detach()")),
)

MEAN_X0 = "abar_before.sqrt() * beta / (1 - abar) * x0"
MEAN_X_T = "(1 - beta).sqrt() * (1 - abar_before) / (1 - abar) * x_t"
VARIANCE = "(1 - abar_before) / (1 - abar) * beta"
RETURN = f"return mean, {VARIANCE}"

POSTERIOR = (
    (
        "coefficients_swapped",
        "test_posterior_mean_values",
        "changed places",
        ("* x0 +", "* later +"),
        ("(1 - abar) * x_t", "(1 - abar) * x0"),
        ("* later", "* x_t"),
    ),
    ("abar_of_this_step_for_x0", "test_posterior_mean_values", "step BEFORE", ("abar_before.sqrt()", "abar.sqrt()")),
    ("abar_for_alpha", "test_posterior_mean_values", "root of alpha_t", ("(1 - beta).sqrt()", "abar.sqrt()")),
    ("root_missing_for_x0", "test_posterior_mean_values", "root is missing", ("abar_before.sqrt()", "abar_before")),
    ("root_missing_for_x_t", "test_posterior_mean_values", "root is missing", ("(1 - beta).sqrt()", "(1 - beta)")),
    (
        "not_divided",
        "test_posterior_mean_values",
        "division by 1 - abar_t",
        (" / (1 - abar) * x0", " * x0"),
        (" / (1 - abar) * x_t", " * x_t"),
    ),
    ("beta_as_variance", "test_posterior_variance_values", "smaller than beta_t", (RETURN, "return mean, beta")),
    (
        "std_for_variance",
        "test_posterior_variance_values",
        "standard deviation",
        (RETURN, f"return mean, ({VARIANCE}).sqrt()"),
    ),
    (
        "log_for_variance",
        "test_posterior_variance_values",
        "logarithm",
        (RETURN, f"return mean, ({VARIANCE}).clamp(min=1e-20).log()"),
    ),
    (
        "ratio_upside_down",
        "test_posterior_variance_values",
        "upside down",
        (RETURN, "return mean, (1 - abar) / (1 - abar_before) * beta"),
    ),
    (
        "abar_before_the_first_not_one",
        "test_posterior_first_step_in_a_mixed_batch",
        "abar_{-1} is 1",
        ("F.pad(bars[:-1], (1, 0), value=1.0)", "torch.cat([bars[:1], bars[:-1]])"),
    ),
    (
        "abar_before_the_first_is_the_last",
        "test_posterior_at_the_first_step",
        "abar_{-1} is 1",
        ("F.pad(bars[:-1], (1, 0), value=1.0)", "bars.roll(1)"),
    ),
    (
        "abar_before_the_first_is_zero",
        "test_posterior_first_step_in_a_mixed_batch",
        "abar_{-1} is 1",
        ("F.pad(bars[:-1], (1, 0), value=1.0)", "F.pad(bars[:-1], (1, 0))"),
    ),
    (
        "not_reshaped",
        "test_posterior_any_rank",
        "[B, 1, ..., 1]",
        ("values[t].reshape(per_example)", "values[t]"),
    ),
    (
        "variance_of_shape_batch",
        "test_posterior_variance_values",
        "multiplies the noise of its own example",
        (RETURN, f"return mean, ({VARIANCE}).flatten()"),
    ),
    (
        "variance_first",
        "test_posterior_mean_values",
        "weighs x0 and x_t",
        (RETURN, f"return ({VARIANCE}).expand_as(mean), mean"),
    ),
    ("mean_alone", "test_posterior_mean_values", "two tensors", (RETURN, "return mean")),
    ("detached", "test_posterior_gradients", "differentiable", (RETURN, f"return mean.detach(), {VARIANCE}")),
)

MISTAKES = {"q_sample": Q_SAMPLE, "predict_x0": PREDICT_X0, "posterior_mean_variance": POSTERIOR}
