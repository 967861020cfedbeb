"""Right answers in other styles: the loss and the samplers."""

from autograder.suite import Alternative


def _loss(name: str, new: str) -> Alternative:
    return Alternative(question="ddpm_loss", name=name, edits=(("F.mse_loss(model(x_t, t), noise)", new),))


def _guidance(name: str, new: str) -> Alternative:
    return Alternative(
        question="classifier_free_guidance",
        name=name,
        source=f"""
            def classifier_free_guidance(eps_cond, eps_uncond, scale):
                return {new}
        """,
    )


DDPM_LOSS = (
    _loss("by_hand", "((noise - model(x_t, t)) ** 2).mean()"),
    _loss("mse_module", "nn.MSELoss()(noise, model(x_t, t))"),
    _loss("norm", "torch.linalg.vector_norm(noise - model(x_t, t)) ** 2 / noise.numel()"),
    _loss("mean_of_means", "(noise - model(x_t, t)).square().reshape(len(x0), -1).mean(dim=1).mean()"),
    Alternative(
        question="ddpm_loss",
        name="noised_on_the_spot",
        source="""
            def ddpm_loss(model, x0, t, noise, alpha_bars):
                a = alpha_bars[t].view(-1, *([1] * (x0.ndim - 1)))
                eps = model(a**0.5 * x0 + (1 - a) ** 0.5 * noise, t)
                return torch.mean((eps - noise) * (eps - noise))
        """,
    ),
)

P_SAMPLE = (
    Alternative(
        question="p_sample",
        name="algorithm_2",
        source="""
            def p_sample(model, x_t, t, betas, noise):
                abar = torch.cumprod(1 - betas, dim=0)
                eps = model(x_t, torch.full((len(x_t),), t, dtype=torch.long, device=x_t.device))
                mean = (x_t - betas[t] / torch.sqrt(1 - abar[t]) * eps) / torch.sqrt(1 - betas[t])
                if t == 0:
                    return mean
                return mean + torch.sqrt((1 - abar[t - 1]) / (1 - abar[t]) * betas[t]) * noise
        """,
    ),
    Alternative(
        question="p_sample",
        name="without_gradient",
        source="""
            @torch.no_grad()
            def p_sample(model, x_t, t, betas, noise):
                times = torch.tensor([t] * x_t.shape[0], device=x_t.device)
                bars = alpha_bars(betas)
                x0 = predict_x0(x_t, times, model(x_t, times), bars)
                mean, var = posterior_mean_variance(x0, x_t, times, betas)
                return mean + (noise * var.sqrt() if t > 0 else 0)
        """,
    ),
    Alternative(
        question="p_sample",
        name="ddim_with_eta_one",
        source="""
            def p_sample(model, x_t, t, betas, noise):
                times = x_t.new_full((x_t.shape[0],), t).long()
                return ddim_step(model(x_t, times), x_t, t, t - 1, alpha_bars(betas), 1.0, noise)
        """,
    ),
    Alternative(
        question="p_sample",
        name="logarithm_of_the_variance",
        source="""
            def p_sample(model, x_t, t, betas, noise):
                log_bars = torch.log1p(-betas).cumsum(0)
                with torch.no_grad():
                    eps = model(x_t, torch.zeros(len(x_t), dtype=torch.int64, device=x_t.device) + t)
                mean = (1 - betas[t]).rsqrt() * (x_t - betas[t] * (-torch.expm1(log_bars[t])).rsqrt() * eps)
                if t > 0:
                    log_var = torch.log(-torch.expm1(log_bars[t - 1])) - torch.log(-torch.expm1(log_bars[t]))
                    mean = mean + torch.exp(0.5 * (log_var + betas[t].log())) * noise
                return mean
        """,
    ),
)

DDIM_STEP = (
    Alternative(
        question="ddim_step",
        name="python_floats",
        source="""
            def ddim_step(eps, x_t, t, t_prev, alpha_bars, eta, noise):
                a = float(alpha_bars[t])
                b = float(alpha_bars[t_prev]) if t_prev >= 0 else 1.0
                sigma = eta * math.sqrt((1 - b) / (1 - a) * (1 - a / b))
                x0 = (x_t - math.sqrt(1 - a) * eps) / math.sqrt(a)
                return math.sqrt(b) * x0 + math.sqrt(max(1 - b - sigma**2, 0)) * eps + sigma * noise
        """,
    ),
    Alternative(
        question="ddim_step",
        name="padded_schedule",
        source="""
            def ddim_step(eps, x_t, t, t_prev, alpha_bars, eta, noise):
                padded = torch.cat([alpha_bars.new_ones(1), alpha_bars])
                a_t, a_prev = padded[t + 1], padded[t_prev + 1]
                variance = eta**2 * (1 - a_prev) / (1 - a_t) * (1 - a_t / a_prev)
                pred_x0 = (x_t - (1 - a_t) ** 0.5 * eps) / a_t**0.5
                direction = (1 - a_prev - variance).clamp(min=0) ** 0.5 * eps
                return a_prev**0.5 * pred_x0 + direction + variance**0.5 * noise
        """,
    ),
    Alternative(
        question="ddim_step",
        name="by_predict_x0",
        source="""
            def ddim_step(eps, x_t, t, t_prev, alpha_bars, eta, noise):
                x0 = predict_x0(x_t, torch.full((len(x_t),), t), eps, alpha_bars)
                if t_prev < 0:
                    return x0
                a, b = alpha_bars[t], alpha_bars[t_prev]
                sigma = eta * torch.sqrt((1 - b) * (b - a) / (b * (1 - a)))
                return torch.sqrt(b) * x0 + torch.sqrt(1 - b - sigma * sigma) * eps + sigma * noise
        """,
    ),
    Alternative(
        question="ddim_step",
        name="coefficients_of_x_t_and_eps",
        source="""
            def ddim_step(eps, x_t, t, t_prev, alpha_bars, eta, noise):
                a = alpha_bars[t]
                b = torch.ones((), dtype=a.dtype) if t_prev == -1 else alpha_bars[t_prev]
                s = eta * torch.sqrt((1 - b) / (1 - a)) * torch.sqrt(1 - a / b)
                ratio = torch.sqrt(b / a)
                out = ratio * x_t + (torch.sqrt(1 - b - s**2) - ratio * torch.sqrt(1 - a)) * eps
                return out if eta == 0 else out + s * noise
        """,
    ),
)

GUIDANCE = (
    _guidance("weighted_mean", "scale * eps_cond + (1 - scale) * eps_uncond"),
    _guidance("lerp", "torch.lerp(eps_uncond, eps_cond, scale)"),
    _guidance("paper_with_w", "(1 + (scale - 1)) * eps_cond - (scale - 1) * eps_uncond"),
    _guidance("from_the_conditional_end", "eps_cond + (scale - 1) * (eps_cond - eps_uncond)"),
)

ALTERNATIVES = (*DDPM_LOSS, *P_SAMPLE, *DDIM_STEP, *GUIDANCE)
