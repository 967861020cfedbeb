"""The players: wrong answers, as question -> rows.

A row is (name, the test that must catch it, a piece of the hint shown there, edits of the reference ...).
"""

TANH = "torch.tanh(self.output(h))"
HIDDEN1 = "self.hidden1 = nn.Linear(latent_dim, hidden_dim)"
RELU1, RELU2 = "F.relu(self.hidden1(z))", "F.relu(self.hidden2(h))"
IN_A_LIST = (
    (HIDDEN1, "self.layers = [nn.Linear(latent_dim, hidden_dim), nn.Linear(hidden_dim, output_dim)]"),
    ("self.hidden2 = nn.Linear(hidden_dim, hidden_dim)", ""),
    ("self.output = nn.Linear(hidden_dim, output_dim)", ""),
    (RELU1, "F.relu(self.layers[0](z))"),
    ("h = F.relu(self.hidden2(h))", ""),
    ("self.output(h)", "self.layers[1](h)"),
)
D_OUT = "return self.output(h)"
D_FLAT = "x = x.flatten(start_dim=1)"

MISTAKES = {
    "Generator": [
        ("twice_the_range", "test_generator_range", "range the data", (TANH, f"2 * {TANH}")),
        ("tanh_missing", "test_generator_reaches_both_signs", "not followed by tanh", (TANH, "self.output(h)")),
        (
            "sigmoid_for_tanh",
            "test_generator_reaches_both_signs",
            "sigmoid reaches only",
            ("torch.tanh", "torch.sigmoid"),
        ),
        ("softmax_for_tanh", "test_generator_reaches_both_signs", "ever negative", (TANH, "self.output(h).softmax(1)")),
        ("clipped", "test_generator_saturates_smoothly", "clipping stops", (TANH, "self.output(h).clamp(-1, 1)")),
        (
            "no_hidden_nonlinearity",
            "test_generator_is_nonlinear",
            "one linear layer",
            (RELU1, "self.hidden1(z)"),
            (RELU2, "self.hidden2(h)"),
        ),
        (
            "draws_its_own_noise",
            "test_generator_is_a_function_of_z",
            "second time",
            (RELU1, "F.relu(self.hidden1(torch.randn_like(z)))"),
        ),
        (
            "mixes_the_batch",
            "test_generator_is_a_function_of_z",
            "other examples",
            (RELU2, "F.relu(self.hidden2(h - h.mean(0)))"),
        ),
        (
            "ignores_z",
            "test_generator_is_a_function_of_z",
            "same sample",
            (RELU1, "F.relu(self.hidden1(torch.ones_like(z)))"),
        ),
        (
            "uses_half_of_z",
            "test_generator_passes_gradients",
            "no influence",
            (HIDDEN1, "self.hidden1 = nn.Linear(latent_dim // 2, hidden_dim)"),
            ("self.hidden1(z)", "self.hidden1(z[:, : self.hidden1.in_features])"),
        ),
        ("detached", "test_generator_passes_gradients", "detached", (TANH, f"{TANH}.detach()")),
        ("layers_in_a_list", "test_generator_passes_gradients", "nn.ModuleList", *IN_A_LIST),
        ("layers_in_a_list_cannot_learn", "test_generator_can_learn", "registration", *IN_A_LIST),
        (
            "hidden_dim_ignored",
            "test_generator_is_nonlinear",
            "whatever hidden_dim",
            ("super().__init__()", "super().__init__(); hidden_dim = 256"),
        ),
        (
            "output_dim_ignored",
            "test_generator_shape",
            "stay flat",
            ("self.output = nn.Linear(hidden_dim, output_dim)", "self.output = nn.Linear(hidden_dim, 784)"),
        ),
        ("image_shaped", "test_generator_shape", "stay flat", (TANH, f"{TANH}.unsqueeze(1)")),
        (
            "other_default",
            "test_generator_defaults",
            "default sizes",
            ("latent_dim: int = 100", "latent_dim: int = 64"),
        ),
    ],
    "Discriminator": [
        (
            "sigmoid",
            "test_discriminator_gives_logits",
            "none belongs here",
            (D_OUT, "return torch.sigmoid(self.output(h))"),
        ),
        (
            "relu_at_the_end",
            "test_discriminator_gives_logits",
            "last layer should be linear",
            (D_OUT, "return F.relu(self.output(h) + 3)"),
        ),
        (
            "tanh_at_the_end",
            "test_discriminator_gives_logits",
            "any real number",
            (D_OUT, "return torch.tanh(self.output(h))"),
        ),
        (
            "log_sigmoid",
            "test_discriminator_gives_logits",
            "any real number",
            (D_OUT, "return F.logsigmoid(self.output(h))"),
        ),
        ("squeezed", "test_discriminator_shape", "as a column", (D_OUT, "return self.output(h).squeeze(1)")),
        (
            "two_classes",
            "test_discriminator_shape",
            "as a column",
            ("nn.Linear(hidden_dim, 1)", "nn.Linear(hidden_dim, 2)"),
        ),
        ("not_flattened", "test_discriminator_flattens_images", "flatten everything", (D_FLAT, "x = x")),
        (
            "channels_last",
            "test_discriminator_flattens_images",
            "flatten everything",
            (D_FLAT, "x = x.transpose(1, -1).flatten(1)"),
        ),
        ("size_hard_coded", "test_discriminator_shape", "one logit for each", (D_FLAT, "x = x.reshape(-1, 784)")),
        (
            "mixes_the_batch",
            "test_discriminator_scores_examples_separately",
            "own example alone",
            (D_OUT, "h = self.output(h); return h - h.mean()"),
        ),
        (
            "ignores_x",
            "test_discriminator_scores_examples_separately",
            "same logit",
            (D_FLAT, "x = torch.ones_like(x.flatten(1))"),
        ),
        (
            "detached",
            "test_discriminator_passes_gradients",
            "gradient of the logit",
            (D_OUT, "return self.output(h).detach()"),
        ),
        (
            "input_detached",
            "test_discriminator_passes_gradients",
            "gradient of the logit",
            (D_FLAT, "x = x.detach().flatten(1)"),
        ),
        (
            "no_hidden_nonlinearity",
            "test_discriminator_is_nonlinear",
            "one linear layer",
            ("F.leaky_relu(self.hidden1(x), 0.2)", "self.hidden1(x)"),
            ("F.leaky_relu(self.hidden2(h), 0.2)", "self.hidden2(h)"),
        ),
        (
            "hidden_dim_ignored",
            "test_discriminator_is_nonlinear",
            "whatever hidden_dim",
            ("super().__init__()", "super().__init__(); hidden_dim = 256"),
        ),
        (
            "other_default",
            "test_discriminator_defaults",
            "default sizes",
            ("input_dim: int = 784", "input_dim: int = 1024"),
        ),
    ],
}
