"""Known mistakes in the noise schedules: rows for `mistakes.py`."""

LINE = "torch.linspace(beta_start, beta_end, timesteps)"

LINEAR = (
    (
        "scaled_linear",
        "test_linear_schedule_values",
        "squares of equally spaced",
        (LINE, "torch.linspace(beta_start**0.5, beta_end**0.5, timesteps) ** 2"),
    ),
    (
        "end_point_missing",
        "test_linear_schedule_values",
        "falls short",
        (LINE, "beta_start + (beta_end - beta_start) * torch.arange(timesteps) / timesteps"),
    ),
    ("reversed", "test_linear_schedule_values", "backwards", (LINE, "torch.linspace(beta_end, beta_start, timesteps)")),
    (
        "geometric",
        "test_linear_schedule_values",
        "constant factor",
        (LINE, "torch.logspace(math.log10(beta_start), math.log10(beta_end), timesteps)"),
    ),
    (
        "rescaled_with_the_number_of_steps",
        "test_linear_schedule_uses_its_arguments",
        "not rescaled",
        (LINE, "torch.linspace(1000 / timesteps * beta_start, 1000 / timesteps * beta_end, timesteps)"),
    ),
    (
        "arguments_ignored",
        "test_linear_schedule_uses_its_arguments",
        "the arguments",
        (LINE, "torch.linspace(1e-4, 0.02, timesteps)"),
    ),
    (
        "float64",
        "test_linear_schedule_dtype",
        "default dtype",
        (LINE, "torch.linspace(beta_start, beta_end, timesteps, dtype=torch.float64)"),
    ),
)

COSINE = (
    ("unclipped", "test_cosine_schedule_of_a_thousand_steps", "clip it at max_beta", (".clamp(max=max_beta)", "")),
    ("not_squared", "test_cosine_schedule_values", "not squared", ("* math.pi / 2) ** 2", "* math.pi / 2)")),
    ("offset_missing", "test_cosine_schedule_values", "offset s is missing", ("(u + s) / (1 + s)", "u")),
    (
        "offset_ignored",
        "test_cosine_schedule_uses_its_arguments",
        "s is ignored",
        ("(u + s) / (1 + s)", "(u + 0.008) / 1.008"),
    ),
    (
        "limit_ignored",
        "test_cosine_schedule_uses_its_arguments",
        "max_beta is ignored",
        ("clamp(max=max_beta)", "clamp(max=0.999)"),
    ),
    ("alphas_returned", "test_cosine_schedule_values", "which are 1 - beta", ("1 - f[1:] / f[:-1]", "f[1:] / f[:-1]")),
    (
        "abar_returned",
        "test_cosine_schedule_values",
        "abar itself",
        ("betas = 1 - f[1:] / f[:-1]", "betas = f[1:] / f[0]"),
    ),
    (
        "one_step_short",
        "test_cosine_schedule_values",
        "T + 1 points",
        ("timesteps + 1, dtype", "timesteps, dtype"),
    ),
    (
        "reciprocal_ratio",
        "test_cosine_schedule_values",
        "1 - f((t + 1) / T) / f(t / T)",
        ("f[1:] / f[:-1]", "f[:-1] / f[1:]"),
    ),
    ("float64", "test_cosine_schedule_dtype", "default dtype", (".to(torch.get_default_dtype())", "")),
)

PRODUCT = "torch.cumprod(1 - betas, dim=0)"

ALPHA_BARS = (
    ("single_steps", "test_alpha_bars_values", "alphas of single steps", (PRODUCT, "1 - betas")),
    ("product_of_betas", "test_alpha_bars_values", "not of beta itself", (PRODUCT, "torch.cumprod(betas, dim=0)")),
    (
        "one_minus_product_of_betas",
        "test_alpha_bars_values",
        "not of beta itself",
        (PRODUCT, "1 - torch.cumprod(betas, dim=0)"),
    ),
    ("sum_for_product", "test_alpha_bars_values", "adding up", (PRODUCT, "1 - torch.cumsum(betas, dim=0)")),
    ("square_root", "test_alpha_bars_values", "square root", (PRODUCT, f"{PRODUCT}.sqrt()")),
    (
        "one_step_late",
        "test_alpha_bars_values",
        "a step late",
        (PRODUCT, f"F.pad({PRODUCT}[:-1], (1, 0), value=1.0)"),
    ),
    (
        "from_the_end",
        "test_alpha_bars_values",
        "backwards",
        (PRODUCT, "torch.cumprod((1 - betas).flip(0), dim=0).flip(0)"),
    ),
    ("total_product", "test_alpha_bars_values", "up to and including t", (PRODUCT, "torch.prod(1 - betas)")),
    (
        "float32",
        "test_alpha_bars_keeps_dtype_and_argument",
        "dtype",
        (PRODUCT, "torch.cumprod(1 - betas.float(), dim=0)"),
    ),
    (
        "argument_changed",
        "test_alpha_bars_keeps_dtype_and_argument",
        "in place",
        (PRODUCT, "betas.neg_().add_(1).cumprod_(dim=0)"),
    ),
)

MISTAKES = {"linear_beta_schedule": LINEAR, "cosine_beta_schedule": COSINE, "alpha_bars": ALPHA_BARS}
