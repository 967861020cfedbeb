"""Known mistakes in the reparameterisation and the losses: rows for `mistakes.py`."""

SIGMA = "sigma = torch.exp(0.5 * logvar)"
EPS = "eps = torch.randn_like(sigma)"
DRAW = "return mu + sigma * eps"

REPARAMETERIZE = (
    ("exp_of_logvar", "test_reparameterize_spread", "HALF the log-variance", (SIGMA, "sigma = torch.exp(logvar)")),
    (
        "exp_of_logvar_seen_in_gradient",
        "test_reparameterize_gradient_reaches_logvar",
        "HALF the log-variance",
        (SIGMA, "sigma = logvar.exp()"),
    ),
    (
        "logvar_times_noise",
        "test_reparameterize_spread",
        "turn it into a standard deviation",
        (SIGMA, "sigma = logvar"),
    ),
    (
        "mu_detached",
        "test_reparameterize_gradient_reaches_mu",
        "No gradient",
        (DRAW, "return mu.detach() + sigma * eps"),
    ),
    (
        "logvar_detached",
        "test_reparameterize_gradient_reaches_logvar",
        "No gradient",
        (SIGMA, "sigma = torch.exp(0.5 * logvar.detach())"),
    ),
    (
        "sample_without_gradient",
        "test_reparameterize_can_be_trained_through",
        "",
        (DRAW, "return torch.distributions.Normal(mu, sigma).sample()"),
    ),
    ("uniform_noise", "test_reparameterize_mean", "not uniform", (EPS, "eps = torch.rand_like(sigma)")),
    (
        "uniform_noise_of_unit_variance",
        "test_reparameterize_noise_is_gaussian",
        "not uniform",
        (EPS, "eps = 12**0.5 * (torch.rand_like(sigma) - 0.5)"),
    ),
    (
        "default_dtype_and_device",
        "test_reparameterize_follows_dtype_and_device",
        "mu's dtype",
        (EPS, "eps = torch.randn(mu.shape)"),
    ),
    (
        "default_device",
        "test_reparameterize_follows_dtype_and_device",
        "mu's device",
        (EPS, "eps = torch.randn(mu.shape, dtype=mu.dtype)"),
    ),
    (
        "one_draw_for_the_batch",
        "test_reparameterize_noise_is_fresh",
        "noise of its own",
        (EPS, "eps = torch.randn_like(sigma[:1])"),
    ),
    (
        "one_draw_for_all_latents",
        "test_reparameterize_noise_is_fresh",
        "latents of one example move together",
        (EPS, "eps = torch.randn_like(sigma[:, :1])"),
    ),
    (
        "seeded",
        "test_reparameterize_noise_is_fresh",
        "do not set a random seed",
        (EPS, "torch.manual_seed(0)\n    eps = torch.randn_like(sigma)"),
    ),
    ("no_noise", "test_reparameterize_spread", "where is the noise", (DRAW, "return mu + 0 * sigma * eps")),
    ("mu_left_out", "test_reparameterize_mean", "mu is left out", (DRAW, "return sigma * eps")),
)

PER_LATENT = "0.5 * (mu.pow(2) + logvar.exp() - 1.0 - logvar)"
SUM = "per_latent.sum(dim=1)"

KL_DIVERGENCE = (
    ("mean_over_latents", "test_kl_divergence_values", "average over the latents", (SUM, "per_latent.mean(dim=1)")),
    ("sum_over_everything", "test_kl_divergence_values", "too early", (SUM, "per_latent.sum()")),
    ("mean_over_the_batch", "test_kl_divergence_values", "too early", (SUM, "per_latent.sum(dim=1).mean()")),
    ("mean_of_everything", "test_kl_divergence_values", "too early", (SUM, "per_latent.mean()")),
    ("sum_over_the_batch", "test_kl_divergence_values", "kept the latents", (SUM, "per_latent.sum(dim=0)")),
    ("wrong_sign", "test_kl_divergence_values", "never negative", (SUM, "-per_latent.sum(dim=1)")),
    ("constant_missing", "test_kl_divergence_values", "constant is missing", (" - 1.0", "")),
    ("constant_added", "test_kl_divergence_is_zero_at_the_prior_only", "constant", (" - 1.0", " + 1.0")),
    ("no_half", "test_kl_divergence_values", "factor of one half", ("0.5 * ", "")),
    (
        "sigma_for_variance",
        "test_kl_divergence_values",
        "sigma where sigma squared",
        ("logvar.exp()", "(0.5 * logvar).exp()"),
    ),
    (
        "logvar_read_as_log_sigma",
        "test_kl_divergence_values",
        "log of the variance",
        ("logvar.exp() - 1.0 - logvar", "(2 * logvar).exp() - 1.0 - 2 * logvar"),
    ),
    (
        "squared_variance",
        "test_kl_divergence_values",
        "log of the variance",
        ("logvar.exp()", "logvar.exp().pow(2)"),
    ),
    (
        "reversed",
        "test_kl_divergence_direction",
        "other direction",
        (PER_LATENT, "0.5 * ((1 + mu.pow(2)) * (-logvar).exp() - 1.0 + logvar)"),
    ),
    ("mean_left_out", "test_kl_divergence_values", "The mean plays no part", ("mu.pow(2) + ", "")),
    ("logarithm_left_out", "test_kl_divergence_values", "sigma squared is missing", (" - logvar)", ")")),
    ("logarithm_added", "test_kl_divergence_values", "wrong sign", (" - logvar)", " + logvar)")),
    ("detached", "test_kl_divergence_gradient", "no detach", (SUM, "per_latent.sum(dim=1).detach()")),
    ("batch_of_one_squeezed", "test_kl_divergence_single_example_and_extremes", "shape [1]", (SUM, SUM + ".squeeze()")),
)

BCE = 'F.binary_cross_entropy(recon_x, x, reduction="none")'
PIXEL_SUM = "per_pixel.sum(dim=1)"
FLATTEN = "x = x.flatten(start_dim=1)"

RECONSTRUCTION_LOSS = (
    (
        "mean_over_pixels",
        "test_reconstruction_loss_values",
        "average over the pixels",
        (PIXEL_SUM, "per_pixel.mean(dim=1)"),
    ),
    ("sum_over_everything", "test_reconstruction_loss_values", "added up", (PIXEL_SUM, "per_pixel.sum()")),
    ("default_reduction", "test_reconstruction_loss_values", "averaged", (PIXEL_SUM, "per_pixel.mean()")),
    ("sum_over_the_batch", "test_reconstruction_loss_values", "kept the pixels", (PIXEL_SUM, "per_pixel.sum(dim=0)")),
    ("squared_error", "test_reconstruction_loss_values", "squared error", (BCE, "(recon_x - x) ** 2")),
    (
        "logits_expected",
        "test_reconstruction_loss_values",
        "treated as logits",
        (BCE, 'F.binary_cross_entropy_with_logits(recon_x, x, reduction="none")'),
    ),
    ("wrong_sign", "test_reconstruction_loss_values", "sign is wrong", (PIXEL_SUM, "-per_pixel.sum(dim=1)")),
    (
        "arguments_swapped",
        "test_reconstruction_loss_values",
        "changed places",
        (BCE, 'F.binary_cross_entropy(x, recon_x, reduction="none")'),
    ),
    (
        "bright_pixels_only",
        "test_reconstruction_loss_values",
        "Only bright pixels",
        (BCE, "-x * recon_x.clamp_min(1e-12).log()"),
    ),
    (
        "bits",
        "test_reconstruction_loss_values",
        "natural logarithm",
        (BCE, BCE + " / torch.log(torch.tensor(2.0))"),
    ),
    ("not_flattened", "test_reconstruction_loss_images", "[B, 1, H, W]", (FLATTEN, "x = x")),
    (
        "flattened_column_by_column",
        "test_reconstruction_loss_images",
        "example by example",
        (FLATTEN, "x = x.transpose(-1, -2).flatten(start_dim=1) if x.dim() == 4 else x"),
    ),
    (
        "logarithm_of_zero",
        "test_reconstruction_loss_saturated",
        "finite",
        (BCE, "-(x * recon_x.log() + (1 - x) * (1 - recon_x).log())"),
    ),
    (
        "epsilon_lost_in_float32",
        "test_reconstruction_loss_saturated",
        "in float32",
        (
            BCE,
            "-(x * recon_x.clamp(1e-8, 1 - 1e-8).log() + (1 - x) * (1 - recon_x.clamp(1e-8, 1 - 1e-8)).log())",
        ),
    ),
    ("detached", "test_reconstruction_loss_gradient", "differentiable", (PIXEL_SUM, "per_pixel.sum(dim=1).detach()")),
    (
        "batch_of_one_squeezed",
        "test_reconstruction_loss_keeps_examples_apart",
        "",
        (PIXEL_SUM, "per_pixel.sum(dim=1).squeeze()"),
    ),
)

BOTH = "(reconstruction_loss(recon_x, x) + beta * kl_divergence(mu, logvar)).sum()"
R, K = "reconstruction_loss(recon_x, x)", "kl_divergence(mu, logvar)"

ELBO_LOSS = (
    ("mean_over_the_batch", "test_elbo_loss_value", "averaged over the batch", (").sum()", ").mean()")),
    ("not_reduced", "test_elbo_loss_value", "single number", (").sum()", ")")),
    (
        "bce_mean_with_kl_sum",
        "test_elbo_loss_value",
        "reconstruction term is averaged",
        (BOTH, f"{R}.sum() / recon_x.numel() + beta * {K}.sum()"),
    ),
    (
        "kl_divided_by_everything",
        "test_elbo_loss_value",
        "KL term has been divided",
        (BOTH, f"{R}.sum() + beta * {K}.sum() / recon_x.numel()"),
    ),
    (
        "kl_divided_by_batch",
        "test_elbo_loss_value",
        "KL term has been divided",
        (BOTH, f"{R}.sum() + beta * {K}.mean()"),
    ),
    ("elbo_itself", "test_elbo_loss_value", "This is the ELBO", ("return (", "return -(")),
    ("kl_subtracted", "test_elbo_loss_value", "one sign turned round", ("+ beta", "- beta")),
    ("kl_left_out", "test_elbo_loss_value", "KL term is missing", (BOTH, f"{R}.sum()")),
    (
        "reconstruction_left_out",
        "test_elbo_loss_value",
        "reconstruction term is missing",
        (BOTH, f"beta * {K}.sum()"),
    ),
    ("beta_on_both", "test_elbo_loss_beta", "beta has been applied to both", (BOTH, f"beta * ({R} + {K}).sum()")),
    ("beta_on_reconstruction", "test_elbo_loss_beta", "not the reconstruction", (BOTH, f"(beta * {R} + {K}).sum()")),
    ("beta_ignored", "test_elbo_loss_beta", "makes no difference", (BOTH, f"({R} + {K}).sum()")),
    ("kl_detached", "test_elbo_loss_gradients", "Gradients must reach", (K, K + ".detach()")),
    ("turned_into_a_number", "test_elbo_loss_gradients", "no .item()", (BOTH, f"torch.tensor({BOTH}.item())")),
)

ROWS = {
    "reparameterize": REPARAMETERIZE,
    "kl_divergence": KL_DIVERGENCE,
    "reconstruction_loss": RECONSTRUCTION_LOSS,
    "elbo_loss": ELBO_LOSS,
}
