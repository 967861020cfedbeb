"""The players: correct answers in other styles, as question -> name -> source, or (source of an extra cell, source)."""

ALTERNATIVES = {
    "Generator": {
        "sequential": """
class Generator(nn.Module):
    def __init__(self, latent_dim=100, hidden_dim=256, output_dim=784):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(latent_dim, hidden_dim), nn.ReLU(), nn.Linear(hidden_dim, output_dim), nn.Tanh()
        )

    def forward(self, z):
        return self.net(z)
""",
        "batch_norm_as_in_dcgan": """
class Generator(nn.Module):
    def __init__(self, latent_dim=100, hidden_dim=256, output_dim=784):
        super().__init__()
        layers = []
        for width in (latent_dim, hidden_dim):
            layers += [nn.Linear(width, hidden_dim), nn.BatchNorm1d(hidden_dim), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Linear(hidden_dim, output_dim))
        for p in self.parameters():
            if p.ndim > 1:
                nn.init.normal_(p, std=0.02)

    def forward(self, z):
        return self.layers(z).tanh()
""",
        "dropout_and_layer_norm": """
class Generator(nn.Module):
    def __init__(self, latent_dim=100, hidden_dim=256, output_dim=784):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(latent_dim, hidden_dim), nn.LayerNorm(hidden_dim), nn.GELU(), nn.Dropout(0.1)
        )
        self.head = nn.Linear(hidden_dim, output_dim)

    def forward(self, z):
        return torch.tanh(self.head(self.body(z)))
""",
        "tanh_by_way_of_sigmoid": """
class Generator(nn.Module):
    def __init__(self, latent_dim=100, hidden_dim=256, output_dim=784):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(latent_dim, hidden_dim) / latent_dim**0.5)
        self.w2 = nn.Parameter(torch.randn(hidden_dim, output_dim) / hidden_dim**0.5)
        self.b = nn.Parameter(torch.zeros(output_dim))

    def forward(self, z):
        h = torch.einsum("bl,lh->bh", z, self.w1).clamp(min=0)
        return 2 * torch.sigmoid(2 * (h @ self.w2 + self.b)) - 1
""",
        "block_from_another_cell": (
            """
def dense(n_in, n_out):
    return nn.Sequential(nn.Linear(n_in, n_out), nn.ELU())
""",
            """
class Generator(nn.Module):
    def __init__(self, latent_dim: int = 100, hidden_dim: int = 256, output_dim: int = 784):
        super(Generator, self).__init__()
        self.blocks = nn.ModuleList([dense(latent_dim, hidden_dim), dense(hidden_dim, 2 * hidden_dim)])
        self.last = nn.Linear(2 * hidden_dim, output_dim)
        self.squash = nn.Tanh()

    def forward(self, noise):
        for block in self.blocks:
            noise = block(noise)
        return self.squash(self.last(noise))
""",
        ),
    },
    "Discriminator": {
        "sequential_with_flatten": """
class Discriminator(nn.Module):
    def __init__(self, input_dim=784, hidden_dim=256):
        super().__init__()
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(input_dim, hidden_dim), nn.ReLU(), nn.Linear(hidden_dim, 1))

    def forward(self, x):
        return self.net(x)
""",
        "view_and_dropout": """
class Discriminator(nn.Module):
    def __init__(self, input_dim=784, hidden_dim=256):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(input_dim, hidden_dim), nn.Linear(hidden_dim, 1)
        self.dropout = nn.Dropout(0.3)

    def forward(self, x):
        x = x.view(x.size(0), -1)
        return self.fc2(self.dropout(F.leaky_relu(self.fc1(x), 0.2)))
""",
        "spectral_norm": """
class Discriminator(nn.Module):
    def __init__(self, input_dim=784, hidden_dim=256):
        super().__init__()
        normed = nn.utils.parametrizations.spectral_norm
        self.first = normed(nn.Linear(input_dim, hidden_dim))
        self.last = normed(nn.Linear(hidden_dim, 1))

    def forward(self, x):
        return self.last(F.leaky_relu(self.first(torch.flatten(x, 1)), 0.1))
""",
        "small_weights_as_in_dcgan": """
class Discriminator(nn.Module):
    def __init__(self, input_dim=784, hidden_dim=256):
        super().__init__()
        widths = (input_dim, hidden_dim, hidden_dim)
        layers = [nn.Flatten()]
        for a, b in zip(widths, widths[1:]):
            layers += [nn.Linear(a, b), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Linear(hidden_dim, 1))
        for p in self.parameters():
            if p.ndim > 1:
                nn.init.normal_(p, std=0.02)

    def forward(self, x):
        return self.layers(x)
""",
        "batch_norm_and_residual": """
class Discriminator(nn.Module):
    def __init__(self, input_dim=784, hidden_dim=256):
        super().__init__()
        self.input_dim = input_dim
        self.first, self.second = nn.Linear(input_dim, hidden_dim), nn.Linear(hidden_dim, hidden_dim)
        self.norm = nn.BatchNorm1d(hidden_dim)
        self.score = nn.Linear(hidden_dim, 1, bias=False)

    def forward(self, x):
        h = torch.tanh(self.first(x.reshape(-1, self.input_dim)))
        h = h + F.silu(self.norm(self.second(h)))
        return self.score(h).reshape(-1, 1)
""",
    },
}
