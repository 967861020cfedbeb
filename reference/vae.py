"""Variational autoencoders, in the order of the papers.

    Kingma & Welling 2013, "Auto-Encoding Variational Bayes", arXiv:1312.6114           (the VAE)
    Sohn, Lee & Yan 2015, "Learning Structured Output Representation using Deep
        Conditional Generative Models", NeurIPS 28                                      (the conditional VAE)
    Higgins et al. 2017, "beta-VAE: Learning Basic Visual Concepts with a Constrained
        Variational Framework", ICLR                                                    (beta)

The model.  A latent z [D] is drawn from the prior and an image x [P] from the decoder:

    p(z) = N(0, I)        p_theta(x | z) = prod_i Bernoulli(x_i; recon_i),  recon = decode(z)

The approximate posterior.  The true p(z | x) has no closed form; the encoder gives a Gaussian for it:

    q_phi(z | x) = N(mu, diag(sigma^2)),  (mu, log sigma^2) = encode(x)

The bound.  For every q, log p(x) is at least the evidence lower bound (eq. 3 of Kingma & Welling):

    ELBO(x) = E_q[log p_theta(x | z)] - KL(q_phi(z | x) || p(z))

Training minimises -ELBO. Its first term is a binary cross-entropy, estimated with one draw of z; its second has a
closed form (appendix B of the paper):

    KL = 1/2 * sum_j (mu_j^2 + sigma_j^2 - 1 - log sigma_j^2)

The reparameterisation trick.  A draw z ~ q depends on phi, yet "draw" has no derivative. Written as a function of
noise that does not depend on phi (section 2.4 of the paper), it has one:

    z = mu + sigma * eps,  eps ~ N(0, I)        dz/dmu = 1,  dz/dlogvar = (z - mu) / 2

Conventions.  B examples, P = H * W pixels, D latents. `logvar` is log sigma^2: any real number is a valid one, so the
encoder needs no constraint. Losses are in nats. Results take the dtype and the device of the inputs.
"""

import torch
import torch.nn.functional as F
from torch import nn


def reparameterize(mu: torch.Tensor, logvar: torch.Tensor) -> torch.Tensor:
    """Draw z ~ N(mu, diag(sigma^2)) in a way that lets gradients through (Kingma & Welling 2013, section 2.4).

    z = mu + sigma * eps, where eps ~ N(0, I) is drawn afresh at every call and independently for every element.

    Args:
        mu: [B, D], means.
        logvar: [B, D], natural logarithm of the *variance* sigma^2, not of sigma.

    Returns:
        z [B, D], of mu's dtype and on mu's device (so the noise must be, too). Gradients reach both mu and logvar.
        Do not set a random seed: two calls give different draws.
    """
    sigma = torch.exp(0.5 * logvar)  # sqrt(exp(logvar)), without the overflow on the way
    eps = torch.randn_like(sigma)  # the only randomness, and it depends on no parameter
    return mu + sigma * eps


def kl_divergence(mu: torch.Tensor, logvar: torch.Tensor) -> torch.Tensor:
    """KL(q || p) from q = N(mu, diag(sigma^2)) to the prior p = N(0, I), in closed form (no sampling), in nats.

    Args:
        mu: [B, D], means of q.
        logvar: [B, D], natural logarithm of the *variance* sigma^2 of q.

    Returns:
        [B], one number for each example: the *sum* over the D latents, and no reduction over the batch (so B = 1
        gives shape [1]). It is 0 where q is the prior, and positive everywhere else. Differentiable in mu and logvar.
    """
    per_latent = 0.5 * (mu.pow(2) + logvar.exp() - 1.0 - logvar)  # [B, D]
    return per_latent.sum(dim=1)


def reconstruction_loss(recon_x: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """-log p(x | z) of each example: the binary cross-entropy between pixels and their reconstruction, in nats.

    Args:
        recon_x: [B, P], *probabilities* in [0, 1], as `VAE.decode` gives them (not logits).
        x: [B, P] or [B, 1, H, W] with H * W = P (row-major), the target pixels in [0, 1]; grey levels are allowed.
            Of recon_x's dtype.

    Returns:
        [B], one number for each example: the *sum* over the P pixels, and no reduction over the batch (so B = 1 gives
        shape [1]). Finite even where a sigmoid has rounded to exactly 0 or 1; where you cut the logarithm off is your
        choice, as long as probabilities between 0.01 and 0.99 are left alone. Differentiable in recon_x.
    """
    x = x.flatten(start_dim=1)  # [B, 1, H, W] -> [B, P]
    per_pixel = F.binary_cross_entropy(recon_x, x, reduction="none")  # [B, P]; cuts log off at -100
    return per_pixel.sum(dim=1)


def elbo_loss(
    recon_x: torch.Tensor, x: torch.Tensor, mu: torch.Tensor, logvar: torch.Tensor, beta: float = 1.0
) -> torch.Tensor:
    """The negative ELBO of a batch, to be minimised; with beta != 1 the objective of the beta-VAE.

    Args:
        recon_x: [B, P], probabilities.
        x: [B, P] or [B, 1, H, W], pixels in [0, 1].
        mu, logvar: [B, D], mean and log-variance of q(z | x).
        beta: weight of the KL term alone (Higgins et al. 2017); 1 gives the ELBO of Kingma & Welling.

    Returns:
        Scalar (shape []): the *sum over the batch* of reconstruction_loss + beta * kl_divergence, divided by nothing.
        Dividing only one of the two terms by B or P would change beta in disguise. Differentiable in recon_x, mu and
        logvar.
    """
    return (reconstruction_loss(recon_x, x) + beta * kl_divergence(mu, logvar)).sum()


class VAE(nn.Module):
    """A VAE with one hidden ReLU layer each way, as in the experiments of Kingma & Welling 2013 (appendix C).

        encoder:  x [B, P] -> linear -> ReLU [B, hidden_dim] -> linear -> mu [B, D];  linear -> logvar [B, D]
        decoder:  z [B, D] -> linear -> ReLU [B, hidden_dim] -> linear -> sigmoid [B, P]

    Every linear layer has a bias, and there are no other layers: no dropout, no normalisation. mu and logvar share the
    hidden layer and have no activation of their own. What you call the layers is up to you.

    Args:
        input_dim: P, the number of pixels.
        hidden_dim: width of both hidden layers.
        latent_dim: D, the number of latents.
    """

    def __init__(self, input_dim: int = 784, hidden_dim: int = 400, latent_dim: int = 20) -> None:
        """Make the layers."""
        super().__init__()
        self.encoder_hidden = nn.Linear(input_dim, hidden_dim)
        self.encoder_mu = nn.Linear(hidden_dim, latent_dim)
        self.encoder_logvar = nn.Linear(hidden_dim, latent_dim)
        self.decoder_hidden = nn.Linear(latent_dim, hidden_dim)
        self.decoder_output = nn.Linear(hidden_dim, input_dim)

    def encode(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Parameters of q(z | x): x [B, P] or [B, 1, H, W] with H * W = P  ->  (mu [B, D], logvar [B, D])."""
        hidden = F.relu(self.encoder_hidden(x.flatten(start_dim=1)))  # [B, hidden_dim]
        return self.encoder_mu(hidden), self.encoder_logvar(hidden)

    def reparameterize(self, mu: torch.Tensor, logvar: torch.Tensor) -> torch.Tensor:
        """A draw z [B, D] from q(z | x), as the function `reparameterize` makes it; in train and in eval mode alike."""
        return reparameterize(mu, logvar)

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """Parameters of p(x | z): z [B, D]  ->  *probabilities* [B, P], flat also where x was an image."""
        hidden = F.relu(self.decoder_hidden(z))  # [B, hidden_dim]
        return torch.sigmoid(self.decoder_output(hidden))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """x [B, P] or [B, 1, H, W]  ->  (recon_x [B, P], mu [B, D], logvar [B, D]).

        recon_x decodes a fresh draw z ~ q(z | x), in train and in eval mode alike; mu and logvar are encode's.
        """
        mu, logvar = self.encode(x)
        z = self.reparameterize(mu, logvar)
        return self.decode(z), mu, logvar


def generate(model: nn.Module, num_samples: int, latent_dim: int = 20) -> torch.Tensor:
    """New images: decode num_samples independent draws from the prior N(0, I).

    Args:
        model: a module with a method `decode(z [N, latent_dim]) -> [N, input_dim]`. Its encoder is not needed.
        num_samples: N.
        latent_dim: D of that model.

    Returns:
        [N, input_dim], row i decoding the i-th draw. No gradient is recorded: the result does not require grad.
        z has the dtype and the device of the model's parameters. On return, autograd is switched on or off as it was
        before the call. Whether you put the model in eval mode is up to you.
    """
    parameter = next(model.parameters())
    with torch.no_grad():
        z = torch.randn(num_samples, latent_dim, dtype=parameter.dtype, device=parameter.device)
        return model.decode(z)  # type: ignore[operator]  # nn.Module itself declares no decode


def interpolate(z0: torch.Tensor, z1: torch.Tensor, steps: int) -> torch.Tensor:
    """Equally spaced points on the straight line from z0 to z1.

    Args:
        z0, z1: [D], the two end points, of the same dtype and device.
        steps: the number of points, both end points included; at least 2.

    Returns:
        [steps, D], of their dtype and on their device: row 0 is z0, the last row is z1. Differentiable in z0 and z1.
    """
    weight = torch.linspace(0.0, 1.0, steps, dtype=z0.dtype, device=z0.device).unsqueeze(1)  # [steps, 1]
    return (1.0 - weight) * z0 + weight * z1  # [steps, 1] * [D] -> [steps, D]


class ConditionalVAE(nn.Module):
    """A VAE whose encoder q(z | x, y) and decoder p(x | z, y) both see the class label y (Sohn et al. 2015).

    As `VAE` (one hidden ReLU layer each way, mu and logvar without an activation, probabilities out of a sigmoid, no
    dropout, no normalisation), but the hidden layer of the encoder *and* that of the decoder also get the label.
    Labels are categories without an order: feed them as one-hot vectors or through a learned nn.Embedding, either is
    fine, but never as one number. What you call the layers is up to you.

    Args:
        input_dim: P, the number of pixels.
        num_classes: C, labels are 0 .. C - 1; a batch need not contain all of them.
        hidden_dim: width of both hidden layers.
        latent_dim: D, the number of latents.
    """

    def __init__(
        self, input_dim: int = 784, num_classes: int = 10, hidden_dim: int = 400, latent_dim: int = 20
    ) -> None:
        """Make the layers."""
        super().__init__()
        self.num_classes = num_classes
        self.encoder_hidden = nn.Linear(input_dim + num_classes, hidden_dim)
        self.encoder_mu = nn.Linear(hidden_dim, latent_dim)
        self.encoder_logvar = nn.Linear(hidden_dim, latent_dim)
        self.decoder_hidden = nn.Linear(latent_dim + num_classes, hidden_dim)
        self.decoder_output = nn.Linear(hidden_dim, input_dim)

    def encode(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """q(z | x, y): x [B, P] or [B, 1, H, W], y LongTensor [B]  ->  (mu [B, D], logvar [B, D])."""
        label = F.one_hot(y, self.num_classes).to(x.dtype)  # [B, C]
        hidden = F.relu(self.encoder_hidden(torch.cat([x.flatten(start_dim=1), label], dim=1)))  # [B, hidden_dim]
        return self.encoder_mu(hidden), self.encoder_logvar(hidden)

    def decode(self, z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """p(x | z, y): z [B, D], y LongTensor [B]  ->  *probabilities* [B, P]."""
        label = F.one_hot(y, self.num_classes).to(z.dtype)  # [B, C]
        hidden = F.relu(self.decoder_hidden(torch.cat([z, label], dim=1)))  # [B, hidden_dim]
        return torch.sigmoid(self.decoder_output(hidden))

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """x [B, P] or [B, 1, H, W], y LongTensor [B]  ->  (recon_x [B, P], mu [B, D], logvar [B, D]).

        recon_x decodes a fresh draw z ~ q(z | x, y) with the same y, in train and in eval mode alike.
        """
        mu, logvar = self.encode(x, y)
        z = reparameterize(mu, logvar)
        return self.decode(z, y), mu, logvar
