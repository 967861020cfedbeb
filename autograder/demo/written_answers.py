"""Answers to the written parts, of different quality: what a person then grades in formgrader."""

from __future__ import annotations

COLLAPSE_GOOD = """\
1. Dimension d has collapsed when q(z_d | x) is (nearly) the prior N(0, 1) for every x: mu_d is about 0,
sigma_d about 1, the KL about 0. Then z_d says nothing about x. To the decoder it is pure noise, so the
decoder learns to ignore it.

2. Every dimension has a price, its KL times beta, and a gain, what it saves in reconstruction. Where it
saves less than beta nats for each nat of KL, the optimum is to switch it off. In my figure 17 of 20
dimensions are active at beta = 1, 9 at beta = 4 and 4 at beta = 16: the least useful ones go first, and the
reconstructions get blurrier.

3. The samples need not be bad. A strong autoregressive decoder can model p(x) alone; then the posterior
*is* the prior and the bound is tight with KL 0. What she has lost is the representation: no reconstruction,
no interpolation, no control through z. I would use free bits: the first few nats of each dimension cost
nothing, so using them always pays."""

COLLAPSE_FAIR = """\
A collapsed dimension has q(z_d | x) = p(z_d), the KL of that dimension is zero and the decoder ignores it.

It can be optimal because the KL term pulls everything towards the prior. With larger beta the KL counts
more, so more dimensions collapse (in the plot many bars are gray for beta = 16).

The samples of the colleague can still be good, but the latent space is useless. KL annealing helps."""

COLLAPSE_POOR = """\
Posterior collapse is when the VAE does not train well and all the pictures look the same. It is bad because
the loss does not go down any more. I would train longer or take a smaller learning rate."""

MODES_GOOD = """\
1. In the first snapshot the samples sit in the middle, then on one or two of the eight modes, and from one
snapshot to the next they move to other modes. Mode collapse: p_g puts nearly all of its mass on a small
part of the support of p_data, and different z give nearly the same sample.

2. The generator's loss is an average over its *own* samples. A mode on which it has no samples is in no
term of the loss, so nothing asks for it. Sending every z to the point where D is highest is a best reply to
a fixed D. Then D learns that this place is fake, another mode scores higher, and the whole mass moves
there: the two chase each other in a circle.

3. The critic estimates a distance that counts all mass that has to be moved, missing modes too. The penalty
keeps its slope near 1, so there is a gradient everywhere; in my landscape each mode is a peak. The price:
five critic steps for each generator step."""

MODES_FAIR = """\
The GAN only produces some of the 8 modes, and they change during training. This is mode collapse.

The generator only wants to fool the discriminator, so one convincing mode is enough. When the discriminator
notices, the generator goes on to the next one. The WGAN is better because of the Wasserstein distance,
which also has gradients when the distributions do not overlap. It is slower."""

MODES_POOR = """\
Mode collapse means that the generator always makes the same image. The discriminator is too strong. With
WGAN-GP this does not happen."""

ANY_FAIR = "The loss goes down in my figure, and the samples get better. With a larger weight the effect is stronger."
ANY_POOR = "I think that it works because the network learns it during training."

_TEXTS = {
    "written_posterior_collapse": (COLLAPSE_GOOD, COLLAPSE_FAIR, COLLAPSE_POOR),
    "written_mode_collapse": (MODES_GOOD, MODES_FAIR, MODES_POOR),
}
_ANY = (ANY_FAIR, ANY_FAIR, ANY_POOR)


def written_answer(part: str, skill: float) -> str:
    """An answer that fits a skill of 0..1; the weakest 8 % leave the cell as it was, which is ""."""
    good, fair, poor = _TEXTS.get(part, _ANY)
    for least, text in ((0.65, good), (0.3, fair), (0.08, poor)):
        if skill >= least:
            return text
    return ""
