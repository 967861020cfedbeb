"""Known mistakes against what the docstrings say in passing: rows for `mistakes.py`."""

FLOAT64 = "float64 in"

MISTAKES = {
    "linear_beta_schedule": (
        (
            "always_float32",
            "test_linear_schedule_has_the_default_dtype",
            "default dtype",
            ("beta_end, timesteps)", "beta_end, timesteps, dtype=torch.float32)"),
        ),
    ),
    "cosine_beta_schedule": (
        (
            "always_float32",
            "test_cosine_schedule_has_the_default_dtype",
            "default dtype",
            (".to(torch.get_default_dtype())", ".float()"),
        ),
    ),
    "timestep_embedding": (
        (
            "always_float32",
            "test_embedding_has_the_default_dtype",
            "default dtype",
            ("dim=1)", "dim=1).float()"),
        ),
        (
            "on_the_default_device",
            "test_embedding_is_on_the_device_of_t",
            "device of the arguments",
            (", device=t.device", ""),
        ),
    ),
    "q_sample": (
        (
            "result_in_float32",
            "test_q_sample_keeps_float64",
            FLOAT64,
            (
                "return abar.sqrt() * x0 + (1 - abar).sqrt() * noise",
                "return (abar.sqrt() * x0 + (1 - abar).sqrt() * noise).float()",
            ),
        ),
    ),
    "predict_x0": (
        (
            "result_in_float32",
            "test_predict_x0_keeps_float64",
            FLOAT64,
            (
                "return (x_t - (1 - abar).sqrt() * eps) / abar.sqrt()",
                "return ((x_t - (1 - abar).sqrt() * eps) / abar.sqrt()).float()",
            ),
        ),
    ),
    "classifier_free_guidance": (
        (
            "in_place",
            "test_guidance_keeps_float64",
            "changes its arguments",
            ("return eps_uncond + scale * (eps_cond - eps_uncond)", "return eps_uncond.lerp_(eps_cond, scale)"),
        ),
    ),
    "p_sample": (
        (
            "time_on_the_default_device",
            "test_p_sample_gives_the_model_a_time_on_its_device",
            "device of the arguments",
            (", device=x_t.device", ""),
        ),
    ),
    "UNet": (
        (
            "other_default_width",
            "test_unet_default_sizes",
            "default sizes",
            ("base_channels: int = 32", "base_channels: int = 64"),
        ),
    ),
}
