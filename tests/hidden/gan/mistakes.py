"""Wrong answers that the suite must catch: a table for each question.

A row is (name, the test that must catch it, a piece of the hint shown there, edits of the reference's source ...).
"""

from autograder.suite import Mistake

Row = tuple[str, str, str, *tuple[tuple[str, str], ...]]


def _of(question: str, *rows: Row) -> tuple[Mistake, ...]:
    return tuple(
        Mistake(question=question, name=name, caught_by=test, hint=hint, edits=edits) for name, test, hint, *edits in rows
    )


TANH = "torch.tanh(self.output(h))"
HIDDEN1 = "self.hidden1 = nn.Linear(latent_dim, hidden_dim)"
RELU1, RELU2 = "F.relu(self.hidden1(z))", "F.relu(self.hidden2(h))"
IN_A_LIST = (
    (HIDDEN1, "self.layers = [nn.Linear(latent_dim, hidden_dim), nn.Linear(hidden_dim, output_dim)]"),
    ("self.hidden2 = nn.Linear(hidden_dim, hidden_dim)", ""),
    ("self.output = nn.Linear(hidden_dim, output_dim)", ""),
    (RELU1, "F.relu(self.layers[0](z))"),
    ("h = F.relu(self.hidden2(h))", ""),
    ("self.output(h)", "self.layers[1](h)"),
)

GENERATOR = _of(
    "Generator",
    ("tanh_missing", "test_generator_reaches_both_signs", "not followed by tanh", (TANH, "self.output(h)")),
    ("sigmoid_for_tanh", "test_generator_reaches_both_signs", "sigmoid reaches only", ("torch.tanh", "torch.sigmoid")),
    ("softmax_for_tanh", "test_generator_reaches_both_signs", "ever negative", (TANH, "self.output(h).softmax(1)")),
    ("clipped", "test_generator_saturates_smoothly", "clipping stops", (TANH, "self.output(h).clamp(-1, 1)")),
    (
        "no_hidden_nonlinearity",
        "test_generator_is_nonlinear",
        "one linear layer",
        (RELU1, "self.hidden1(z)"),
        (RELU2, "self.hidden2(h)"),
    ),
    ("draws_its_own_noise", "test_generator_is_a_function_of_z", "second time", (RELU1, "F.relu(self.hidden1(torch.randn_like(z)))")),
    ("mixes_the_batch", "test_generator_is_a_function_of_z", "other examples", (RELU2, "F.relu(self.hidden2(h - h.mean(0)))")),
    ("ignores_z", "test_generator_is_a_function_of_z", "same sample", (RELU1, "F.relu(self.hidden1(torch.ones_like(z)))")),
    (
        "uses_half_of_z",
        "test_generator_passes_gradients",
        "no influence",
        (HIDDEN1, "self.hidden1 = nn.Linear(latent_dim // 2, hidden_dim)"),
        ("self.hidden1(z)", "self.hidden1(z[:, : self.hidden1.in_features])"),
    ),
    ("detached", "test_generator_passes_gradients", "detached", (TANH, f"{TANH}.detach()")),
    ("layers_in_a_list", "test_generator_passes_gradients", "nn.ModuleList", *IN_A_LIST),
    ("layers_in_a_list_cannot_learn", "test_generator_can_learn", "registration", *IN_A_LIST),
    ("hidden_dim_ignored", "test_generator_is_nonlinear", "whatever hidden_dim", ("super().__init__()", "super().__init__(); hidden_dim = 256")),
    ("output_dim_ignored", "test_generator_shape", "stay flat", ("self.output = nn.Linear(hidden_dim, output_dim)", "self.output = nn.Linear(hidden_dim, 784)")),
    ("image_shaped", "test_generator_shape", "stay flat", (TANH, f"{TANH}.unsqueeze(1)")),
    ("other_default", "test_generator_defaults", "default sizes", ("latent_dim: int = 100", "latent_dim: int = 64")),
)

D_OUT = "return self.output(h)"
D_FLAT = "x = x.flatten(start_dim=1)"
DISCRIMINATOR = _of(
    "Discriminator",
    ("sigmoid", "test_discriminator_gives_logits", "none belongs here", (D_OUT, "return torch.sigmoid(self.output(h))")),
    ("relu_at_the_end", "test_discriminator_gives_logits", "last layer should be linear", (D_OUT, "return F.relu(self.output(h) + 3)")),
    ("tanh_at_the_end", "test_discriminator_gives_logits", "any real number", (D_OUT, "return torch.tanh(self.output(h))")),
    ("log_sigmoid", "test_discriminator_gives_logits", "any real number", (D_OUT, "return F.logsigmoid(self.output(h))")),
    ("squeezed", "test_discriminator_shape", "as a column", (D_OUT, "return self.output(h).squeeze(1)")),
    ("two_classes", "test_discriminator_shape", "as a column", ("nn.Linear(hidden_dim, 1)", "nn.Linear(hidden_dim, 2)")),
    ("not_flattened", "test_discriminator_flattens_images", "flatten everything", (D_FLAT, "x = x")),
    ("channels_last", "test_discriminator_flattens_images", "flatten everything", (D_FLAT, "x = x.transpose(1, -1).flatten(1)")),
    ("size_hard_coded", "test_discriminator_shape", "one logit for each", (D_FLAT, "x = x.reshape(-1, 784)")),
    ("mixes_the_batch", "test_discriminator_scores_examples_separately", "own example alone", (D_OUT, "h = self.output(h); return h - h.mean()")),
    ("ignores_x", "test_discriminator_scores_examples_separately", "same logit", (D_FLAT, "x = torch.ones_like(x.flatten(1))")),
    ("detached", "test_discriminator_passes_gradients", "gradient of the logit", (D_OUT, "return self.output(h).detach()")),
    ("input_detached", "test_discriminator_passes_gradients", "gradient of the logit", (D_FLAT, "x = x.detach().flatten(1)")),
    (
        "no_hidden_nonlinearity",
        "test_discriminator_is_nonlinear",
        "one linear layer",
        ("F.leaky_relu(self.hidden1(x), 0.2)", "self.hidden1(x)"),
        ("F.leaky_relu(self.hidden2(h), 0.2)", "self.hidden2(h)"),
    ),
    ("hidden_dim_ignored", "test_discriminator_is_nonlinear", "whatever hidden_dim", ("super().__init__()", "super().__init__(); hidden_dim = 256")),
    ("other_default", "test_discriminator_defaults", "default sizes", ("input_dim: int = 784", "input_dim: int = 1024")),
)

ADD = "return real_term + fake_term"
REAL_TERM = "F.binary_cross_entropy_with_logits(real_logits, torch.ones_like(real_logits))"
FAKE_TERM = "F.binary_cross_entropy_with_logits(fake_logits, torch.zeros_like(fake_logits))"
DISCRIMINATOR_LOSS = _of(
    "discriminator_loss",
    ("half", "test_discriminator_loss_value", "averaged here", (ADD, "return (real_term + fake_term) / 2")),
    ("half_in_gradient", "test_discriminator_loss_gradient", "half of what", (ADD, "return (real_term + fake_term) / 2")),
    (
        "mean_of_all_logits",
        "test_discriminator_loss_value",
        "all logits are averaged",
        (ADD, "return torch.cat([F.softplus(-real_logits), F.softplus(fake_logits)]).mean()"),
    ),
    ("summed", "test_discriminator_loss_value", "batch is summed", ("_like(real_logits))", '_like(real_logits), reduction="sum")'), ("_like(fake_logits))", '_like(fake_logits), reduction="sum")')),
    ("maximised", "test_discriminator_loss_value", "never negative", (ADD, "return -(real_term + fake_term)")),
    ("targets_swapped", "test_discriminator_loss_value", "targets are swapped", ("torch.ones_like(real", "torch.zeros_like(real"), ("torch.zeros_like(fake", "torch.ones_like(fake")),
    ("targets_swapped_in_terms", "test_discriminator_loss_terms", "targets are swapped", ("torch.ones_like(real", "torch.zeros_like(real"), ("torch.zeros_like(fake", "torch.ones_like(fake")),
    ("sigmoid_twice", "test_discriminator_loss_value", "sigmoid is applied twice", ("logits(real_logits,", "logits(torch.sigmoid(real_logits),"), ("logits(fake_logits,", "logits(torch.sigmoid(fake_logits),")),
    ("bce_on_raw_logits", "test_discriminator_loss_value", "with a calculator", ("cross_entropy_with_logits", "cross_entropy")),
    ("reals_only", "test_discriminator_loss_value", "only the real", (ADD, "return real_term")),
    ("fakes_only", "test_discriminator_loss_value", "only the fakes", (ADD, "return fake_term")),
    ("labels_smoothed", "test_discriminator_loss_value", "smoothed", ("torch.ones_like(real_logits)", "torch.full_like(real_logits, 0.9)")),
    ("least_squares", "test_discriminator_loss_value", "squared error of logits", (ADD, "return ((real_logits - 1) ** 2).mean() + (fake_logits**2).mean()")),
    ("wasserstein", "test_discriminator_loss_value", "wasserstein", (ADD, "return fake_logits.mean() - real_logits.mean()")),
    ("detached", "test_discriminator_loss_gradient", "cut off", (ADD, "return (real_term + fake_term).detach()")),
    (
        "log_of_sigmoid",
        "test_discriminator_loss_confident_logits",
        "infinite",
        (REAL_TERM, "-torch.log(torch.sigmoid(real_logits)).mean()"),
        (FAKE_TERM, "-torch.log(1 - torch.sigmoid(fake_logits)).mean()"),
    ),
    (
        "bce_of_sigmoid",
        "test_discriminator_loss_confident_logits",
        "clamped",
        ("cross_entropy_with_logits(real_logits", "cross_entropy(torch.sigmoid(real_logits)"),
        ("cross_entropy_with_logits(fake_logits", "cross_entropy(torch.sigmoid(fake_logits)"),
    ),
    (
        "log_with_epsilon",
        "test_discriminator_loss_confident_logits",
        "stable form",
        (REAL_TERM, "-torch.log(torch.sigmoid(real_logits) + 1e-8).mean()"),
        (FAKE_TERM, "-torch.log(1 - torch.sigmoid(fake_logits) + 1e-8).mean()"),
    ),
    ("divided_by_one_batch_size", "test_discriminator_loss_batch", "own batch", (ADD, "return real_term + fake_term * len(fake_logits) / len(real_logits)")),
    ("double_precision_always", "test_discriminator_loss_batch", "dtype", (ADD, "return (real_term + fake_term).double()")),
    ("half_when_undecided", "test_undecided_discriminator", "each term is then ln 2", (ADD, "return (real_term + fake_term) / 2")),
)

MINIMAX = "F.logsigmoid(-fake_logits).mean()"
MINIMAX_LOSS = _of(
    "minimax_generator_loss",
    ("non_saturating", "test_minimax_value", "non-saturating form", (MINIMAX, "-F.logsigmoid(fake_logits).mean()")),
    ("non_saturating_gradient", "test_minimax_gradient_saturates", "non-saturating form", (MINIMAX, "-F.logsigmoid(fake_logits).mean()")),
    ("sign", "test_minimax_value", "sign is turned", (MINIMAX, f"-{MINIMAX}")),
    ("sign_in_gradient", "test_minimax_gradient_saturates", "wrong sign", (MINIMAX, f"-{MINIMAX}")),
    ("log_d", "test_minimax_value", "through 1 − D", (MINIMAX, "F.logsigmoid(fake_logits).mean()")),
    ("summed", "test_minimax_value", "batch is summed", (".mean()", ".sum()")),
    ("sigmoid_twice", "test_minimax_value", "sigmoid is applied twice", (MINIMAX, "torch.log(1 - torch.sigmoid(torch.sigmoid(fake_logits))).mean()")),
    ("log_missing", "test_minimax_value", "logarithm is missing", (MINIMAX, "(1 - torch.sigmoid(fake_logits)).mean()")),
    ("sigmoid_missing", "test_minimax_value", "infinite", (MINIMAX, "torch.log(1 - fake_logits).mean()")),
    ("log_of_sigmoid", "test_minimax_confident_logits", "infinite", (MINIMAX, "torch.log(1 - torch.sigmoid(fake_logits)).mean()")),
    ("log_with_epsilon", "test_minimax_confident_logits", "clamped or shifted", (MINIMAX, "torch.log(1 - torch.sigmoid(fake_logits) + 1e-8).mean()")),
    (
        "bce_of_sigmoid",
        "test_minimax_confident_logits",
        "clamped or shifted",
        (MINIMAX, "-F.binary_cross_entropy(torch.sigmoid(fake_logits), torch.zeros_like(fake_logits))"),
    ),
    ("not_reduced", "test_minimax_batch", "one number", (".mean()", "")),
)

NON_SATURATING = "-F.logsigmoid(fake_logits).mean()"
GENERATOR_LOSS = _of(
    "generator_loss",
    ("saturating", "test_generator_loss_value", "saturating form", (NON_SATURATING, "F.logsigmoid(-fake_logits).mean()")),
    ("saturating_gradient", "test_generator_loss_gradient_is_strong", "vanishes", (NON_SATURATING, "F.logsigmoid(-fake_logits).mean()")),
    ("zeros_as_target", "test_generator_loss_value", "target is 0", (NON_SATURATING, "-F.logsigmoid(-fake_logits).mean()")),
    ("zeros_as_target_gradient", "test_generator_loss_gradient_is_strong", "logits down", (NON_SATURATING, "-F.logsigmoid(-fake_logits).mean()")),
    ("sign", "test_generator_loss_value", "sign is turned", (NON_SATURATING, "F.logsigmoid(fake_logits).mean()")),
    ("summed", "test_generator_loss_value", "batch is summed", (".mean()", ".sum()")),
    ("wasserstein", "test_generator_loss_value", "wasserstein", (NON_SATURATING, "-fake_logits.mean()")),
    ("sigmoid_twice", "test_generator_loss_value", "sigmoid is applied twice", ("(fake_logits)", "(torch.sigmoid(fake_logits))")),
    ("log_missing", "test_generator_loss_value", "logarithm is missing", (NON_SATURATING, "1 - torch.sigmoid(fake_logits).mean()")),
    ("log_of_mean", "test_generator_loss_value", "inside the logarithm", (NON_SATURATING, "-torch.sigmoid(fake_logits).mean().log()")),
    ("log_of_sigmoid", "test_generator_loss_confident_logits", "infinite", (NON_SATURATING, "-torch.log(torch.sigmoid(fake_logits)).mean()")),
    ("log_with_epsilon", "test_generator_loss_confident_logits", "clamped or shifted", (NON_SATURATING, "-torch.log(torch.sigmoid(fake_logits) + 1e-12).mean()")),
    (
        "bce_of_sigmoid",
        "test_generator_loss_confident_logits",
        "vanishes",
        (NON_SATURATING, "F.binary_cross_entropy(torch.sigmoid(fake_logits), torch.ones_like(fake_logits))"),
    ),
    ("detached", "test_generator_loss_gradient_is_strong", "slope of", (NON_SATURATING, f"{NON_SATURATING}.detach()")),
    ("not_reduced", "test_generator_loss_batch", "one number", (".mean()", "")),
)

NO_GRAD = "with torch.no_grad():"
D_LOSS = "loss = discriminator_loss(discriminator(real), discriminator(fake))"
STEP, CLEAR, RETURN = "optimizer.step()", "optimizer.zero_grad()", "return loss.item()"
D_LEAVES = "test_discriminator_step_leaves_generator"
D_KEEPS = "test_discriminator_step_keeps_generator_gradients"
DISCRIMINATOR_STEP = _of(
    "discriminator_step",
    ("fakes_not_detached", D_LEAVES, "detach the fakes", (NO_GRAD, "if True:")),
    ("fakes_not_detached_adds", D_KEEPS, "still part of its graph", (NO_GRAD, "if True:")),
    ("generator_gradients_cleared", D_KEEPS, "belong to someone else", (STEP, f"{STEP}; generator.zero_grad()")),
    (
        "generator_moved",
        D_LEAVES,
        "moved the generator",
        (NO_GRAD, "if True:"),
        (STEP, f"{STEP}; torch.optim.SGD(generator.parameters(), lr=0.1).step()"),
    ),
    ("half", "test_discriminator_step_update", "half of the loss", (D_LOSS, f"{D_LOSS} / 2")),
    ("uphill", "test_discriminator_step_update", "uphill", ("loss = disc", "loss = -disc")),
    (
        "targets_swapped",
        "test_discriminator_step_update",
        "targets are swapped",
        (D_LOSS, "loss = discriminator_loss(-discriminator(real), -discriminator(fake))"),
    ),
    (
        "arguments_swapped",
        "test_discriminator_step_update",
        "or the two logits",
        (D_LOSS, "loss = discriminator_loss(discriminator(fake), discriminator(real))"),
    ),
    ("reals_only", "test_discriminator_step_update", "only the real", (D_LOSS, "loss = F.softplus(-discriminator(real)).mean()")),
    ("never_steps", "test_discriminator_step_update", "did not move", (STEP, "")),
    ("cleared_after_backward", "test_discriminator_step_update", "did not move", ("loss.backward()", f"loss.backward(); {CLEAR}")),
    ("steps_twice", "test_discriminator_step_update", "one step of the optimizer", (STEP, f"{STEP}; {STEP}")),
    (
        "one_update_for_each_term",
        "test_discriminator_step_update",
        "gradient of the whole loss",
        ("loss.backward()", "F.softplus(-discriminator(real)).mean().backward(); optimizer.step(); optimizer.zero_grad(); F.softplus(discriminator(fake)).mean().backward()"),
    ),
    ("noise_drawn_again", "test_discriminator_step_update", "on G(z)", ("generator(z)", "generator(torch.randn_like(z))")),
    ("gradients_pile_up", "test_discriminator_step_repeats", "clear them first", (CLEAR, "")),
    ("own_optimizer", "test_discriminator_step_repeats", "optimizer that was passed", (CLEAR, "optimizer = torch.optim.SGD(discriminator.parameters(), lr=0.5); optimizer.zero_grad()")),
    ("returns_tensor", "test_discriminator_step_returns_loss", "plain python float", (RETURN, "return loss")),
    ("returns_nothing", "test_discriminator_step_returns_loss", "plain python float", (RETURN, "")),
    ("returns_loss_after", "test_discriminator_step_returns_loss", "after the update", (RETURN, "return discriminator_loss(discriminator(real), discriminator(fake)).item()")),
    ("switches_to_eval", "test_discriminator_step_keeps_modes", "between train and eval", (NO_GRAD, "generator.eval()\n    with torch.no_grad():")),
    ("switches_to_train", "test_discriminator_step_keeps_modes", "between train and eval", (NO_GRAD, "discriminator.train()\n    with torch.no_grad():")),
    ("generator_stays_frozen", "test_discriminator_step_keeps_modes", "never learn again", (NO_GRAD, "generator.requires_grad_(False)\n    if True:")),
)

G_LOSS = "loss = generator_loss(discriminator(generator(z)))"
G_BACKWARD = "loss.backward(inputs=list(generator.parameters()))"
G_LEAVES = "test_generator_step_leaves_discriminator"
G_KEEPS = "test_generator_step_keeps_discriminator_gradients"
GENERATOR_STEP = _of(
    "generator_step",
    ("fakes_detached", "test_generator_step_update", "are the fakes detached", (G_LOSS, "loss = generator_loss(discriminator(generator(z).detach()))"), (G_BACKWARD, "loss.backward()")),
    ("saturating", "test_generator_step_update", "saturating loss", (G_LOSS, "loss = F.logsigmoid(-discriminator(generator(z))).mean()")),
    ("zeros_as_target", "test_generator_step_update", "target is 0", (G_LOSS, "loss = F.softplus(discriminator(generator(z))).mean()")),
    ("uphill", "test_generator_step_update", "uphill", ("loss = gen", "loss = -gen")),
    ("wasserstein", "test_generator_step_update", "wasserstein", (G_LOSS, "loss = -discriminator(generator(z)).mean()")),
    ("never_steps", "test_generator_step_update", "did not move", (STEP, "")),
    ("steps_twice", "test_generator_step_update", "one step of the optimizer", (STEP, f"{STEP}; {STEP}")),
    ("noise_drawn_again", "test_generator_step_update", "one step of the optimizer", ("generator(z)", "generator(torch.randn_like(z))")),
    ("gradients_left_in_discriminator", G_LEAVES, "leaves gradients", (G_BACKWARD, "loss.backward()")),
    ("gradients_added_to_discriminator", G_KEEPS, "adds to", (G_BACKWARD, "loss.backward()")),
    ("discriminator_gradients_cleared", G_KEEPS, "belong to someone else", (G_BACKWARD, "loss.backward(); discriminator.zero_grad()")),
    (
        "discriminator_moved",
        G_LEAVES,
        "moved the discriminator",
        (G_BACKWARD, "loss.backward()"),
        (STEP, f"{STEP}; torch.optim.SGD(discriminator.parameters(), lr=0.1).step()"),
    ),
    ("discriminator_stays_frozen", "test_generator_step_keeps_modes", "never learn again", (G_LOSS, f"discriminator.requires_grad_(False); {G_LOSS}")),
    ("switches_to_eval", "test_generator_step_keeps_modes", "between train and eval", (G_LOSS, f"discriminator.eval(); {G_LOSS}")),
    ("gradients_pile_up", "test_generator_step_repeats", "clear them first", (CLEAR, "")),
    ("own_optimizer", "test_generator_step_repeats", "optimizer that was passed", (CLEAR, "optimizer = torch.optim.SGD(generator.parameters(), lr=0.5); optimizer.zero_grad()")),
    ("returns_tensor", "test_generator_step_returns_loss", "plain python float", (RETURN, "return loss.detach()")),
    ("returns_loss_after", "test_generator_step_returns_loss", "after the update", (RETURN, "return generator_loss(discriminator(generator(z))).item()")),
)

CRITIC = "return fake_scores.mean() - real_scores.mean()"
CRITIC_LOSS = _of(
    "critic_loss",
    ("sign", "test_critic_loss_value", "sign is turned", (CRITIC, "return real_scores.mean() - fake_scores.mean()")),
    ("sign_in_gradient", "test_critic_loss_gradient", "sign is turned", (CRITIC, "return real_scores.mean() - fake_scores.mean()")),
    ("sign_seen_at_once", "test_critic_loss_sign", "score higher than fakes", (CRITIC, "return real_scores.mean() - fake_scores.mean()")),
    ("summed", "test_critic_loss_value", "summed", (".mean()", ".sum()")),
    ("absolute", "test_critic_loss_sign", "score higher than fakes", (CRITIC, "return (fake_scores.mean() - real_scores.mean()).abs()")),
    ("sigmoid", "test_critic_loss_value", "squashed by a sigmoid", ("_scores.mean()", "_scores.sigmoid().mean()")),
    ("cross_entropy", "test_critic_loss_value", "cross-entropy", (CRITIC, "return F.softplus(-real_scores).mean() + F.softplus(fake_scores).mean()")),
    ("paired", "test_critic_loss_value", "two means", (CRITIC, "return (fake_scores - real_scores).mean()")),
    ("clipped", "test_critic_loss_is_linear", "double", (CRITIC, "return fake_scores.clamp(-10, 10).mean() - real_scores.clamp(-10, 10).mean()")),
    ("detached", "test_critic_loss_gradient", "cut off", (CRITIC, "return (fake_scores.mean() - real_scores.mean()).detach()")),
)

RESHAPE = "alpha = alpha.reshape(-1, *[1] * (real.ndim - 1))"
DRAW = "alpha = torch.rand(real.shape[0], dtype=real.dtype, device=real.device)"
X_HAT = "x_hat = (alpha * real + (1 - alpha) * fake).detach()"
GRADIENT = "torch.autograd.grad(critic(x_hat).sum(), x_hat, create_graph=True)"
NORM = "torch.linalg.vector_norm(gradient.flatten(start_dim=1), dim=1)"
PENALTY = "return ((norm - 1) ** 2).mean()"
ON_IMAGES = "test_penalty_of_linear_critic_on_images"
BETWEEN = "test_penalty_is_taken_between_real_and_fake"
SECOND = "test_penalty_is_differentiable"
RANDOM = "test_penalty_draws_alpha"
GRADIENT_PENALTY = _of(
    "gradient_penalty",
    ("norm_over_channels", ON_IMAGES, "dimension 1 alone", (NORM, "gradient.norm(2, dim=1)")),
    ("squared_norm", ON_IMAGES, "root is missing", (NORM, "gradient.flatten(1).square().sum(1)")),
    ("one_norm", ON_IMAGES, "euclidean", (NORM, "gradient.flatten(1).abs().sum(1)")),
    ("norm_of_the_batch", ON_IMAGES, "whole batch's gradient", (NORM, "gradient.norm()")),
    ("gradient_of_mean_score", ON_IMAGES, "mean score", ("critic(x_hat).sum()", "critic(x_hat).mean()")),
    ("summed", ON_IMAGES, "batch is summed", (PENALTY, "return ((norm - 1) ** 2).sum()")),
    ("not_squared", ON_IMAGES, "square is missing", (PENALTY, "return (norm - 1).abs().mean()")),
    ("times_ten", ON_IMAGES, "λ", (PENALTY, "return 10 * ((norm - 1) ** 2).mean()")),
    ("one_sided", ON_IMAGES, "two-sided", (PENALTY, "return (F.relu(norm - 1) ** 2).mean()")),
    ("distance_from_zero", ON_IMAGES, "without its distance from 1", (PENALTY, "return (norm**2).mean()")),
    ("needs_column_of_scores", ON_IMAGES, "one example's whole gradient", ("critic(x_hat).sum()", "critic(x_hat)[:, 0].sum()")),
    ("alpha_reversed", BETWEEN, "change places", ("alpha * real + (1 - alpha) * fake", "alpha * fake + (1 - alpha) * real")),
    ("at_real", BETWEEN, "at the real", (X_HAT, "x_hat = real.detach()")),
    ("at_fake", BETWEEN, "at the fakes", (X_HAT, "x_hat = fake.detach()")),
    ("alpha_argument_ignored", BETWEEN, "straight line", ("if alpha is None:", "if True:")),
    ("alpha_along_last_dimension", BETWEEN, "lies on the straight line", (RESHAPE, "alpha = alpha")),
    ("alpha_of_first_example", BETWEEN, "one alpha is used", (RESHAPE, "alpha = alpha[0]")),
    ("alpha_for_each_value", RANDOM, "alpha of its own", (DRAW, "alpha = torch.rand_like(real)"), (RESHAPE, "alpha = alpha if alpha.ndim > 1 else alpha.reshape(-1, *[1] * (real.ndim - 1))")),
    ("alpha_for_the_batch", RANDOM, "each example draws one number", (DRAW, "alpha = torch.rand(1, dtype=real.dtype)")),
    ("alpha_one_half", RANDOM, "1/2 for every example", (DRAW, "alpha = torch.full((len(real),), 0.5, dtype=real.dtype)")),
    ("alpha_normal", RANDOM, "U(0, 1)", (DRAW, "alpha = torch.randn(len(real), dtype=real.dtype)")),
    ("alpha_from_fixed_seed", RANDOM, "same numbers", (DRAW, "alpha = torch.rand(len(real), generator=torch.Generator().manual_seed(0)).to(real.dtype)")),
    ("no_create_graph", SECOND, "without keeping its graph", ("create_graph=True", "retain_graph=True")),
    ("no_create_graph_untrainable", "test_penalty_can_be_trained_on", "no gradient reaches", ("create_graph=True", "retain_graph=True")),
    ("gradient_detached", SECOND, "was detached", ("gradient.flatten(start_dim=1)", "gradient.detach().flatten(1)")),
    ("interpolates_detached", ON_IMAGES, "whole gradient", ("critic(x_hat)", "critic(x_hat.detach())")),
    (
        "backward_for_grad",
        "test_penalty_leaves_no_gradients",
        "with respect to x̂ alone",
        (f"(gradient,) = {GRADIENT}", "critic(x_hat).sum().backward(create_graph=True); gradient = x_hat.grad"),
    ),
    ("penalty_of_slope_not_squared", "test_penalty_of_slope_three", "squared?", (PENALTY, "return (norm - 1).abs().mean()")),
)

G_LABEL = "label = F.one_hot(y, self.num_classes).to(z.dtype)"
AS_COLUMN = ("+ num_classes, hidden_dim)", "+ 1, hidden_dim)")
G_USES = "test_conditional_generator_uses_the_label"
CONDITIONAL_GENERATOR = _of(
    "ConditionalGenerator",
    ("label_withheld", G_USES, "make no difference", (G_LABEL, "label = torch.zeros(len(z), self.num_classes)")),
    ("label_as_number", G_USES, "as one number", (G_LABEL, "label = y[:, None].to(z.dtype)"), AS_COLUMN),
    ("label_as_fraction", G_USES, "as one number", (G_LABEL, "label = (y / self.num_classes)[:, None].to(z.dtype)"), AS_COLUMN),
    ("label_modulo_ten", G_USES, "make no difference", (G_LABEL, "label = F.one_hot(y % 10, self.num_classes).to(z.dtype)")),
    ("first_label_for_all", "test_conditional_generator_works_by_example", "its own label", (G_LABEL, "label = F.one_hot(y[:1].expand(len(y)), self.num_classes).to(z.dtype)")),
    ("noise_ignored", "test_conditional_generator_works_by_example", "one picture only", ("torch.cat([z, label]", "torch.cat([0 * z, label]")),
    ("tanh_missing", "test_conditional_generator_range", "last operation is not tanh", (TANH, "self.output(h)")),
    ("sigmoid_for_tanh", "test_conditional_generator_range", "one sign only", ("torch.tanh", "torch.sigmoid")),
    ("ten_classes_always", G_USES, "one-hot or embedded", ("= num_classes", "= 10"), ("+ num_classes, hidden_dim)", "+ 10, hidden_dim)")),
    ("other_default", "test_conditional_generator_defaults", "default sizes", ("latent_dim: int = 100", "latent_dim: int = 64")),
    ("stacked_along_batch", "test_conditional_generator_shape", "one sample for each pair", ("return torch.tanh(self.output(h))", "return torch.tanh(self.output(h)).unsqueeze(1)")),
)

D_LABEL = "label = F.one_hot(y, self.num_classes).to(x.dtype)"
D_USES = "test_conditional_discriminator_uses_the_label"
CONDITIONAL_DISCRIMINATOR = _of(
    "ConditionalDiscriminator",
    ("label_withheld", D_USES, "withheld", (D_LABEL, "label = torch.zeros(len(x), self.num_classes)")),
    ("label_as_number", D_USES, "as one number", (D_LABEL, "label = y[:, None].to(x.dtype)"), AS_COLUMN),
    ("label_as_fraction", D_USES, "as one number", (D_LABEL, "label = (y / self.num_classes)[:, None].to(x.dtype)"), AS_COLUMN),
    (
        "label_added_at_the_end",
        "test_conditional_discriminator_judges_the_pair",
        "score of the sample plus",
        ("self.num_classes = num_classes", "self.bias = nn.Embedding(num_classes, 1)"),
        ("input_dim + num_classes, hidden_dim", "input_dim, hidden_dim"),
        (D_LABEL, "label = self.bias(y)"),
        ("torch.cat([x.flatten(start_dim=1), label], dim=1)", "x.flatten(start_dim=1)"),
        (D_OUT, "return self.output(h) + label"),
    ),
    ("sigmoid", "test_conditional_discriminator_can_learn", "none belongs here", (D_OUT, "return torch.sigmoid(self.output(h))")),
    ("not_flattened", "test_conditional_discriminator_works_by_example", "flatten x", ("x.flatten(start_dim=1)", "x")),
    ("first_label_for_all", "test_conditional_discriminator_works_by_example", "its own label", (D_LABEL, "label = F.one_hot(y[:1].expand(len(y)), self.num_classes).to(x.dtype)")),
    ("x_ignored", "test_conditional_discriminator_judges_the_pair", "no influence", ("x.flatten(start_dim=1)", "0 * x.flatten(start_dim=1)")),
    ("x_detached", "test_conditional_discriminator_works_by_example", "flatten x", ("x.flatten(start_dim=1)", "x.detach().flatten(1)")),
    ("other_default", "test_conditional_discriminator_defaults", "default sizes", ("num_classes: int = 10", "num_classes: int = 9")),
)

MISTAKES: tuple[Mistake, ...] = (
    *GENERATOR,
    *DISCRIMINATOR,
    *DISCRIMINATOR_LOSS,
    *MINIMAX_LOSS,
    *GENERATOR_LOSS,
    *DISCRIMINATOR_STEP,
    *GENERATOR_STEP,
    *CRITIC_LOSS,
    *GRADIENT_PENALTY,
    *CONDITIONAL_GENERATOR,
    *CONDITIONAL_DISCRIMINATOR,
)
