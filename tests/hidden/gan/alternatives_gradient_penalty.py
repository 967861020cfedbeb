"""gradient_penalty: correct answers in other styles, as question -> name -> source, or (extra cell, source)."""

ALTERNATIVES = {
    "gradient_penalty": {
        "grad_outputs_and_sqrt": """
def gradient_penalty(critic, real, fake, alpha=None):
    batch_size = real.size(0)
    if alpha is None:
        alpha = torch.rand(batch_size, device=real.device).to(real.dtype)
    alpha = alpha.view(batch_size, *([1] * (real.dim() - 1))).expand_as(real)
    interpolates = torch.autograd.Variable(alpha * real.data + (1 - alpha) * fake.data, requires_grad=True)
    scores = critic(interpolates)
    gradients = torch.autograd.grad(
        outputs=scores,
        inputs=interpolates,
        grad_outputs=torch.ones_like(scores),
        create_graph=True,
        retain_graph=True,
        only_inputs=True,
    )[0]
    gradients = gradients.reshape(batch_size, -1)
    slope = torch.sqrt((gradients**2).sum(dim=1) + 1e-12)
    return ((slope - 1) ** 2).mean()
""",
        "lerp_and_vector_norm": """
def gradient_penalty(critic, real, fake, alpha=None):
    others = tuple(range(1, real.ndim))
    if alpha is None:
        alpha = torch.empty(len(real), dtype=real.dtype, device=real.device).uniform_()
    x_hat = torch.lerp(fake, real, alpha[(...,) + (None,) * len(others)].expand_as(real)).detach()
    x_hat.requires_grad_(True)
    with torch.enable_grad():
        total = critic(x_hat).sum()
    gradient = torch.autograd.grad(total, x_hat, create_graph=True)[0]
    norm = torch.linalg.vector_norm(gradient, ord=2, dim=others)
    return F.mse_loss(norm, torch.ones_like(norm))
""",
        "vmap_of_grad": """
def gradient_penalty(critic, real, fake, alpha=None):
    from torch.func import grad, vmap

    alpha = torch.rand_like(real.flatten(1)[:, 0]) if alpha is None else alpha
    x_hat = torch.stack([a * r + (1 - a) * f for a, r, f in zip(alpha, real, fake)]) if len(real) < 100 else (
        alpha.view(-1, *[1] * (real.ndim - 1)) * (real - fake) + fake
    )
    slopes = vmap(grad(lambda x: critic(x.unsqueeze(0)).sum()))(x_hat.detach())
    return slopes.flatten(1).norm(dim=1).sub(1).square().mean()
""",
        "einsum": (
            """
def between(real, fake, alpha):
    flat = torch.einsum("b,bd->bd", alpha, real.flatten(1)) + torch.einsum("b,bd->bd", 1 - alpha, fake.flatten(1))
    return flat.view_as(real).detach().requires_grad_()
""",
            """
def gradient_penalty(critic, real, fake, alpha=None):
    if alpha is None:
        alpha = torch.distributions.Uniform(0.0, 1.0).sample((real.shape[0],)).to(real)
    points = between(real, fake, alpha)
    slope = torch.autograd.grad([critic(points).sum()], [points], create_graph=True)[0].flatten(1)
    length = torch.einsum("bd,bd->b", slope, slope).sqrt()
    return torch.pow(length - 1.0, 2).mean()
""",
        ),
        "penalty_expanded": """
def gradient_penalty(critic, real, fake, alpha=None):
    shape = [len(real)] + [1] * (real.ndim - 1)
    alpha = torch.rand(shape, dtype=real.dtype, device=real.device) if alpha is None else alpha.reshape(shape)
    mixed = (fake + alpha * (real - fake)).clone().detach()
    mixed.requires_grad = True
    scores = critic(mixed).flatten()
    gradient = torch.autograd.grad(scores, mixed, torch.ones_like(scores), create_graph=True)[0]
    squared = gradient.square().flatten(1).sum(1)
    return (squared - 2 * squared.sqrt() + 1).mean()
""",
    },
}
