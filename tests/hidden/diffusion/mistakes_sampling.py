"""Known mistakes in the loss and in the samplers: rows for `mistakes.py`."""

NOISED = "x_t = q_sample(x0, t, noise, alpha_bars)"
MSE = "F.mse_loss(model(x_t, t), noise)"

DDPM_LOSS = (
    (
        "noise_drawn_afresh",
        "test_ddpm_loss_of_a_perfect_model",
        "the noise that was passed in",
        (NOISED, "x_t = q_sample(x0, t, torch.randn_like(x0), alpha_bars)"),
    ),
    (
        "target_drawn_afresh",
        "test_ddpm_loss_values",
        "mean of the squared difference",
        (MSE, "F.mse_loss(model(x_t, t), torch.randn_like(x_t))"),
    ),
    ("x0_as_target", "test_ddpm_loss_values", "NOISE", (MSE, "F.mse_loss(model(x_t, t), x0)")),
    ("x_t_as_target", "test_ddpm_loss_values", "NOISE", (MSE, "F.mse_loss(model(x_t, t), x_t)")),
    ("clean_image_shown", "test_ddpm_loss_asks_the_model_about_x_t", "clean data", ("model(x_t, t)", "model(x0, t)")),
    ("noise_shown", "test_ddpm_loss_asks_the_model_about_x_t", "bare noise", ("model(x_t, t)", "model(noise, t)")),
    (
        "data_and_noise_swapped",
        "test_ddpm_loss_asks_the_model_about_x_t",
        "changed places",
        ("q_sample(x0, t, noise,", "q_sample(noise, t, x0,"),
    ),
    (
        "summed",
        "test_ddpm_loss_values",
        "mean over all elements",
        (MSE, 'F.mse_loss(model(x_t, t), noise, reduction="sum")'),
    ),
    (
        "summed_over_pixels",
        "test_ddpm_loss_values",
        "mean over all elements",
        (MSE, "(model(x_t, t) - noise).pow(2).reshape(len(x0), -1).sum(dim=1).mean()"),
    ),
    ("one_for_each_element", "test_ddpm_loss_is_one_number", "single number", (MSE, "(model(x_t, t) - noise) ** 2")),
    ("absolute", "test_ddpm_loss_values", "absolute value", ("mse_loss", "l1_loss")),
    ("halved", "test_ddpm_loss_values", "one half", (MSE, f"{MSE} / 2")),
    (
        "weighted_by_time",
        "test_ddpm_loss_values",
        "same weight",
        (MSE, "((model(x_t, t) - noise) ** 2 / (1 - alpha_bars[t]).reshape(-1, *[1] * (x0.dim() - 1))).mean()"),
    ),
    (
        "detached",
        "test_ddpm_loss_gradient",
        "Gradients must reach the model",
        (MSE, "F.mse_loss(model(x_t, t).detach(), noise)"),
    ),
    (
        "t_normalised",
        "test_ddpm_loss_asks_the_model_about_x_t",
        "told t as it came in",
        ("model(x_t, t)", "model(x_t, t / len(alpha_bars))"),
    ),
)

DRAW = "mean + variance.sqrt() * noise"
CHAIN = """x0 = predict_x0(x_t, step, eps, alpha_bars(betas))
    mean, variance = posterior_mean_variance(x0, x_t, step, betas)
"""


def _direct(mean: str) -> tuple[str, str]:
    """An edit of p_sample that computes the mean by algorithm 2, or by something like it."""
    return (
        CHAIN,
        "_, variance = posterior_mean_variance(x_t, x_t, step, betas)\n"
        "    beta, alpha, abar = betas[t], 1 - betas[t], alpha_bars(betas)[t]\n"
        f"    mean = {mean}\n",
    )


P_SAMPLE = (
    (
        "noise_in_the_last_step",
        "test_p_sample_last_step",
        "no noise is added",
        (DRAW, "mean + variance.sqrt() * noise + (t == 0) * betas[0].sqrt() * noise"),
    ),
    ("variance_beta", "test_p_sample_noise", "smaller than beta_t", ("variance.sqrt()", "betas[t].sqrt()")),
    ("variance_not_rooted", "test_p_sample_noise", "square root of the variance", ("variance.sqrt()", "variance")),
    ("beta_not_rooted", "test_p_sample_noise", "square root of the variance", ("variance.sqrt()", "betas[t]")),
    ("no_noise_at_all", "test_p_sample_noise", "No noise is added", (DRAW, "mean")),
    ("noise_unscaled", "test_p_sample_noise", "unscaled", (DRAW, "mean + (t > 0) * noise")),
    (
        "noise_drawn_inside",
        "test_p_sample_noise",
        "posterior's variance",
        ("sqrt() * noise", "sqrt() * torch.randn_like(x_t)"),
    ),
    (
        "root_of_alpha_missing",
        "test_p_sample_mean",
        "root of alpha_t is missing",
        _direct("x_t - beta / (1 - abar).sqrt() * eps"),
    ),
    (
        "root_of_abar_for_alpha",
        "test_p_sample_mean",
        "not of abar_t",
        _direct("(x_t - beta / (1 - abar).sqrt() * eps) / abar.sqrt()"),
    ),
    (
        "root_of_beta_for_one_minus_abar",
        "test_p_sample_mean",
        "root of 1 - abar_t",
        _direct("(x_t - beta / (1 - alpha).sqrt() * eps) / alpha.sqrt()"),
    ),
    ("root_missing", "test_p_sample_mean", "square ROOT", _direct("(x_t - beta / (1 - abar) * eps) / alpha.sqrt()")),
    ("x0_returned", "test_p_sample_mean", "predicted x0 itself", (DRAW, "x0 + variance.sqrt() * noise")),
    ("x0_clipped", "test_p_sample_mean", "clipped", ("alpha_bars(betas))", "alpha_bars(betas)).clamp(-1, 1)")),
    (
        "eps_taken_for_x0",
        "test_p_sample_mean",
        "as if it were x0",
        ("x0 = predict_x0(x_t, step, eps, alpha_bars(betas))", "x0 = eps"),
    ),
    ("int_for_the_model", "test_p_sample_asks_the_model", "", ("model(x_t, step)", "model(x_t, t)")),
    (
        "float_t_for_the_model",
        "test_p_sample_asks_the_model",
        "LongTensor",
        ("model(x_t, step)", "model(x_t, step.to(x_t.dtype))"),
    ),
)

SIGMA = "eta * ((1 - abar_prev) / (1 - abar)).sqrt() * (1 - abar / abar_prev).sqrt()"
ALONG = "(1 - abar_prev - sigma**2).clamp(min=0).sqrt()"
LAST = "alpha_bars[t_prev] if t_prev >= 0 else torch.ones_like(abar)"
SINGLE = "(alpha_bars[t] / alpha_bars[t - 1])"

DDIM_STEP = (
    ("eta_ignored_never_noisy", "test_ddim_step_with_noise", "no fresh noise", (SIGMA, "torch.zeros_like(abar)")),
    ("eta_ignored_always_noisy", "test_ddim_step_deterministic", "eta is ignored", ("eta * ((1", "((1")),
    (
        "sigma_not_taken_off",
        "test_ddim_step_with_noise",
        "The rest of the variance",
        (ALONG, "(1 - abar_prev).sqrt()"),
    ),
    (
        "sigma_taken_off_the_root",
        "test_ddim_step_with_noise",
        "The rest of the variance",
        (ALONG, "((1 - abar_prev).sqrt() - sigma)"),
    ),
    (
        "noise_times_variance",
        "test_ddim_step_with_noise",
        "not by its square",
        ("+ sigma * noise", "+ sigma**2 * noise"),
    ),
    ("eta_under_the_root", "test_ddim_step_with_noise", "eta multiplies sigma", ("eta * ((1", "eta**0.5 * ((1")),
    (
        "beta_of_one_step_when_skipping",
        "test_ddim_step_with_noise",
        "are skipped",
        (SIGMA, f"eta * ((1 - alpha_bars[t - 1]) / (1 - abar)).sqrt() * (1 - {SINGLE}).sqrt()"),
    ),
    (
        "beta_as_variance",
        "test_ddim_step_is_ddpm_at_eta_one",
        "smaller than beta_t",
        (SIGMA, "eta * (1 - abar / abar_prev).sqrt() * (t_prev >= 0)"),
    ),
    (
        "previous_step_for_t_prev",
        "test_ddim_step_deterministic",
        "whatever t_prev is",
        (LAST, "alpha_bars[t - 1] if t_prev >= 0 else torch.ones_like(abar)"),
    ),
    (
        "ddpm_mean_when_skipping",
        "test_ddim_step_deterministic",
        "are skipped",
        (
            "return abar_prev.sqrt() * x0",
            f"if eta == 0 and t_prev >= 0:\n"
            f"        return (x_t - (1 - {SINGLE}) / (1 - abar).sqrt() * eps) / {SINGLE}.sqrt()\n"
            "    return abar_prev.sqrt() * x0",
        ),
    ),
    ("negative_index", "test_ddim_step_end", "LAST step", (LAST, "alpha_bars[t_prev]")),
    ("first_abar_at_the_end", "test_ddim_step_end", "stands for the data", (LAST, "alpha_bars[max(t_prev, 0)]")),
    (
        "x0_clipped",
        "test_ddim_step_deterministic",
        "clipped",
        ("eps) / abar.sqrt()", "eps).div(abar.sqrt()).clamp(-1, 1)"),
    ),
    ("fresh_noise_along", "test_ddim_step_deterministic", "same eps", ("along * eps", "along * noise")),
    (
        "noise_level_of_t",
        "test_ddim_step_deterministic",
        "that of t, not",
        (ALONG, "(1 - abar - sigma**2).sqrt()"),
    ),
    (
        "x0_returned",
        "test_ddim_step_deterministic",
        "noised again",
        ("return abar_prev.sqrt() * x0", "return x0\n    return x0"),
    ),
    (
        "root_missing_on_x0",
        "test_ddim_step_deterministic",
        "root is missing",
        ("abar_prev.sqrt() * x0", "abar_prev * x0"),
    ),
    ("detached", "test_ddim_step_gradients", "differentiable", ("x0 = (x_t -", "x0 = (x_t.detach() -")),
)

GUIDED = "eps_uncond + scale * (eps_cond - eps_uncond)"

GUIDANCE = (
    (
        "one_plus_w",
        "test_guidance_values",
        "(1 + w)",
        (f"return {GUIDED}", "return (1 + scale) * eps_cond - scale * eps_uncond"),
    ),
    (
        "swapped",
        "test_guidance_values",
        "changed places",
        (f"return {GUIDED}", "return eps_cond + scale * (eps_uncond - eps_cond)"),
    ),
    (
        "wrong_sign",
        "test_guidance_values",
        "wrong sign",
        (f"return {GUIDED}", "return eps_uncond + scale * (eps_uncond - eps_cond)"),
    ),
    (
        "start_missing",
        "test_guidance_values",
        "to start from",
        (f"return {GUIDED}", "return scale * (eps_cond - eps_uncond)"),
    ),
    (
        "not_a_difference",
        "test_guidance_values",
        "not one of them",
        (f"return {GUIDED}", "return eps_uncond + scale * eps_cond"),
    ),
    ("rescaled", "test_guidance_values", "rescaled", (f"return {GUIDED}", f"return ({GUIDED}) / (1 + scale)")),
    (
        "never_below_one",
        "test_guidance_special_scales",
        "Scale 0",
        (f"return {GUIDED}", "return eps_uncond + (scale if scale > 0 else 1) * (eps_cond - eps_uncond)"),
    ),
    (
        "unconditional_detached",
        "test_guidance_gradients",
        "differentiable",
        (f"return {GUIDED}", "return eps_uncond.detach() + scale * (eps_cond - eps_uncond.detach())"),
    ),
)

MISTAKES = {
    "ddpm_loss": DDPM_LOSS,
    "p_sample": P_SAMPLE,
    "ddim_step": DDIM_STEP,
    "classifier_free_guidance": GUIDANCE,
}
