"""Wrong answers that the suite must catch: a table for each question.

A row is (name, the test that must catch it, a piece of the hint shown there, edits of the reference's source ...).
"""

from autograder.suite import Mistake

Row = tuple[str, str, str, *tuple[tuple[str, str], ...]]


def _of(question: str, *rows: Row) -> tuple[Mistake, ...]:
    return tuple(
        Mistake(question=question, name=name, caught_by=test, hint=hint, edits=edits) for name, test, hint, *edits in rows
    )


SIGMA = "sigma = torch.exp(0.5 * logvar)"
EPS = "eps = torch.randn_like(sigma)"
DRAW = "return mu + sigma * eps"

REPARAMETERIZE = _of(
    "reparameterize",
    ("exp_of_logvar", "test_reparameterize_spread", "HALF the log-variance", (SIGMA, "sigma = torch.exp(logvar)")),
    (
        "exp_of_logvar_seen_in_gradient",
        "test_reparameterize_gradient_reaches_logvar",
        "HALF the log-variance",
        (SIGMA, "sigma = logvar.exp()"),
    ),
    ("logvar_times_noise", "test_reparameterize_spread", "turn it into a standard deviation", (SIGMA, "sigma = logvar")),
    ("mu_detached", "test_reparameterize_gradient_reaches_mu", "No gradient", (DRAW, "return mu.detach() + sigma * eps")),
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

KL_DIVERGENCE = _of(
    "kl_divergence",
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

RECONSTRUCTION_LOSS = _of(
    "reconstruction_loss",
    ("mean_over_pixels", "test_reconstruction_loss_values", "average over the pixels", (PIXEL_SUM, "per_pixel.mean(dim=1)")),
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

ELBO_LOSS = _of(
    "elbo_loss",
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
    ("kl_divided_by_batch", "test_elbo_loss_value", "KL term has been divided", (BOTH, f"{R}.sum() + beta * {K}.mean()")),
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

HIDDEN_IN = "F.relu(self.encoder_hidden(x.flatten(start_dim=1)))"
HIDDEN_OUT = "F.relu(self.decoder_hidden(z))"
HEADS = "self.encoder_mu(hidden), self.encoder_logvar(hidden)"
SIGMOID = "torch.sigmoid(self.decoder_output(hidden))"
SAMPLE = "z = self.reparameterize(mu, logvar)"

VAE = _of(
    "VAE",
    ("no_sigmoid", "test_vae_decoder_values", "must return probabilities", (SIGMOID, "self.decoder_output(hidden)")),
    ("tanh_decoder", "test_vae_decoder_values", "ends in a tanh", (SIGMOID, "torch.tanh(self.decoder_output(hidden))")),
    ("softmax_decoder", "test_vae_decoder_values", "softmax", (SIGMOID, "self.decoder_output(hidden).softmax(dim=1)")),
    ("sigmoid_twice", "test_vae_decoder_values", "applied twice", (SIGMOID, f"torch.sigmoid({SIGMOID})")),
    ("decoder_without_relu", "test_vae_decoder_values", "no non-linearity", (HIDDEN_OUT, "self.decoder_hidden(z)")),
    (
        "encoder_without_relu",
        "test_vae_encoder_values",
        "no non-linearity",
        (HIDDEN_IN, "self.encoder_hidden(x.flatten(start_dim=1))"),
    ),
    ("tanh_hidden", "test_vae_encoder_values", "another activation", ("F.relu", "torch.tanh")),
    (
        "relu_on_logvar",
        "test_vae_encoder_values",
        "no activation of their own",
        (HEADS, "self.encoder_mu(hidden), F.relu(self.encoder_logvar(hidden))"),
    ),
    (
        "std_instead_of_logvar",
        "test_vae_encoder_values",
        "no activation of their own",
        (HEADS, "self.encoder_mu(hidden), F.softplus(self.encoder_logvar(hidden))"),
    ),
    ("x_not_flattened", "test_vae_images_are_flattened", "", ("x.flatten(start_dim=1)", "x")),
    (
        "mnist_size_hard_coded",
        "test_vae_images_are_flattened",
        "",
        ("x.flatten(start_dim=1)", "x.reshape(-1, 784)"),
    ),
    ("decodes_the_mean", "test_vae_forward_decodes_a_draw", "random draw of z, not mu", (SAMPLE, "z = mu")),
    (
        "mean_in_eval_mode",
        "test_vae_samples_in_eval_mode_too",
        "random draw of z, not mu",
        (SAMPLE, "z = self.reparameterize(mu, logvar) if self.training else mu"),
    ),
    (
        "mu_and_logvar_swapped_in_the_draw",
        "test_vae_forward_decodes_a_draw",
        "in the right order",
        (SAMPLE, "z = self.reparameterize(logvar, mu)"),
    ),
    (
        "exp_of_logvar_in_the_draw",
        "test_vae_forward_decodes_a_draw",
        "the wrong amount",
        (SAMPLE, "z = mu + torch.exp(logvar) * torch.randn_like(mu)"),
    ),
    (
        "results_in_another_order",
        "test_vae_forward_decodes_a_draw",
        "in this order",
        ("return self.decode(z), mu, logvar", "return self.decode(z), logvar, mu"),
    ),
    (
        "draw_without_gradient",
        "test_vae_gradients_reach_every_parameter",
        "through z as well",
        (SAMPLE, "z = self.reparameterize(mu, logvar).detach()"),
    ),
    (
        "one_head_for_both",
        "test_vae_forward_decodes_a_draw",
        "the same numbers",
        (HEADS, "self.encoder_mu(hidden), self.encoder_mu(hidden)"),
    ),
    (
        "method_without_half",
        "test_vae_reparameterize_method",
        "HALF the log-variance",
        ("return reparameterize(mu, logvar)", "return mu + logvar.exp() * torch.randn_like(mu)"),
    ),
    (
        "dropout",
        "test_vae_encoder_values",
        "linear, ReLU",
        (HIDDEN_IN, f"F.dropout({HIDDEN_IN}, training=self.training)"),
    ),
)

PRIOR = "z = torch.randn(num_samples, latent_dim, dtype=parameter.dtype, device=parameter.device)"
NO_GRAD = "with torch.no_grad():"

GENERATE = _of(
    "generate",
    (
        "from_encodings",
        "test_generate_draws_from_the_prior",
        "New images start from the prior",
        (PRIOR, "z = model.reparameterize(*model.encode(torch.rand(num_samples, 6)))"),
    ),
    ("uniform", "test_generate_draws_from_the_prior", "not Gaussian", ("torch.randn", "torch.rand")),
    (
        "symmetric_uniform",
        "test_generate_draws_from_the_prior",
        "not Gaussian",
        (PRIOR, "z = 2 * torch.rand(num_samples, latent_dim, dtype=parameter.dtype) - 1"),
    ),
    ("all_from_the_origin", "test_generate_draws_from_the_prior", "same latent", ("torch.randn", "torch.zeros")),
    (
        "one_latent_for_all",
        "test_generate_draws_from_the_prior",
        "draw one for each",
        ("torch.randn(num_samples, latent_dim,", "torch.zeros(num_samples, 1) + torch.randn(1, latent_dim,"),
    ),
    ("gradient_recorded", "test_generate_records_no_gradient", "no gradient needs", (NO_GRAD, "if True:")),
    (
        "autograd_left_off",
        "test_generate_records_no_gradient",
        "stays switched off",
        (NO_GRAD, "torch.set_grad_enabled(False)\n    if True:"),
    ),
    (
        "default_dtype_and_device",
        "test_generate_follows_dtype_and_device",
        "",
        (", dtype=parameter.dtype, device=parameter.device", ""),
    ),
    ("default_device", "test_generate_follows_dtype_and_device", "on the device", (", device=parameter.device", "")),
    ("seeded", "test_generate_draws_are_independent", "random seed", (NO_GRAD, "torch.manual_seed(0)\n    " + NO_GRAD)),
    ("default_latent_dim_only", "test_generate_decodes_its_draws", "", ("(num_samples, latent_dim,", "(num_samples, 20,")),
    ("rounded", "test_generate_decodes_its_draws", "unchanged", ("return model.decode(z)", "return model.decode(z).round()")),
)

WEIGHT = "torch.linspace(0.0, 1.0, steps, dtype=z0.dtype, device=z0.device)"
MIX = "(1.0 - weight) * z0 + weight * z1"

INTERPOLATE = _of(
    "interpolate",
    ("reversed", "test_interpolate_values", "backwards", (MIX, "weight * z0 + (1.0 - weight) * z1")),
    ("end_missing", "test_interpolate_values", "last point is missing", (WEIGHT, "(torch.arange(steps) / steps)")),
    (
        "start_missing",
        "test_interpolate_values",
        "first point is missing",
        (WEIGHT, "(torch.arange(1, steps + 1) / steps)"),
    ),
    (
        "end_points_missing",
        "test_interpolate_values",
        "end points are missing",
        (WEIGHT, "torch.linspace(0.0, 1.0, steps + 2)[1:-1]"),
    ),
    ("one_too_many", "test_interpolate_values", "too many", ("1.0, steps,", "1.0, steps + 1,")),
    ("transposed", "test_interpolate_values", "changed places", (MIX, f"({MIX}).T")),
    ("weights_do_not_add_up", "test_interpolate_values", "add up to 1", (MIX, "z0 + weight * z1")),
    (
        "spherical",
        "test_interpolate_values",
        "straight line",
        (
            f"return {MIX}",
            "angle = torch.arccos((z0 / z0.norm()) @ (z1 / z1.norm()))\n"
            "    return (torch.sin((1 - weight) * angle) * z0 + torch.sin(weight * angle) * z1) / torch.sin(angle)",
        ),
    ),
    ("eased", "test_interpolate_values", "equally spaced", (WEIGHT, WEIGHT + ".square()")),
    ("detached", "test_interpolate_gradients", "differentiable", (f"return {MIX}", f"return ({MIX}).detach()")),
    (
        "default_dtype_and_device",
        "test_interpolate_follows_dtype_and_device",
        "dtype and the device",
        (", dtype=z0.dtype, device=z0.device", ""),
    ),
    ("default_device", "test_interpolate_follows_dtype_and_device", "the device", (", device=z0.device", "")),
)

ENCODER_LABEL = "label = F.one_hot(y, self.num_classes).to(x.dtype)"
DECODER_LABEL = "label = F.one_hot(y, self.num_classes).to(z.dtype)"
FORWARD_DRAW = "z = reparameterize(mu, logvar)"

CONDITIONAL_VAE = _of(
    "ConditionalVAE",
    (
        "label_seen_by_the_encoder_alone",
        "test_conditional_vae_decoder_sees_the_label",
        "decoder does not use the label",
        (DECODER_LABEL, "label = torch.zeros(len(z), self.num_classes, dtype=z.dtype)"),
    ),
    (
        "label_seen_by_the_decoder_alone",
        "test_conditional_vae_encoder_sees_the_label",
        "encoder does not use the label",
        (ENCODER_LABEL, "label = torch.zeros(len(x), self.num_classes, dtype=x.dtype)"),
    ),
    (
        "label_as_one_number",
        "test_conditional_vae_labels_are_categories",
        "one number",
        ("+ num_classes", "+ 1"),
        (ENCODER_LABEL, "label = y.unsqueeze(1).to(x.dtype)"),
        (DECODER_LABEL, "label = y.unsqueeze(1).to(z.dtype)"),
    ),
    (
        "label_as_one_number_for_the_decoder",
        "test_conditional_vae_labels_are_categories",
        "no order",
        ("latent_dim + num_classes", "latent_dim + 1"),
        (DECODER_LABEL, "label = y.unsqueeze(1).to(z.dtype) / self.num_classes"),
    ),
    (
        "classes_counted_in_the_batch",
        "test_conditional_vae_keeps_examples_apart",
        "",
        ("F.one_hot(y, self.num_classes)", "F.one_hot(y)"),
    ),
    (
        "first_label_for_all",
        "test_conditional_vae_keeps_examples_apart",
        "its own label",
        ("F.one_hot(y, self.num_classes)", "F.one_hot(y[:1].expand(len(y)), self.num_classes)"),
    ),
    (
        "forward_decodes_another_label",
        "test_conditional_vae_forward_decodes_a_draw",
        "under the same label",
        ("self.decode(z, y), mu", "self.decode(z, torch.zeros_like(y)), mu"),
    ),
    ("decodes_the_mean", "test_conditional_vae_forward_decodes_a_draw", "random draw of z", (FORWARD_DRAW, "z = mu")),
    (
        "mean_in_eval_mode",
        "test_conditional_vae_forward_decodes_a_draw",
        "random draw of z",
        (FORWARD_DRAW, "z = reparameterize(mu, logvar) if self.training else mu"),
    ),
    (
        "no_sigmoid",
        "test_conditional_vae_forward_decodes_a_draw",
        "not logits",
        ("torch.sigmoid(self.decoder_output(hidden))", "self.decoder_output(hidden)"),
    ),
    (
        "draw_without_gradient",
        "test_conditional_vae_gradients_reach_every_parameter",
        "through the draw",
        (FORWARD_DRAW, "z = reparameterize(mu, logvar).detach()"),
    ),
    (
        "x_not_flattened",
        "test_conditional_vae_keeps_examples_apart",
        "",
        ("x.flatten(start_dim=1)", "x"),
    ),
    (
        "latent_ignored_by_the_decoder",
        "test_conditional_vae_decoder_sees_the_label",
        "must use z",
        ("torch.cat([z, label], dim=1)", "torch.cat([0 * z, label], dim=1)"),
    ),
    (
        "image_ignored_by_the_encoder",
        "test_conditional_vae_encoder_sees_the_label",
        "must use the image",
        ("torch.cat([x.flatten(start_dim=1), label], dim=1)", "torch.cat([0 * x.flatten(start_dim=1), label], dim=1)"),
    ),
)

MISTAKES: tuple[Mistake, ...] = (
    *REPARAMETERIZE,
    *KL_DIVERGENCE,
    *RECONSTRUCTION_LOSS,
    *ELBO_LOSS,
    *VAE,
    *GENERATE,
    *INTERPOLATE,
    *CONDITIONAL_VAE,
)
