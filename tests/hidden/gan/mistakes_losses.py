"""The losses: wrong answers, as question -> rows.

A row is (name, the test that must catch it, a piece of the hint shown there, edits of the reference ...).
"""

ADD = "return real_term + fake_term"
REAL_TERM = "F.binary_cross_entropy_with_logits(real_logits, torch.ones_like(real_logits))"
FAKE_TERM = "F.binary_cross_entropy_with_logits(fake_logits, torch.zeros_like(fake_logits))"
MINIMAX = "F.logsigmoid(-fake_logits).mean()"
NON_SATURATING = "-F.logsigmoid(fake_logits).mean()"
CRITIC = "return fake_scores.mean() - real_scores.mean()"

MISTAKES = {
    "discriminator_loss": [
        ("half", "test_discriminator_loss_value", "averaged here", (ADD, "return (real_term + fake_term) / 2")),
        (
            "half_in_gradient",
            "test_discriminator_loss_gradient",
            "half of what",
            (ADD, "return (real_term + fake_term) / 2"),
        ),
        (
            "mean_of_all_logits",
            "test_discriminator_loss_value",
            "all logits are averaged",
            (ADD, "return torch.cat([F.softplus(-real_logits), F.softplus(fake_logits)]).mean()"),
        ),
        (
            "summed",
            "test_discriminator_loss_value",
            "batch is summed",
            ("_like(real_logits))", '_like(real_logits), reduction="sum")'),
            ("_like(fake_logits))", '_like(fake_logits), reduction="sum")'),
        ),
        ("maximised", "test_discriminator_loss_value", "never negative", (ADD, "return -(real_term + fake_term)")),
        (
            "targets_swapped",
            "test_discriminator_loss_value",
            "targets are swapped",
            ("torch.ones_like(real", "torch.zeros_like(real"),
            ("torch.zeros_like(fake", "torch.ones_like(fake"),
        ),
        (
            "targets_swapped_in_terms",
            "test_discriminator_loss_terms",
            "targets are swapped",
            ("torch.ones_like(real", "torch.zeros_like(real"),
            ("torch.zeros_like(fake", "torch.ones_like(fake"),
        ),
        (
            "sigmoid_twice",
            "test_discriminator_loss_value",
            "sigmoid is applied twice",
            ("logits(real_logits,", "logits(torch.sigmoid(real_logits),"),
            ("logits(fake_logits,", "logits(torch.sigmoid(fake_logits),"),
        ),
        (
            "bce_on_raw_logits",
            "test_discriminator_loss_value",
            "with a calculator",
            ("cross_entropy_with_logits", "cross_entropy"),
        ),
        ("reals_only", "test_discriminator_loss_value", "only the real", (ADD, "return real_term")),
        ("fakes_only", "test_discriminator_loss_value", "only the fakes", (ADD, "return fake_term")),
        (
            "labels_smoothed",
            "test_discriminator_loss_value",
            "smoothed",
            ("torch.ones_like(real_logits)", "torch.full_like(real_logits, 0.9)"),
        ),
        (
            "least_squares",
            "test_discriminator_loss_value",
            "squared error of logits",
            (ADD, "return ((real_logits - 1) ** 2).mean() + (fake_logits**2).mean()"),
        ),
        (
            "wasserstein",
            "test_discriminator_loss_value",
            "wasserstein",
            (ADD, "return fake_logits.mean() - real_logits.mean()"),
        ),
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
        (
            "divided_by_one_batch_size",
            "test_discriminator_loss_batch",
            "own batch",
            (ADD, "return real_term + fake_term * len(fake_logits) / len(real_logits)"),
        ),
        (
            "double_precision_always",
            "test_discriminator_loss_batch",
            "dtype",
            (ADD, "return (real_term + fake_term).double()"),
        ),
        (
            "half_when_undecided",
            "test_undecided_discriminator",
            "each term is then ln 2",
            (ADD, "return (real_term + fake_term) / 2"),
        ),
    ],
    "minimax_generator_loss": [
        ("half", "test_minimax_of_undecided_discriminator", "logarithm of 1", (MINIMAX, f"{MINIMAX} / 2")),
        ("non_saturating", "test_minimax_value", "non-saturating form", (MINIMAX, "-F.logsigmoid(fake_logits).mean()")),
        (
            "non_saturating_gradient",
            "test_minimax_gradient_saturates",
            "non-saturating form",
            (MINIMAX, "-F.logsigmoid(fake_logits).mean()"),
        ),
        ("sign", "test_minimax_value", "sign is turned", (MINIMAX, f"-{MINIMAX}")),
        ("sign_in_gradient", "test_minimax_gradient_saturates", "wrong sign", (MINIMAX, f"-{MINIMAX}")),
        ("log_d", "test_minimax_value", "through 1 − D", (MINIMAX, "F.logsigmoid(fake_logits).mean()")),
        ("summed", "test_minimax_value", "batch is summed", (".mean()", ".sum()")),
        (
            "sigmoid_twice",
            "test_minimax_value",
            "sigmoid is applied twice",
            (MINIMAX, "torch.log(1 - torch.sigmoid(torch.sigmoid(fake_logits))).mean()"),
        ),
        (
            "log_missing",
            "test_minimax_value",
            "logarithm is missing",
            (MINIMAX, "(1 - torch.sigmoid(fake_logits)).mean()"),
        ),
        ("sigmoid_missing", "test_minimax_value", "infinite", (MINIMAX, "torch.log(1 - fake_logits).mean()")),
        (
            "log_of_sigmoid",
            "test_minimax_confident_logits",
            "infinite",
            (MINIMAX, "torch.log(1 - torch.sigmoid(fake_logits)).mean()"),
        ),
        (
            "log_with_epsilon",
            "test_minimax_confident_logits",
            "clamped or shifted",
            (MINIMAX, "torch.log(1 - torch.sigmoid(fake_logits) + 1e-8).mean()"),
        ),
        (
            "bce_of_sigmoid",
            "test_minimax_confident_logits",
            "clamped or shifted",
            (MINIMAX, "-F.binary_cross_entropy(torch.sigmoid(fake_logits), torch.zeros_like(fake_logits))"),
        ),
        ("not_reduced", "test_minimax_batch", "one number", (".mean()", "")),
    ],
    "generator_loss": [
        (
            "base_two",
            "test_generator_loss_of_undecided_discriminator",
            "negative logarithm",
            (NON_SATURATING, f"{NON_SATURATING} / 0.6931"),
        ),
        (
            "saturating",
            "test_generator_loss_value",
            "saturating form",
            (NON_SATURATING, "F.logsigmoid(-fake_logits).mean()"),
        ),
        (
            "saturating_gradient",
            "test_generator_loss_gradient_is_strong",
            "vanishes",
            (NON_SATURATING, "F.logsigmoid(-fake_logits).mean()"),
        ),
        (
            "zeros_as_target",
            "test_generator_loss_value",
            "target is 0",
            (NON_SATURATING, "-F.logsigmoid(-fake_logits).mean()"),
        ),
        (
            "zeros_as_target_gradient",
            "test_generator_loss_gradient_is_strong",
            "logits down",
            (NON_SATURATING, "-F.logsigmoid(-fake_logits).mean()"),
        ),
        ("sign", "test_generator_loss_value", "sign is turned", (NON_SATURATING, "F.logsigmoid(fake_logits).mean()")),
        ("summed", "test_generator_loss_value", "batch is summed", (".mean()", ".sum()")),
        ("wasserstein", "test_generator_loss_value", "wasserstein", (NON_SATURATING, "-fake_logits.mean()")),
        (
            "sigmoid_twice",
            "test_generator_loss_value",
            "sigmoid is applied twice",
            ("(fake_logits)", "(torch.sigmoid(fake_logits))"),
        ),
        (
            "log_missing",
            "test_generator_loss_value",
            "logarithm is missing",
            (NON_SATURATING, "1 - torch.sigmoid(fake_logits).mean()"),
        ),
        (
            "log_of_mean",
            "test_generator_loss_value",
            "inside the logarithm",
            (NON_SATURATING, "-torch.sigmoid(fake_logits).mean().log()"),
        ),
        (
            "log_of_sigmoid",
            "test_generator_loss_confident_logits",
            "infinite",
            (NON_SATURATING, "-torch.log(torch.sigmoid(fake_logits)).mean()"),
        ),
        (
            "log_with_epsilon",
            "test_generator_loss_confident_logits",
            "clamped or shifted",
            (NON_SATURATING, "-torch.log(torch.sigmoid(fake_logits) + 1e-12).mean()"),
        ),
        (
            "bce_of_sigmoid",
            "test_generator_loss_confident_logits",
            "vanishes",
            (NON_SATURATING, "F.binary_cross_entropy(torch.sigmoid(fake_logits), torch.ones_like(fake_logits))"),
        ),
        (
            "detached",
            "test_generator_loss_gradient_is_strong",
            "slope of",
            (NON_SATURATING, f"{NON_SATURATING}.detach()"),
        ),
        ("not_reduced", "test_generator_loss_batch", "one number", (".mean()", "")),
    ],
    "critic_loss": [
        (
            "sign",
            "test_critic_loss_value",
            "sign is turned",
            (CRITIC, "return real_scores.mean() - fake_scores.mean()"),
        ),
        (
            "sign_in_gradient",
            "test_critic_loss_gradient",
            "sign is turned",
            (CRITIC, "return real_scores.mean() - fake_scores.mean()"),
        ),
        (
            "sign_seen_at_once",
            "test_critic_loss_sign",
            "score higher than fakes",
            (CRITIC, "return real_scores.mean() - fake_scores.mean()"),
        ),
        ("summed", "test_critic_loss_value", "summed", (".mean()", ".sum()")),
        (
            "absolute",
            "test_critic_loss_sign",
            "score higher than fakes",
            (CRITIC, "return (fake_scores.mean() - real_scores.mean()).abs()"),
        ),
        ("sigmoid", "test_critic_loss_value", "squashed by a sigmoid", ("_scores.mean()", "_scores.sigmoid().mean()")),
        (
            "cross_entropy",
            "test_critic_loss_value",
            "cross-entropy",
            (CRITIC, "return F.softplus(-real_scores).mean() + F.softplus(fake_scores).mean()"),
        ),
        ("paired", "test_critic_loss_value", "two means", (CRITIC, "return (fake_scores - real_scores).mean()")),
        (
            "clipped",
            "test_critic_loss_is_linear",
            "double",
            (CRITIC, "return fake_scores.clamp(-10, 10).mean() - real_scores.clamp(-10, 10).mean()"),
        ),
        (
            "detached",
            "test_critic_loss_gradient",
            "cut off",
            (CRITIC, "return (fake_scores.mean() - real_scores.mean()).detach()"),
        ),
    ],
}
