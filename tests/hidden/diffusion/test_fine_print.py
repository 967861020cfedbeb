"""What the docstrings say in passing: dtypes, devices, default sizes, and arguments that are left as they were."""

import pytest
import torch

from autograder.suite import assert_close, require, require_default_sizes

KEEPS_FLOAT64 = "The result has the dtype of the inputs: float64 in, float64 out."
DEFAULTS = "The default sizes are those of the signature that you were given; use the arguments, not numbers."
DEFAULT_DTYPE = "The result has the default dtype of torch, whatever that is: torch.get_default_dtype() tells."
DEVICE = "What you make yourself must be on the device of the arguments: give it their device."
UNCHANGED = "No function changes its arguments: an operation whose name ends in _ works in place."

BARS = torch.tensor([0.9, 0.7, 0.4, 0.1], dtype=torch.float64)
BETAS = 1 - BARS / torch.tensor([1.0, 0.9, 0.7, 0.4], dtype=torch.float64)
T = torch.tensor([2, 0, 3])


def _batch():
    """Two batches of three float64 examples."""
    return torch.randn(3, 5, dtype=torch.float64), torch.randn(3, 5, dtype=torch.float64)


def _require_float64(**results):
    for name, result in results.items():
        require(isinstance(result, torch.Tensor), f"{name} is a {type(result).__name__}")
        require(result.dtype == torch.float64, f"{name} is {result.dtype} for float64 inputs")


def calls_and_arguments(module, name, arguments):
    """What a function returns, and its arguments after the call."""
    result = getattr(module, name)(*arguments)
    return [list(result) if isinstance(result, tuple) else [result], list(arguments)]


def _call(student, name, *arguments):
    """The results, of which the arguments must not have been changed."""
    results, after = student.run(calls_and_arguments, name, list(arguments))
    for before, now in zip(arguments, after, strict=True):
        if isinstance(before, torch.Tensor):
            require(torch.equal(before, now), f"{name} has changed an argument", UNCHANGED)
    return results


@pytest.mark.question("q_sample")
@pytest.mark.weight(0.5)
@pytest.mark.hint(KEEPS_FLOAT64)
def test_q_sample_keeps_float64(student):
    """Float64 data give float64 noisy data, and the arguments are left alone."""
    x0, noise = _batch()
    (x_t,) = _call(student, "q_sample", x0, T, noise, BARS)
    _require_float64(x_t=x_t)


@pytest.mark.question("predict_x0")
@pytest.mark.weight(0.5)
@pytest.mark.hint(KEEPS_FLOAT64)
def test_predict_x0_keeps_float64(student):
    """Float64 inputs give float64 data, and the arguments are left alone."""
    x_t, eps = _batch()
    (x0,) = _call(student, "predict_x0", x_t, T, eps, BARS)
    _require_float64(x0=x0)


@pytest.mark.question("posterior_mean_variance")
@pytest.mark.weight(0.5)
@pytest.mark.hint(KEEPS_FLOAT64)
def test_posterior_keeps_float64(student):
    """Mean and variance of float64 inputs are float64, and the arguments are left alone."""
    x0, x_t = _batch()
    mean, variance = _call(student, "posterior_mean_variance", x0, x_t, T, BETAS)
    _require_float64(mean=mean, variance=variance)


@pytest.mark.question("ddim_step")
@pytest.mark.weight(0.5)
@pytest.mark.hint(KEEPS_FLOAT64)
def test_ddim_step_keeps_float64(student):
    """A step of float64 inputs is float64, the last one too, and the arguments are left alone."""
    eps, x_t = _batch()
    for t_prev in (0, -1):
        (x_prev,) = _call(student, "ddim_step", eps, x_t, 2, t_prev, BARS, 0.5, torch.ones_like(x_t))
        _require_float64(x_prev=x_prev)


@pytest.mark.question("classifier_free_guidance")
@pytest.mark.weight(0.5)
@pytest.mark.hint(KEEPS_FLOAT64)
def test_guidance_keeps_float64(student):
    """Float64 predictions give a float64 prediction, and the arguments are left alone."""
    (eps,) = _call(student, "classifier_free_guidance", *_batch(), 1.5)
    _require_float64(eps=eps)


def loss_in_float64(module, x0, t, noise, bars):
    """The loss of a model that halves x_t, and what the model would have had to say."""
    import torch

    class Half(torch.nn.Module):
        def forward(self, x_t, t):
            return x_t / 2

    x_t = bars[t].sqrt()[:, None] * x0 + (1 - bars[t]).sqrt()[:, None] * noise
    return [module.ddpm_loss(Half(), x0, t, noise, bars).detach(), ((x_t / 2 - noise) ** 2).mean()]


@pytest.mark.question("ddpm_loss")
@pytest.mark.weight(0.5)
@pytest.mark.hint(KEEPS_FLOAT64)
def test_ddpm_loss_keeps_float64(student):
    """The loss of float64 inputs is float64, digit by digit."""
    x0, noise = _batch()
    loss, wanted = student.run(loss_in_float64, x0, T, noise, BARS)
    _require_float64(loss=loss)
    assert_close(loss, wanted, rtol=1e-10, atol=1e-12, name="the loss in float64")


def step_on_device(module, device, dtype):
    """The dtype and device of a step, the device of the t that the model saw, and the error, if any."""
    import torch

    seen = []

    class Model(torch.nn.Module):
        def forward(self, x_t, t):
            seen.append(str(t.device))
            return 0.1 * x_t

    module.p_sample(Model(), torch.ones(3, 2), 2, torch.full((4,), 0.1), torch.ones(3, 2))  # fails with any device
    seen.clear()
    x_t = torch.ones(3, 2, dtype=getattr(torch, dtype), device=device)
    betas = torch.full((4,), 0.1, dtype=x_t.dtype, device=device)
    try:
        step = module.p_sample(Model(), x_t, 2, betas, torch.ones_like(x_t))
    except Exception as error:
        return [seen, "", "", str(error)]
    return [seen, str(step.dtype), str(step.device), ""]


@pytest.mark.question("p_sample")
@pytest.mark.weight(0.5)
@pytest.mark.hint(KEEPS_FLOAT64)
def test_p_sample_keeps_float64(student):
    """A step of float64 inputs is float64."""
    _, dtype, _, error = student.run(step_on_device, "cpu", "float64")
    require(not error and dtype == "torch.float64", f"the step is {dtype} for float64 inputs {error}")


@pytest.mark.question("p_sample")
@pytest.mark.weight(0.5)
@pytest.mark.hint(DEVICE)
def test_p_sample_gives_the_model_a_time_on_its_device(student):
    """The time that the model is called with is on x_t's device."""
    seen, _, _, _ = student.run(step_on_device, "meta", "float32")
    # Correct code may inspect values, which that device does not have: only a time that was handed over counts.
    require(all(device == "meta" for device in seen), f"t is on {seen} for x_t on another device")


def embedding_on_meta_device(module):
    """The device of the embedding and the error, if any, for steps on torch's data-free device."""
    import torch

    module.timestep_embedding(torch.zeros(3, dtype=torch.long), 8)  # what fails here is not about devices
    try:
        return [str(module.timestep_embedding(torch.zeros(3, dtype=torch.long, device="meta"), 8).device), ""]
    except Exception as error:
        return ["", str(error)]


@pytest.mark.question("timestep_embedding")
@pytest.mark.weight(0.5)
@pytest.mark.hint(DEVICE)
def test_embedding_is_on_the_device_of_t(student):
    """Steps on another device than the default one have their embedding there."""
    device, error = student.run(embedding_on_meta_device)
    clash = "expected device" in error or "same device" in error or "is on meta" in error
    require(not clash, f"devices clash: {error}")
    require(error or device == "meta", f"the embedding is on {device} for t on another device")


def unet_dtype(module, x, t):
    """The dtype of what a float64 network says."""
    network = module.UNet(1, 16, (1,), 32).double()
    return str(network(x, t).dtype)


@pytest.mark.question("UNet")
@pytest.mark.weight(0.5)
@pytest.mark.hint("The output has the dtype of x and of the parameters, float64 included.")
def test_unet_keeps_float64(student):
    """A network in float64 gives float64."""
    dtype = student.run(unet_dtype, torch.zeros(2, 1, 4, 4, dtype=torch.float64), torch.tensor([0, 7]))
    require(dtype == "torch.float64", f"the output is {dtype} for a float64 network")


@pytest.mark.question("UNet")
@pytest.mark.weight(0.5)
@pytest.mark.hint(DEFAULTS)
def test_unet_default_sizes(student):
    """Without arguments the layers are as large as with those that the signature names."""
    require_default_sizes(student, "UNet", 1, 32, (1, 2), 128)


def with_float64_as_default(module, name, arguments):
    """The dtype of what a function makes out of plain numbers or integers, where float64 is torch's default."""
    import torch

    torch.set_default_dtype(torch.float64)
    try:
        return str(getattr(module, name)(*arguments).dtype)
    finally:
        torch.set_default_dtype(torch.float32)


def _require_default(student, name, *arguments):
    dtype = student.run(with_float64_as_default, name, arguments)
    require(dtype == "torch.float64", f"{name} gives {dtype} where float64 is the default")


@pytest.mark.question("linear_beta_schedule")
@pytest.mark.weight(0.5)
@pytest.mark.hint(DEFAULT_DTYPE)
def test_linear_schedule_has_the_default_dtype(student):
    """Where torch's default dtype is another one, the schedule has it."""
    _require_default(student, "linear_beta_schedule", 5)


@pytest.mark.question("cosine_beta_schedule")
@pytest.mark.weight(0.5)
@pytest.mark.hint(DEFAULT_DTYPE)
def test_cosine_schedule_has_the_default_dtype(student):
    """Where torch's default dtype is another one, the schedule has it."""
    _require_default(student, "cosine_beta_schedule", 5)


@pytest.mark.question("timestep_embedding")
@pytest.mark.weight(0.5)
@pytest.mark.hint(DEFAULT_DTYPE)
def test_embedding_has_the_default_dtype(student):
    """Where torch's default dtype is another one, the embedding has it."""
    _require_default(student, "timestep_embedding", torch.tensor([0, 3]), 6)
