"""Denoising diffusion: the forward process, the network, its loss and three ways to use it.

    Ho, Jain & Abbeel 2020, "Denoising Diffusion Probabilistic Models", arXiv:2006.11239           (DDPM)
    Nichol & Dhariwal 2021, "Improved Denoising Diffusion Probabilistic Models", arXiv:2102.09672  (cosine schedule)
    Song, Meng & Ermon 2020, "Denoising Diffusion Implicit Models", arXiv:2010.02502               (DDIM)
    Ho & Salimans 2022, "Classifier-Free Diffusion Guidance", arXiv:2207.12598                     (guidance)
    Ronneberger, Fischer & Brox 2015, "U-Net", arXiv:1505.04597                                    (the network)

The forward process adds Gaussian noise in T small steps and has nothing to learn. Its steps compose to one:

    q(x_t | x_{t-1}) = N(sqrt(1 - beta_t) x_{t-1}, beta_t I)      alpha_t = 1 - beta_t
    q(x_t | x_0)     = N(sqrt(abar_t) x_0, (1 - abar_t) I)        abar_t  = alpha_0 alpha_1 ... alpha_t

The reverse process undoes one step at a time, from noise to data. Were x_0 known, each step would be a Gaussian in
closed form (`posterior_mean_variance`). It is not, so a network predicts the noise eps in x_t, which is the same as
predicting x_0 (`predict_x0`), and is trained with the simple loss, a mean squared error (`ddpm_loss`).

Conventions.  B examples; T steps. t is *0-based*: t = 0 is the least noisy step and t = T - 1 the noisiest, and abar
before t = 0 is 1 (no noise at all). (Ho et al. count from 1.) `alpha_bars[t]` is abar_t. Functions of data take x of
any rank, [B], [B, D] or [B, C, H, W] alike, and every example may have a t of its own. All tensors of one call share
dtype and device, integers t aside, and results have them, too. No function changes its arguments.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn


def linear_beta_schedule(timesteps: int, beta_start: float = 1e-4, beta_end: float = 0.02) -> torch.Tensor:
    """Variances beta_t that grow linearly (Ho et al. 2020, section 4).

    Args:
        timesteps: T, the number of steps; at least 2.
        beta_start, beta_end: the first and the last value, both included.

    Returns:
        [T], equally spaced, of torch's default dtype. Not rescaled where T is not 1000. The *betas* are on a line, not
        their square roots (that is another schedule, "scaled linear").
    """
    return torch.linspace(beta_start, beta_end, timesteps)


def cosine_beta_schedule(timesteps: int, s: float = 0.008, max_beta: float = 0.999) -> torch.Tensor:
    """Variances whose abar falls like a squared cosine (Nichol & Dhariwal 2021, section 3.2, equation 17).

        f(u) = cos^2((u + s) / (1 + s) * pi / 2)        beta_t = 1 - f((t + 1) / T) / f(t / T),   at most max_beta

    Args:
        timesteps: T, the number of steps.
        s: offset that keeps the first betas from being tiny.
        max_beta: upper limit; without it the last beta would be 1, and abar 0.

    Returns:
        [T], of torch's default dtype. How exactly you compute it is up to you: float32 throughout is good enough.
    """
    u = torch.linspace(0, 1, timesteps + 1, dtype=torch.float64)  # float64: 1 - f/f cancels most digits at the start
    f = torch.cos((u + s) / (1 + s) * math.pi / 2) ** 2  # [T + 1], f[0] before the first step
    betas = 1 - f[1:] / f[:-1]  # [T]
    return betas.clamp(max=max_beta).to(torch.get_default_dtype())


def alpha_bars(betas: torch.Tensor) -> torch.Tensor:
    """abar_t, the share of the data's variance that is left after step t (Ho et al. 2020, equation 4).

    Args:
        betas: [T].

    Returns:
        [T], the product of (1 - beta) from step 0 up to *and including* step t; of betas' dtype and on its device.
    """
    return torch.cumprod(1 - betas, dim=0)


def q_sample(x0: torch.Tensor, t: torch.Tensor, noise: torch.Tensor, alpha_bars: torch.Tensor) -> torch.Tensor:
    """Noise the data to level t in one go: a draw from q(x_t | x_0) (Ho et al. 2020, equation 4).

    x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) noise

    Args:
        x0: [B, ...] of any rank, the data.
        t: LongTensor [B], 0-based; each example has its own.
        noise: shaped like x0, drawn from N(0, I) by the caller.
        alpha_bars: [T].

    Returns:
        x_t, shaped like x0. Differentiable in x0 and noise.
    """
    abar = alpha_bars[t].reshape(-1, *[1] * (x0.dim() - 1))  # [B] -> [B, 1, ..., 1]: one number for each example
    return abar.sqrt() * x0 + (1 - abar).sqrt() * noise


def predict_x0(x_t: torch.Tensor, t: torch.Tensor, eps: torch.Tensor, alpha_bars: torch.Tensor) -> torch.Tensor:
    """The data that x_t would come from if its noise were eps: `q_sample` solved for x0 (Ho et al. 2020, equation 15).

    Args:
        x_t: [B, ...] of any rank.
        t: LongTensor [B], 0-based.
        eps: shaped like x_t, the noise or a prediction of it.
        alpha_bars: [T].

    Returns:
        x0, shaped like x_t, not clipped to any range. Differentiable in x_t and eps.
    """
    abar = alpha_bars[t].reshape(-1, *[1] * (x_t.dim() - 1))  # [B, 1, ..., 1]
    return (x_t - (1 - abar).sqrt() * eps) / abar.sqrt()


def posterior_mean_variance(
    x0: torch.Tensor, x_t: torch.Tensor, t: torch.Tensor, betas: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and variance of q(x_{t-1} | x_t, x_0) (Ho et al. 2020, equations 6 and 7).

        mean     = sqrt(abar_{t-1}) beta_t / (1 - abar_t) x_0  +  sqrt(alpha_t) (1 - abar_{t-1}) / (1 - abar_t) x_t
        variance = (1 - abar_{t-1}) / (1 - abar_t) beta_t

    Args:
        x0, x_t: [B, ...] of any rank.
        t: LongTensor [B], 0-based. abar before t = 0 is 1, so that at t = 0 the mean is x0 and the variance 0.
        betas: [T], from which abar is computed.

    Returns:
        mean, shaped like x_t, differentiable in x0 and x_t; and the variance (not its square root or logarithm), which
        is one number for each example: shaped like x_t, or [B, 1, ..., 1].
    """
    bars = alpha_bars(betas)  # [T]
    bars_before = F.pad(bars[:-1], (1, 0), value=1.0)  # [T]: abar_{t-1}, with abar_{-1} = 1
    per_example = (-1, *[1] * (x_t.dim() - 1))  # [B] -> [B, 1, ..., 1]
    beta, abar, abar_before = (values[t].reshape(per_example) for values in (betas, bars, bars_before))
    mean = abar_before.sqrt() * beta / (1 - abar) * x0 + (1 - beta).sqrt() * (1 - abar_before) / (1 - abar) * x_t
    return mean, (1 - abar_before) / (1 - abar) * beta


def timestep_embedding(t: torch.Tensor, dim: int, max_period: float = 10000) -> torch.Tensor:
    """Sinusoidal embedding of the step, as a Transformer embeds positions (Vaswani et al. 2017, section 3.5).

        [cos(t w_0), ..., cos(t w_{h-1}), sin(t w_0), ..., sin(t w_{h-1})],   w_i = max_period^(-i / h),   h = dim / 2

    Args:
        t: LongTensor [B].
        dim: length of the embedding, even. All cosines come first, then all sines.
        max_period: sets the lowest frequency.

    Returns:
        [B, dim], of torch's default dtype and on t's device. The angle t w_i is in radians and t is not rescaled.
    """
    half = dim // 2
    exponent = torch.arange(half, dtype=torch.get_default_dtype(), device=t.device) / half  # [h], 0 <= exponent < 1
    angle = t.unsqueeze(1) * max_period**-exponent  # [B, 1] * [h] -> [B, h]
    return torch.cat([angle.cos(), angle.sin()], dim=1)


class ResidualBlock(nn.Module):
    """Two 3 × 3 convolutions that are told the time, and a shortcut around them (Ho et al. 2020, appendix B).

        h = convolution(activation(norm(x)));   h = h + linear(temb), the same for all pixels
        h = convolution(activation(norm(h)));   the output is h + shortcut(x)

    The shortcut is the identity where in_channels = out_channels, and a 1 × 1 convolution where not. The sum with it is
    the last operation. Kind and place of the activation are yours, as are names, and how exactly temb gets in (it may
    scale as well as shift). Normalisation may be left out; where you use it, examples must not see each other (no batch
    normalisation), and it must not remove what temb has just added (as one group for each channel would). No dropout.
    The output is differentiable in x and temb, by every path: nothing is detached.

    Args:
        in_channels, out_channels: multiples of 16.
        time_dim: length of the time embedding.
    """

    def __init__(self, in_channels: int, out_channels: int, time_dim: int) -> None:
        """Make the layers."""
        super().__init__()
        self.norm1 = nn.GroupNorm(8, in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1)
        self.time = nn.Linear(time_dim, out_channels)
        self.norm2 = nn.GroupNorm(8, out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, kernel_size=3, padding=1)
        same = in_channels == out_channels
        self.shortcut = nn.Identity() if same else nn.Conv2d(in_channels, out_channels, kernel_size=1)

    def forward(self, x: torch.Tensor, temb: torch.Tensor) -> torch.Tensor:
        """x [B, in_channels, H, W], temb [B, time_dim]  ->  [B, out_channels, H, W]."""
        h = self.conv1(F.silu(self.norm1(x)))
        h = h + self.time(F.silu(temb))[:, :, None, None]  # [B, out_channels] -> [B, out_channels, 1, 1]
        h = self.conv2(F.silu(self.norm2(h)))
        return h + self.shortcut(x)


class DownBlock(nn.Module):
    """One level of the way down: two `ResidualBlock`s, then 2 × 2 average pooling, and nothing else.

    Args:
        in_channels, out_channels: multiples of 16; the first residual block goes from one to the other.
        time_dim: length of the time embedding, which both residual blocks get.
    """

    def __init__(self, in_channels: int, out_channels: int, time_dim: int) -> None:
        """Make the layers."""
        super().__init__()
        self.block1 = ResidualBlock(in_channels, out_channels, time_dim)
        self.block2 = ResidualBlock(out_channels, out_channels, time_dim)

    def forward(self, x: torch.Tensor, temb: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """x [B, in_channels, H, W], temb [B, time_dim]  ->  (h [B, out_channels, H/2, W/2], skip), for even H and W.

        skip [B, out_channels, H, W] is what was pooled to give h.
        """
        skip = self.block2(self.block1(x, temb), temb)
        return F.avg_pool2d(skip, kernel_size=2), skip


class UpBlock(nn.Module):
    """One level of the way up: 2 × bilinear upsampling, concatenation with the skip, then two `ResidualBlock`s.

    Args:
        in_channels, skip_channels, out_channels: multiples of 16; the first residual block goes from
            in_channels + skip_channels to out_channels.
        time_dim: length of the time embedding, which both residual blocks get.
    """

    def __init__(self, in_channels: int, skip_channels: int, out_channels: int, time_dim: int) -> None:
        """Make the layers."""
        super().__init__()
        self.block1 = ResidualBlock(in_channels + skip_channels, out_channels, time_dim)
        self.block2 = ResidualBlock(out_channels, out_channels, time_dim)

    def forward(self, x: torch.Tensor, skip: torch.Tensor, temb: torch.Tensor) -> torch.Tensor:
        """x [B, in_channels, H, W], skip [B, skip_channels, 2H, 2W], temb [B, time_dim]  ->  [B, out_channels, 2H, 2W].

        Bilinear as in F.interpolate with align_corners=False. Which of x and skip comes first is up to you.
        """
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)  # [B, in_channels, 2H, 2W]
        h = torch.cat([x, skip], dim=1)  # [B, in_channels + skip_channels, 2H, 2W]
        return self.block2(self.block1(h, temb), temb)


class UNet(nn.Module):
    """A small U-Net that predicts the noise in x_t: down to coarse maps and up again, with skips across.

        temb:  `timestep_embedding` of length time_dim -> linear -> activation -> linear
        down:  3 × 3 convolution to base_channels, then one `DownBlock` a level
        up:    a `ResidualBlock` at the coarsest resolution, then one `UpBlock` a level, in the opposite order: each
               gets the skip of the `DownBlock` that worked at its resolution; at last a convolution to in_channels

    Kind and place of activations are yours, and whether there is a normalisation, as in `ResidualBlock`. The output is
    differentiable in x.

    Args:
        in_channels: C, channels of the image.
        base_channels: a multiple of 16.
        channel_mults: level i has base_channels * channel_mults[i] channels, the finest level first; any length.
        time_dim: length of the time embedding, even.
    """

    def __init__(
        self,
        in_channels: int = 1,
        base_channels: int = 32,
        channel_mults: tuple[int, ...] = (1, 2),
        time_dim: int = 128,
    ) -> None:
        """Make the layers."""
        super().__init__()
        self.time_dim = time_dim
        self.time = nn.Sequential(nn.Linear(time_dim, time_dim), nn.SiLU(), nn.Linear(time_dim, time_dim))
        widths = [base_channels * mult for mult in channel_mults]
        self.stem = nn.Conv2d(in_channels, base_channels, kernel_size=3, padding=1)
        self.downs = nn.ModuleList(
            DownBlock(before, width, time_dim) for before, width in zip([base_channels, *widths], widths, strict=False)
        )
        self.middle = ResidualBlock(widths[-1], widths[-1], time_dim)
        self.ups = nn.ModuleList(
            UpBlock(below, width, width, time_dim)
            for below, width in zip([widths[-1], *reversed(widths)], reversed(widths), strict=False)
        )
        self.head = nn.Sequential(
            nn.GroupNorm(8, widths[0]), nn.SiLU(), nn.Conv2d(widths[0], in_channels, kernel_size=3, padding=1)
        )

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """x [B, C, H, W], t LongTensor [B]  ->  eps [B, C, H, W], any real numbers.

        H and W are multiples of 2 ** len(channel_mults). Each example has a t of its own, and its output depends on
        no other example. The dtype is that of x and the parameters, float64 included.
        """
        temb = self.time(timestep_embedding(t, self.time_dim).to(x.dtype))  # [B, time_dim]
        h = self.stem(x)
        skips = []
        for down in self.downs:
            h, skip = down(h, temb)
            skips.append(skip)
        h = self.middle(h, temb)
        for up in self.ups:
            h = up(h, skips.pop(), temb)  # the last skip first: it is the coarsest
        return self.head(h)


def ddpm_loss(
    model: nn.Module, x0: torch.Tensor, t: torch.Tensor, noise: torch.Tensor, alpha_bars: torch.Tensor
) -> torch.Tensor:
    """The simple loss: how well does the model find the noise in x_t? (Ho et al. 2020, equation 14)

    Args:
        model: called as model(x_t, t), gives eps shaped like x_t.
        x0: [B, ...], the data.
        t: LongTensor [B], 0-based.
        noise: shaped like x0; this very noise is mixed into x_t, and it is the target.
        alpha_bars: [T].

    Returns:
        Scalar (shape []): the *mean* over all elements of (noise - eps)^2, without weights that depend on t.
        Differentiable in the model's parameters.
    """
    x_t = q_sample(x0, t, noise, alpha_bars)
    return F.mse_loss(model(x_t, t), noise)


def p_sample(model: nn.Module, x_t: torch.Tensor, t: int, betas: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """One step of the reverse process, x_t -> x_{t-1} (Ho et al. 2020, algorithm 2).

    A draw from the Gaussian q(x_{t-1} | x_t, x_0) at the x_0 that the model predicts. Its mean can also be written as
    (x_t - beta_t / sqrt(1 - abar_t) eps) / sqrt(alpha_t); its variance is the posterior's,
    (1 - abar_{t-1}) / (1 - abar_t) beta_t, not beta_t.

    Args:
        model: called once, as model(x_t, LongTensor [B] of t on x_t's device), gives eps shaped like x_t.
        x_t: [B, ...] of any rank.
        t: an int, 0-based, the same for the whole batch.
        betas: [T].
        noise: shaped like x_t, drawn from N(0, I) by the caller. At t = 0 it is not used: the result is the mean.

    Returns:
        x_{t-1}, shaped like x_t. The predicted x_0 is not clipped. Whether gradients are recorded is up to you.
    """
    step = torch.full((x_t.shape[0],), t, dtype=torch.long, device=x_t.device)  # [B]
    eps = model(x_t, step)
    x0 = predict_x0(x_t, step, eps, alpha_bars(betas))
    mean, variance = posterior_mean_variance(x0, x_t, step, betas)
    return mean + variance.sqrt() * noise  # the variance at t = 0 is 0


def ddim_step(
    eps: torch.Tensor,
    x_t: torch.Tensor,
    t: int,
    t_prev: int,
    alpha_bars: torch.Tensor,
    eta: float,
    noise: torch.Tensor,
) -> torch.Tensor:
    """One DDIM step from t to any earlier t_prev (Song et al. 2020, equations 12 and 16).

        x_0    = (x_t - sqrt(1 - abar_t) eps) / sqrt(abar_t)
        sigma  = eta sqrt((1 - abar_prev) / (1 - abar_t)) sqrt(1 - abar_t / abar_prev)
        result = sqrt(abar_prev) x_0 + sqrt(1 - abar_prev - sigma^2) eps + sigma noise

    Args:
        eps: shaped like x_t, the noise that the model found in x_t.
        x_t: [B, ...] of any rank.
        t, t_prev: ints, 0-based, t > t_prev; steps between them are skipped. t_prev = -1 means abar_prev = 1.
        alpha_bars: [T].
        eta: 0 gives the deterministic sampler; 1 gives, for t_prev = t - 1, the variance of DDPM's posterior.
        noise: shaped like x_t, drawn from N(0, I) by the caller.

    Returns:
        x at t_prev, shaped like x_t. x_0 is not clipped. Differentiable in x_t and eps.
    """
    abar = alpha_bars[t]
    abar_prev = alpha_bars[t_prev] if t_prev >= 0 else torch.ones_like(abar)
    x0 = (x_t - (1 - abar).sqrt() * eps) / abar.sqrt()
    sigma = eta * ((1 - abar_prev) / (1 - abar)).sqrt() * (1 - abar / abar_prev).sqrt()
    along = (1 - abar_prev - sigma**2).clamp(min=0).sqrt()  # never negative but for rounding, where abar is almost 0
    return abar_prev.sqrt() * x0 + along * eps + sigma * noise


def classifier_free_guidance(eps_cond: torch.Tensor, eps_uncond: torch.Tensor, scale: float) -> torch.Tensor:
    """Push the prediction from the unconditional towards the conditional one (Ho & Salimans 2022, equation 6).

    eps_uncond + scale * (eps_cond - eps_uncond)

    Args:
        eps_cond, eps_uncond: [B, ...], noise predicted with and without the condition.
        scale: 0 gives the unconditional prediction, 1 the conditional one, more than 1 exaggerates the difference.
            (The paper's w is scale - 1.)

    Returns:
        Shaped like both. Differentiable in both.
    """
    return eps_uncond + scale * (eps_cond - eps_uncond)
