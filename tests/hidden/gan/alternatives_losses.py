"""The losses: correct answers in other styles, as question -> name -> source, or (source of an extra cell, source)."""

ALTERNATIVES = {
    "discriminator_loss": {
        "softplus": """
def discriminator_loss(real_logits, fake_logits):
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
""",
        "bce_module": """
def discriminator_loss(real_logits, fake_logits):
    bce = nn.BCEWithLogitsLoss()
    ones, zeros = torch.ones(real_logits.shape).to(real_logits), fake_logits.new_zeros(fake_logits.shape)
    return bce(real_logits, ones) + bce(fake_logits, zeros)
""",
        "log_sigmoid": """
def discriminator_loss(real_logits: torch.Tensor, fake_logits: torch.Tensor) -> torch.Tensor:
    return -(F.logsigmoid(real_logits).mean() + F.logsigmoid(-fake_logits).mean())
""",
        "stable_by_hand": (
            """
def cross_entropy(s, target):
    return (torch.clamp(s, min=0) - s * target + torch.log1p(torch.exp(-s.abs()))).mean()
""",
            """
def discriminator_loss(real_logits, fake_logits):
    return cross_entropy(real_logits, 1.0) + cross_entropy(fake_logits, 0.0)
""",
        ),
        "log_add_exp": """
def discriminator_loss(real_logits, fake_logits):
    zero = torch.zeros((), dtype=real_logits.dtype, device=real_logits.device)
    on_real, on_fake = torch.logaddexp(zero, -real_logits), torch.logaddexp(zero, fake_logits)
    return on_real.sum() / on_real.numel() + on_fake.sum() / on_fake.numel()
""",
        "bernoulli": """
def discriminator_loss(real_logits, fake_logits):
    from torch.distributions import Bernoulli

    on_real = Bernoulli(logits=real_logits).log_prob(torch.ones_like(real_logits))
    on_fake = Bernoulli(logits=fake_logits).log_prob(torch.zeros_like(fake_logits))
    return -on_real.mean() - on_fake.mean()
""",
    },
    "minimax_generator_loss": {
        "softplus": """
def minimax_generator_loss(fake_logits):
    return -F.softplus(fake_logits).mean()
""",
        "minus_cross_entropy": """
def minimax_generator_loss(fake_logits):
    target = torch.zeros_like(fake_logits)
    return -F.binary_cross_entropy_with_logits(fake_logits, target)
""",
        "bce_module": """
def minimax_generator_loss(fake_logits):
    criterion = nn.BCEWithLogitsLoss(reduction="sum")
    return -criterion(fake_logits, torch.zeros_like(fake_logits)) / fake_logits.numel()
""",
        "log_sigmoid_minus_logit": """
def minimax_generator_loss(fake_logits):
    log_d = nn.LogSigmoid()(fake_logits)
    return torch.mean(log_d - fake_logits)  # log(1 - D) = log D - s
""",
        "log_softmax_of_two_classes": """
def minimax_generator_loss(fake_logits):
    two = torch.stack([torch.zeros_like(fake_logits), fake_logits], dim=-1)
    return torch.log_softmax(two, dim=-1)[..., 0].mean()
""",
    },
    "generator_loss": {
        "softplus": """
def generator_loss(fake_logits):
    return torch.nn.functional.softplus(-fake_logits).mean()
""",
        "cross_entropy": """
def generator_loss(fake_logits):
    return F.binary_cross_entropy_with_logits(fake_logits, torch.ones_like(fake_logits))
""",
        "bce_module": """
def generator_loss(fake_logits):
    return nn.BCEWithLogitsLoss()(fake_logits, torch.full_like(fake_logits, 1.0))
""",
        "stable_by_hand": """
def generator_loss(fake_logits):
    s = -fake_logits
    return (s.clamp(min=0) + (-s.abs()).exp().log1p()).mean()
""",
        "log_add_exp": """
def generator_loss(logits):
    return torch.logaddexp(torch.zeros_like(logits), -logits).mean()
""",
    },
    "critic_loss": {
        "minus_of_difference": """
def critic_loss(real_scores, fake_scores):
    return -(torch.mean(real_scores) - torch.mean(fake_scores))
""",
        "sums_over_counts": """
def critic_loss(real_scores, fake_scores):
    return fake_scores.sum() / fake_scores.numel() - real_scores.sum() / real_scores.numel()
""",
        "all_pairs": """
def critic_loss(real_scores, fake_scores):
    return (fake_scores.reshape(-1, 1) - real_scores.reshape(1, -1)).mean()
""",
        "squeezed_and_annotated": """
def critic_loss(real_scores: torch.Tensor, fake_scores: torch.Tensor) -> torch.Tensor:
    real_mean, fake_mean = (scores.squeeze(-1).mean(dim=0) for scores in (real_scores, fake_scores))
    return fake_mean.sub(real_mean)
""",
    },
}
