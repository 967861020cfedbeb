"""The conditional players: correct answers in other styles, as question -> name -> source."""

ALTERNATIVES = {
    "ConditionalGenerator": {
        "embedding": """
class ConditionalGenerator(nn.Module):
    def __init__(self, latent_dim=100, num_classes=10, hidden_dim=256, output_dim=784):
        super().__init__()
        self.embed = nn.Embedding(num_classes, 16)
        self.net = nn.Sequential(
            nn.Linear(latent_dim + 16, hidden_dim), nn.ReLU(), nn.Linear(hidden_dim, output_dim), nn.Tanh()
        )

    def forward(self, z, y):
        return self.net(torch.cat((self.embed(y), z), dim=-1))
""",
        "noise_times_embedding": """
class ConditionalGenerator(nn.Module):
    def __init__(self, latent_dim=100, num_classes=10, hidden_dim=256, output_dim=784):
        super().__init__()
        self.embed = nn.Embedding(num_classes, latent_dim)
        self.fc1, self.fc2 = nn.Linear(latent_dim, hidden_dim), nn.Linear(hidden_dim, output_dim)

    def forward(self, z, y):
        return torch.tanh(self.fc2(F.leaky_relu(self.fc1(z * self.embed(y)))))
""",
        "two_streams_as_in_the_paper": """
class ConditionalGenerator(nn.Module):
    def __init__(self, latent_dim=100, num_classes=10, hidden_dim=256, output_dim=784):
        super().__init__()
        self.register_buffer("eye", torch.eye(num_classes))
        self.from_noise, self.from_label = nn.Linear(latent_dim, hidden_dim), nn.Linear(num_classes, hidden_dim)
        self.join = nn.Linear(2 * hidden_dim, output_dim)

    def forward(self, z, y):
        streams = [F.relu(self.from_noise(z)), F.relu(self.from_label(self.eye[y]))]
        return self.join(torch.cat(streams, 1)).tanh()
""",
        "class_wise_scale_and_shift": """
class ConditionalGenerator(nn.Module):
    def __init__(self, latent_dim=100, num_classes=10, hidden_dim=256, output_dim=784):
        super().__init__()
        self.first, self.last = nn.Linear(latent_dim, hidden_dim), nn.Linear(hidden_dim, output_dim)
        self.norm = nn.BatchNorm1d(hidden_dim, affine=False)
        self.scale_shift = nn.Embedding(num_classes, 2 * hidden_dim)

    def forward(self, z, y):
        scale, shift = self.scale_shift(y).chunk(2, dim=1)
        return torch.tanh(self.last(F.relu((1 + scale) * self.norm(self.first(z)) + shift)))
""",
    },
    "ConditionalDiscriminator": {
        "embedding": """
class ConditionalDiscriminator(nn.Module):
    def __init__(self, input_dim=784, num_classes=10, hidden_dim=256):
        super().__init__()
        self.embed = nn.Embedding(num_classes, input_dim)
        self.net = nn.Sequential(nn.Linear(2 * input_dim, hidden_dim), nn.ReLU(), nn.Linear(hidden_dim, 1))

    def forward(self, x, y):
        return self.net(torch.cat([x.view(len(x), -1), self.embed(y)], dim=1))
""",
        "projection": """
class ConditionalDiscriminator(nn.Module):
    def __init__(self, input_dim=784, num_classes=10, hidden_dim=256):
        super().__init__()
        self.features = nn.Sequential(nn.Flatten(), nn.Linear(input_dim, hidden_dim), nn.LeakyReLU(0.2))
        self.embed = nn.Embedding(num_classes, hidden_dim)
        self.score = nn.Linear(hidden_dim, 1)

    def forward(self, x, y):
        phi = self.features(x)
        return self.score(phi) + torch.einsum("bh,bh->b", phi, self.embed(y)).unsqueeze(1)
""",
        "one_score_for_each_class": """
class ConditionalDiscriminator(nn.Module):
    def __init__(self, input_dim=784, num_classes=10, hidden_dim=256):
        super().__init__()
        self.net = nn.Sequential(
            nn.Flatten(), nn.Linear(input_dim, hidden_dim), nn.ReLU(), nn.Linear(hidden_dim, num_classes)
        )

    def forward(self, x, y):
        return self.net(x).gather(1, y.unsqueeze(1))
""",
        "two_streams_as_in_the_paper": """
class ConditionalDiscriminator(nn.Module):
    def __init__(self, input_dim=784, num_classes=10, hidden_dim=256):
        super().__init__()
        self.from_x, self.from_y = nn.Linear(input_dim, hidden_dim), nn.Linear(num_classes, hidden_dim)
        self.join = nn.Sequential(nn.Linear(2 * hidden_dim, hidden_dim), nn.ReLU(), nn.Linear(hidden_dim, 1))
        self.num_classes = num_classes

    def forward(self, x, y):
        one_hot = torch.zeros(len(y), self.num_classes, device=x.device).scatter_(1, y.unsqueeze(1), 1.0)
        return self.join(torch.cat([F.relu(self.from_x(x.flatten(1))), F.relu(self.from_y(one_hot))], dim=1))
""",
    },
}
