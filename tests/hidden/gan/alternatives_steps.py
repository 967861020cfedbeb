"""The two steps: correct answers in other styles, as question -> name -> source, or (extra cell, source)."""

ALTERNATIVES = {
    "discriminator_step": {
        "fakes_detached": """
def discriminator_step(generator, discriminator, optimizer, real, z):
    optimizer.zero_grad()
    fake = generator(z).detach()
    d_loss = discriminator_loss(discriminator(real), discriminator(fake))
    d_loss.backward()
    optimizer.step()
    return float(d_loss)
""",
        "two_backward_passes": """
def discriminator_step(generator, discriminator, optimizer, real, z):
    discriminator.zero_grad()
    on_real = discriminator(real)
    real_loss = F.binary_cross_entropy_with_logits(on_real, torch.ones_like(on_real))
    real_loss.backward()
    on_fake = discriminator(generator(z).detach())
    fake_loss = F.binary_cross_entropy_with_logits(on_fake, torch.zeros_like(on_fake))
    fake_loss.backward()
    optimizer.step()
    return real_loss.item() + fake_loss.item()
""",
        "one_joint_batch": """
def discriminator_step(generator, discriminator, optimizer, real, z):
    with torch.inference_mode():
        fake = generator(z)
    logits = discriminator(torch.cat([real, fake.clone()]))
    loss = discriminator_loss(*logits.split([len(real), len(fake)]))
    optimizer.zero_grad(set_to_none=False)
    loss.backward()
    optimizer.step()
    return loss.detach().cpu().item()
""",
        "gradients_by_hand": """
def discriminator_step(generator, discriminator, optimizer, real, z):
    loss = discriminator_loss(discriminator(real), discriminator(generator(z)))
    parameters = list(discriminator.parameters())
    for p, g in zip(parameters, torch.autograd.grad(loss, parameters)):
        p.grad = g
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()
""",
        "generator_frozen_meanwhile": """
def discriminator_step(generator, discriminator, optimizer, real, z):
    for p in generator.parameters():
        p.requires_grad_(False)
    fake = generator(z)
    for p in generator.parameters():
        p.requires_grad_(True)
    optimizer.zero_grad()
    loss = discriminator_loss(discriminator(real), discriminator(fake))
    loss.backward()
    optimizer.step()
    return loss.tolist()
""",
        "closure": """
def discriminator_step(generator, discriminator, optimizer, real, z):
    fake = generator(z).detach()

    def closure():
        optimizer.zero_grad()
        loss = discriminator_loss(discriminator(real), discriminator(fake))
        loss.backward()
        return loss

    return optimizer.step(closure).item()
""",
    },
    "generator_step": {
        "discriminator_frozen_meanwhile": """
def generator_step(generator, discriminator, optimizer, z):
    discriminator.requires_grad_(False)
    optimizer.zero_grad()
    g_loss = generator_loss(discriminator(generator(z)))
    g_loss.backward()
    discriminator.requires_grad_(True)
    optimizer.step()
    return g_loss.item()
""",
        "gradients_by_hand": """
def generator_step(generator, discriminator, optimizer, z):
    logits = discriminator(generator(z))
    loss = F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits))
    parameters = [p for p in generator.parameters() if p.requires_grad]
    gradients = torch.autograd.grad(loss, parameters)
    for parameter, gradient in zip(parameters, gradients):
        parameter.grad = gradient
    optimizer.step()
    return float(loss.detach())
""",
        "gradients_put_back": """
def generator_step(generator, discriminator, optimizer, z):
    kept = [None if p.grad is None else p.grad.clone() for p in discriminator.parameters()]
    generator.zero_grad()
    loss = generator_loss(discriminator(generator(z)))
    loss.backward()
    optimizer.step()
    for p, gradient in zip(discriminator.parameters(), kept):
        p.grad = gradient
    return loss.item()
""",
        "discriminator_with_constant_weights": """
def generator_step(generator, discriminator, optimizer, z):
    constants = {name: p.detach() for name, p in discriminator.named_parameters()}
    optimizer.zero_grad()
    loss = generator_loss(torch.func.functional_call(discriminator, constants, (generator(z),)))
    loss.backward()
    optimizer.step()
    return loss.item()
""",
        "gradient_handed_on_at_the_fakes": """
def generator_step(generator, discriminator, optimizer, z):
    fake = generator(z)
    leaf = fake.detach().requires_grad_()
    loss = generator_loss(discriminator(leaf))
    (at_fake,) = torch.autograd.grad(loss, leaf)
    optimizer.zero_grad(set_to_none=False)
    fake.backward(at_fake)
    optimizer.step()
    return loss.item()
""",
    },
}
