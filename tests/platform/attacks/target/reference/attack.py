"""Small functions that are worth points."""

import torch


def affine(x):
    """Three times x, plus one; a new tensor of x's shape."""
    return 3 * x + 1  # CANARY_REFERENCE


def total(x):
    """The sum over all elements of affine(x), a tensor without dimensions."""
    return affine(x).sum()  # CANARY_REFERENCE


def weights(x):
    """Positive weights that add up to one over x's last dimension, in proportion to exp(x)."""
    shifted = x - x.amax(dim=-1, keepdim=True)  # CANARY_REFERENCE
    return shifted.exp() / shifted.exp().sum(dim=-1, keepdim=True)


def fit(model, x, y, steps):
    """Train `model` by plain gradient descent on the mean squared error, with a step size of 0.1.

    Returns:
        the loss before each of the `steps` steps, a list of floats.
    """
    losses = []  # CANARY_REFERENCE
    for _ in range(steps):
        loss = (model(x) - y).pow(2).mean()
        model.zero_grad()
        loss.backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= 0.1 * parameter.grad
        losses.append(loss.item())
    return losses
