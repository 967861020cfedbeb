"""Generative adversarial networks: two players, their losses, and one step for each.

A generator G turns noise z ~ N(0, I) into a sample. A discriminator D says how probable it is that
a sample is real. They play the game (Goodfellow et al. 2014, equation 1)

    min_G max_D  E_x[log D(x)] + E_z[log(1 − D(G(z)))].

At the equilibrium the fakes are distributed as the data, D answers 1/2 everywhere, and the
discriminator's loss is 2 ln 2 = 1.386.

The questions, in the papers' order:

    Generator, Discriminator                        the players
    discriminator_loss, minimax_generator_loss      the game as it is written above
    generator_loss                                  the form that trains: same fixed point, stronger gradient
    discriminator_step, generator_step              algorithm 1: one update of one player
    critic_loss, gradient_penalty                   Wasserstein GAN: a critic in place of a classifier
    ConditionalGenerator, ConditionalDiscriminator  both players are told the class

Conventions. B is the batch size. Samples are scaled to [-1, 1], as tanh gives them. A discriminator
returns a *logit* s, not a probability: D(x) = sigmoid(s), and every loss takes logits, since
log sigmoid(s) can be computed exactly where log D(x) underflows. Every loss is to be *minimised*
by the player it belongs to, is in nats, and has the dtype and device of its inputs.

Papers:
    Goodfellow et al. 2014, Generative Adversarial Networks, arXiv:1406.2661
    Mirza & Osindero 2014, Conditional Generative Adversarial Nets, arXiv:1411.1784
    Arjovsky et al. 2017, Wasserstein GAN, arXiv:1701.07875
    Gulrajani et al. 2017, Improved Training of Wasserstein GANs, arXiv:1704.00028
"""

import torch
from torch import nn
from torch.nn import functional as F


class Generator(nn.Module):
    """Turns noise into samples: z [B, latent_dim] -> x [B, output_dim], every value in [-1, 1].

    Args:
        latent_dim: length of the noise vector z; the caller draws z, the generator draws nothing itself.
        hidden_dim: width of the hidden layers; a larger one gives a network with more parameters.
        output_dim: number of values in a sample (784 pixels for a 28 × 28 image); samples stay flat.

    The last operation is tanh. Before it stands at least one hidden layer with a non-linearity.
    Everything else is yours: the number of layers, their names, the activation, batch
    normalisation or dropout. In eval mode a sample depends on its own z alone, so the same z gives
    the same sample.
    """

    def __init__(self, latent_dim: int = 100, hidden_dim: int = 256, output_dim: int = 784) -> None:
        super().__init__()
        self.hidden1 = nn.Linear(latent_dim, hidden_dim)
        self.hidden2 = nn.Linear(hidden_dim, hidden_dim)
        self.output = nn.Linear(hidden_dim, output_dim)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        h = F.relu(self.hidden1(z))  # [B, hidden_dim]
        h = F.relu(self.hidden2(h))  # [B, hidden_dim]
        return torch.tanh(self.output(h))  # [B, output_dim]


class Discriminator(nn.Module):
    """Scores samples: x [B, …] -> logits [B, 1], where D(x) = sigmoid(logit).

    Args:
        input_dim: number of values in a sample; x is [B, input_dim] or, for instance, [B, C, H, W]
            with C·H·W = input_dim, which scores exactly as the same values flattened row by row.
        hidden_dim: width of the hidden layers; a larger one gives a network with more parameters.

    **No sigmoid**: the logit may be any real number. A positive one means "real", a negative one
    "fake". There is at least one hidden layer with a non-linearity. The number of layers, their
    names, the activation, normalisation and dropout are yours. In eval mode a logit depends on its
    own example alone.
    """

    def __init__(self, input_dim: int = 784, hidden_dim: int = 256) -> None:
        super().__init__()
        self.hidden1 = nn.Linear(input_dim, hidden_dim)
        self.hidden2 = nn.Linear(hidden_dim, hidden_dim)
        self.output = nn.Linear(hidden_dim, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.flatten(start_dim=1)  # [B, input_dim]
        # A leaky ReLU lets some gradient through for every sign, and the generator lives on that gradient.
        h = F.leaky_relu(self.hidden1(x), 0.2)  # [B, hidden_dim]
        h = F.leaky_relu(self.hidden2(h), 0.2)  # [B, hidden_dim]
        return self.output(h)  # [B, 1]


def discriminator_loss(real_logits: torch.Tensor, fake_logits: torch.Tensor) -> torch.Tensor:
    """The discriminator's loss: mean BCE(real, target 1) + mean BCE(fake, target 0).

        L_D = −mean log D(x) − mean log(1 − D(G(z)))

    Args:
        real_logits: [B, 1], logits (before the sigmoid) of real samples.
        fake_logits: [B', 1], logits of generated samples; B' may differ from B.

    Returns:
        Scalar, ≥ 0, to be minimised. Each term is averaged over its own batch, then the two are
        *added*, not averaged. Targets are exactly 1 and 0 (no label smoothing).
        Value and gradient are right for logits of ±1000 as well: nothing underflows or is clamped.
    """
    real_term = F.binary_cross_entropy_with_logits(real_logits, torch.ones_like(real_logits))
    fake_term = F.binary_cross_entropy_with_logits(fake_logits, torch.zeros_like(fake_logits))
    return real_term + fake_term


def minimax_generator_loss(fake_logits: torch.Tensor) -> torch.Tensor:
    """The generator's loss as the game states it, the *saturating* form: mean log(1 − D(G(z))).

    Args:
        fake_logits: [B, 1], the discriminator's logits (before the sigmoid) of generated samples.

    Returns:
        Scalar, ≤ 0, to be minimised by the generator; the mean over the batch. Where the
        discriminator is sure (D(G(z)) near 0) its gradient nearly vanishes, which is why
        `generator_loss` is used in practice.
        Value and gradient are right for logits of ±1000 as well: nothing underflows or is clamped.
    """
    return F.logsigmoid(-fake_logits).mean()  # 1 − sigmoid(s) = sigmoid(−s)


def generator_loss(fake_logits: torch.Tensor) -> torch.Tensor:
    """The generator's loss in the *non-saturating* form: −mean log D(G(z)).

    Args:
        fake_logits: [B, 1], the discriminator's logits (before the sigmoid) of generated samples.

    Returns:
        Scalar, ≥ 0, to be minimised by the generator; the mean over the batch. It is the binary
        cross-entropy of the fakes against the target 1: the generator wants them to pass as real.
        Value and gradient are right for logits of ±1000 as well: nothing underflows or is clamped.
    """
    return -F.logsigmoid(fake_logits).mean()


def discriminator_step(
    generator: nn.Module,
    discriminator: nn.Module,
    optimizer: torch.optim.Optimizer,
    real: torch.Tensor,
    z: torch.Tensor,
) -> float:
    """One update of the discriminator on `discriminator_loss`.

    Args:
        generator: any module z [B, latent] -> fakes shaped like `real`.
        discriminator: any module samples [B, …] -> logits [B, 1].
        optimizer: holds the discriminator's parameters and no others.
        real: [B, …], real samples.
        z: [B, latent], the noise for the fakes; no other noise is drawn.

    Returns:
        The loss before the update, as a Python float.

    - `optimizer.step` happens exactly once, with the gradient of the whole loss. Gradients that the
      discriminator's parameters held on entry are discarded; what they hold on return is up to you.
    - The generator's parameters are as before on return, and so are their gradients: a `.grad`
      that held a tensor still holds the same values, and one that was None is None (or all zeros).
    - Every parameter of both networks has requires_grad=True on entry and on return. Both networks
      are used in the mode (train or eval) that they are in, and that mode is left alone.
    """
    with torch.no_grad():  # the fakes are data here: nothing is to flow back into the generator
        fake = generator(z)
    loss = discriminator_loss(discriminator(real), discriminator(fake))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def generator_step(
    generator: nn.Module,
    discriminator: nn.Module,
    optimizer: torch.optim.Optimizer,
    z: torch.Tensor,
) -> float:
    """One update of the generator on `generator_loss`, the non-saturating form.

    Args:
        generator: any module z [B, latent] -> fakes.
        discriminator: any module fakes -> logits [B, 1].
        optimizer: holds the generator's parameters and no others.
        z: [B, latent], the noise for the fakes; no other noise is drawn.

    Returns:
        The loss before the update, as a Python float.

    - `optimizer.step` happens exactly once. Gradients that the generator's parameters held on entry
      are discarded; what they hold on return is up to you.
    - The discriminator's parameters are as before on return, and so are their gradients: a `.grad`
      that held a tensor still holds the same values, and one that was None is None (or all zeros).
    - Every parameter of both networks has requires_grad=True on entry and on return. Both networks
      are used in the mode (train or eval) that they are in, and that mode is left alone.
    """
    loss = generator_loss(discriminator(generator(z)))
    optimizer.zero_grad()
    # The gradient passes through the discriminator, but is stored in the generator's parameters alone.
    loss.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return loss.item()


def critic_loss(real_scores: torch.Tensor, fake_scores: torch.Tensor) -> torch.Tensor:
    """The Wasserstein critic's loss: mean fake score − mean real score.

    Args:
        real_scores: [B, 1], the critic's scores of real samples: any real numbers, no sigmoid.
        fake_scores: [B', 1], its scores of generated samples; B' may differ from B.

    Returns:
        Scalar of either sign, to be *minimised* by the critic: real samples are to score higher than
        fakes. For a critic with slope at most 1, its negative is a lower bound of the Wasserstein-1
        distance (Arjovsky et al. 2017, equation 2).
    """
    return fake_scores.mean() - real_scores.mean()


def gradient_penalty(
    critic: nn.Module,
    real: torch.Tensor,
    fake: torch.Tensor,
    alpha: torch.Tensor | None = None,
) -> torch.Tensor:
    """The penalty that keeps the critic's slope near 1 between real and fake samples (WGAN-GP).

        mean over the batch of (‖∇ critic(x̂)‖₂ − 1)²,   x̂ = alpha · real + (1 − alpha) · fake

    Args:
        critic: any module [B, …] -> scores [B, 1] or [B]; each score depends on its own example alone.
        real, fake: [B, …] of any rank ≥ 2, of the same shape; both count as constants.
        alpha: [B], one number for each *example*, shared by all of its values. Where None, B numbers
            are drawn afresh from U(0, 1), independently, in the dtype and on the device of `real`.

    Returns:
        Scalar, ≥ 0, not multiplied by any weight λ. The gradient is that of each example's own score
        with respect to x̂; its Euclidean norm runs over *all* dimensions but the batch.

    The result is differentiable in the critic's parameters, so that it can be trained on (equation 3
    of Gulrajani et al. 2017). No `.grad` of any parameter is touched by the call itself.
    The slope is two-sided: a norm below 1 is penalised as one above. Its derivative where the norm
    is exactly 0 does not matter.
    """
    if alpha is None:
        alpha = torch.rand(real.shape[0], dtype=real.dtype, device=real.device)  # [B]
    alpha = alpha.reshape(-1, *[1] * (real.ndim - 1))  # [B, 1, …, 1]
    x_hat = (alpha * real + (1 - alpha) * fake).detach().requires_grad_(True)  # [B, …]
    # One score depends on one example alone, so the gradient of the sum holds every example's own gradient.
    (gradient,) = torch.autograd.grad(critic(x_hat).sum(), x_hat, create_graph=True)  # [B, …]
    norm = torch.linalg.vector_norm(gradient.flatten(start_dim=1), dim=1)  # [B]
    return ((norm - 1) ** 2).mean()


class ConditionalGenerator(nn.Module):
    """A generator that is told the class: (z [B, latent_dim], y [B]) -> x [B, output_dim] in [-1, 1].

    Args:
        latent_dim, hidden_dim, output_dim: as in `Generator`.
        num_classes: y is a LongTensor [B] with values in 0 … num_classes − 1, one for each example.

    A class is a *name*, not a quantity: class 7 is no closer to 8 than to 1, so y enters as a one-hot
    vector or a learned embedding and never as one number. From the start, without training, each
    class gives another sample for the same z, and each z another sample for the same class.
    The last operation is tanh; all else is free as in `Generator`, and in eval mode a sample depends
    on its own z and y alone.
    """

    def __init__(
        self, latent_dim: int = 100, num_classes: int = 10, hidden_dim: int = 256, output_dim: int = 784
    ) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.hidden1 = nn.Linear(latent_dim + num_classes, hidden_dim)
        self.hidden2 = nn.Linear(hidden_dim, hidden_dim)
        self.output = nn.Linear(hidden_dim, output_dim)

    def forward(self, z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        label = F.one_hot(y, self.num_classes).to(z.dtype)  # [B, num_classes]
        h = torch.cat([z, label], dim=1)  # [B, latent_dim + num_classes]
        h = F.relu(self.hidden1(h))  # [B, hidden_dim]
        h = F.relu(self.hidden2(h))  # [B, hidden_dim]
        return torch.tanh(self.output(h))  # [B, output_dim]


class ConditionalDiscriminator(nn.Module):
    """Scores the *pair* of sample and class: (x [B, …], y [B]) -> logits [B, 1], no sigmoid.

    Args:
        input_dim, hidden_dim: as in `Discriminator`; x is flattened in the same way.
        num_classes: y is a LongTensor [B] with values in 0 … num_classes − 1, one for each example.

    It asks "is this a real sample *of class y*?". If y were withheld, the generator could ignore its
    label unpunished. So y enters as a one-hot vector or a learned embedding, never as one number, and
    meets x before the last non-linearity or in a product with x's features: a score f(x) + g(y) could not
    tell whether the two fit together. From the start, without training, each class gives another
    logit for the same x. In eval mode a logit depends on its own x and y alone.
    """

    def __init__(self, input_dim: int = 784, num_classes: int = 10, hidden_dim: int = 256) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.hidden1 = nn.Linear(input_dim + num_classes, hidden_dim)
        self.hidden2 = nn.Linear(hidden_dim, hidden_dim)
        self.output = nn.Linear(hidden_dim, 1)

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        label = F.one_hot(y, self.num_classes).to(x.dtype)  # [B, num_classes]
        h = torch.cat([x.flatten(start_dim=1), label], dim=1)  # [B, input_dim + num_classes]
        h = F.leaky_relu(self.hidden1(h), 0.2)  # [B, hidden_dim]
        h = F.leaky_relu(self.hidden2(h), 0.2)  # [B, hidden_dim]
        return self.output(h)  # [B, 1]
