"""Every reference computes where its arguments are: nothing in it is made on another device.

The meta device, which every machine has, has shapes and no values. A tensor that the reference makes itself and
forgets to place is on the CPU, and meeting one on the meta device it raises. On a machine with a GPU the same runs
there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from reference import attention, diffusion, gan, lora, vae

Call = Callable[[str], Any]

DEVICES = [
    "meta",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")),
]


def _vae(device: str) -> list[Any]:
    x, y, mu = torch.rand(3, 12, device=device), torch.zeros(3, dtype=torch.long, device=device), _noise(device, 3, 2)
    model = vae.VAE(12, 8, 2).to(device)
    return [
        vae.reparameterize(mu, mu),
        vae.kl_divergence(mu, mu),
        vae.reconstruction_loss(x, x),
        vae.elbo_loss(x, x, mu, mu),
        model(x),
        vae.generate(model, 4, 2),
        vae.interpolate(mu[0], mu[1], 5),
        vae.ConditionalVAE(12, 10, 8, 2).to(device)(x, y),
    ]


def _gan(device: str) -> list[Any]:
    x, y, z = _noise(device, 3, 12), torch.zeros(3, dtype=torch.long, device=device), _noise(device, 3, 4)
    generator, discriminator = gan.Generator(4, 8, 12).to(device), gan.Discriminator(12, 8).to(device)
    of_generator, of_discriminator = (torch.optim.SGD(net.parameters(), lr=0.1) for net in (generator, discriminator))
    logits = discriminator(x)
    penalty = gan.gradient_penalty(discriminator, x, generator(z).detach())
    penalty.backward()
    if device != "meta":  # a step returns its loss as a Python number, which the meta device does not have
        gan.discriminator_step(generator, discriminator, of_discriminator, x, z)
        gan.generator_step(generator, discriminator, of_generator, z)
    return [
        generator(z),
        logits,
        gan.discriminator_loss(logits, logits),
        gan.minimax_generator_loss(logits),
        gan.generator_loss(logits),
        gan.critic_loss(logits, logits),
        penalty,
        gan.ConditionalGenerator(4, 10, 8, 12).to(device)(z, y),
        gan.ConditionalDiscriminator(12, 10, 8).to(device)(x, y),
        *generator.parameters(),
    ]


def _diffusion(device: str) -> list[Any]:
    x, noise = _noise(device, 2, 1, 8, 8), _noise(device, 2, 1, 8, 8)
    betas = diffusion.linear_beta_schedule(10).to(device)
    bars, t = diffusion.alpha_bars(betas), torch.zeros(2, dtype=torch.long, device=device)
    unet = diffusion.UNet(1, 16, (1, 2), 16).to(device)
    return [
        bars,
        diffusion.q_sample(x, t, noise, bars),
        diffusion.predict_x0(x, t, noise, bars),
        diffusion.posterior_mean_variance(x, x, t, betas),
        diffusion.timestep_embedding(t, 8),
        unet(x, t),
        diffusion.ddpm_loss(unet, x, t, noise, bars),
        diffusion.p_sample(unet, x, 3, betas, noise),
        diffusion.ddim_step(noise, x, 5, 2, bars, 1.0, noise),
        diffusion.ddim_step(noise, x, 5, -1, bars, 0.0, noise),
        diffusion.classifier_free_guidance(x, noise, 2.0),
    ]


def _attention(device: str) -> list[Any]:
    x = _noise(device, 2, 5, 8)
    lengths = torch.ones(2, dtype=torch.long, device=device)
    mask = attention.padding_mask(lengths, 5)
    return [
        attention.AdditiveAttention(8, 8, 6).to(device)(x[:, 0], x),
        attention.scaled_dot_product_attention(x, x, x),
        mask,
        attention.MultiHeadAttention(8, 2).to(device)(x, x, x),
        attention.EncoderLayer(8, 2, 16).to(device)(x, mask),
        attention.DecoderLayer(8, 2, 16).to(device)(x, x, mask),
    ]


def _lora(device: str) -> list[Any]:
    x, layer = _noise(device, 3, 6), lora.LoRALinear(nn.Linear(6, 4, device=device), 2, 4.0)
    unmerged = layer(x)
    layer.merge()
    weight = _noise(device, 5, 6)
    codes, absmax = lora.quantize_nf4(weight, 8)
    return [
        *layer.parameters(),
        unmerged,
        layer(x),
        layer.delta_weight(),
        codes,
        absmax,
        lora.dequantize_nf4(codes, absmax, (5, 6), 8),
        lora.QLoRALinear(nn.Linear(6, 4, device=device), 2, 4.0)(x),
        lora.lora_state_dict(layer),
    ]


def _noise(device: str, *shape: int) -> Tensor:
    return torch.randn(shape, device=device)


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif value is not None:
        for part in value.values() if isinstance(value, dict) else value:
            yield from _tensors(part)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("results_on", [_vae, _gan, _diffusion, _attention, _lora])
def test_results_are_where_the_arguments_are(results_on: Call, device: str) -> None:
    elsewhere = [tensor for tensor in _tensors(results_on(device)) if tensor.device.type != device]
    assert not elsewhere
