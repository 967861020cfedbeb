"""discriminator_step: the update, the loss it returns, and what it must leave alone.

A probe builds two small networks in the sandbox from the weights it is given, takes the steps, and
returns what is there afterwards. The expected steps are replayed here.
"""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from autograder.suite import assert_close, require

pytestmark = pytest.mark.question("discriminator_step")

LR = 0.5
STALE = 0.25


def take_steps(module, weights, reals, noises, momentum, stale, train):
    """One discriminator_step for each pair of real and z; everything there is to see afterwards."""
    import torch
    from torch import nn

    modes = []
    generator = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 4), nn.Tanh()).double()
    discriminator = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 1)).double()
    generator.load_state_dict(weights["generator"])
    discriminator.load_state_dict(weights["discriminator"])
    for network in (generator, discriminator):
        network.train(train)
        network.register_forward_hook(lambda this, args, output: modes.append(this.training))
    everything = [*generator.parameters(), *discriminator.parameters()]
    if stale is not None:
        for p in everything:
            p.grad = torch.full_like(p, stale)
    optimizer = torch.optim.SGD(discriminator.parameters(), lr=0.5, momentum=momentum)
    losses = [
        module.discriminator_step(generator, discriminator, optimizer, real, z)
        for real, z in zip(reals, noises, strict=True)
    ]
    return {
        "losses": losses,
        "generator": [p.detach() for p in generator.parameters()],
        "generator_gradients": [p.grad for p in generator.parameters()],
        "discriminator": torch.cat([p.detach().flatten() for p in discriminator.parameters()]),
        "frozen": [not p.requires_grad for p in everything],
        "modes": [*modes, generator.training, discriminator.training],
    }


@pytest.fixture
def game():
    """The two players, three batches of real samples [6, 4], and three of noise [6, 3], in float64."""
    generator = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 4), nn.Tanh()).double()
    discriminator = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 1)).double()
    with torch.no_grad():
        discriminator[2].weight.mul_(4)  # logits far from 0, so that the losses' forms differ
    return generator, discriminator, list(torch.rand(3, 6, 4).double()), list(torch.randn(3, 6, 3).double())


def weights_of(game):
    return {"generator": dict(game[0].state_dict()), "discriminator": dict(game[1].state_dict())}


def right_loss(real, fake):
    return F.softplus(-real).mean() + F.softplus(fake).mean()


# The losses of well-known mistakes, as functions of the logits, by the hint that explains each.
WRONG_LOSSES = {
    "The update uses half of the loss: its two terms are added, not averaged.": lambda r, f: right_loss(r, f) / 2,
    "Only the real samples reach the update; the fakes made from z count as much.": lambda r, f: F.softplus(-r).mean(),
    "Only the fakes reach the update; the real samples count as much.": lambda r, f: F.softplus(f).mean(),
    "The step goes uphill: the loss is minimised by the discriminator.": lambda r, f: -right_loss(r, f),
    "The targets are swapped, or the two logits: real samples should come out as real.": lambda r, f: right_loss(
        -r, -f
    ),
    "The fakes are trained towards the target 1: that is the generator's wish, not the discriminator's.": (
        lambda r, f: F.softplus(-r).mean() + F.softplus(-f).mean()
    ),
}


def replay(game, loss_of, steps=1, momentum=0.0, piled=None):
    """The losses and the discriminator's parameters after these steps, by gradient descent written out.

    `piled` is what .grad held before, where gradients are never cleared.
    """
    generator, discriminator, reals, noises = copy.deepcopy(game)
    parameters = list(discriminator.parameters())
    sums = [torch.full_like(p, piled or 0.0) for p in parameters]
    velocities = [torch.zeros_like(p) for p in parameters]
    losses = []
    for real, z in zip(reals[:steps], noises[:steps], strict=True):
        loss = loss_of(discriminator(real), discriminator(generator(z).detach()))
        gradients = torch.autograd.grad(loss, parameters)
        for p, v, total, gradient in zip(parameters, velocities, sums, gradients, strict=True):
            total += gradient
            v.mul_(momentum).add_(gradient if piled is None else total)
            p.data -= LR * v
        losses.append(loss.item())
    return losses, torch.cat([p.detach().flatten() for p in parameters])


@pytest.mark.public
@pytest.mark.hint("Only the discriminator moves in its own step; turn the loss into a Python number at the end.")
def test_discriminator_step_basics(student):
    """A step moves the discriminator, leaves the generator alone and returns a float."""
    nn, optim = student.torch.nn, student.torch.optim  # the networks are made where your code runs
    generator, discriminator = nn.Linear(3, 4), nn.Linear(4, 1)
    optimizer = optim.SGD(discriminator.parameters(), lr=0.1)
    before = discriminator.state_dict()["weight"].clone(), generator.state_dict()["weight"].clone()
    loss = student.discriminator_step(generator, discriminator, optimizer, torch.randn(8, 4), torch.randn(8, 3))
    assert isinstance(loss, float)
    assert not torch.equal(discriminator.state_dict()["weight"], before[0])
    assert torch.equal(generator.state_dict()["weight"], before[1])


@pytest.mark.weight(4)
@pytest.mark.hint("One step of the optimizer along the gradient of the whole loss, on the reals and on G(z).")
def test_discriminator_step_update(student, game):
    """One step moves the discriminator by the learning rate times the gradient of its loss."""
    seen = student.run(take_steps, weights_of(game), game[2][:1], game[3][:1], 0.0, None, True)

    def named():
        still = "The discriminator did not move: is the loss backpropagated and the optimizer called?"
        moved = {hint: replay(game, loss_of)[1] for hint, loss_of in WRONG_LOSSES.items()}
        return moved | {still: replay(game, right_loss, steps=0)[1]}

    assert_close(
        seen["discriminator"], replay(game, right_loss)[1], name="the discriminator after the step", mistakes=named
    )


@pytest.mark.weight(2)
@pytest.mark.hint("The loss is that of the forward pass used for the update, taken out of the graph as a number.")
def test_discriminator_step_returns_loss(student, game):
    """The returned float is the loss before the update, the sum of both terms."""
    seen = student.run(take_steps, weights_of(game), game[2][:1], game[3][:1], 0.0, None, True)
    (loss,) = seen["losses"]
    require(
        isinstance(loss, float),
        f"returned a {type(loss).__name__}",
        "The step should return a plain Python float, so that a list of losses does not keep every graph alive.",
    )
    (expected,), _ = replay(game, right_loss)

    def named():
        late = "This is the loss after the update; the one that led to the update is asked."
        moved = copy.deepcopy(game)
        nn.utils.vector_to_parameters(replay(game, right_loss)[1], moved[1].parameters())
        others = {hint: replay(game, loss_of)[0][0] for hint, loss_of in WRONG_LOSSES.items()}
        return {late: replay(moved, right_loss)[0][0]} | others

    assert_close(loss, expected, name="the returned loss", mistakes=named)


@pytest.mark.weight(3)
@pytest.mark.hint(
    "Gradients add up in .grad until they are cleared, and only the optimizer knows its own learning rate."
)
def test_discriminator_step_repeats(student, game):
    """Three steps with momentum, after stale gradients, each use their own gradient and the optimizer given."""
    seen = student.run(take_steps, weights_of(game), game[2], game[3], 0.9, STALE, True)
    expected_losses, expected = replay(game, right_loss, steps=3, momentum=0.9)

    def named():
        piled = "Gradients of earlier steps are still there when the optimizer steps: clear them first."
        other = "The optimizer that was passed in should make the update; here it is another, or none."
        return {
            piled: replay(game, right_loss, steps=3, momentum=0.9, piled=STALE)[1],
            other: replay(game, right_loss, steps=3)[1],
        }

    assert_close(seen["discriminator"], expected, name="the discriminator after three steps", mistakes=named)
    assert_close(seen["losses"][-1], expected_losses[-1], name="the third loss")


@pytest.mark.weight(3)
@pytest.mark.hint("The fakes are data for the discriminator: cut them off from the generator's graph.")
def test_discriminator_step_leaves_generator(student, game):
    """The generator's parameters are untouched, and no gradient is left in them."""
    seen = student.run(take_steps, weights_of(game), game[2], game[3], 0.0, None, True)
    for value, before in zip(seen["generator"], game[0].parameters(), strict=True):
        assert_close(
            value,
            before,
            rtol=0,
            atol=0,
            name="a generator parameter",
            hint="The discriminator's step moved the generator.",
        )
    require(
        all(g is None or not g.any() for g in seen["generator_gradients"]),
        "the generator holds gradients",
        "The step leaves gradients in the generator, where its own next step may add to them. Detach the fakes.",
    )


@pytest.mark.weight(2)
@pytest.mark.hint("Look at what the step does to the generator's .grad: it should neither add to it nor clear it.")
def test_discriminator_step_keeps_generator_gradients(student, game):
    """Gradients that the generator already held are still there, unchanged."""
    seen = student.run(take_steps, weights_of(game), game[2][:1], game[3][:1], 0.0, STALE, True)
    for gradient, p in zip(seen["generator_gradients"], game[0].parameters(), strict=True):
        require(
            gradient is not None and bool(gradient.any()),
            "the generator's gradients were cleared",
            "The step clears the generator's gradients; they belong to someone else.",
        )
        assert_close(
            gradient,
            torch.full_like(p, STALE),
            name="a generator gradient",
            hint="The step adds to the generator's gradients: the fakes are still part of its graph.",
        )


@pytest.mark.hint(
    "Whoever calls the step has chosen train or eval mode, and needs every parameter trainable afterwards."
)
def test_discriminator_step_keeps_modes(student, game):
    """Both networks are used and left in the mode they are in, and nothing stays frozen."""
    for train in (True, False):
        seen = student.run(take_steps, weights_of(game), game[2][:1], game[3][:1], 0.0, None, train)
        require(
            all(mode is train for mode in seen["modes"]),
            f"modes {seen['modes']} where train={train}",
            "The step switches a network between train and eval mode.",
        )
    require(
        not any(seen["frozen"]),
        "parameters stay frozen",
        "Parameters are left with requires_grad=False: that network would never learn again.",
    )
