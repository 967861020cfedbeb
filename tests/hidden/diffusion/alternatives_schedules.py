"""Right answers in other styles: the noise schedules."""

from autograder.suite import Alternative


def _linear(name: str, new: str) -> Alternative:
    edit = ("torch.linspace(beta_start, beta_end, timesteps)", new)
    return Alternative(question="linear_beta_schedule", name=name, edits=(edit,))


def _bars(name: str, new: str) -> Alternative:
    return Alternative(question="alpha_bars", name=name, edits=(("torch.cumprod(1 - betas, dim=0)", new),))


def _cosine(name: str, source: str) -> Alternative:
    return Alternative(question="cosine_beta_schedule", name=name, source=source)


ALTERNATIVES = (
    _linear("arange", "beta_start + (beta_end - beta_start) * torch.arange(timesteps) / (timesteps - 1)"),
    _linear(
        "float64_inside",
        "torch.linspace(beta_start, beta_end, timesteps, dtype=torch.float64).to(torch.get_default_dtype())",
    ),
    _linear("lerp", "torch.lerp(torch.tensor(beta_start), torch.tensor(beta_end), torch.linspace(0, 1, timesteps))"),
    _linear(
        "python_list",
        "torch.tensor([beta_start + i * (beta_end - beta_start) / (timesteps - 1) for i in range(timesteps)])",
    ),
    _cosine(
        "float32_throughout",
        """
        def cosine_beta_schedule(timesteps, s=0.008, max_beta=0.999):
            x = torch.linspace(0, timesteps, timesteps + 1)
            alphas_cumprod = torch.cos(((x / timesteps) + s) / (1 + s) * torch.pi * 0.5) ** 2
            alphas_cumprod = alphas_cumprod / alphas_cumprod[0]
            betas = 1 - (alphas_cumprod[1:] / alphas_cumprod[:-1])
            return torch.clip(betas, 0, max_beta)
        """,
    ),
    _cosine(
        "loop_with_math",
        """
        def cosine_beta_schedule(timesteps, s=0.008, max_beta=0.999):
            def alpha_bar(u):
                return math.cos((u + s) / (1 + s) * math.pi / 2) ** 2

            betas = []
            for i in range(timesteps):
                betas.append(min(1 - alpha_bar((i + 1) / timesteps) / alpha_bar(i / timesteps), max_beta))
            return torch.tensor(betas)
        """,
    ),
    _cosine(
        "half_angle",
        """
        def cosine_beta_schedule(timesteps, s=0.008, max_beta=0.999):
            t = torch.arange(timesteps + 1, dtype=torch.float64) / timesteps
            f = (1 + torch.cos((t + s) / (1 + s) * torch.pi)) / 2
            betas = (f[:-1] - f[1:]) / f[:-1]
            return betas.clip(max=max_beta).to(torch.get_default_dtype())
        """,
    ),
    _cosine(
        "logarithms",
        """
        def cosine_beta_schedule(timesteps, s=0.008, max_beta=0.999):
            u = torch.arange(timesteps + 1).double().div(timesteps)
            log_f = 2 * torch.log(torch.cos((u + s) / (1 + s) * torch.pi / 2))
            return (-torch.expm1(log_f.diff())).clamp_max(max_beta).to(torch.get_default_dtype())
        """,
    ),
    _bars("method", "(1.0 - betas).cumprod(0)"),
    _bars("logarithms", "torch.log1p(-betas).cumsum(dim=-1).exp()"),
    _bars("python_loop", "torch.stack([torch.prod(1 - betas[: i + 1]) for i in range(len(betas))])"),
    _bars("triangle", "torch.where(torch.ones(len(betas), len(betas)).tril().bool(), 1 - betas, 1.0).prod(dim=1)"),
)
