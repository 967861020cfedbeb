"""The conditional players: wrong answers, as question -> rows.

A row is (name, the test that must catch it, a piece of the hint shown there, edits of the reference ...).
"""

TANH = "torch.tanh(self.output(h))"
D_OUT = "return self.output(h)"
G_LABEL = "label = F.one_hot(y, self.num_classes).to(z.dtype)"
AS_COLUMN = ("+ num_classes, hidden_dim)", "+ 1, hidden_dim)")
G_USES = "test_conditional_generator_uses_the_label"
D_LABEL = "label = F.one_hot(y, self.num_classes).to(x.dtype)"
D_USES = "test_conditional_discriminator_uses_the_label"

MISTAKES = {
    "ConditionalGenerator": [
        ("label_withheld", G_USES, "make no difference", (G_LABEL, "label = torch.zeros(len(z), self.num_classes)")),
        ("label_as_number", G_USES, "as one number", (G_LABEL, "label = y[:, None].to(z.dtype)"), AS_COLUMN),
        (
            "label_as_fraction",
            G_USES,
            "as one number",
            (G_LABEL, "label = (y / self.num_classes)[:, None].to(z.dtype)"),
            AS_COLUMN,
        ),
        (
            "label_modulo_ten",
            G_USES,
            "make no difference",
            (G_LABEL, "label = F.one_hot(y % 10, self.num_classes).to(z.dtype)"),
        ),
        (
            "first_label_for_all",
            "test_conditional_generator_works_by_example",
            "its own label",
            (G_LABEL, "label = F.one_hot(y[:1].expand(len(y)), self.num_classes).to(z.dtype)"),
        ),
        (
            "noise_ignored",
            "test_conditional_generator_works_by_example",
            "one picture only",
            ("torch.cat([z, label]", "torch.cat([0 * z, label]"),
        ),
        ("tanh_missing", "test_conditional_generator_range", "last operation is not tanh", (TANH, "self.output(h)")),
        ("sigmoid_for_tanh", "test_conditional_generator_range", "one sign only", ("torch.tanh", "torch.sigmoid")),
        (
            "ten_classes_always",
            G_USES,
            "one-hot or embedded",
            ("= num_classes", "= 10"),
            ("+ num_classes, hidden_dim)", "+ 10, hidden_dim)"),
        ),
        (
            "other_default",
            "test_conditional_generator_defaults",
            "default sizes",
            ("latent_dim: int = 100", "latent_dim: int = 64"),
        ),
        (
            "stacked_along_batch",
            "test_conditional_generator_shape",
            "one sample for each pair",
            ("return torch.tanh(self.output(h))", "return torch.tanh(self.output(h)).unsqueeze(1)"),
        ),
    ],
    "ConditionalDiscriminator": [
        (
            "squeezed",
            "test_conditional_discriminator_shape",
            "as a column",
            (D_OUT, "return self.output(h).squeeze(1)"),
        ),
        ("label_withheld", D_USES, "withheld", (D_LABEL, "label = torch.zeros(len(x), self.num_classes)")),
        ("label_as_number", D_USES, "as one number", (D_LABEL, "label = y[:, None].to(x.dtype)"), AS_COLUMN),
        (
            "label_as_fraction",
            D_USES,
            "as one number",
            (D_LABEL, "label = (y / self.num_classes)[:, None].to(x.dtype)"),
            AS_COLUMN,
        ),
        (
            "label_added_at_the_end",
            "test_conditional_discriminator_judges_the_pair",
            "score of the sample plus",
            ("self.num_classes = num_classes", "self.bias = nn.Embedding(num_classes, 1)"),
            ("input_dim + num_classes, hidden_dim", "input_dim, hidden_dim"),
            (D_LABEL, "label = self.bias(y)"),
            ("torch.cat([x.flatten(start_dim=1), label], dim=1)", "x.flatten(start_dim=1)"),
            (D_OUT, "return self.output(h) + label"),
        ),
        (
            "sigmoid",
            "test_conditional_discriminator_can_learn",
            "none belongs here",
            (D_OUT, "return torch.sigmoid(self.output(h))"),
        ),
        (
            "not_flattened",
            "test_conditional_discriminator_works_by_example",
            "flatten x",
            ("x.flatten(start_dim=1)", "x"),
        ),
        (
            "first_label_for_all",
            "test_conditional_discriminator_works_by_example",
            "its own label",
            (D_LABEL, "label = F.one_hot(y[:1].expand(len(y)), self.num_classes).to(x.dtype)"),
        ),
        (
            "x_ignored",
            "test_conditional_discriminator_judges_the_pair",
            "no influence",
            ("x.flatten(start_dim=1)", "0 * x.flatten(start_dim=1)"),
        ),
        (
            "x_detached",
            "test_conditional_discriminator_works_by_example",
            "flatten x",
            ("x.flatten(start_dim=1)", "x.detach().flatten(1)"),
        ),
        (
            "other_default",
            "test_conditional_discriminator_defaults",
            "default sizes",
            ("num_classes: int = 10", "num_classes: int = 9"),
        ),
    ],
}
