"""gradient_penalty: wrong answers, as question -> rows.

A row is (name, the test that must catch it, a piece of the hint shown there, edits of the reference ...).
"""

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

MISTAKES = {
    "gradient_penalty": [
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
        (
            "needs_column_of_scores",
            ON_IMAGES,
            "one example's whole gradient",
            ("critic(x_hat).sum()", "critic(x_hat)[:, 0].sum()"),
        ),
        (
            "alpha_reversed",
            BETWEEN,
            "change places",
            ("alpha * real + (1 - alpha) * fake", "alpha * fake + (1 - alpha) * real"),
        ),
        ("at_real", BETWEEN, "at the real", (X_HAT, "x_hat = real.detach()")),
        ("at_fake", BETWEEN, "at the fakes", (X_HAT, "x_hat = fake.detach()")),
        ("alpha_argument_ignored", BETWEEN, "straight line", ("if alpha is None:", "if True:")),
        ("alpha_along_last_dimension", BETWEEN, "lies on the straight line", (RESHAPE, "alpha = alpha")),
        ("alpha_of_first_example", BETWEEN, "one alpha is used", (RESHAPE, "alpha = alpha[0]")),
        (
            "alpha_for_each_value",
            RANDOM,
            "alpha of its own",
            (DRAW, "alpha = torch.rand_like(real)"),
            (RESHAPE, "alpha = alpha if alpha.ndim > 1 else alpha.reshape(-1, *[1] * (real.ndim - 1))"),
        ),
        (
            "alpha_for_the_batch",
            RANDOM,
            "each example draws one number",
            (DRAW, "alpha = torch.rand(1, dtype=real.dtype)"),
        ),
        (
            "alpha_one_half",
            RANDOM,
            "1/2 for every example",
            (DRAW, "alpha = torch.full((len(real),), 0.5, dtype=real.dtype)"),
        ),
        ("alpha_normal", RANDOM, "U(0, 1)", (DRAW, "alpha = torch.randn(len(real), dtype=real.dtype)")),
        (
            "alpha_from_fixed_seed",
            RANDOM,
            "same numbers",
            (DRAW, "alpha = torch.rand(len(real), generator=torch.Generator().manual_seed(0)).to(real.dtype)"),
        ),
        ("no_create_graph", SECOND, "without keeping its graph", ("create_graph=True", "retain_graph=True")),
        (
            "no_create_graph_untrainable",
            "test_penalty_can_be_trained_on",
            "no gradient reaches",
            ("create_graph=True", "retain_graph=True"),
        ),
        (
            "gradient_detached",
            SECOND,
            "was detached",
            ("gradient.flatten(start_dim=1)", "gradient.detach().flatten(1)"),
        ),
        ("interpolates_detached", ON_IMAGES, "whole gradient", ("critic(x_hat)", "critic(x_hat.detach())")),
        (
            "backward_for_grad",
            "test_penalty_leaves_no_gradients",
            "with respect to x̂ alone",
            (f"(gradient,) = {GRADIENT}", "critic(x_hat).sum().backward(create_graph=True); gradient = x_hat.grad"),
        ),
        (
            "penalty_of_slope_not_squared",
            "test_penalty_of_slope_three",
            "squared?",
            (PENALTY, "return (norm - 1).abs().mean()"),
        ),
    ],
}
