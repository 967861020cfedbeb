"""The two steps: wrong answers, as question -> rows.

A row is (name, the test that must catch it, a piece of the hint shown there, edits of the reference ...).
"""

NO_GRAD = "with torch.no_grad():"
D_LOSS = "loss = discriminator_loss(discriminator(real), discriminator(fake))"
STEP, CLEAR, RETURN = "optimizer.step()", "optimizer.zero_grad()", "return loss.item()"
D_LEAVES = "test_discriminator_step_leaves_generator"
D_KEEPS = "test_discriminator_step_keeps_generator_gradients"
G_LOSS = "loss = generator_loss(discriminator(generator(z)))"
G_BACKWARD = "loss.backward(inputs=list(generator.parameters()))"
G_LEAVES = "test_generator_step_leaves_discriminator"
G_KEEPS = "test_generator_step_keeps_discriminator_gradients"

MISTAKES = {
    "discriminator_step": [
        ("fakes_not_detached", D_LEAVES, "detach the fakes", (NO_GRAD, "if True:")),
        ("fakes_not_detached_adds", D_KEEPS, "still part of its graph", (NO_GRAD, "if True:")),
        ("generator_gradients_cleared", D_KEEPS, "belong to someone else", (STEP, f"{STEP}; generator.zero_grad()")),
        (
            "generator_moved",
            D_LEAVES,
            "moved the generator",
            (NO_GRAD, "if True:"),
            (STEP, f"{STEP}; torch.optim.SGD(generator.parameters(), lr=0.1).step()"),
        ),
        ("half", "test_discriminator_step_update", "half of the loss", (D_LOSS, f"{D_LOSS} / 2")),
        ("uphill", "test_discriminator_step_update", "uphill", ("loss = disc", "loss = -disc")),
        (
            "targets_swapped",
            "test_discriminator_step_update",
            "targets are swapped",
            (D_LOSS, "loss = discriminator_loss(-discriminator(real), -discriminator(fake))"),
        ),
        (
            "arguments_swapped",
            "test_discriminator_step_update",
            "or the two logits",
            (D_LOSS, "loss = discriminator_loss(discriminator(fake), discriminator(real))"),
        ),
        (
            "reals_only",
            "test_discriminator_step_update",
            "only the real",
            (D_LOSS, "loss = F.softplus(-discriminator(real)).mean()"),
        ),
        ("never_steps", "test_discriminator_step_update", "did not move", (STEP, "")),
        (
            "cleared_after_backward",
            "test_discriminator_step_update",
            "did not move",
            ("loss.backward()", f"loss.backward(); {CLEAR}"),
        ),
        ("steps_twice", "test_discriminator_step_update", "one step of the optimizer", (STEP, f"{STEP}; {STEP}")),
        (
            "one_update_for_each_term",
            "test_discriminator_step_update",
            "gradient of the whole loss",
            (
                "loss.backward()",
                f"F.softplus(-discriminator(real)).mean().backward(); {STEP}; {CLEAR}; "
                "F.softplus(discriminator(fake)).mean().backward()",
            ),
        ),
        (
            "noise_drawn_again",
            "test_discriminator_step_update",
            "on G(z)",
            ("generator(z)", "generator(torch.randn_like(z))"),
        ),
        ("gradients_pile_up", "test_discriminator_step_repeats", "clear them first", (CLEAR, "")),
        (
            "own_optimizer",
            "test_discriminator_step_repeats",
            "optimizer that was passed",
            (CLEAR, "optimizer = torch.optim.SGD(discriminator.parameters(), lr=0.5); optimizer.zero_grad()"),
        ),
        ("returns_tensor", "test_discriminator_step_returns_loss", "plain python float", (RETURN, "return loss")),
        ("returns_nothing", "test_discriminator_step_basics", "python number", (RETURN, "")),
        (
            "returns_loss_after",
            "test_discriminator_step_returns_loss",
            "after the update",
            (RETURN, "return discriminator_loss(discriminator(real), discriminator(fake)).item()"),
        ),
        (
            "switches_to_eval",
            "test_discriminator_step_keeps_modes",
            "between train and eval",
            (NO_GRAD, "generator.eval()\n    with torch.no_grad():"),
        ),
        (
            "switches_to_train",
            "test_discriminator_step_keeps_modes",
            "between train and eval",
            (NO_GRAD, "discriminator.train()\n    with torch.no_grad():"),
        ),
        (
            "generator_stays_frozen",
            "test_discriminator_step_keeps_modes",
            "never learn again",
            (NO_GRAD, "generator.requires_grad_(False)\n    if True:"),
        ),
    ],
    "generator_step": [
        ("returns_nothing", "test_generator_step_basics", "python number", (RETURN, "")),
        (
            "fakes_detached",
            "test_generator_step_update",
            "are the fakes detached",
            (G_LOSS, "loss = generator_loss(discriminator(generator(z).detach()))"),
            (G_BACKWARD, "loss.backward()"),
        ),
        (
            "saturating",
            "test_generator_step_update",
            "saturating loss",
            (G_LOSS, "loss = F.logsigmoid(-discriminator(generator(z))).mean()"),
        ),
        (
            "zeros_as_target",
            "test_generator_step_update",
            "target is 0",
            (G_LOSS, "loss = F.softplus(discriminator(generator(z))).mean()"),
        ),
        ("uphill", "test_generator_step_update", "uphill", ("loss = gen", "loss = -gen")),
        (
            "wasserstein",
            "test_generator_step_update",
            "wasserstein",
            (G_LOSS, "loss = -discriminator(generator(z)).mean()"),
        ),
        ("never_steps", "test_generator_step_update", "did not move", (STEP, "")),
        ("steps_twice", "test_generator_step_update", "one step of the optimizer", (STEP, f"{STEP}; {STEP}")),
        (
            "noise_drawn_again",
            "test_generator_step_update",
            "one step of the optimizer",
            ("generator(z)", "generator(torch.randn_like(z))"),
        ),
        ("gradients_left_in_discriminator", G_LEAVES, "leaves gradients", (G_BACKWARD, "loss.backward()")),
        ("gradients_added_to_discriminator", G_KEEPS, "adds to", (G_BACKWARD, "loss.backward()")),
        (
            "discriminator_gradients_cleared",
            G_KEEPS,
            "belong to someone else",
            (G_BACKWARD, "loss.backward(); discriminator.zero_grad()"),
        ),
        (
            "discriminator_moved",
            G_LEAVES,
            "moved the discriminator",
            (G_BACKWARD, "loss.backward()"),
            (STEP, f"{STEP}; torch.optim.SGD(discriminator.parameters(), lr=0.1).step()"),
        ),
        (
            "discriminator_stays_frozen",
            "test_generator_step_keeps_modes",
            "never learn again",
            (G_LOSS, f"discriminator.requires_grad_(False); {G_LOSS}"),
        ),
        (
            "switches_to_eval",
            "test_generator_step_keeps_modes",
            "between train and eval",
            (G_LOSS, f"discriminator.eval(); {G_LOSS}"),
        ),
        ("gradients_pile_up", "test_generator_step_repeats", "clear them first", (CLEAR, "")),
        (
            "own_optimizer",
            "test_generator_step_repeats",
            "optimizer that was passed",
            (CLEAR, "optimizer = torch.optim.SGD(generator.parameters(), lr=0.5); optimizer.zero_grad()"),
        ),
        ("returns_tensor", "test_generator_step_returns_loss", "plain python float", (RETURN, "return loss.detach()")),
        (
            "returns_loss_after",
            "test_generator_step_returns_loss",
            "after the update",
            (RETURN, "return generator_loss(discriminator(generator(z))).item()"),
        ),
    ],
}
