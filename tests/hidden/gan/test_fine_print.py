"""What the docstrings say in passing: dtypes, devices, default sizes, and what counts as a constant."""

import pytest
import torch

from autograder.suite import assert_close, assert_scalar, require, require_default_sizes

KEEPS_FLOAT64 = "The result has the dtype of the inputs: float64 in, float64 out."
DEFAULTS = "The default sizes are those of the signature that you were given; use the arguments, not numbers."
LIKE_REAL = "alpha is drawn in the dtype and on the device of `real`, so that x̂ has them, too."
CONSTANTS = "real and fake count as constants: the penalty trains the critic, and no gradient goes on to the generator."


@pytest.mark.question("Generator")
@pytest.mark.weight(0.5)
@pytest.mark.hint(DEFAULTS)
def test_generator_default_sizes(student):
    """Without arguments the layers are as large as with those that the signature names."""
    require_default_sizes(student, "Generator", 100, 256, 784)


@pytest.mark.question("Discriminator")
@pytest.mark.weight(0.5)
@pytest.mark.hint(DEFAULTS)
def test_discriminator_default_sizes(student):
    """Without arguments the layers are as large as with those that the signature names."""
    require_default_sizes(student, "Discriminator", 784, 256)


@pytest.mark.question("ConditionalGenerator")
@pytest.mark.weight(0.5)
@pytest.mark.hint(DEFAULTS)
def test_conditional_generator_default_sizes(student):
    """Without arguments the layers are as large as with those that the signature names."""
    require_default_sizes(student, "ConditionalGenerator", 100, 10, 256, 784)


@pytest.mark.question("ConditionalDiscriminator")
@pytest.mark.weight(0.5)
@pytest.mark.hint(DEFAULTS)
def test_conditional_discriminator_default_sizes(student):
    """Without arguments the layers are as large as with those that the signature names."""
    require_default_sizes(student, "ConditionalDiscriminator", 784, 10, 256)


@pytest.mark.question("critic_loss")
@pytest.mark.weight(0.5)
@pytest.mark.hint(KEEPS_FLOAT64)
def test_critic_loss_keeps_float64(student):
    """The loss of float64 scores is float64, digit by digit."""
    real, fake = torch.randn(4, 1, dtype=torch.float64), torch.randn(3, 1, dtype=torch.float64)
    loss = assert_scalar(student.critic_loss(real, fake))
    require(loss.dtype == torch.float64, f"the loss is {loss.dtype} for float64 scores")
    assert_close(loss, fake.mean() - real.mean(), rtol=1e-10, atol=1e-12, name="the loss in float64")


def penalty_in_dtype(module, real, fake):
    """The penalty of a critic that only adds up, and the dtypes of x̂ and of the penalty."""
    import torch

    seen = []

    class Critic(torch.nn.Module):
        def forward(self, x):
            seen.append(str(x.dtype))
            return (x * x).flatten(1).sum(dim=1, keepdim=True)

    penalty = module.gradient_penalty(Critic(), real, fake)
    return [seen[0], str(penalty.dtype)]


@pytest.mark.question("gradient_penalty")
@pytest.mark.weight(0.5)
@pytest.mark.hint(LIKE_REAL)
def test_penalty_has_the_dtype_of_real(student):
    """x̂ and the penalty have the dtype of the samples, whatever it is."""
    for dtype in (torch.bfloat16, torch.float64):
        real, fake = torch.randn(4, 3).to(dtype), torch.randn(4, 3).to(dtype)
        dtypes = student.run(penalty_in_dtype, real, fake)
        require(dtypes == [str(dtype)] * 2, f"x̂ and the penalty are {dtypes} for samples of {dtype}")


def penalty_on_meta_device(module):
    """The device of x̂ and the error, if any, for samples on torch's data-free device."""
    import torch

    seen = []

    class Critic(torch.nn.Module):
        def forward(self, x):
            seen.append(str(x.device))
            return x.flatten(1).sum(dim=1, keepdim=True)

    module.gradient_penalty(Critic(), torch.zeros(4, 3), torch.ones(4, 3))  # what fails here is not about devices
    seen.clear()
    try:
        module.gradient_penalty(Critic(), torch.zeros(4, 3, device="meta"), torch.zeros(4, 3, device="meta"))
    except Exception as error:
        return [seen, str(error)]
    return [seen, ""]


@pytest.mark.question("gradient_penalty")
@pytest.mark.weight(0.5)
@pytest.mark.hint(LIKE_REAL)
def test_penalty_is_on_the_device_of_real(student):
    """Samples on another device than the default one are met by an alpha on that device."""
    seen, error = student.run(penalty_on_meta_device)
    # Only a clear clash of devices counts: correct code may inspect values, which that device does not have.
    require(
        "expected device" not in error and "same device" not in error and "is on meta" not in error,
        f"devices clash: {error}",
    )
    require(error or seen == ["meta"], f"x̂ is on {seen} for samples on another device")


def gradients_of_samples(module, real, fake, alpha):
    """How much of a gradient real and fake get from the penalty; 0 where they get none."""
    import torch

    critic = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3, 5), torch.nn.Tanh(), torch.nn.Linear(5, 1))
    real, fake = real.clone().requires_grad_(), fake.clone().requires_grad_()
    module.gradient_penalty(critic.double(), real, fake, alpha).backward()
    return [0.0 if t.grad is None else float(t.grad.abs().sum()) for t in (real, fake)]


@pytest.mark.question("gradient_penalty")
@pytest.mark.weight(0.5)
@pytest.mark.hint(CONSTANTS)
def test_penalty_leaves_the_samples_alone(student):
    """Samples that come out of a generator's graph get no gradient from the penalty."""
    real, fake, alpha = (torch.rand(*shape, dtype=torch.float64) for shape in ((4, 3), (4, 3), (4,)))
    totals = student.run(gradients_of_samples, real, fake, alpha)
    require(totals == [0.0, 0.0], f"real and fake get gradients of {totals}")
