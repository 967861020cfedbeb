"""gradient_penalty: slopes of known critics, interpolation, the random alpha, the second derivative.

Probes build a small critic in the sandbox from the weights they are given and return the penalty,
what can be differentiated, and what was left behind. Expected values are worked out here.
"""

import pytest
import torch
from torch import nn

from autograder.suite import assert_close, assert_scalar, require

pytestmark = pytest.mark.question("gradient_penalty")

NO_GRAPH = (
    "The penalty is a constant for the critic's parameters: the first gradient was taken without keeping its graph, "
    "or was detached."
)


def penalty_of_linear_critic(module, weight, real, fake, alpha):
    """The penalty of critic(x) = w · x, with scores [B, 1] and with scores [B]."""
    import torch
    from torch import nn

    critic = nn.Sequential(nn.Flatten(), nn.Linear(weight.numel(), 1)).to(weight.dtype)
    critic[1].load_state_dict({"weight": weight.reshape(1, -1), "bias": torch.ones(1)})
    column = module.gradient_penalty(critic, real, fake, alpha)
    critic.append(nn.Flatten(0))
    return [column, module.gradient_penalty(critic, real, fake, alpha)]


def penalty_of_quadratic_critic(module, scale, real, fake, alphas):
    """The penalties of critic(x) = scale/2 · ‖x‖², whose gradient at x̂ is scale · x̂."""
    from torch import nn

    class Quadratic(nn.Module):
        def forward(self, x):
            return scale / 2 * x.flatten(1).square().sum(dim=1, keepdim=True)

    return [module.gradient_penalty(Quadratic(), real, fake, alpha).detach() for alpha in alphas]


def penalty_of_small_network(module, weights, real, fake, alpha, stale):
    """The penalty of a two-layer critic, its gradient in the critic's parameters, and what is left in .grad."""
    import torch
    from torch import nn

    critic = nn.Sequential(nn.Flatten(), nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 1)).double()
    critic.load_state_dict(weights)
    parameters = list(critic.parameters())
    for p in parameters:
        p.grad = None if stale is None else torch.full_like(p, stale)
    penalty = module.gradient_penalty(critic, real, fake, alpha)
    left = [p.grad for p in parameters]
    second = None
    if penalty.requires_grad:
        second = torch.autograd.grad(penalty, parameters, allow_unused=True, materialize_grads=True)
        second = torch.cat([g.detach().flatten() for g in second])
    return {"penalty": penalty.detach(), "gradient": second, "left": left}


def training_steps(module, weights, real, fake):
    """Minimise the penalty itself for a few steps of Adam; return its values."""
    import torch
    from torch import nn

    critic = nn.Sequential(nn.Flatten(), nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 1)).double()
    critic.load_state_dict(weights)
    optimizer = torch.optim.Adam(critic.parameters(), lr=0.05, fused=True)
    values = []
    for _ in range(25):
        optimizer.zero_grad()
        penalty = module.gradient_penalty(critic, real, fake)
        penalty.backward()
        optimizer.step()
        values.append(penalty.item())
    return values


def small_network():
    critic = nn.Sequential(nn.Flatten(), nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 1)).double()
    with torch.no_grad():
        critic[3].weight.mul_(6)  # slopes well away from 0 and from 1
    return critic


def pair_of_batches(*shape):
    real, fake = torch.randn(2, *shape).double()
    return real + 1, fake - 1


def slopes(critic, x_hat):
    """∇ critic(x̂) for each example, the graph kept."""
    x_hat = x_hat.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(x_hat).sum(), x_hat, create_graph=True)
    return gradient


@pytest.mark.public
@pytest.mark.hint(
    "The slope of a linear critic is its weight vector, everywhere. What is the norm's distance from 1, squared?"
)
def test_penalty_of_slope_three(student):
    """A linear critic whose weight has norm 3 pays (3 − 1)² = 4."""
    critic = student.torch.nn.Linear(3, 1)  # made where your code runs
    critic.load_state_dict({"weight": torch.tensor([[2.0, -1.0, 2.0]]), "bias": torch.zeros(1)})
    penalty = student.gradient_penalty(critic, torch.randn(5, 3), torch.randn(5, 3))
    assert penalty.shape == ()
    assert abs(penalty.item() - 4.0) < 1e-4


@pytest.mark.weight(3)
@pytest.mark.hint("The norm is that of one example's whole gradient, with all its channels, rows and columns.")
def test_penalty_of_linear_critic_on_images(student):
    """For images as for vectors a linear critic pays (‖w‖ − 1)², above 1 and below."""
    for norm, expected in ((3.0, 4.0), (0.5, 0.25)):
        for shape in ((12,), (3, 2, 2), (2, 6)):
            weight = torch.randn(12).double()
            weight *= norm / weight.norm()
            real, fake = pair_of_batches(5, *shape)
            image = weight.reshape(shape)
            named = {
                "The norm runs over dimension 1 alone; for images it must take in every dimension but the batch.": (
                    (image.norm(dim=0) - 1).square().mean()
                ),
                "The root is missing: this uses the squared norm.": (weight.square().sum() - 1) ** 2,
                "This is the squared norm's mean, without its distance from 1.": weight.square().sum(),
                "This is the gradient of the mean score; each example's own score counts.": (norm / 5 - 1) ** 2,
                "The batch is summed; the penalty is a mean.": 5 * expected,
                "The square is missing.": abs(norm - 1),
                "The norm is that of the whole batch's gradient; each example has a norm of its own.": (
                    (norm * 5**0.5 - 1) ** 2
                ),
                "This is the sum of absolute values; the norm is Euclidean.": (weight.abs().sum() - 1) ** 2,
                "The penalty is already multiplied by λ; leave that to the training loop.": 10 * expected,
                "Slopes below 1 are not penalised here; the penalty is two-sided.": max(norm - 1, 0.0) ** 2,
            }
            penalties = student.run(penalty_of_linear_critic, weight, real, fake, torch.rand(5).double())
            for scores, penalty in zip(("[B, 1]", "[B]"), penalties, strict=True):
                name = f"the penalty of {list(real.shape)} samples and {scores} scores"
                assert_close(penalty, expected, name=name, mistakes=named)


@pytest.mark.weight(3)
@pytest.mark.hint("x̂ lies on the straight line from fake to real; alpha says how far along.")
def test_penalty_is_taken_between_real_and_fake(student):
    """The slope is taken at x̂ = alpha · real + (1 − alpha) · fake, one alpha for each example."""
    for shape in ((4, 3), (4, 2, 3, 4)):  # in the second, alpha would also broadcast along the last dimension
        real, fake = pair_of_batches(*shape)
        alpha = torch.tensor([0.1, 0.9, 0.35, 0.6]).double()
        per_example = alpha.reshape(-1, *[1] * (len(shape) - 1))

        def value(x_hat):
            return ((0.5 * x_hat.flatten(1)).norm(dim=1) - 1).square().mean()

        named = {
            "alpha and 1 − alpha change places: alpha belongs to the real samples.": value(
                per_example * fake + (1 - per_example) * real
            ),
            "The slope is taken at the real samples; the interpolates are not used.": value(real),
            "The slope is taken at the fakes; the interpolates are not used.": value(fake),
            "alpha is ignored: the slope is taken half-way for every example.": value((real + fake) / 2),
            "One alpha is used for the whole batch; each example has its own.": value(
                alpha[0] * real + (1 - alpha[0]) * fake
            ),
        }
        if shape[-1] == len(alpha):
            named["alpha is spread along the last dimension; it must line up with the batch."] = value(
                alpha * real + (1 - alpha) * fake
            )
        (penalty,) = student.run(penalty_of_quadratic_critic, 0.5, real, fake, [alpha])
        assert_close(penalty, value(per_example * real + (1 - per_example) * fake), name="the penalty", mistakes=named)


@pytest.mark.weight(3)
@pytest.mark.hint(
    "Where no alpha is given, each example draws one number from U(0, 1) and uses it for all of its values."
)
def test_penalty_draws_alpha(student):
    """Without alpha, one number from U(0, 1) is drawn for each example, afresh at every call."""
    # real = 1, fake = 0: the slope's norm is 3·alpha, and E(3·alpha − 1)² = 1 with standard deviation 1.095.
    real, fake = torch.ones(20_000, 2, 2, 2), torch.zeros(20_000, 2, 2, 2)
    penalties = student.run(penalty_of_quadratic_critic, 3 / 8**0.5, real, fake, [None, None, None])
    values = [assert_scalar(penalty, name="the penalty").item() for penalty in penalties]
    five_sigma = 5 * 1.095 / 20_000**0.5
    named = {
        0.58: "Every value of an example seems to have an alpha of its own; x̂ would leave the line from fake to real.",
        0.25: "alpha seems to be 1/2 for every example; it should be random.",
        4.0: "alpha seems to be 1 for every example: the slope is taken at the real samples.",
    }
    for value in values:
        hint = next((text for wrong, text in named.items() if abs(value - wrong) < 0.03), "")
        require(abs(value - 1) < five_sigma, f"penalties {values}, expected 1 ± {five_sigma:.3f}", hint)
    require(len(set(values)) == 3, f"penalties {values}", "Every call draws the same numbers.")


@pytest.mark.weight(4)
@pytest.mark.hint("The critic is trained on this penalty, so it must be possible to differentiate the slope once more.")
def test_penalty_is_differentiable(student):
    """The penalty has the right gradient in the critic's parameters: a second derivative."""
    critic, (real, fake), alpha = small_network(), pair_of_batches(5, 3, 1, 2), torch.rand(5).double()
    x_hat = alpha.reshape(-1, 1, 1, 1) * real + (1 - alpha.reshape(-1, 1, 1, 1)) * fake
    expected = (slopes(critic, x_hat).flatten(1).norm(dim=1) - 1).square().mean()
    seen = student.run(penalty_of_small_network, dict(critic.state_dict()), real, fake, alpha, None)
    assert_close(seen["penalty"], expected, name="the penalty")
    require(seen["gradient"] is not None, "the penalty does not require grad", NO_GRAPH)
    gradient = torch.autograd.grad(expected, list(critic.parameters()), allow_unused=True, materialize_grads=True)
    want = torch.cat([g.flatten() for g in gradient])
    named = {NO_GRAPH: torch.zeros_like(want)}
    assert_close(seen["gradient"], want, name="the gradient in the critic's parameters", mistakes=named)


@pytest.mark.hint("Ask for the gradient with respect to x̂ alone, so that nothing is added to the parameters' .grad.")
def test_penalty_leaves_no_gradients(student):
    """Computing the penalty does not touch the parameters' own gradients."""
    critic, (real, fake) = small_network(), pair_of_batches(5, 6)
    for stale in (None, 0.5):
        seen = student.run(
            penalty_of_small_network, dict(critic.state_dict()), real, fake, torch.rand(5).double(), stale
        )
        for gradient, p in zip(seen["left"], critic.parameters(), strict=True):
            if stale is None:
                require(gradient is None or not gradient.any(), "the call left gradients in the critic")
            else:
                assert_close(gradient, torch.full_like(p, stale), name="a gradient that was there before")


@pytest.mark.weight(2)
@pytest.mark.hint("If training on the penalty does not lower it, no gradient reaches the critic's parameters.")
def test_penalty_can_be_trained_on(student):
    """A few steps of Adam on the penalty alone bring the critic's slopes near 1."""
    critic, (real, fake) = small_network(), pair_of_batches(16, 6)
    slope = slopes(critic, (real + fake) / 2).flatten(1).norm(dim=1).mean().item()
    with torch.no_grad():
        critic[3].weight.mul_(3 / slope)  # a long way to go, whatever was drawn
    values = student.run(training_steps, dict(critic.state_dict()), real, fake)
    require(values[-1] < 0.4 * values[0], f"penalty {values[0]:.3g} -> {values[-1]:.3g}")
