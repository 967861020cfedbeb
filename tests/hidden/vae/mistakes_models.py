"""Known mistakes in the models and in what is done with them: rows for `mistakes.py`."""

HIDDEN_IN = "F.relu(self.encoder_hidden(x.flatten(start_dim=1)))"
HIDDEN_OUT = "F.relu(self.decoder_hidden(z))"
HEADS = "self.encoder_mu(hidden), self.encoder_logvar(hidden)"
SIGMOID = "torch.sigmoid(self.decoder_output(hidden))"
SAMPLE = "z = self.reparameterize(mu, logvar)"

VAE = (
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

GENERATE = (
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
    (
        "default_latent_dim_only",
        "test_generate_decodes_its_draws",
        "",
        ("(num_samples, latent_dim,", "(num_samples, 20,"),
    ),
    (
        "rounded",
        "test_generate_decodes_its_draws",
        "unchanged",
        ("return model.decode(z)", "return model.decode(z).round()"),
    ),
)

WEIGHT = "torch.linspace(0.0, 1.0, steps, dtype=z0.dtype, device=z0.device)"
MIX = "(1.0 - weight) * z0 + weight * z1"

INTERPOLATE = (
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

CONDITIONAL_VAE = (
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

ROWS = {"VAE": VAE, "generate": GENERATE, "interpolate": INTERPOLATE, "ConditionalVAE": CONDITIONAL_VAE}
