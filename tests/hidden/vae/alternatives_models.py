"""Right answers in other styles: the models and what is done with them."""

from autograder.suite import Alternative

ENCODE_BODY = (
    "self.encoder_mu(hidden), self.encoder_logvar(hidden)",
    "tuple(self.heads(hidden).chunk(2, dim=-1))",
)
HEAD_LAYERS = (
    ("self.encoder_mu = nn.Linear(hidden_dim, latent_dim)", "self.heads = nn.Linear(hidden_dim, 2 * latent_dim)"),
    ("self.encoder_logvar = nn.Linear(hidden_dim, latent_dim)", "pass"),
)
OWN_LAYER = """
class Affine(nn.Module):
    def __init__(self, fan_in, fan_out):
        super().__init__()
        self.kernel = nn.Parameter(torch.randn(fan_in, fan_out) / fan_in**0.5)
        self.offset = nn.Parameter(torch.zeros(1, fan_out))

    def forward(self, inputs):
        return torch.einsum("bi,io->bo", inputs, self.kernel) + self.offset
"""

VAE = (
    Alternative(question="VAE", name="one_layer_for_both_heads", edits=(ENCODE_BODY, *HEAD_LAYERS)),
    Alternative(question="VAE", name="layers_of_ones_own", edits=(("nn.Linear(", "Affine("),), helpers=OWN_LAYER),
    Alternative(
        question="VAE",
        name="sequential",
        source="""
            class VAE(nn.Module):
                def __init__(self, input_dim=784, hidden_dim=400, latent_dim=20):
                    super(VAE, self).__init__()
                    self.body = nn.Sequential(nn.Flatten(), nn.Linear(input_dim, hidden_dim), nn.ReLU(inplace=True))
                    self.heads = nn.ModuleDict(
                        {name: nn.Linear(hidden_dim, latent_dim) for name in ("logvar", "mu")}
                    )
                    self.decoder = nn.Sequential(
                        nn.Linear(latent_dim, hidden_dim), nn.ReLU(), nn.Linear(hidden_dim, input_dim), nn.Sigmoid()
                    )

                def encode(self, x):
                    h = self.body(x)
                    return self.heads["mu"](h), self.heads["logvar"](h)

                def reparameterize(self, mu, logvar):
                    std = torch.exp(0.5 * logvar)
                    return mu + std * torch.randn_like(std)

                def decode(self, z):
                    return self.decoder(z)

                def forward(self, x):
                    mu, logvar = self.encode(x.view(x.size(0), -1))
                    return self.decode(self.reparameterize(mu, logvar)), mu, logvar
        """,
    ),
    Alternative(
        question="VAE",
        name="distribution_in_forward",
        edits=(
            ("z = self.reparameterize(mu, logvar)", "z = torch.distributions.Normal(mu, (logvar / 2).exp()).rsample()"),
        ),
    ),
    Alternative(
        question="VAE",
        name="clamp_for_relu_and_sigmoid_by_hand",
        edits=(
            (
                "F.relu(self.encoder_hidden(x.flatten(start_dim=1)))",
                "self.encoder_hidden(x.reshape(len(x), -1)).clamp(min=0)",
            ),
            ("torch.sigmoid(self.decoder_output(hidden))", "1 / (1 + torch.exp(-self.decoder_output(hidden)))"),
        ),
    ),
    Alternative(
        question="VAE",
        name="own_initialisation",
        edits=(
            (
                "self.decoder_output = nn.Linear(hidden_dim, input_dim)\n",
                "self.decoder_output = nn.Linear(hidden_dim, input_dim)\n"
                "        for layer in self.children():\n"
                "            nn.init.xavier_uniform_(layer.weight)\n"
                "            nn.init.zeros_(layer.bias)\n",
            ),
        ),
    ),
)

DRAW = "torch.randn(num_samples, latent_dim, dtype=parameter.dtype, device=parameter.device)"

GENERATE = (
    Alternative(
        question="generate",
        name="eval_and_inference_mode",
        source="""
            @torch.inference_mode()
            def generate(model, num_samples, latent_dim=20):
                model.eval()
                weight = next(iter(model.parameters()))
                return model.decode(weight.new_empty(num_samples, latent_dim).normal_())
        """,
    ),
    Alternative(
        question="generate",
        name="one_image_after_another",
        source="""
            def generate(model, num_samples, latent_dim=20):
                p = list(model.parameters())[0]
                with torch.no_grad():
                    return torch.cat([model.decode(torch.randn(1, latent_dim).to(p)) for _ in range(num_samples)])
        """,
    ),
    Alternative(
        question="generate",
        name="detached_afterwards",
        edits=(("with torch.no_grad():", "if True:"), ("model.decode(z)", "model.decode(z).detach()")),
    ),
    Alternative(
        question="generate",
        name="normal_distribution",
        edits=((DRAW, "torch.distributions.Normal(0.0, 1.0).sample((num_samples, latent_dim)).to(parameter)"),),
    ),
    Alternative(
        question="generate",
        name="transposed_draws_in_two_batches",
        source="""
            def generate(model, num_samples, latent_dim=20):
                parameter = next(model.parameters())
                z = torch.randn(latent_dim, num_samples, dtype=parameter.dtype, device=parameter.device).t()
                with torch.no_grad():
                    parts = [model.decode(part) for part in z.split(max(1, num_samples // 2))]
                return torch.cat(parts, dim=0)
        """,
    ),
)

WEIGHT = "torch.linspace(0.0, 1.0, steps, dtype=z0.dtype, device=z0.device).unsqueeze(1)"

INTERPOLATE = (
    Alternative(
        question="interpolate",
        name="start_plus_difference",
        edits=(("(1.0 - weight) * z0 + weight * z1", "z0 + weight * (z1 - z0)"),),
    ),
    Alternative(
        question="interpolate",
        name="lerp",
        edits=(
            (WEIGHT, WEIGHT.replace(".unsqueeze(1)", "[:, None]")),
            ("(1.0 - weight) * z0 + weight * z1", "torch.lerp(z0, z1, weight)"),
        ),
    ),
    Alternative(
        question="interpolate",
        name="list_of_points",
        source="""
            def interpolate(z0, z1, steps):
                points = []
                for i in range(steps):
                    t = i / (steps - 1)
                    points.append((1 - t) * z0 + t * z1)
                return torch.stack(points)
        """,
    ),
    Alternative(
        question="interpolate",
        name="outer_products",
        source="""
            def interpolate(z0, z1, steps):
                t = torch.linspace(0, 1, steps).to(z0)
                return torch.outer(1 - t, z0) + torch.outer(t, z1)
        """,
    ),
    Alternative(
        question="interpolate",
        name="matrix_product",
        source="""
            def interpolate(z0, z1, steps):
                t = torch.arange(steps, device=z0.device, dtype=z0.dtype) / (steps - 1)
                return torch.einsum("ks,kd->sd", torch.stack([1 - t, t]), torch.stack([z0, z1]))
        """,
    ),
)

EMBED = (
    "self.num_classes = num_classes",
    "self.encoder_label = nn.Embedding(num_classes, 7)\n        self.decoder_label = nn.Embedding(num_classes, 7)",
)

CONDITIONAL_VAE = (
    Alternative(
        question="ConditionalVAE",
        name="two_embeddings",
        edits=(
            EMBED,
            ("+ num_classes", "+ 7"),
            ("F.one_hot(y, self.num_classes).to(x.dtype)", "self.encoder_label(y)"),
            ("F.one_hot(y, self.num_classes).to(z.dtype)", "self.decoder_label(y)"),
        ),
    ),
    Alternative(
        question="ConditionalVAE",
        name="one_embedding_for_both",
        edits=(
            ("self.num_classes = num_classes", "self.label = nn.Embedding(num_classes, num_classes)"),
            ("F.one_hot(y, self.num_classes).to(x.dtype)", "self.label(y)"),
            ("F.one_hot(y, self.num_classes).to(z.dtype)", "self.label(y)"),
        ),
    ),
    Alternative(
        question="ConditionalVAE",
        name="embedding_added_to_the_hidden_layer",
        edits=(
            EMBED,
            ("(num_classes, 7)", "(num_classes, hidden_dim)"),
            ("(input_dim + num_classes, hidden_dim)", "(input_dim, hidden_dim)"),
            ("(latent_dim + num_classes, hidden_dim)", "(latent_dim, hidden_dim)"),
            ("label = F.one_hot(y, self.num_classes).to(x.dtype)", "label = self.encoder_label(y)"),
            ("label = F.one_hot(y, self.num_classes).to(z.dtype)", "label = self.decoder_label(y)"),
            (
                "F.relu(self.encoder_hidden(torch.cat([x.flatten(start_dim=1), label], dim=1)))",
                "F.relu(self.encoder_hidden(x.flatten(1)) + label)",
            ),
            ("F.relu(self.decoder_hidden(torch.cat([z, label], dim=1)))", "F.relu(self.decoder_hidden(z) + label)"),
        ),
    ),
    Alternative(
        question="ConditionalVAE",
        name="rows_of_the_identity_label_first",
        edits=(
            ("F.one_hot(y, self.num_classes).to(x.dtype)", "torch.eye(self.num_classes).to(x)[y]"),
            (
                "F.one_hot(y, self.num_classes).to(z.dtype)",
                "z.new_zeros(len(y), self.num_classes).scatter_(1, y[:, None], 1)",
            ),
            ("[x.flatten(start_dim=1), label]", "[label, x.flatten(start_dim=1)]"),
            ("[z, label]", "[label, z]"),
        ),
    ),
    Alternative(question="ConditionalVAE", name="one_layer_for_both_heads", edits=(ENCODE_BODY, *HEAD_LAYERS)),
    Alternative(
        question="ConditionalVAE",
        name="two_sequential_networks",
        source="""
            class ConditionalVAE(nn.Module):
                def __init__(self, input_dim=784, num_classes=10, hidden_dim=400, latent_dim=20):
                    super().__init__()
                    self.C = num_classes
                    def mlp(i, o):
                        first = nn.Linear(i + num_classes, hidden_dim)
                        return nn.Sequential(first, nn.ReLU(), nn.Linear(hidden_dim, o))
                    self.enc = mlp(input_dim, 2 * latent_dim)
                    self.dec = mlp(latent_dim, input_dim)

                def with_label(self, v, y):
                    return torch.hstack([v.reshape(v.shape[0], -1), F.one_hot(y, num_classes=self.C).float()])

                def encode(self, x, y):
                    return torch.chunk(self.enc(self.with_label(x, y).to(x.dtype)), 2, dim=1)

                def decode(self, z, y):
                    return self.dec(self.with_label(z, y)).sigmoid()

                def forward(self, x, y):
                    mu, logvar = self.encode(x, y)
                    z = torch.distributions.Normal(mu, (logvar / 2).exp()).rsample()
                    return self.decode(z, y), mu, logvar
        """,
    ),
)

ALTERNATIVES = (*VAE, *GENERATE, *INTERPOLATE, *CONDITIONAL_VAE)
