"""generator_step: the update, the loss it returns, and what it must leave alone.

A probe builds two small networks in the sandbox from the weights it is given, takes the steps, and
returns what is there afterwards. The expected steps are replayed here.
"""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from autograder.suite import assert_close, require

pytestmark = pytest.mark.question("generator_step")

LR = 0.5
STALE = 0.25


def take_steps(module, weights, noises, momentum, stale, train):
    """One generator_step for each z; everything there is to see afterwards."""
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
    optimizer = torch.optim.SGD(generator.parameters(), lr=0.5, momentum=momentum)
    losses = [module.generator_step(generator, discriminator, optimizer, z) for z in noises]
    return {
        "losses": losses,
        "discriminator": [p.detach() for p in discriminator.parameters()],
        "discriminator_gradients": [p.grad for p in discriminator.parameters()],
        "generator": torch.cat([p.detach().flatten() for p in generator.parameters()]),
        "frozen": [not p.requires_grad for p in everything],
        "modes": [*modes, generator.training, discriminator.training],
    }


@pytest.fixture
def game():
    """The two players and three batches of noise [6, 3], in float64."""
    generator = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 4), nn.Tanh()).double()
    discriminator = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 1)).double()
    with torch.no_grad():
        discriminator[2].weight.mul_(4)
        discriminator[2].bias.sub_(3)  # D is fairly sure of the fakes, so that the two forms differ
    return generator, discriminator, list(torch.randn(3, 6, 3).double())


def weights_of(game):
    return {"generator": dict(game[0].state_dict()), "discriminator": dict(game[1].state_dict())}


def right_loss(fake):
    return F.softplus(-fake).mean()


# The losses of well-known mistakes, as functions of the fakes' logits, by the hint that explains each.
WRONG_LOSSES = {
    "This is the saturating loss: its gradient nearly vanishes while D is sure of the fakes.": lambda f: (
        -F.softplus(f).mean()
    ),
    "The fakes' target is 0 here, so G learns to be found out. The generator wants them called real.": (
        lambda f: F.softplus(f).mean()
    ),
    "The step goes uphill: the generator minimises its loss.": lambda f: -right_loss(f),
    "This is the Wasserstein generator's loss; the non-saturating one is asked.": lambda f: -f.mean(),
}


def replay(game, loss_of, steps=1, momentum=0.0, piled=None):
    """The losses and the generator's parameters after these steps, by gradient descent written out.

    `piled` is what .grad held before, where gradients are never cleared.
    """
    generator, discriminator, noises = copy.deepcopy(game)
    parameters = list(generator.parameters())
    sums = [torch.full_like(p, piled or 0.0) for p in parameters]
    velocities = [torch.zeros_like(p) for p in parameters]
    losses = []
    for z in noises[:steps]:
        loss = loss_of(discriminator(generator(z)))
        gradients = torch.autograd.grad(loss, parameters)
        for p, v, total, gradient in zip(parameters, velocities, sums, gradients, strict=True):
            total += gradient
            v.mul_(momentum).add_(gradient if piled is None else total)
            p.data -= LR * v
        losses.append(loss.item())
    return losses, torch.cat([p.detach().flatten() for p in parameters])


@pytest.mark.public
@pytest.mark.hint("Only the generator moves in its own step; turn the loss into a Python number at the end.")
def test_generator_step_basics(student):
    """A step moves the generator, leaves the discriminator alone and returns a float."""
    nn, optim = student.torch.nn, student.torch.optim  # the networks are made where your code runs
    generator, discriminator = nn.Linear(3, 4), nn.Linear(4, 1)
    optimizer = optim.SGD(generator.parameters(), lr=0.1)
    before = generator.state_dict()["weight"].clone(), discriminator.state_dict()["weight"].clone()
    loss = student.generator_step(generator, discriminator, optimizer, torch.randn(8, 3))
    assert isinstance(loss, float)
    assert not torch.equal(generator.state_dict()["weight"], before[0])
    assert torch.equal(discriminator.state_dict()["weight"], before[1])


@pytest.mark.weight(4)
@pytest.mark.hint(
    "One step of the optimizer along the gradient of the non-saturating loss, all the way through D into G."
)
def test_generator_step_update(student, game):
    """One step moves the generator by the learning rate times the gradient of its loss."""
    seen = student.run(take_steps, weights_of(game), game[2][:1], 0.0, None, True)

    def named():
        still = "The generator did not move: are the fakes detached, so that no gradient reaches it?"
        moved = {hint: replay(game, loss_of)[1] for hint, loss_of in WRONG_LOSSES.items()}
        return {still: replay(game, right_loss, steps=0)[1]} | moved

    assert_close(seen["generator"], replay(game, right_loss)[1], name="the generator after the step", mistakes=named)


@pytest.mark.weight(2)
@pytest.mark.hint("The loss is that of the forward pass used for the update, taken out of the graph as a number.")
def test_generator_step_returns_loss(student, game):
    """The returned float is the non-saturating loss before the update."""
    seen = student.run(take_steps, weights_of(game), game[2][:1], 0.0, None, True)
    (loss,) = seen["losses"]
    require(
        isinstance(loss, float),
        f"returned a {type(loss).__name__}",
        "The step should return a plain Python float, so that a list of losses does not keep every graph alive.",
    )
    (expected,), after = replay(game, right_loss)

    def named():
        late = "This is the loss after the update; the one that led to the update is asked."
        moved = copy.deepcopy(game)
        nn.utils.vector_to_parameters(after, moved[0].parameters())
        others = {hint: replay(game, loss_of)[0][0] for hint, loss_of in WRONG_LOSSES.items()}
        return {late: replay(moved, right_loss)[0][0]} | others

    assert_close(loss, expected, name="the returned loss", mistakes=named)


@pytest.mark.weight(3)
@pytest.mark.hint(
    "Gradients add up in .grad until they are cleared, and only the optimizer knows its own learning rate."
)
def test_generator_step_repeats(student, game):
    """Three steps with momentum, after stale gradients, each use their own gradient and the optimizer given."""
    seen = student.run(take_steps, weights_of(game), game[2], 0.9, STALE, True)
    expected_losses, expected = replay(game, right_loss, steps=3, momentum=0.9)

    def named():
        piled = "Gradients of earlier steps are still there when the optimizer steps: clear them first."
        other = "The optimizer that was passed in should make the update; here it is another, or none."
        return {
            piled: replay(game, right_loss, steps=3, momentum=0.9, piled=STALE)[1],
            other: replay(game, right_loss, steps=3)[1],
        }

    assert_close(seen["generator"], expected, name="the generator after three steps", mistakes=named)
    assert_close(seen["losses"][-1], expected_losses[-1], name="the third loss")


@pytest.mark.weight(3)
@pytest.mark.hint(
    "backward fills .grad of every parameter in the graph, the discriminator's as well, unless told otherwise."
)
def test_generator_step_leaves_discriminator(student, game):
    """The discriminator's parameters are untouched, and no gradient is left in them."""
    seen = student.run(take_steps, weights_of(game), game[2], 0.0, None, True)
    for value, before in zip(seen["discriminator"], game[1].parameters(), strict=True):
        assert_close(
            value,
            before,
            rtol=0,
            atol=0,
            name="a discriminator parameter",
            hint="The generator's step moved the discriminator.",
        )
    require(
        all(g is None or not g.any() for g in seen["discriminator_gradients"]),
        "the discriminator holds gradients",
        "The step leaves gradients in the discriminator, where they can leak into its next update.",
    )


@pytest.mark.weight(2)
@pytest.mark.hint("Look at what the step does to the discriminator's .grad: it should neither add to it nor clear it.")
def test_generator_step_keeps_discriminator_gradients(student, game):
    """Gradients that the discriminator already held are still there, unchanged."""
    seen = student.run(take_steps, weights_of(game), game[2][:1], 0.0, STALE, True)
    for gradient, p in zip(seen["discriminator_gradients"], game[1].parameters(), strict=True):
        require(
            gradient is not None and bool(gradient.any()),
            "the discriminator's gradients were cleared",
            "The step clears the discriminator's gradients; they belong to someone else.",
        )
        assert_close(
            gradient,
            torch.full_like(p, STALE),
            name="a discriminator gradient",
            hint="The step adds to the discriminator's gradients.",
        )


@pytest.mark.hint(
    "Whoever calls the step has chosen train or eval mode, and needs every parameter trainable afterwards."
)
def test_generator_step_keeps_modes(student, game):
    """Both networks are used and left in the mode they are in, and nothing stays frozen."""
    for train in (True, False):
        seen = student.run(take_steps, weights_of(game), game[2][:1], 0.0, None, train)
        require(
            not any(seen["frozen"]),
            "parameters stay frozen",
            "Parameters are left with requires_grad=False: that network would never learn again.",
        )
        require(
            all(mode is train for mode in seen["modes"]),
            f"modes {seen['modes']} where train={train}",
            "The step switches a network between train and eval mode.",
        )
