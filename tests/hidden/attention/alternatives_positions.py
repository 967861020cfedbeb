"""Right answers in other styles: the positional encoding."""

from autograder.suite import Alternative

ALTERNATIVES = (
    Alternative(
        question="sinusoidal_positional_encoding",
        name="exponential_of_a_logarithm",
        source="""
            def sinusoidal_positional_encoding(max_len, d_model):
                pe = torch.zeros(max_len, d_model)
                position = torch.arange(0, max_len).unsqueeze(1).float()
                div_term = torch.exp(torch.arange(0, d_model, 2).float() * -(math.log(10000.0) / d_model))
                pe[:, 0::2] = torch.sin(position * div_term)
                pe[:, 1::2] = torch.cos(position * div_term[: d_model // 2])
                return pe
        """,
    ),
    Alternative(
        question="sinusoidal_positional_encoding",
        name="python_loops",
        source="""
            def sinusoidal_positional_encoding(length, dim):
                pe = torch.empty(length, dim)
                for pos in range(length):
                    for i in range(0, dim, 2):
                        angle = pos / (10000 ** (i / dim))
                        pe[pos, i] = math.sin(angle)
                        if i + 1 < dim:
                            pe[pos, i + 1] = math.cos(angle)
                return pe
        """,
    ),
    Alternative(
        question="sinusoidal_positional_encoding",
        name="stacked_pairs_cut_to_length",
        source="""
            def sinusoidal_positional_encoding(length, dim):
                pairs = (dim + 1) // 2
                frequency = torch.pow(10000.0, -2 * torch.arange(pairs, dtype=torch.get_default_dtype()) / dim)
                angle = torch.outer(torch.arange(length, dtype=frequency.dtype), frequency)
                return torch.stack((torch.sin(angle), torch.cos(angle)), dim=-1).flatten(1)[:, :dim]
        """,
    ),
    Alternative(
        question="sinusoidal_positional_encoding",
        name="shifted_sine",
        source="""
            def sinusoidal_positional_encoding(length, dim):
                i = torch.arange(dim)
                rate = 10000.0 ** (-(2 * (i // 2)) / dim)
                angle = torch.arange(length, dtype=torch.float64)[:, None] * rate.double()
                return torch.sin(angle + (i % 2) * math.pi / 2).to(torch.get_default_dtype())
        """,
    ),
    Alternative(
        question="sinusoidal_positional_encoding",
        name="complex_numbers",
        source="""
            def sinusoidal_positional_encoding(length, dim):
                i = torch.arange(0, dim, 2, dtype=torch.float64)
                angle = torch.arange(length)[:, None] / 10000 ** (i / dim)
                turned = torch.polar(torch.ones_like(angle), math.pi / 2 - angle)
                return torch.view_as_real(turned).flatten(1)[:, :dim].to(torch.get_default_dtype())
        """,
    ),
)
