"""Right answers in other styles: q_sample, its inverse and the posterior."""

from autograder.suite import Alternative

EXTRACT = """
def extract(a, t, x_shape):
    out = a.gather(-1, t)
    return out.reshape(t.shape[0], *((1,) * (len(x_shape) - 1))).to(t.device)
"""

Q_SAMPLE = (
    Alternative(
        question="q_sample",
        name="gather_by_a_helper",
        helpers=EXTRACT,
        source="""
            def q_sample(x0, t, noise, alpha_bars):
                sqrt_alphas_cumprod_t = extract(torch.sqrt(alpha_bars), t, x0.shape)
                sqrt_one_minus_alphas_cumprod_t = extract(torch.sqrt(1.0 - alpha_bars), t, x0.shape)
                return sqrt_alphas_cumprod_t * x0 + sqrt_one_minus_alphas_cumprod_t * noise
        """,
    ),
    Alternative(
        question="q_sample",
        name="unsqueeze_in_a_loop",
        source="""
            def q_sample(x0, t, noise, alpha_bars):
                abar = alpha_bars.index_select(0, t)
                while abar.dim() < x0.dim():
                    abar = abar.unsqueeze(-1)
                return torch.sqrt(abar) * x0 + torch.sqrt(1 - abar) * noise
        """,
    ),
    Alternative(
        question="q_sample",
        name="python_loop",
        source="""
            def q_sample(x0, t, noise, alpha_bars):
                rows = []
                for b in range(x0.shape[0]):
                    a = alpha_bars[t[b]]
                    rows.append(a**0.5 * x0[b] + (1 - a) ** 0.5 * noise[b])
                return torch.stack(rows)
        """,
    ),
    Alternative(
        question="q_sample",
        name="einsum",
        source="""
            def q_sample(x0, t, noise, alpha_bars):
                a = alpha_bars[t]
                return torch.einsum("b,b...->b...", a.sqrt(), x0) + torch.einsum("b,b...->b...", (1 - a).sqrt(), noise)
        """,
    ),
    Alternative(
        question="q_sample",
        name="batch_last",
        source="""
            def q_sample(x0, t, noise, alpha_bars):
                last = list(range(1, x0.dim())) + [0]
                first = [x0.dim() - 1] + list(range(x0.dim() - 1))
                a = alpha_bars[t]
                return (a.sqrt() * x0.permute(last) + (1 - a).sqrt() * noise.permute(last)).permute(first)
        """,
    ),
)

PREDICT_X0 = (
    Alternative(
        question="predict_x0",
        name="reciprocals",
        helpers=EXTRACT,
        source="""
            def predict_x0(x_t, t, eps, alpha_bars):
                sqrt_recip = extract(torch.sqrt(1.0 / alpha_bars), t, x_t.shape)
                sqrt_recipm1 = extract(torch.sqrt(1.0 / alpha_bars - 1), t, x_t.shape)
                return sqrt_recip * x_t - sqrt_recipm1 * eps
        """,
    ),
    Alternative(
        question="predict_x0",
        name="vmap",
        source="""
            def predict_x0(x_t, t, eps, alpha_bars):
                def one(x, a, e):
                    return (x - torch.sqrt(1 - a) * e) * torch.rsqrt(a)

                return torch.vmap(one)(x_t, alpha_bars[t], eps)
        """,
    ),
    Alternative(
        question="predict_x0",
        name="view_with_ones",
        edits=(("reshape(-1, *[1] * (x_t.dim() - 1))", "view([x_t.size(0)] + [1] * (x_t.ndim - 1))"),),
    ),
    Alternative(
        question="predict_x0",
        name="index_with_none",
        edits=(
            ("alpha_bars[t].reshape(-1, *[1] * (x_t.dim() - 1))", "alpha_bars[t][(...,) + (None,) * (x_t.dim() - 1)]"),
        ),
    ),
)

POSTERIOR = (
    Alternative(
        question="posterior_mean_variance",
        name="tables_of_coefficients",
        helpers=EXTRACT,
        source="""
            def posterior_mean_variance(x0, x_t, t, betas):
                alphas = 1.0 - betas
                alphas_cumprod = torch.cumprod(alphas, dim=0)
                alphas_cumprod_prev = torch.cat([torch.ones(1, dtype=betas.dtype), alphas_cumprod[:-1]])
                variance = betas * (1.0 - alphas_cumprod_prev) / (1.0 - alphas_cumprod)
                coef1 = betas * torch.sqrt(alphas_cumprod_prev) / (1.0 - alphas_cumprod)
                coef2 = (1.0 - alphas_cumprod_prev) * torch.sqrt(alphas) / (1.0 - alphas_cumprod)
                mean = extract(coef1, t, x_t.shape) * x0 + extract(coef2, t, x_t.shape) * x_t
                return mean, extract(variance, t, x_t.shape)
        """,
    ),
    Alternative(
        question="posterior_mean_variance",
        name="division_by_alpha",
        edits=(("F.pad(bars[:-1], (1, 0), value=1.0)", "bars / (1 - betas)"),),
    ),
    Alternative(
        question="posterior_mean_variance",
        name="variance_expanded",
        edits=(
            (
                "return mean, (1 - abar_before) / (1 - abar) * beta",
                "return mean, ((1 - abar_before) / (1 - abar) * beta).expand_as(x_t)",
            ),
        ),
    ),
    Alternative(
        question="posterior_mean_variance",
        name="where_at_the_first_step",
        source="""
            def posterior_mean_variance(x0, x_t, t, betas):
                bars = alpha_bars(betas)
                shape = [-1] + [1] * (x0.dim() - 1)
                abar = bars[t].view(shape)
                prev = torch.where(t > 0, bars[(t - 1).clamp(min=0)], torch.ones_like(bars[t])).view(shape)
                beta = betas[t].view(shape)
                mean = prev.sqrt() * beta * x0 + (1 - beta).sqrt() * (1 - prev) * x_t
                return mean / (1 - abar), beta * (1 - prev) / (1 - abar)
        """,
    ),
    Alternative(
        question="posterior_mean_variance",
        name="as_a_tuple_from_a_loop",
        source="""
            def posterior_mean_variance(x0, x_t, t, betas):
                bars = [1.0]
                for beta in betas:
                    bars.append(bars[-1] * (1 - beta))
                means, variances = [], []
                for b in range(len(x0)):
                    i = int(t[b])
                    before, after, beta = bars[i], bars[i + 1], betas[i]
                    means.append(
                        (before**0.5 * beta * x0[b] + (1 - beta) ** 0.5 * (1 - before) * x_t[b]) / (1 - after)
                    )
                    variances.append(torch.ones_like(x_t[b]) * ((1 - before) / (1 - after) * beta))
                return torch.stack(means), torch.stack(variances)
        """,
    ),
)

ALTERNATIVES = (*Q_SAMPLE, *PREDICT_X0, *POSTERIOR)
