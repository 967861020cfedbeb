"""What honest students hand in: everything right, or everything wrong in a plausible way."""

from __future__ import annotations

RIGHT = {
    "affine": "def affine(x):\n    return 3 * x + 1\n",
    "total": "def total(x):\n    return affine(x).sum()\n",
    "weights": "def weights(x):\n    return torch.softmax(x, dim=-1)\n",
    "fit": """\
def fit(model, x, y, steps):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1) if steps else None
    losses = []
    for _ in range(steps):
        loss = torch.nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
""",
}

# Each is right in the case that the public test shows, and nowhere else.
WRONG = {
    "affine": "def affine(x):\n    return x + 1\n",
    "total": "def total(x):\n    return x.sum() + x.numel()\n",
    "weights": "def weights(x):\n    return torch.ones_like(x) / x.shape[-1]\n",
    "fit": "def fit(model, x, y, steps):\n    return [1.0 / (step + 1) for step in range(steps)]\n",
}
