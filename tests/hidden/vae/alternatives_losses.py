"""Right answers in other styles: reparameterisation and the losses."""

from autograder.suite import Alternative

REPARAMETERIZE = (
    Alternative(
        question="reparameterize",
        name="rsample",
        source="""
            def reparameterize(mu, logvar):
                return torch.distributions.Normal(mu, (logvar / 2).exp()).rsample()
        """,
    ),
    Alternative(
        question="reparameterize",
        name="multivariate_normal",
        source="""
            def reparameterize(mu, logvar):
                return torch.distributions.MultivariateNormal(mu, torch.diag_embed(logvar.exp())).rsample()
        """,
    ),
    Alternative(
        question="reparameterize",
        name="square_root_and_in_place_noise",
        source="""
            def reparameterize(mu, logvar):
                noise = torch.empty_like(mu).normal_()
                return torch.addcmul(mu, logvar.exp().sqrt(), noise)
        """,
    ),
    Alternative(
        question="reparameterize",
        name="one_example_after_another",
        source="""
            def reparameterize(means: Tensor, log_variances: Tensor) -> Tensor:
                rows = []
                for mean, log_variance in zip(means, log_variances):
                    rows.append(mean + torch.exp(log_variance * 0.5) * torch.randn(len(mean)).to(mean))
                return torch.stack(rows)
        """,
        helpers="from torch import Tensor",
    ),
    Alternative(
        question="reparameterize",
        name="other_draw_order",
        edits=(("torch.randn_like(sigma)", "torch.randn(*sigma.shape[::-1]).t().to(sigma).flip(0)"),),
    ),
    Alternative(
        question="reparameterize",
        name="scale_before_shift_with_helper",
        source="""
            def reparameterize(mu, logvar):
                std = standard_deviation(logvar)
                eps = torch.normal(torch.zeros_like(std), torch.ones_like(std))
                return eps.mul(std).add_(mu)
        """,
        helpers="def standard_deviation(logvar):\n    return torch.exp(torch.tensor(0.5) * logvar)",
    ),
)

KL_DIVERGENCE = (
    Alternative(
        question="kl_divergence",
        name="from_torch_distributions",
        source="""
            from torch.distributions import Normal, kl_divergence as kl_of

            def kl_divergence(mu, logvar):
                q = Normal(mu, torch.exp(0.5 * logvar))
                return kl_of(q, Normal(torch.zeros_like(mu), torch.ones_like(mu))).sum(-1)
        """,
    ),
    Alternative(
        question="kl_divergence",
        name="independent_normals",
        source="""
            def kl_divergence(mu, logvar):
                D = torch.distributions
                q = D.Independent(D.Normal(mu, logvar.exp().sqrt()), 1)
                p = D.Independent(D.Normal(torch.zeros_like(mu), torch.ones_like(mu)), 1)
                return D.kl_divergence(q, p)
        """,
    ),
    Alternative(
        question="kl_divergence",
        name="lecture_form",
        source="""
            def kl_divergence(mu, logvar):
                return -0.5 * torch.sum(1 + logvar - mu**2 - torch.exp(logvar), dim=-1)
        """,
    ),
    Alternative(
        question="kl_divergence",
        name="python_loops",
        source="""
            def kl_divergence(mu, logvar):
                totals = []
                for m, l in zip(mu, logvar):
                    total = 0
                    for j in range(len(m)):
                        total = total + (m[j] ** 2 + torch.exp(l[j]) - l[j] - 1) / 2
                    totals.append(total)
                return torch.stack(totals)
        """,
    ),
    Alternative(
        question="kl_divergence",
        name="trace_and_determinant",
        source="""
            def kl_divergence(mu, logvar):
                trace = torch.einsum("bd->b", logvar.exp())
                distance = torch.einsum("bd,bd->b", mu, mu)
                return (trace + distance - mu.shape[1] - logvar.sum(dim=1)) / 2
        """,
    ),
    Alternative(question="kl_divergence", name="expm1", edits=(("logvar.exp() - 1.0", "torch.expm1(logvar)"),)),
)

RECONSTRUCTION_LOSS = (
    Alternative(
        question="reconstruction_loss",
        name="logs_written_out_with_clamp",
        source="""
            def reconstruction_loss(recon_x, x):
                target = x.reshape(x.size(0), -1)
                p = recon_x.clamp(1e-6, 1 - 1e-6)
                return -(target * torch.log(p) + (1 - target) * torch.log(1 - p)).sum(1)
        """,
    ),
    Alternative(
        question="reconstruction_loss",
        name="epsilon_inside_the_logs",
        source="""
            def reconstruction_loss(recon_x, x, eps=1e-8):
                x = torch.flatten(x, 1)
                return -torch.einsum("bp->b", x * (recon_x + eps).log() + (1 - x) * (1 - recon_x + eps).log())
        """,
    ),
    Alternative(
        question="reconstruction_loss",
        name="log1p",
        source="""
            def reconstruction_loss(recon_x, x):
                x = x.view(recon_x.shape)
                log_p = recon_x.log().clamp(min=-100)
                log_not_p = torch.log1p(-recon_x).clamp(min=-100)
                return (-x * log_p - (1 - x) * log_not_p).sum(dim=-1)
        """,
    ),
    Alternative(
        question="reconstruction_loss",
        name="one_example_after_another",
        source="""
            def reconstruction_loss(recon_x, x):
                x = x.reshape(len(x), -1)
                return torch.stack([F.binary_cross_entropy(r, t, reduction="sum") for r, t in zip(recon_x, x)])
        """,
    ),
    Alternative(
        question="reconstruction_loss",
        name="loss_module",
        source="""
            def reconstruction_loss(recon_x, x):
                criterion = torch.nn.BCELoss(reduction="none")
                return criterion(recon_x, x.view_as(recon_x)).sum(1)
        """,
    ),
    Alternative(
        question="reconstruction_loss",
        name="back_to_logits",
        source="""
            def reconstruction_loss(recon_x, x):
                logits = torch.logit(recon_x, eps=1e-6)
                x = x.flatten(1)
                return F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
        """,
    ),
)

TERMS = "(reconstruction_loss(recon_x, x) + beta * kl_divergence(mu, logvar)).sum()"

ELBO_LOSS = (
    Alternative(
        question="elbo_loss",
        name="two_sums",
        edits=((TERMS, "reconstruction_loss(recon_x, x).sum() + beta * kl_divergence(mu, logvar).sum()"),),
    ),
    Alternative(
        question="elbo_loss",
        name="written_out",
        source="""
            def elbo_loss(recon_x, x, mu, logvar, beta=1.0):
                BCE = F.binary_cross_entropy(recon_x, x.view(-1, recon_x.shape[1]), reduction="sum")
                KLD = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
                return BCE + beta * KLD
        """,
    ),
    Alternative(
        question="elbo_loss",
        name="negative_of_the_elbo",
        source="""
            def elbo_loss(recon_x, x, mu, logvar, beta=1.0):
                elbo = 0.0
                for nll, kl in zip(reconstruction_loss(recon_x, x), kl_divergence(mu, logvar)):
                    elbo = elbo - nll - beta * kl
                return -elbo
        """,
    ),
    Alternative(
        question="elbo_loss",
        name="mean_times_batch",
        edits=((TERMS, TERMS.replace(".sum()", ".mean() * x.shape[0]")),),
    ),
)

ALTERNATIVES = (*REPARAMETERIZE, *KL_DIVERGENCE, *RECONSTRUCTION_LOSS, *ELBO_LOSS)
