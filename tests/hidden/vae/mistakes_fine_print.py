"""Known mistakes against what the docstrings say in passing: rows for `mistakes.py`."""

ROWS = {
    "reconstruction_loss": (
        (
            "result_in_float32",
            "test_reconstruction_loss_keeps_float64",
            "float64 in",
            ("per_pixel.sum(dim=1)", "per_pixel.float().sum(dim=1)"),
        ),
    ),
    "elbo_loss": (("result_in_float32", "test_elbo_loss_keeps_float64", "float64 in", (").sum()", ").float().sum()")),),
    "VAE": (
        (
            "probabilities_in_float32",
            "test_vae_keeps_float64",
            "float64 in",
            ("torch.sigmoid(self.decoder_output(hidden))", "torch.sigmoid(self.decoder_output(hidden)).float()"),
        ),
        (
            "other_default_width",
            "test_vae_default_sizes",
            "default sizes",
            ("hidden_dim: int = 400", "hidden_dim: int = 500"),
        ),
        (
            "codes_detached_in_forward",
            "test_vae_mu_and_logvar_are_differentiable",
            "KL term trains",
            ("return self.decode(z), mu, logvar", "return self.decode(z), mu.detach(), logvar.detach()"),
        ),
    ),
    "ConditionalVAE": (
        (
            "probabilities_in_float32",
            "test_conditional_vae_keeps_float64",
            "float64 in",
            ("torch.sigmoid(self.decoder_output(hidden))", "torch.sigmoid(self.decoder_output(hidden)).float()"),
        ),
        (
            "other_default_number_of_classes",
            "test_conditional_vae_default_sizes",
            "default number of classes",
            ("num_classes: int = 10", "num_classes: int = 100"),
        ),
        (
            "codes_detached_in_forward",
            "test_conditional_vae_mu_and_logvar_are_differentiable",
            "KL term trains",
            ("return self.decode(z, y), mu, logvar", "return self.decode(z, y), mu.detach(), logvar.detach()"),
        ),
        (
            "no_relu_in_the_encoder",
            "test_conditional_vae_hidden_layers_are_relu",
            "no non-linearity",
            ("hidden = F.relu(self.encoder_hidden(", "hidden = (self.encoder_hidden("),
        ),
        (
            "tanh_in_the_decoder",
            "test_conditional_vae_hidden_layers_are_relu",
            "ends in a ReLU",
            ("F.relu(self.decoder_hidden(", "torch.tanh(self.decoder_hidden("),
        ),
    ),
}
