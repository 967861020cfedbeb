"""What the docstrings say in passing: wrong answers, as question -> rows.

A row is (name, the test that must catch it, a piece of the hint shown there, edits of the reference ...).
"""

WIDER = ("hidden_dim: int = 256", "hidden_dim: int = 128")
X_HAT = "x_hat = (alpha * real + (1 - alpha) * fake).detach().requires_grad_(True)"

MISTAKES = {
    "Generator": [("other_default_width", "test_generator_default_sizes", "default sizes", WIDER)],
    "Discriminator": [("other_default_width", "test_discriminator_default_sizes", "default sizes", WIDER)],
    "ConditionalGenerator": [
        ("other_default_width", "test_conditional_generator_default_sizes", "default sizes", WIDER)
    ],
    "ConditionalDiscriminator": [
        ("other_default_width", "test_conditional_discriminator_default_sizes", "default sizes", WIDER)
    ],
    "critic_loss": [
        (
            "result_in_float32",
            "test_critic_loss_keeps_float64",
            "float64 in",
            (
                "return fake_scores.mean() - real_scores.mean()",
                "return (fake_scores.mean() - real_scores.mean()).float()",
            ),
        ),
    ],
    "gradient_penalty": [
        (
            "alpha_of_the_default_dtype",
            "test_penalty_has_the_dtype_of_real",
            "dtype and on the device",
            ("dtype=real.dtype, ", ""),
        ),
        (
            "alpha_on_the_default_device",
            "test_penalty_is_on_the_device_of_real",
            "on the device of",
            (", device=real.device", ""),
        ),
        (
            "samples_not_detached",
            "test_penalty_leaves_the_samples_alone",
            "no gradient goes on to the generator",
            (X_HAT, "x_hat = (alpha * real + (1 - alpha) * fake).requires_grad_(True)"),
        ),
    ],
}
